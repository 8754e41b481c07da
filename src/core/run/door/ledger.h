/* clang-format off */
/* SPDX-License-Identifier: Apache-2.0
 * The ledger of a run: RUN/starts.jsonl, which tells what happened. One JSON object a line; lines are appended and
 * never changed. Each line says its number ("line", from 1) and the SHA-256 of the line before, without its newline
 * ("before"; 64 zeros for line 1). Lines of older programs, and the torn end that a power cut leaves, say neither; the
 * line that follows covers them. Nothing follows the last line, so each line ends with the SHA-256 of itself without
 * this field ("self"; lines of 1.0.0 have none). Images, steps: after the step. Hashes: 64 digits. Events, beside
 * "event" and "time":
 *
 *   start       images, total, checkpoint, facts (gantry/rundir.h), from, step, reseed, arithmetic, reduce, tick,
 *               ranks, instructions, program. from: the number of the line of the checkpoint that the start goes on
 *               from, or 0. reseed: rollbacks before its state. tick: images; not in lines of 1.0.0
 *   end         images, state, message, hash (gantry/rundir.h)
 *   chain       step, images, arithmetic, state, recipe, head: the chain begins (run/door/chain.h). recipe: SHA-256 of
 *               the text. In form 2 also form, recipe_text and source: of a transfer the root of the contents of the
 *               file that the networks come from (runner/contents/door/contents.h), else ""
 *   length      step, images, total, head: from here on, schedules of the learning rate have this length in images
 *   data        root, samples, how ("computed" or "stored")
 *   link        step, images, arithmetic, state, head
 *   checkpoint  name, step, images, state, head, sha256 (of the whole file). On the disk before the link `last` names
 *               the file
 *   rollback    step, images, to_step, to_images, message (the trouble); in form 2 also began (images where the trouble
 *               began), reseed (rollbacks so far) and head
 *   restart     head (of the run that was set aside; "": it had none), folder ("before-1")
 *   replaced    images, pictures (numbers of stored pictures that others took the places of, from this step on)
 *   skipped     images, updates (left out by --nan=skip in this step)
 */
/* clang-format on */
#ifndef GANTRY_RUN_DOOR_LEDGER_H
#define GANTRY_RUN_DOOR_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/door/sha256.h"
#include "gantry/choices.h"
#include "gantry/memory.h"
#include "gantry/rundir.h"
#include "gantry/status.h"

#define GT_LEDGER_NAME "starts.jsonl"

/* ---- reading ---- */

/* The first: no event that is known, or no JSON. */
/* clang-format off */
#define GT_LEDGER_EVENTS(X) \
    X(GT_LEDGER_OTHER, "") X(GT_LEDGER_START, "start") X(GT_LEDGER_END, "end") X(GT_LEDGER_CHAIN, "chain") \
    X(GT_LEDGER_DATA, "data") X(GT_LEDGER_LINK, "link") X(GT_LEDGER_CHECKPOINT, "checkpoint") \
    X(GT_LEDGER_ROLLBACK, "rollback") X(GT_LEDGER_RESTART, "restart") X(GT_LEDGER_REPLACED, "replaced") \
    X(GT_LEDGER_SKIPPED, "skipped") X(GT_LEDGER_LENGTH, "length")
/* clang-format on */
typedef enum gt_ledger_event { GT_LEDGER_EVENTS(GT_CONSTANT) } gt_ledger_event;

