/* SPDX-License-Identifier: Apache-2.0
 * The directory of a run as the run itself uses it: its lock, its record of starts, what is set aside
 * (gantry/rundir.h). */
#ifndef GANTRY_RUN_DOOR_RUNDIR_H
#define GANTRY_RUN_DOOR_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/rundir.h"
#include "gantry/status.h"

/* Makes OUTDIR/NNNNN-DESC and returns its path, to be freed; NULL: see gt_message(). NNNNN is one more than the
 * largest number in OUTDIR, which is made if needed. Characters of `description` that do not belong in a file name
 * become '_'. */
char *gt_rundir_new(const char *outdir, const char *description);
/* Writes DIR/NAME whole or not at all, and syncs the file. */
gt_status gt_rundir_write(const char *dir, const char *name, const char *text);
/* What a person asks of a run that goes on, by a file in its directory. True when there was one, which is removed. */
bool gt_rundir_stop(const char *dir);       /* DIR/stop */
bool gt_rundir_checkpoint(const char *dir); /* DIR/checkpoint: to write one now */

/* ---- what training says at its end that can be done next, in log.txt ---- */

/* The line above the commands. */
#define GT_NEXT "next:"
/* `command`: "gantry ...", "sbatch ..."; `what` it does. Both are valid during the call. */
typedef void gt_log_next(void *arg, const char *command, const char *what);
/* Calls `next` for each command of the newest such list (gt_log_command() wrote them). A log that cannot be read has
 * none. False: memory was too short to look. */
bool gt_log_next_each(const char *dir, gt_log_next *next, void *arg);

/* ---- the names of files in the folder of a run ---- */

#define GT_RUN_LEAVES "data.sha256"   /* the hashes of the samples that the run was trained on */
#define GT_RUN_SCRIPT "submit.sbatch" /* by which gantry submit trains the run */

const gt_run_file *gt_run_file_of(const char *name); /* NULL: no part of a run */
/* GT_USAGE: the folder holds neither a checkpoint nor, as `has_job` says, the job of a run, and a file that is there
 * would be lost to a run that begins there. */
gt_status gt_rundir_check_new(const char *dir, bool has_job);

/* ---- a run that begins anew (--restart); the caller holds the lock ---- */

/* The files that a run has written into `dir` go into DIR/before-1 (2, ...). *aside is that folder, to be freed;
 * NULL: there were no such files. Nothing is deleted, and other files stay where they are. */
gt_status gt_rundir_set_aside(const char *dir, char **aside);
/* Slurm starts the command of a requeued job again, with --restart: the first start writes a note of its job number
 * into `dir`, and a later start of the same job finds the note. */
gt_status gt_rundir_note_restart(const char *dir);
bool gt_rundir_restarted(const char *dir);
/* True when the link `last` points to a checkpoint that is gone. */
bool gt_rundir_lost_checkpoints(const char *dir);

/* ---- the lock: DIR/lock with host, process and a heartbeat (a thread beats every few seconds) ---- */

typedef struct gt_lock gt_lock;

/* A lock as it is at this moment; nothing is waited for. Not `sure`: the holder cannot be looked at (another host's,
 * say), and is dead when the beat stands still for long. */
typedef struct gt_lock_seen {
    bool held, sure;
    long pid;       /* of the holder; 0: on another host, or unknown */
    uint64_t token; /* tells two holders apart */
    unsigned long beat;
} gt_lock_seen;
gt_lock_seen gt_lock_look(const char *dir);

typedef struct gt_lock_options { /* zeros: the defaults */
    double wait_s;               /* 15: for a living process on this host to end */
    /* 30: a holder on another host, or one that cannot be looked at, is dead when its heartbeat stands still so long */
    double still_s;
    double beat_s;     /* 5 */
    int (*stop)(void); /* not 0: waiting is given up */
} gt_lock_options;

/* *lock is NULL unless GT_OK. A lock whose process is gone is taken over, at once if the process ran on this host.
 * GT_STOPPED: stop() ended the waiting. GT_FAILED: the run belongs to a living process; the message names host and
 * process. GT_USAGE: DIR/lock is somebody's file and no lock. */
gt_status gt_lock_take(gt_lock **lock, const char *dir, const gt_lock_options *options);
/* True when the lock file no longer belongs to this process: somebody removed the file, or took this process for dead.
 * This process must write nothing more into the directory. */
bool gt_lock_lost(const gt_lock *l);
bool gt_lock_lost_now(const gt_lock *l); /* the same, by a look at the file */
/* Returns GT_FAILED; the message says that the directory is gone, that the lock is gone, or who has the lock now. */
gt_status gt_lock_fail_lost(const gt_lock *l);
void gt_lock_release(gt_lock *l); /* NULL is fine */

/* ---- what was started, and how it ended: run/door/ledger.h writes it ---- */

/* gt_starts_state_of(), with a look at the lock as gt_runs_look() has it. */
const char *gt_starts_state(const char *dir, const gt_starts *s);

#define GT_START_PROCESSORS "processors" /* CPUs and their instruction set */
#define GT_START_UNTIL "max-time"        /* when --max-time stops the run: "until 2026-11-22 20:06:43+0100" */
/* The text of this fact; "" of an infinite time. */
void gt_start_until_text(double unix_time, char text[64]);

#endif
