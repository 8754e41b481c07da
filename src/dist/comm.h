/* SPDX-License-Identifier: Apache-2.0
 * Inside of src/dist: the ranks with their MPI communicator, waiting that does not burn a core, cores, the watchdog. */
#ifndef GANTRY_DIST_COMM_H
#define GANTRY_DIST_COMM_H

#include <mpi.h>
#include <sched.h>
#include <sys/types.h>

#include "base/file.h"
#include "base/thread.h"
#include "gantry/dist.h"

typedef struct gt_watchdog {
    pid_t launcher; /* 0: none was found among the ancestors; then only the parent is watched */
    pid_t parent;
    gt_ticker ticker;
} gt_watchdog;

typedef struct gt_heartbeat gt_heartbeat; /* heartbeat.c */

typedef struct gt_comm_inside {
    gt_comm seen; /* first: what the public pointer points at */
    bool mpi;     /* false: alone, MPI was never started */
    MPI_Comm world, node;
    gt_watchdog watchdog;
    gt_heartbeat *heartbeat; /* NULL: alone, or not yet */
    int core_locks;          /* core_locks.c: the open file; -1: none */
    bool roams;              /* not bound, as another run has some of the cores */
    gt_buffer description;
    void *scratch; /* grows to the largest small values asked for */
    size_t scratch_bytes;
    int *counts, *starts; /* [ranks] each, for collectives of uneven sizes */
} gt_comm_inside;

static inline gt_comm_inside *gt_inside(gt_comm *c) { return (gt_comm_inside *)c; }

/* Room for small values, until the next call; NULL: see gt_message(), and the ranks end. */
void *gt_comm_scratch(gt_comm *c, size_t rows, size_t row_bytes);

/* Brings rows of n numbers from all ranks to all ranks: rank r has rows first[r] to first[r + 1] - 1 of `all` in
 * place. */
void gt_comm_rows_all(gt_comm *c, const int *first, size_t n, MPI_Datatype type, void *all);

/* Wait for requests. Every wait of src/dist is this one: MPI's own would spin on a core that another rank needs. */
void gt_comm_wait(gt_comm *c, int n, MPI_Request *requests);
/* One turn of a caller's own waiting loop; *since is 0 at its beginning. */
void gt_comm_idle(gt_comm *c, double *since);

/* The nearest ancestor that is Open MPI's mpirun or orted; 0: none. */
pid_t gt_find_launcher(void);
/* core_locks.c: this rank's cores are its alone as far as other runs of this program go; false: some rank of this host
 * did not get all of its own, and none of them has any. Collective over inside->node. */
bool gt_lock_cores_all(gt_comm_inside *in, const cpu_set_t *mine);
void gt_unlock_cores(gt_comm_inside *in);
/* Choose this rank's cores: see affinity.c. Fills cores, threads, oversubscribed. Collective over inside->node. */
void gt_choose_cores_all(gt_comm_inside *in, pid_t launcher, int threads);

/* Like gt_comm_abort() with gt_message(), when another host may be out of reach: asked to abort, mpirun would wait for
 * its daemon there for as long as TCP keeps trying, a quarter of an hour. A second SIGTERM within 5 s makes it end at
 * once. */
void gt_comm_abandon(gt_comm *c);

/* Heartbeats: see heartbeat.c. */
gt_status gt_heartbeat_start_all(gt_comm_inside *in); /* collective */
void gt_heartbeat_stop(gt_comm_inside *in);           /* behind a barrier */
void gt_heartbeat_link(gt_comm *c); /* this rank exchanges data with all others: listen to all of them */
/* Now and then, cheap: `waiting_since` by gt_clock(), 0 when at work. Does not return when a rank is silent for too
 * long. */
void gt_heartbeat_poll(gt_comm *c, double waiting_since);

void gt_watchdog_start(gt_comm_inside *in, pid_t launcher);

#endif
