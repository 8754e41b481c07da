/* SPDX-License-Identifier: Apache-2.0
 * Inside of src/core/dist: the ranks with their MPI communicators, waiting that leaves the core to others, the choice
 * of cores, the watchdog. */
#ifndef GANTRY_DIST_COMM_H
#define GANTRY_DIST_COMM_H

#include <mpi.h>
#include <sched.h>
#include <sys/types.h>

#include "base/door/file.h"
#include "base/door/thread.h"
#include "gantry/dist.h"

typedef struct gt_watchdog {
    pid_t launcher; /* 0: no ancestor is a launcher; only the parent is watched */
    pid_t parent;
    gt_ticker ticker;
} gt_watchdog;

typedef struct gt_heartbeat gt_heartbeat; /* heartbeat.c */

typedef struct gt_small_sum gt_small_sum; /* small_sum.c */

typedef struct gt_comm_inside {
    gt_comm seen; /* must be first: the public pointer points to it */
    bool mpi;     /* false: this rank is alone, and MPI was not started */
    MPI_Comm world, node;
    gt_watchdog watchdog;
    gt_heartbeat *heartbeat; /* NULL: this rank is alone, or heartbeats have not begun */
    int core_locks;          /* core_locks.c: the open file; -1: none */
    bool roams;              /* not bound, since another run has some of the cores */
    bool patient;            /* gt_comm_patient() */
    gt_buffer description;
    void *scratch; /* of gt_comm_scratch(); grows as needed */
    size_t scratch_bytes;
    gt_small_sum *small_sum; /* small_sum.c; NULL: there was none yet */
} gt_comm_inside;

static inline gt_comm_inside *gt_inside(gt_comm *c) { return (gt_comm_inside *)c; }

/* Room for small values, until the next call; NULL: see gt_message(), and the ranks end. */
void *gt_comm_scratch(gt_comm *c, size_t rows, size_t row_bytes);

/* Adds and passes on what has come for the sum of small values that goes on, if one does. */
void gt_small_sum_advance(gt_comm *c);
void gt_small_sum_free(gt_comm_inside *in);

/* How many of the requests have ended, in a row, when `done` of them had before. */
int gt_comm_done(int n, MPI_Request *requests, int done);
/* Waits for requests. All of src/core/dist waits here, since MPI_Wait() would spin on a core that another rank needs.
 */
void gt_comm_wait(gt_comm *c, int n, MPI_Request *requests);
/* One turn of a waiting loop of the caller; *since is 0 before the first turn. */
void gt_comm_idle(gt_comm *c, double *since);

/* The nearest ancestor of this process that is a launcher of Open MPI (mpirun, orted, ...); 0: there is none. */
pid_t gt_find_launcher(void);
/* Locks this rank's cores against other runs of this program (core_locks.c). False: another run has a core of some rank
 * of this host; then no rank of this host has locked any. Collective over in->node. */
bool gt_lock_cores_all(gt_comm_inside *in, const cpu_set_t *mine);
void gt_unlock_cores(gt_comm_inside *in);
void gt_remove_locked_cores(cpu_set_t *set); /* those that another run has locked at this moment */
/* Chooses this rank's cores (affinity.c), and sets cores, threads and oversubscribed. Collective over in->node. */
void gt_choose_cores_all(gt_comm_inside *in, pid_t launcher, int threads);

/* Like gt_comm_abort(), for when another host may be out of reach: after MPI_Abort() mpirun would wait for its daemon
 * on that host as long as TCP keeps trying, a quarter of an hour. Two SIGTERM within 5 s end mpirun at once. */
void gt_comm_abandon(gt_comm *c);

/* Heartbeats: see heartbeat.c. */
gt_status gt_heartbeat_start_all(gt_comm_inside *in); /* collective */
void gt_heartbeat_stop(gt_comm_inside *in);           /* all ranks must have passed a barrier */
/* This rank now exchanges data with that one, or is of the same host, and listens to it; and so does that one to this.
 */
void gt_heartbeat_link(gt_comm *c, int rank);
/* Sends and receives beats when they are due; cheap otherwise. `waiting_since`: when this rank began to wait, by
 * gt_clock(); 0: it works. Does not return when a rank is silent for too long. */
void gt_heartbeat_poll(gt_comm *c, double waiting_since);

/* Ends this process with a status other than 0, if gt_comm_end_by() allows it; 0: does it? */
bool gt_comm_end_process(int status);
/* From now on this rank ends when its launcher is gone, if it may: see watchdog.c. */
void gt_watchdog_start(gt_comm_inside *in, pid_t launcher);

#endif
