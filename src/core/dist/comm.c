/* SPDX-License-Identifier: Apache-2.0
 * The ranks of a run: how they begin, wait and end. */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dist/comm.h"
#include "base/door/clock.h"
#include "base/door/library.h"
#include "dist/door/dist.h"
#include "gantry/text.h"

/* Seconds of waiting after which a turn becomes longer: first the core is kept (communication moves only while MPI is
 * called), then given up between looks. Oversubscribed ranks give it up at once, and so do patient ones, which look
 * less and less often. */
static const double keep_core = 20e-3, keep_core_crowded = 0.2e-3, long_wait = 0.25;
static const double short_pause = 1e-4, long_pause = 1e-3, patient_part = 1 / 8.0; /* of what it has waited so far */

static void pause_between_looks(bool crowded, bool patient, double waited) {
#ifdef GT_SIMULATED /* make simulate: there time passes while ranks sleep, and a look costs the simulator's own time \
                     */
    (void)crowded, (void)patient, (void)keep_core, (void)keep_core_crowded, (void)long_wait, (void)patient_part;
    (void)short_pause, (void)long_pause;
    gt_sleep(waited < 32 * 2e-6 ? 2e-6 : waited / 32);
#else
    if (waited < (crowded || patient ? keep_core_crowded : keep_core)) sched_yield();
    else if (patient) gt_sleep(fmin(long_pause, fmax(short_pause, patient_part * waited)));
    else gt_sleep(waited < long_wait ? short_pause : long_pause);
#endif
}

void gt_comm_idle(gt_comm *c, double *since) {
    double now = gt_clock();
    if (*since == 0) *since = now;
    double waited = now - *since;
    gt_heartbeat_poll(c, *since);
    gt_small_sum_advance(c);
    pause_between_looks(c->oversubscribed, gt_inside(c)->patient, waited);
}

void gt_comm_patient(gt_comm *c, bool patient) { gt_inside(c)->patient = patient; }

int gt_comm_done(int n, MPI_Request *requests, int done) {
    for (int next = 1; done < n && next; done += next) MPI_Test(&requests[done], &next, MPI_STATUS_IGNORE);
    return done;
}

void gt_comm_wait(gt_comm *c, int n, MPI_Request *requests) {
    double since = 0;
    gt_heartbeat_poll(c, 0); /* a rank that always comes last never waits, and gets on all the same */
    for (int done = 0; (done = gt_comm_done(n, requests, done)) < n;) gt_comm_idle(c, &since);
}

static gt_status refuse_srun_without_mpi(void) {
    const char *tasks = getenv("SLURM_STEP_NUM_TASKS");
    if (!tasks || atoi(tasks) <= 1) return GT_OK;
    return gt_fail(GT_USAGE,
                   "srun started %s separate tasks that cannot communicate: use 'srun --mpi=pmix' (srun --mpi=list "
                   "shows the choices) or mpirun",
                   tasks);
}

/* Ranks are numbered host by host, so that the slices of a host lie side by side; on each host in the launcher's order.
 * Rank 0 remains rank 0. Launchers that deal ranks out to hosts in turn number them otherwise. */
static void number_ranks(gt_comm_inside *in) {
    gt_comm *c = &in->seen;
    int launched, first;
    MPI_Comm_rank(MPI_COMM_WORLD, &launched);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, launched, MPI_INFO_NULL, &in->node);
    MPI_Comm_rank(in->node, &c->local_rank);
    MPI_Comm_size(in->node, &c->local_ranks);
    first = launched;
    MPI_Bcast(&first, 1, MPI_INT, 0, in->node);
    MPI_Comm_split(MPI_COMM_WORLD, 0, first, &in->world); /* equal ones in the launcher's order */
    MPI_Comm_rank(in->world, &c->rank);
    MPI_Comm_size(in->world, &c->ranks);
}

static void join_ranks(gt_comm_inside *in) {
    gt_comm *c = &in->seen;
    int level, length, leader, leaders_before = 0;
    char name[MPI_MAX_PROCESSOR_NAME];
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0); /* for the few waits inside MPI itself */
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
    in->mpi = true;
    number_ranks(in);
    MPI_Get_processor_name(name, &length);
    snprintf(c->host, sizeof c->host, "%.*s", GT_HOST_BYTES - 1, name);
    leader = c->local_rank == 0;
    MPI_Allreduce(&leader, &c->hosts, 1, MPI_INT, MPI_SUM, in->world);
    MPI_Exscan(&leader, &leaders_before, 1, MPI_INT, MPI_SUM, in->world);
    c->host_index = c->rank == 0 ? 0 : leaders_before; /* what Exscan leaves on rank 0 is undefined */
    MPI_Bcast(&c->host_index, 1, MPI_INT, 0, in->node);
    int *first = calloc((size_t)c->hosts, sizeof *first), spare[c->hosts];
    c->host_first = first;
    if (!first) first = spare; /* the others must not wait */
    memset(first, 0, sizeof spare);
    first[c->host_index] = c->rank - c->local_rank;
    MPI_Allreduce(MPI_IN_PLACE, first, c->hosts, MPI_INT, MPI_MAX, in->world);
}

