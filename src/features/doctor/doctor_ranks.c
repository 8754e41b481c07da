/* SPDX-License-Identifier: Apache-2.0
 * What is examined between ranks: the MPI library and what it carries messages with, clocks, kinds of processors, and
 * the sum of a block of gradients. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/clock.h"
#include "base/door/library.h"
#include "dist/door/dist.h"
#include "base/door/memory.h"
#include "kernels/door/kernel_set.h"
#include "features/doctor/doctor.h"

static void examine_library(doctor *d) {
    char library[256];
    gt_mpi_version(library, sizeof library);
    if (gt_library_is_open("ompi")) doctor_add(d, FINE, "MPI", NULL, "%s", library);
    bool open_mpi = !strncmp(library, "Open MPI", 8);
    if (!*d->before->mpirun)
        doctor_add(d, WARNING, "mpirun",
                   "install openmpi-bin, or load the MPI module; under Slurm, use srun --mpi=pmix",
                   "not found: one rank only");
    else if (open_mpi && !strstr(d->before->mpirun, "Open MPI"))
        doctor_add(d, WARNING, "mpirun",
                   "put the mpirun of the MPI named above first in PATH: with another mpirun, each rank runs alone",
                   "from another MPI: %s", d->before->mpirun);
    else doctor_add(d, FINE, "mpirun", NULL, "%s", d->before->mpirun);
}

static void examine_transport(doctor *d) {
    char text[256];
    if (d->comm->ranks == 1) return;
    bool known = gt_mpi_transport(text, sizeof text);
    bool fast = strstr(text, "ucx") || strstr(text, "ofi") || strstr(text, "openib") || strstr(text, "psm");
    bool wasted = known && d->comm->hosts > 1 && !fast && !access("/sys/class/infiniband", F_OK);
    doctor_add(d, wasted ? WARNING : FINE, "transport",
               "load an MPI built with UCX or OFI (mpirun --mca pml ucx): messages go by TCP although there is a "
               "faster network such as InfiniBand",
               "%s", known ? text : "not known for this MPI");
}

/* All leave the barrier at about the same moment: what their clocks then differ by is skew, but for some latency. */
static void examine_clocks(doctor *d) {
    const double much = 2;
    gt_comm *c = d->comm;
    if (c->hosts == 1) return;
    double *all = calloc((size_t)c->ranks, sizeof *all), first = INFINITY, last = -INFINITY;
    gt_comm_barrier_all(c);
    double now = gt_unix_time();
    if (gt_comm_agree_all(c, all ? GT_OK : gt_fail(GT_NOMEM, "out of memory"))) {
        free(all);
        return;
    }
    gt_comm_gather_all(c, &now, sizeof now, all);
    int late = 0;
    for (int r = 0; r < c->ranks; r++) {
        if (all[r] > last) late = r;
        first = fmin(first, all[r]);
        last = fmax(last, all[r]);
    }
    if (c->rank == 0)
        doctor_add(d, last - first > much ? WARNING : FINE, "clocks",
                   "run NTP on all hosts: times in logs and of files are misleading",
                   last - first > much ? "clocks of hosts differ by %.3f s; the host of rank %d is ahead"
                                       : "clocks of hosts differ by at most %.3f s",
                   last - first, late);
    free(all);
}

typedef struct processor {
    char host[GT_HOST_BYTES];
    int isa, arithmetic;
    double flops; /* a second, of a thread */
} processor;

/* Rank 0: instructions of different kinds are fine, different arithmetics are not. */
static void compare_processors(doctor *d, const processor *all) {
    const processor *slow = all, *fast = all;
    bool instructions = false, arithmetics = false;
    for (int r = 1; r < d->comm->ranks; r++) {
        instructions |= all[r].isa != all->isa;
        arithmetics |= all[r].arithmetic != all->arithmetic;
        if (all[r].flops < slow->flops) slow = &all[r];
        if (all[r].flops > fast->flops) fast = &all[r];
    }
    const gt_kernel_set *set = gt_kernel_set_or_best(d->options.kernels);
    if (arithmetics)
        doctor_add(
            d, WARNING, "processors",
            "leave out the hosts without fused multiply-adds, or accept results that differ from other machines'",
            "not all ranks have the arithmetic %s: runs use what all ranks have", set->id);
    else
        doctor_add(d, FINE, "processors", NULL,
                   "%s, arithmetic %s on all ranks; slowest %s, %.0f Gflop/s a thread, fastest %s, %.0f",
                   instructions ? "different instructions" : set->instructions, set->id, slow->host, slow->flops / 1e9,
                   fast->host, fast->flops / 1e9);
}

static void examine_processors(doctor *d) {
    gt_comm *c = d->comm;
    if (c->ranks == 1) return;
    const gt_kernel_set *set = gt_kernel_set_or_best(d->options.kernels);
    processor mine = {.isa = (int)set->isa, .arithmetic = (int)set->arithmetic, .flops = gt_probe_fma(NULL, set)},
              *all = c->rank ? NULL : calloc((size_t)c->ranks, sizeof *all);
    memcpy(mine.host, c->host, sizeof mine.host);
    if (!gt_comm_agree_all(c, c->rank || all ? GT_OK : gt_fail(GT_NOMEM, "out of memory"))) {
        gt_comm_gather_all(c, &mine, sizeof mine, all);
        if (c->rank == 0) compare_processors(d, all);
    }
    free(all);
}

/* Seconds until a block of gradients that every rank has is summed and everywhere. */
static double reduction(gt_comm *c, gt_reducer *r, const gt_reducer_schedule *plan, float *block, size_t floats) {
    gt_reducer_begin_all(r, plan);
    memset(gt_reducer_begin_group(r), 0, floats * sizeof *block);
    gt_comm_barrier_all(c);
    double start = gt_clock();
    gt_reducer_progress(r, 1);
    gt_reducer_end_group(r);
    gt_reducer_finish_all(r);
    gt_reducer_gather_all(r, block);
    return gt_clock() - start;
}

static void examine_reduction(doctor *d) {
    enum { FLOATS = 4 << 20, TURNS = 3 };
    const double slow = 100e6; /* bytes per second */
    gt_comm *c = d->comm;
    if (c->ranks == 1) return;
    gt_reducer *r = gt_reducer_new_all(c, NULL, &(gt_reducer_options){.slices = c->ranks, .floats = FLOATS});
    gt_reducer_schedule *plan = r ? gt_reducer_schedule_new(r, 1, &(gt_span){0, FLOATS}) : NULL;
    float *block = gt_block_alloc(FLOATS * sizeof *block, "a block of gradients");
    if (!gt_comm_agree_all(c, plan && block ? GT_OK : GT_NOMEM)) {
        double best = INFINITY, bytes = FLOATS * sizeof *block;
        for (int i = 0; i <= TURNS; i++) {
            double now = reduction(c, r, plan, block, FLOATS);
            if (i && now < best) best = now; /* the first opens connections */
        }
        bool too_slow = bytes / best < slow;
        if (c->rank == 0)
            doctor_add(d, too_slow ? WARNING : FINE, "reduction",
                       "see the transport above; fewer ranks with more threads send less",
                       "gradients of %.0f MB are summed over %d ranks in %.0f ms: %.0f MB/s", bytes / 1e6, c->ranks,
                       best * 1e3, bytes / best / 1e6);
    }
    gt_reducer_free_all(r);
    gt_block_free(block, FLOATS * sizeof *block);
}

void doctor_ranks(doctor *d) {
    if (d->comm->rank == 0) {
        examine_library(d);
        examine_transport(d);
    }
    examine_clocks(d);
    examine_processors(d);
    examine_reduction(d);
}
