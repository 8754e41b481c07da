/* SPDX-License-Identifier: Apache-2.0
 * The directory of a run: its number, its lock, the files `stop` and `checkpoint`, the report. Only rank 0 calls these
 * functions.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_RUNDIR_H
#define GANTRY_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/file.h"
#include "gantry/memory.h"
#include "gantry/runlog.h"
#include "gantry/status.h"

/* Makes `dir` and its parents if needed, and checks that files can be written there and that `bytes` are free. */
gt_status gt_rundir_prepare(const char *dir, size_t bytes);
/* Reads DIR/NAME, at most 16 MB, into *text, to be freed; NULL: the file is not there or not readable. Memory that is
 * short (GT_NOMEM) is the only error. */
gt_status gt_rundir_read(const char *dir, const char *name, char **text);

/* Has gantry submit left its script there? Then a job of Slurm trains the run. */
bool gt_rundir_is_submitted(const char *dir);
/* Adds the command that resumes the run, with the 0 behind it: gantry train, or sbatch with that script. */
void gt_rundir_resume_command(const char *dir, gt_buffer *out);

/* ---- the names of files in the folder of a run ---- */

typedef enum gt_run_file_kind {
    GT_RUN_WRITES,  /* --restart sets it aside; in a folder without a run it is somebody's, and no run begins there */
    GT_RUN_KEEPS,   /* stays in the folder, or comes and goes */
    GT_RUN_REQUEST, /* what is wanted of a run: an empty file that the run removes */
    GT_RUN_GIVEN,   /* others put it there, and it stays */
} gt_run_file_kind;

typedef struct gt_run_file {
    const char *pattern; /* "fakes+([0-9]).png", as in bash with extglob */
    gt_run_file_kind kind;
    const char *help; /* what it is, without a full stop at the end */
} gt_run_file;

const gt_run_file *gt_run_file_at(int i); /* row i of the table, from 0; NULL: there are no more */

/* ---- what was started, and how it ended (starts.jsonl) ---- */

/* A line for each start and each end of the program that trained it, among others (run/door/ledger.h). Rank 0 writes.
 *
 *     {"event": "start", "time": 1795378003.2, "images": 0, "total": 25000000, "checkpoint": "at 200.0 kimg",
 *      "facts": {"data": "...", ...}}
 *     {"event": "end", "time": 1795378010.4, "images": 3008, "state": "stopped", "message": "", "hash": "g1:..."}
 *
 * A start without an end is a run that goes on, or a program that was killed: the lock tells (gt_lock_look). */

typedef struct gt_start_fact { /* "data", "synth:shapes: 4096 images 32x32x3" */
    const char *name, *text;
} gt_start_fact;

/* Starts on the same processors, one after the other. */
typedef struct gt_start_part gt_start_part;
struct gt_start_part {
    const char *processors; /* the fact GT_START_PROCESSORS of these starts; "": it is not known */
    int64_t images;         /* shown at the first of them */
    gt_start_part *next;
    /* of gt_starts.all */
    const char *ranks; /* the fact "ranks" of the start; "": it is not known */
    double time;       /* Unix time */
};

typedef struct gt_starts {
    int count;                  /* starts so far; 0: the rest is empty */
    double first, last;         /* when the first and the last start were; Unix time */
    int64_t images, total;      /* shown at the last start; of the whole training */
    double until;               /* Unix time at which --max-time stops the last start; 0: nothing is known of it */
    const char *checkpoint;     /* when the first one of the last start comes, in words; "": there is no word of it */
    const gt_start_fact *facts; /* of the last start: what was run, in words; ends with a name NULL */
    const char *state;          /* how the last start ended: "finished", "stopped", "failed"; "": no word of an end */
    const char *message;        /* why it failed; "" */
    const char *hash;     /* of the last checkpoint (runner/contents/door/contents.h), as the latest end tells it; "" */
    gt_start_part *parts; /* all starts, the first one first */
    gt_start_part *all;   /* the same, each start by itself */
    double ended;         /* Unix time */
    int64_t shown;        /* by the latest line */
    gt_bad_lines bad;     /* skipped */
    gt_arena *arena;
} gt_starts;

/* What the file says; a missing file and damaged lines say nothing. NULL: out of memory. */
gt_starts *gt_starts_read(const char *dir);
/* "running" (`held`), "finished", "stopped", "failed", "interrupted" (killed, or the power was cut), "" (there is no
 * word). `held`: see gt_runs_look(). */
const char *gt_starts_state_of(const gt_starts *s, bool held);
/* What a run that goes on counts to: `left` seconds to the end of the training (NaN: unknown), "ETA 2m 05s"; or, where
 * that is sooner, the stop by --max-time, "stops in 1m 30s (--max-time)". "": unknown. Returns `text`. */
const char *gt_starts_left_text(const gt_starts *s, double left, char text[64]);
void gt_starts_free(gt_starts *s); /* NULL is fine */

/* ---- does a run go on? ---- */

/* A look at the lock of a run; zeros at first, and kept from look to look. */
typedef struct gt_run_look {
    bool held; /* a process that lives trains the run */
    bool known;
    uint64_t token;
    unsigned long beat;
    double since; /* when the beat was first seen so */
} gt_run_look;

/* Looks at n runs. A process of another host cannot be looked at: where its lock is not fresh, and nothing was seen of
 * it before, the beat is watched, for at most 30 seconds for all runs together. */
void gt_runs_look(const char *const *dirs, int n, gt_run_look *look);

/* ---- damaged logs ---- */

/* Warns of the logs of a run that are damaged, once and in a line for each file, with the number of the first bad line.
 * A last line without its end is sound while the run goes on, and so is metrics.h5. `stats`, `starts`: as they were
 * read. `runs`: how many are looked at. Of a few metrics.h5 is walked through, which takes a process of its own for
 * each (gt_h5_check); of many its first bytes are looked at. */
void gt_logs_warn(const char *dir, const gt_stats *stats, const gt_starts *starts, int runs);
/* The same of one file. */
void gt_log_warn_lines(const char *path, const gt_bad_lines *bad);
/* Is there damage, and nothing that could be read? */
bool gt_logs_are_lost(const gt_stats *stats, const gt_starts *starts);

/* ---- the warnings and errors of log.txt ---- */

/* `when`: "2026-11-22 20:06:43+0100"; `text`: without "warning: ". Both are valid during the call. */
typedef void gt_log_warning(void *arg, const char *when, const char *text);
/* Calls `warning` for each, from the oldest on. A log that cannot be read has none. */
void gt_log_warnings_each(const char *dir, gt_log_warning *warning, void *arg);

#endif