/* "8 ranks on 2 hosts (n1, n2), 4 threads each, bound to 4 cores each" */
static void describe(gt_comm_inside *in) {
    enum { NAMED = 4 };
    gt_comm *c = &in->seen;
    struct {
        int threads_least, minus_threads_most, cores_least, minus_crowded;
    } span = {c->threads, -c->threads, c->cores, -c->oversubscribed};
    char names[NAMED][GT_HOST_BYTES] = {{0}};
    if (in->mpi) {
        MPI_Allreduce(MPI_IN_PLACE, &span, 4, MPI_INT, MPI_MIN, in->world);
        if (c->local_rank == 0 && c->host_index < NAMED) memcpy(names[c->host_index], c->host, GT_HOST_BYTES);
        /* Only one rank fills each name: the maximum of bytes puts them together. */
        MPI_Allreduce(MPI_IN_PLACE, names, sizeof names, MPI_UNSIGNED_CHAR, MPI_MAX, in->world);
    } else {
        memcpy(names[0], c->host, GT_HOST_BYTES);
    }
    gt_buffer *out = &in->description;
    gt_buffer_printf(out, "%d rank%s on ", c->ranks, gt_plural(c->ranks));
    if (c->hosts > 1) gt_buffer_printf(out, "%d hosts (", c->hosts);
    for (int i = 0; i < c->hosts && i < NAMED; i++) gt_buffer_printf(out, "%s%s", i ? ", " : "", names[i]);
    if (c->hosts > 1) gt_buffer_printf(out, "%s)", c->hosts > NAMED ? ", ..." : "");
    const char *each = c->ranks > 1 ? " each" : "";
    int most = -span.minus_threads_most;
    if (most == span.threads_least) gt_buffer_printf(out, ", %d thread%s%s", most, gt_plural(most), each);
    else gt_buffer_printf(out, ", %d to %d threads%s", span.threads_least, most, each);
    if (in->roams) gt_buffer_printf(out, ", not bound: another run uses some of the cores");
    else if (span.minus_crowded) gt_buffer_printf(out, ", more threads than cores: they sleep while they wait");
    else gt_buffer_printf(out, ", bound to %d core%s%s", span.cores_least, gt_plural(span.cores_least), each);
    c->description = out->data ? out->data : "";
}

static gt_comm *failed(gt_status st, gt_status *status) {
    if (status) *status = st;
    return NULL;
}

gt_comm *gt_comm_alone(void) {
    gt_comm_inside *in = calloc(1, sizeof *in);
    if (!in) {
        gt_fail(GT_NOMEM, "out of memory for the ranks");
        return NULL;
    }
    in->core_locks = -1;
    in->seen = (gt_comm){.ranks = 1, .local_ranks = 1, .hosts = 1, .threads = 1, .cores = 1, .description = ""};
    return &in->seen;
}

gt_comm *gt_comm_start_all(int threads, gt_status *status) {
    gt_comm *c = gt_comm_alone();
    if (!c) return failed(GT_NOMEM, status);
    gt_comm_inside *in = gt_inside(c);
    pid_t launcher = 0;
    const gt_mpi_launch launch = gt_mpi_launch_look();
    gt_status st = launch.ranks > 1 ? gt_mpi_check_limits() : GT_OK;
    if (!st && launch.ranks > 1) st = gt_mpi_open_files(0);
    if (!st && gt_mpi_launched()) st = gt_library_open("ompi");
    if (!st && gt_mpi_launched()) st = gt_mpi_check_launcher(launch, false, 1);
    if (st) {
        free(in);
        return failed(st, status);
    }
    if (gt_mpi_launched()) {
        launcher = gt_find_launcher(); /* before MPI, which may start helpers */
        join_ranks(in);
        st = gt_mpi_check_launcher(launch, true, c->ranks);
    } else if (refuse_srun_without_mpi()) {
        free(in);
        return failed(GT_USAGE, status);
    } else {
        gethostname(c->host, sizeof c->host - 1);
    }
    gt_choose_cores_all(in, launcher, threads);
    describe(in);
    if (!st) st = gt_heartbeat_start_all(in);
    if (!st && c->hosts > 1) st = gt_mpi_open_files(c->ranks - c->local_ranks);
    if (!st && in->mpi && !c->host_first) st = gt_fail(GT_NOMEM, "out of memory for the ranks");
    if ((st = gt_comm_agree_all(c, st))) {
        gt_comm_stop_all(c);
        return failed(st, status);
    }
    if (in->mpi) gt_watchdog_start(in, launcher);
    if (status) *status = GT_OK;
    return c;
}

void gt_comm_stop_all(gt_comm *c) {
    if (!c) return;
    GT_FREED gt_comm_inside *in = gt_inside(c);
    if (in->mpi) {
        gt_comm_barrier_all(c);
        gt_heartbeat_stop(in);
        gt_ticker_stop(&in->watchdog.ticker);
        MPI_Comm_free(&in->node);
        MPI_Comm_free(&in->world);
        MPI_Finalize();
    }
    gt_unlock_cores(in);
    free(in->scratch);
    free((void *)c->host_first);
    gt_small_sum_free(in);
    gt_buffer_free(&in->description);
}
