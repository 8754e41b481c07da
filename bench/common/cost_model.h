/* SPDX-License-Identifier: Apache-2.0
 * What a step costs on R ranks, from what it costs on one and from the speed of the network. For each phase with P
 * parameters and k slices per rank:
 *
 *   compute   H / N + k C            H: what follows from parameters alone, packing of weights first, which the N ranks
 *             of a NUMA node divide among them, and others do not; k slices; C and H as measured on one rank
 *   outside   O                      optimiser, statistics, loader: as on one rank, though the optimiser's part shrinks
 *             with R
 *   sum       S = n a + 4 P (R-1)/R / b         n buckets, each a message to every other rank; a: time of a
 *             message, b: bytes/s
 *   hidden    min(S, v C)            buckets leave during the backward pass of a rank's last slice: the share v of it
 *   hand out  a + 4 P (R-1)/R / b               new parameters
 *   votes     4 ceil(log2 R) a       non-finite numbers, states, statistics
 *
 *   step = rest + sum over phases of (compute + outside + sum - hidden + hand out + votes) / interval */
#ifndef BENCH_COST_MODEL_H
#define BENCH_COST_MODEL_H

#include "common/results.h"

enum { COST_PHASES = 8 };

typedef struct cost_network {
    const char *name;
    double message; /* a: seconds */
    double rate;    /* b: bytes per second */
} cost_network;

typedef struct cost_phase {
    double interval, slice, hoisted, outside, floats;
} cost_phase;

typedef struct cost_model {
    int phases;
    cost_phase phase[COST_PHASES];
    double rest, slice_size, overlap; /* overlap: v */
} cost_model;

/* From a `step` run on one rank. GT_FORMAT: tables or columns are missing. */
gt_status cost_model_read(cost_model *m, const gt_results *step);
/* a and b from a `reduce` run: least squares of the relative errors. Returns the largest relative error of the fit. */
double cost_network_fit(cost_network *n, const gt_results *reduce);

typedef struct cost_ranks {
    int count, near; /* near: how many of them are on a NUMA node */
    int slices;      /* of each */
    double crowd;    /* how much slower a rank computes because others share its cores, 1 for none */
} cost_ranks;

/* Seconds of a step. */
double cost_step(const cost_model *m, const cost_network *n, cost_ranks ranks);

#endif
