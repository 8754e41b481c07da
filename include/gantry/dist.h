/* SPDX-License-Identifier: Apache-2.0
 * Ranks: starting them, errors that end all of them with one message, and what a launcher tells a process. How work is
 * cut into slices and summed is inside (src/core/dist/door/dist.h).
 *
 *     gt_status st;
 *     gt_comm *c = gt_comm_start_all(0, &st);
 *     st = gt_comm_agree_all(c, gt_slices_check_ranks(batch, slices, c->ranks)); // every rank returns the same
 *     gt_comm_stop_all(c);
 *
 * A function whose name ends with _all is collective: all ranks call it, in the same order, from their main thread; the
 * others are not. An error inside MPI ends all ranks (MPI's own error handler), and so does one of a rank that cannot
 * return while others wait (MPI_Abort).
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_DIST_H
#define GANTRY_DIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/option.h"
#include "gantry/status.h"

/* ---- ranks ---- */

enum { GT_HOST_BYTES = 64 };

typedef struct gt_comm {         /* read only */
    int rank, ranks;             /* ranks are numbered host by host */
    int host_index, hosts;       /* this rank's host among those of the run, numbered by lowest rank */
    int local_rank, local_ranks; /* among the ranks of this host */
    int threads;                 /* this rank should run, itself included */
    int cores;                   /* this rank may run on */
    bool oversubscribed;         /* this host has more threads of this run than cores: do not spin (gt_pool_spin) */
    char host[GT_HOST_BYTES];
    const char *description; /* one line: ranks, hosts, threads, binding; on rank 0 */
    const int *host_first;   /* [hosts] the lowest rank of each; NULL: there is one host */
} gt_comm;

/* Before gt_comm_start_all(), by a program whose processes may be ended, as those of gantry: `end`, such as _exit(),
 * ends this one from any thread, with this status, where its launcher is gone or another host is out of reach. Without
 * it such a rank goes on, or waits. */
void gt_comm_end_by(void (*end)(int status));

/* Joins the other ranks; without mpirun or srun the rank is alone, and MPI is not started. Chooses the cores of this
 * rank (an equal part of the cores that the launcher itself may use, also when the launcher bound each rank to one
 * core; where another run uses some of these cores, ranks are not bound) and the number of threads: `threads`, or for 0
 * as many as the rank has cores. Starts the watchdog of gt_comm_end_by(). Thread pools must be made
 * after this call. NULL: see gt_message() and *status (`status` may be NULL). To be called once in a process. */
gt_comm *gt_comm_start_all(int threads, gt_status *status);
void gt_comm_stop_all(gt_comm *c); /* waits for all ranks; NULL is fine */

/* Each rank brings the status of something that may have failed on some ranks. All ranks return the same status: GT_OK,
 * or the status of the lowest rank that failed, with the message of that rank ("rank 3 (node7): ...", unless the
 * message is GT_USAGE of rank 0). So rank 0 prints one message, and all ranks end alike. */
gt_status gt_comm_agree_all(gt_comm *c, gt_status st);

/* Do all ranks run one program with one set of settings? Every rank brings its settings; the version of the program is
 * compared with them. Where the first setting (the command) differs, the others are not compared. GT_FAILED on all
 * ranks, with the names and both values, where the settings of a rank differ from those of rank 0: such ranks would
 * compute different things, or wait for each other for ever. */
gt_status gt_comm_same_settings_all(gt_comm *c, const gt_setting *settings, int n);

/* Heartbeats go between the ranks by themselves whenever one waits for others, works on a graph, or gets on in a long
 * loop of this library. A rank from which no heartbeat has come for `limit` seconds (60 at the beginning; 0: no limit)
 * is named with its host and what it did last, and all ranks end within seconds. Does not wait. A rank is busy, and has
 * ten times the limit, at its beginning and while a function of this library writes or reads a file, but no longer. */
void gt_comm_heartbeat(gt_comm *c, double limit);

void gt_comm_broadcast_all(gt_comm *c, void *data, size_t bytes, int root);

/* ---- before MPI: the library, and what a launcher tells a process ---- */

/* "Open MPI v4.1.4, MPI 3.1": the name and version of the library. May be called at any time. */
void gt_mpi_version(char *out, size_t bytes);
/* Whether a launcher that speaks MPI started this process: Open MPI's mpirun and srun --mpi=pmix set PMIX_RANK, others
 * PMI_RANK. */
bool gt_mpi_launched(void);
/* The rank that a launcher gave this process, from the environment, also before MPI_Init; 0 without a launcher. */
int gt_mpi_launched_rank(void);
int gt_mpi_launched_ranks(void); /* the number of ranks, likewise; 1 without a launcher */

/* How many physical cores this process, which no launcher has started, could share out among ranks: those that it may
 * run on and that no other run has locked, and at most what the control group grants; 0: other runs have them all.
 * `bind`: from now on this process, and what it starts, keeps to the cores that no other run has. */
int gt_cores_to_share(bool bind);
/* Of the physical cores that gt_cores_to_share() looked at, how many other runs had locked; *of: all of them, locked or
 * not, at most what the control group grants. The processes that are started afterwards know it, too. 0: none. */
int gt_cores_held(int *of);
void gt_cores_unbind(void); /* takes back what `bind` has done */

/* ---- slices ---- */

/* GT_USAGE: a batch cannot be cut into so many slices, or there are more ranks than slices; the message says what can
 * be done about it. */
gt_status gt_slices_check_ranks(int batch, int slices, int ranks);
/* Does each of so many hosts with so many ranks send several sums of its slices, where fewer such hosts would send one?
 * Then `text` says so. */
bool gt_slices_tell_hosts(int slices, int hosts, int ranks_per_host, char *text, size_t room);

#endif