/* What a line does not say is 0, "" or zeros. */
typedef struct gt_ledger_line {
    int64_t number; /* the line's place in the file, from 1 on */
    gt_ledger_event event;
    bool damaged;       /* it is neither empty nor a JSON object with an event */
    bool numbered;      /* it says its number and the hash of the line before */
    bool covers_itself; /* it has "self", the hash of its own text, and that is right */
    const char *fault;  /* what is wrong with a numbered line, "there is no number 'step'"; "": nothing */
    int64_t says;       /* the number that it says */
    gt_sha256 text;     /* hash of the line itself: what the next line's `before` must be */
    gt_sha256 before;

    double time;
    int64_t step, images, total, from, reseed, ranks, to_step, to_images, samples, updates, form, began, tick;
    gt_sha256 state, head, recipe, root, file, source; /* root: of the data; file: "sha256" */
    bool has_head;           /* false: the head of a checkpoint or a restart is "", or a rollback has none */
    bool has_source;         /* of a chain */
    const char *recipe_text; /* of a chain, form 2 */
    const char *arithmetic, *reduce, *instructions, *program, *name, *message, *how, *folder;
    const char *when, *ended, *hash; /* "checkpoint" of a start; "state" and "hash" of an end */
    const int64_t *pictures;
    int n_pictures;
    const gt_start_fact *facts; /* end with a name NULL */

    /* Of chain, link and checkpoint: a later line has taken its place. That is a start or a rollback that goes on from
     * fewer images, or a line of the same event for as many. So of each event there is at most one line a step that
     * counts. */
    bool superseded;
    /* The chain that a link or a checkpoint belongs to, by the number of its line `chain`, and the start that wrote the
     * line; 0: none. Line `number` is line[number - 1]. */
    int64_t chain, start;
    int64_t reseeded; /* rollbacks before the state of this line, as far as the lines tell */
    int64_t length;   /* total of the line `length` that this line follows; 0: none */
} gt_ledger_line;

typedef struct gt_ledger_lines {
    int n;
    gt_ledger_line *line; /* [n], all lines of the file */
    bool torn;            /* the last line has no newline */
    gt_arena *arena;
} gt_ledger_lines;

/* A missing file has no lines. NULL: see gt_message(); the file cannot be read, is larger or has more lines than any
 * run writes (128 MB, a million), or memory is short. */
gt_ledger_lines *gt_ledger_read(const char *dir);
void gt_ledger_lines_free(gt_ledger_lines *l); /* NULL is fine */
/* Is it whole: does each numbered line say its place, the hash of the line before, its own hash (where it has one), and
 * all that its event says? A last line without its newline is fine. GT_FORMAT: the message names the first bad line,
 * which is *bad (NULL is fine). */
gt_status gt_ledger_check(const gt_ledger_lines *l, const char *dir, const gt_ledger_line **bad);
/* The last line of a program with numbers is covered by its own hash alone. Is what stands behind it covered?
 * GT_FORMAT: the end of the file is torn, or lines follow that say neither number nor hashes. */
gt_status gt_ledger_check_end(const gt_ledger_lines *l, const char *dir);
/* The line that counts of this event (chain, link, checkpoint) at this step; NULL: there is none. */
const gt_ledger_line *gt_ledger_at(const gt_ledger_lines *l, gt_ledger_event event, int64_t step);

/* ---- writing: rank 0 of a training that holds the run's lock ---- */

typedef struct gt_ledger gt_ledger;

/* Reads what is there, and opens the file to append to it. NULL: see gt_message(). */
gt_ledger *gt_ledger_open(const char *dir);
void gt_ledger_close(gt_ledger *l); /* NULL is fine */
/* What was there when it was opened. */
const gt_ledger_lines *gt_ledger_past(const gt_ledger *l);
/* Appends a line with the fields of its event; number, hashes and time are the ledger's. From any thread. `sync`: it is
 * on the disk then. GT_FAILED: it is not there yet; it stays in memory and is written before later lines. *number (NULL
 * is fine): of the line. */
gt_status gt_ledger_add(gt_ledger *l, const gt_ledger_line *line, bool sync, int64_t *number);

/* All lines so far are on the disk. From any thread. */
gt_status gt_ledger_sync(gt_ledger *l);

/* ---- what is computed again ---- */

/* A start that resumes, before its line is added: `start` has images, step, reseed, arithmetic and reduce, which must
 * live as long as the ledger; `state`, `head` and has_head are those of the checkpoint that was loaded, `name` its file
 * in `dir`. Sets start->from; a checkpoint without a line gets one now. GT_FAILED: the ledger has another state or head
 * for this checkpoint; the message says which, and what to do. */
gt_status gt_ledger_take_up(gt_ledger *l, const char *dir, gt_ledger_line *start);
/* A link or a checkpoint, before its line is added: where this step was made before, from the same beginning, with the
 * same arithmetic and random numbers and on tree sums, head and state must be the same. GT_FAILED: they are not; the
 * message names both lines and states. */
gt_status gt_ledger_compare(const gt_ledger *l, const gt_ledger_line *line);
/* The latest line that counts and has a head of the chain (chain, link, length, rollback); NULL: there is none. */
const gt_ledger_line *gt_ledger_head(const gt_ledger_lines *l);

#endif
