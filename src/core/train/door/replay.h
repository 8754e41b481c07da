/* SPDX-License-Identifier: Apache-2.0
 * Computes stretches of a run again: an engine of the recipe of a kept checkpoint takes the state of that checkpoint
 * (or begins from nothing), makes the steps that the run has made, and tells the hash of the state wherever the run's
 * chain has a link. Nothing of the run is locked or
 * written; gt_replay_history_all() keeps checkpoints in a folder of its own.
 *
 *     gt_replay *r;
 *     gt_status st = gt_replay_open_all(comm, &about, &r);
 *     gt_replay_point begin;
 *     if (!st) st = gt_replay_begin_all(r, "runs/first/checkpoint-000200000.h5", &begin);
 *     if (!st) st = gt_replay_run_all(r, &(gt_replay_stretch){.images = 400000, .look = compare, .arg = &mine});
 *     gt_replay_close_all(r);
 *
 * Steps do not depend on ticks, pictures and the clock, with these exceptions, which are made again too: the schedule
 * plateau judges each epoch when the epoch ends, and what the ledger tells (gt_replay_turn): rollbacks, and another
 * length of the run. All ranks make the same calls. `_all` functions return the same status on all ranks. */
#ifndef GANTRY_TRAIN_DOOR_REPLAY_H
#define GANTRY_TRAIN_DOOR_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/door/sha256.h"
#include "gantry/dist.h"
#include "gantry/status.h"

enum { GT_MOST_ROLLBACKS = 3 }; /* of a run with --on-trouble=rollback */

typedef struct gt_replay gt_replay;

/* What stands before the reason where the data of a run cannot be read, whatever lies in their place. */
#define GT_REPLAY_NO_DATA \
    "the run cannot be computed again here, without its data (--data=PATH names the place where they are now)"

/* Rank 0 gives it; the others pass NULL. Nothing of it is needed after the call. */
typedef struct gt_replay_about {
    const char *job;        /* text of the run's job.ini: where the data are, and how they are read */
    const char *recipe;     /* that of a checkpoint */
    const char *arithmetic; /* "fma-9" */
    const char *data;       /* where the data are now; "": where the job says */
    bool sourceless;        /* the run has begun without other networks, whatever the job says now */
    bool nothing; /* a stretch will begin with nothing: the networks that --resume names, if there are some, are read */
} gt_replay_about;

/* GT_UNDECIDED: this cannot be computed again here, and the message says why: a rank lacks the arithmetic, the data are
 * not there, an option that the recipe has is gone. */
gt_status gt_replay_open_all(gt_comm *comm, const gt_replay_about *about, gt_replay **out);
void gt_replay_close_all(gt_replay *r); /* NULL is fine */

bool gt_replay_has_moved(const gt_replay *r); /* it cannot begin with nothing any more */
int64_t gt_replay_tick(const gt_replay *r);   /* images from tick to tick, as job.ini says */
bool gt_replay_transfers(const gt_replay *r); /* does the run begin with the networks of another one? */
char *gt_replay_recipe(const gt_replay *r);   /* the recipe with what the data say; to be freed; NULL: out of memory */
/* Of a transfer, on rank 0: the root of the contents of the file that the networks come from
 * (runner/contents/door/contents.h). */
gt_status gt_replay_source(const gt_replay *r, gt_sha256 *root);
/* The root of the data, computed from all samples (gt_data_root_all). */
gt_status gt_replay_data_root_all(gt_replay *r, gt_sha256 *root);

/* The end of a step, or the beginning of a stretch. */
typedef struct gt_replay_point {
    int64_t step, images;
    gt_sha256 state; /* root (runner/contents/door/contents.h), on rank 0 */
    double seconds;  /* of steps, since the stretch began; without those of hashes */
} gt_replay_point;

/* What happened between two steps of the run. */
typedef struct gt_replay_turn {
    int64_t step;   /* after so many steps */
    int64_t reseed; /* at least so many rollbacks so far */
    int64_t total;  /* images of the whole training from here on; 0: as before */
} gt_replay_turn;

/* Of a trace; false: the stretch ends with this step. */
typedef bool gt_trace_line(void *arg, const char *line);

typedef struct gt_replay_stretch {
    int64_t images;              /* where it ends: at the end of the first step with so many or more */
    const gt_replay_turn *turns; /* [n_turns] sorted by their steps; rank 0 has them */
    int n_turns;
    double seconds; /* no step begins later; 0: no limit */
    /* On rank 0: at each link, and once more at the end of the stretch with `link` false: there the state is that after
     * a rollback to this step, as the checkpoint has it. False: the stretch ends. */
    bool (*look)(void *arg, const gt_replay_point *p, bool link);
    void *arg;
    /* NULL on all ranks, or on none: the trace of the stretch (train/audit/trace.c), line by line, on rank 0 */
    gt_trace_line *line;
    void *line_arg;
} gt_replay_stretch;

/* Where the next stretch begins: with a checkpoint of the recipe, or, `path` NULL, with nothing: networks as they are
 * first made, or those that --resume names. Rank 0 gives the path; what the others pass does not count. Only an engine
 * that has made no step, and has loaded nothing, begins with nothing. GT_UNDECIDED: the networks of --resume are not
 * there. */
gt_status gt_replay_begin_all(gt_replay *r, const char *path, gt_replay_point *begin);
/* GT_STOPPED: the command was asked to stop. */
gt_status gt_replay_run_all(gt_replay *r, const gt_replay_stretch *s);
/* ---- rollbacks ---- */

/* One that the ledger tells. Rank 0 has them. */
typedef struct gt_replay_back {
    int64_t step, images; /* where the trouble was found */
    int64_t to_step, to_images;
    int64_t began; /* images where the trouble began; 0: it is not told */
    const char *cause;
    /* numbers of images at which checkpoints, on the way from the rollback before, have ended a tick; in any order */
    const int64_t *ticks;
    int n_ticks;
} gt_replay_back;

/* What the rule of --on-trouble makes of a rollback. */
typedef enum gt_replay_verdict {
    GT_REPLAY_MET,     /* the trouble is there, at this step, and has begun where the ledger says */
    GT_REPLAY_NOT_MET, /* it is not */
    GT_REPLAY_UNKNOWN  /* whether it is depends on what is not computed here: pictures, and ticks by the clock */
} gt_replay_verdict;

typedef struct gt_replay_history {
    gt_replay_back *back; /* [n], in their order: number i is the rollback that makes i + 1 of them */
    int n;
    int64_t total;      /* images of the whole training */
    const char *folder; /* for checkpoints to go back to; empty afterwards */
    /* At each link on the way to rollback i, where so many rollbacks have been. False: the history ends there. */
    bool (*look)(void *arg, const gt_replay_point *p, int i);
    void *arg;
} gt_replay_history;

/* Computes the run from where it begins up to its last rollback, with what was abandoned, and the ticks by which the
 * warnings judge (train/ticks/warnings.h). The engine has begun with nothing. *met: on all ranks, the number of
 * rollbacks that were right; *verdict: of the one behind these, or GT_REPLAY_MET. */
gt_status gt_replay_history_all(gt_replay *r, const gt_replay_history *h, int *met, gt_replay_verdict *verdict);

/* Writes a checkpoint of where the engine stands, as the run writes one, but without /chain. */
gt_status gt_replay_save_all(gt_replay *r, const char *path);

#endif
