/* SPDX-License-Identifier: Apache-2.0
 * The ledger of a run: RUN/starts.jsonl, which tells what happened. One JSON object a line; lines are appended and
 * never changed. Each line says its number ("line", from 1) and the SHA-256 of the line before, without its newline
 * ("before"; 64 zeros for line 1). Lines of older programs, and the torn end that a power cut leaves, say neither; the
 * line that follows covers them. Images, steps: after the step. Hashes: 64 digits. Events, beside "event" and "time":
 *
 *   start       images, total, checkpoint, facts (gantry/rundir.h), from, step, arithmetic, reduce, ranks,
 *               instructions, program. from: number of the line of the checkpoint that the start goes on from; 0: none
 *   end         images, state, message, hash (gantry/rundir.h)
 *   chain       step, images, arithmetic, state, recipe, head: the chain begins (run/door/chain.h). recipe: SHA-256 of
 *               the text
 *   data        root, samples, how ("computed" or "stored")
 *   link        step, images, arithmetic, state, head
 *   checkpoint  name, step, images, state, head, sha256 (of the whole file). On the disk before the link `last` names
 *               the file
 *   rollback    step, images, to_step, to_images, message
 *   restart     head (of the run that was set aside; "": it had none), folder ("before-1")
 *   replaced    images, pictures (numbers of stored pictures that others took the places of, from this step on)
 *   skipped     images, updates (left out by --nan=skip in this step)
 */
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
#define GT_LEDGER_EVENTS(X)                                                                                     \
    X(GT_LEDGER_OTHER, "")                                                                                      \
    X(GT_LEDGER_START, "start")                                                                                 \
    X(GT_LEDGER_END, "end")                                                                                     \
    X(GT_LEDGER_CHAIN, "chain") X(GT_LEDGER_DATA, "data") X(GT_LEDGER_LINK, "link")                             \
        X(GT_LEDGER_CHECKPOINT, "checkpoint") X(GT_LEDGER_ROLLBACK, "rollback") X(GT_LEDGER_RESTART, "restart") \
            X(GT_LEDGER_REPLACED, "replaced") X(GT_LEDGER_SKIPPED, "skipped")
typedef enum gt_ledger_event { GT_LEDGER_EVENTS(GT_CONSTANT) } gt_ledger_event;

/* What a line does not say is 0, "" or zeros. */
typedef struct gt_ledger_line {
    int64_t number; /* the line's place in the file, from 1 on */
    gt_ledger_event event;
    bool numbered;     /* it says its number and the hash of the line before */
    const char *fault; /* what is wrong with it, "there is no number 'step'"; "": nothing */
    gt_sha256 text;    /* of the line itself: what the next line's `before` must be */
    gt_sha256 before;
    int64_t says; /* the number that it says */

    double time;
    int64_t step, images, from, to_step, to_images, samples, updates, ranks;
    gt_sha256 state, head, recipe, root, file; /* root: of the data; file: "sha256" */
    bool has_head;                             /* of a restart */
    const char *arithmetic, *reduce, *instructions, *program, *name, *message, *how, *folder;
    const char *ended; /* "state" of an end */
    int n_pictures;
    const int64_t *pictures; /* of replaced */

    /* Of chain, link and checkpoint: a later line has taken its place. That is a start or a rollback that goes on from
     * an earlier step, or a line of the same event and step. So of each event there is at most one line a step that
     * counts. */
    bool superseded;
    /* Of chain, link and checkpoint: the chain that it belongs to, by the number of its line `chain`; 0: none. */
    int64_t chain;
} gt_ledger_line;

typedef struct gt_ledger_lines {
    int n;
    gt_ledger_line *line; /* [n], all lines of the file that are not empty, in its order */
    bool torn;            /* the last line has no newline */
    gt_sha256 last;       /* hash of the last line; zeros: there is none */
    int64_t count;        /* physical lines */
    gt_arena *arena;
} gt_ledger_lines;

/* A missing file has no lines. NULL: see gt_message(); the file cannot be read, is larger than 1 GB, or memory is
 * short. */
gt_ledger_lines *gt_ledger_read(const char *dir);
void gt_ledger_lines_free(gt_ledger_lines *l); /* NULL is fine */
/* Is it whole: does each line from the first numbered one on say its number and the hash of the line before, and all
 * that its event says? GT_FORMAT: the message names the first bad line, which is *bad (NULL is fine). */
gt_status gt_ledger_check(const gt_ledger_lines *l, const char *dir, const gt_ledger_line **bad);
/* The line that counts of this event at this step; NULL: there is none. */
const gt_ledger_line *gt_ledger_at(const gt_ledger_lines *l, gt_ledger_event event, int64_t step);

#endif
