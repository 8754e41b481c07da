/* SPDX-License-Identifier: Apache-2.0
 * What the files of an audit have in common: see features/audit/audit.h. All of it is rank 0's. */
#ifndef GANTRY_FEATURES_AUDIT_INTERNAL_H
#define GANTRY_FEATURES_AUDIT_INTERNAL_H

#include <stdio.h>

#include "base/door/file.h"
#include "features/audit/audit.h"
#include "gantry/memory.h"
#include "run/door/chain.h"
#include "run/door/ledger.h"
#include "train/door/replay.h"

/* Where a stretch may begin or end. */
typedef struct audit_place {
    int64_t step, images;
    const char *path;           /* of a kept checkpoint; NULL: none */
    const gt_ledger_line *line; /* of the checkpoint, or of the link; NULL: the beginning of all */
    const char *recipe;         /* of the checkpoint */
    const char *arithmetic;     /* of the steps before */
} audit_place;

typedef struct audit {
    const gt_audit_options *o;
    gt_audit_found *found;
    gt_arena *arena;
    gt_ledger_lines *ledger;
    const gt_ledger_line *chain; /* the line where the chain begins */
    const gt_ledger_line *data;  /* the latest line that counts; NULL: none */
    const char *job;             /* text of job.ini */
    const char *recipe;          /* of the first kept checkpoint */
    const char *begun_with;      /* the recipe that the chain began with, to the byte; NULL: nothing has it */
    gt_replay_turn *turns;       /* [n_turns] of the path that the run took */
    int n_turns;
    const gt_ledger_line *back[GT_MOST_ROLLBACKS]; /* [n_back] rollbacks of that path, with what they abandoned */
    int n_back;
    const gt_ledger_line *farther; /* a rollback to a checkpoint that was not the newest one; NULL: none */
    bool plateau, length_counts; /* the schedule of the recipe: it judges epochs; it depends on the length of the run */
    int n_lengths;               /* that the run has had, one after another */
    int64_t batch;
    bool any_order;    /* --reduce=allreduce: MPI chooses the order of sums */
    audit_place *kept; /* [n_kept] checkpoints of the folder, the newest first: images and paths */
    int n_kept;
    const char *untold; /* a checkpoint that is newer than the ledger; NULL: none */
    audit_place *place; /* [n_places], by their images */
    int n_places;
} audit;

/* ---- audit.c ---- */
gt_status audit_first(audit *a); /* all that needs no training, after `o` and `found` are set */

/* ---- chain.c ---- */
/* Reads the ledger and finds the chain. */
gt_status audit_open(audit *a);
/* Lines, kept checkpoints, links, as far as that needs no training; fills in the places. */
gt_status audit_check(audit *a);

/* ---- heads.c ---- */
/* Computes the heads again, and finds the path that the run took: turns and rollbacks. Lines of links and checkpoints
 * that are not on it become superseded. `found` gets the last head, and the number of links. */
gt_status audit_check_heads(audit *a);

/* ---- beginning.c ---- all ranks; `a` on rank 0, else NULL */
/* Is the state with which the chain begins that which recipe and seed, and for a transfer the source, give? The engine
 * was made to begin with nothing, and has done so afterwards. GT_UNDECIDED: the source is not there, or another one. */
gt_status audit_begin_all(gt_comm *comm, audit *a, gt_replay *engine);
gt_status audit_is_late(const audit *a); /* GT_UNDECIDED, and why */
/* Had the run to go back wherever it went back? The engine has begun; it has moved afterwards where there is a
 * rollback. GT_UNDECIDED: it is not known. */
gt_status audit_rollbacks_all(gt_comm *comm, audit *a, gt_replay *engine);

/* ---- beside.c ---- */
/* Names for a line: the first few, and how many others there are. */
typedef struct audit_list {
    int n, shown;
    char text[1024];
} audit_list;
void audit_list_add(audit_list *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *audit_list_end(audit_list *l);

/* Do two recipes say the same, in whatever words? GT_FAILED: the message has the option and both values, behind the two
 * names. */
gt_status audit_compare_recipes(const char *recipe, const char *name, const char *other, const char *other_name);
/* What a checkpoint says twice is the same: its model, its recipe and the names of classes. */
gt_status audit_check_attributes(const gt_checkpoint_file *f);
/* A file whose tensors are those of `made`, which the run gives: does it say the same beside them? kept: a checkpoint
 * of the run, where `made` was computed again, from data that may lie in other files now; else NULL. others: what
 * differs and is nothing that this program takes from the file. GT_FAILED, GT_FORMAT: the message says what is not the
 * run's. */
gt_status audit_compare_beside(const audit *a, const char *file, const char *made, const char *kept,
                               audit_list *others);

/* ---- facts.c ---- */
/* Where the data can be opened, kept checkpoints say of them what they say. *nameless: checkpoints have other
 * names of classes or channels than the data, which may be right. */
gt_status audit_check_facts(audit *a, bool *nameless);

/* ---- folder.c ---- */
/* The rest of the run's folder: the job, the links `best` and `last`, hashes of samples; what it does not check it
 * names in `found`. After audit_check(). */
gt_status audit_check_folder(audit *a);

/* ---- note.c ---- */
#define AUDIT_NOTE "audit.json"
/* Writes {"line": `line`, "hashes": [...]} into the run's folder, in place of what an earlier audit has left there
 * (features/card/card.h). `file`: paths of all n checkpoints of the folder; those from before the chain were not
 * checked. Their hashes are those of runner/contents/door/contents.h. */
gt_status audit_note(const char *run, const char *line, const char *const *file, int n);

/* ---- trace.c ---- */
/* All zeros and `out` without a file: nothing is traced. */
typedef struct audit_trace {
    gt_growing_file out; /* fd -1: none is written */
    FILE *other;         /* to compare with; NULL: none */
    int64_t from, to;    /* images of its stretch */
    int stretch;         /* of the run; -1: any */
    char *theirs;        /* a line of it */
    size_t room;
    int64_t line;     /* its number */
    gt_status status; /* the traces differ, or the file cannot be written */
} audit_trace;
gt_status audit_trace_open(audit_trace *t, const gt_audit_options *o);
gt_status audit_trace_choose(audit_trace *t, const audit *a); /* the stretch of the other trace */
void audit_trace_begin(audit_trace *t, const audit_place *from, const audit_place *to);
gt_trace_line audit_trace_line;
/* `st`: how the stretch has ended. Returns how the trace has. */
gt_status audit_trace_close(audit_trace *t, gt_status st);

/* ---- stretches.c ---- */
/* All ranks; `a` on rank 0, else NULL; `traced` on all: one stretch alone, with its trace. */
gt_status audit_replay_all(gt_comm *comm, audit *a, bool traced);
/* Computes the run again up to so many images, from the place before, and writes the checkpoint into the folder; its
 * path is in `path` on rank 0. */
gt_status audit_make_all(gt_comm *comm, audit *a, int64_t images, const char *folder, char path[4200]);

#endif
