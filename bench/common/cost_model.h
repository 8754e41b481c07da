/* SPDX-License-Identifier: Apache-2.0
 * What a step costs on R ranks, each on a host of its own, from what it costs on one and from the network. For each
 * phase with P parameters and k slices per rank:
 *
 *   compute   H / N + k C              H: what follows from parameters alone, packing of weights first, which the N
 *             ranks of a NUMA node divide among them, and others do not; k slices; C and H as measured on one rank
 *   outside   O / R                    optimiser and average, which ranks share
 *   sum       bucket after bucket: not before its gradients are complete, nor before the one before it has gone,
 *             a + 4 p (R-1)/R / b, p: its parameters, a: a rank's time for a message, b: bytes/s.
 *             What of it ends after the graph counts, and a latency l
 *   post      (R-1) (n a + g 0.1 us)   n buckets, whose messages a rank posts while it computes; after each of g
 *             gradients it looks whether others' messages have come
 *   add       4 P (R+1)/R / m          a rank reads R parts and writes one, m: bytes/s of its memory
 *   hand out  a + 4 P (R-1)/R / b + l               new parameters
 *   vote      a + l                                 whether all gradients are finite
 *   small     2 log2(R) (a + l + 8 n / b)                 n states and statistics up and down a tree, at the same time
 *                                                         as sum, add and hand out
 *
 *   step = rest / R + sum over phases of these / interval
 *
 * Held against simulations of the program's own messages (bench/simulated): docs/performance.md. */
#ifndef BENCH_COST_MODEL_H
#define BENCH_COST_MODEL_H

#include "common/results.h"

enum { COST_PHASES = 8, COST_OUTPUTS = 512, COST_BUCKETS = 1024 };

typedef struct cost_network {
    const char *name;
    double message, latency; /* a, l: seconds */
    double rate;             /* b: bytes per second */
} cost_network;

typedef struct cost_output { /* a gradient */
    double at;               /* the share of a group's graph after which it is complete */
    double offset, floats;
} cost_output;

typedef struct cost_phase {
    char name[64];
    double interval, slice, hoisted, outside, floats, small; /* small: n */
    int n;
    cost_output outputs[COST_OUTPUTS];
} cost_phase;

typedef struct cost_model {
    int phases;
    cost_phase phase[COST_PHASES];
    double rest, slice_size, memory; /* memory: m */
} cost_model;

/* From a `step --exchange` run on one rank. `memory`: m. GT_FORMAT: tables or columns are missing. */
gt_status cost_model_read(cost_model *m, const gt_results *step, double memory);
/* a and b from a `reduce` run, l = 0: least squares of the relative errors. Returns the largest relative error of the
 * fit. */
double cost_network_fit(cost_network *n, const gt_results *reduce);

typedef struct cost_ranks {
    int count, near; /* near: how many of them are on a NUMA node */
    int slices;      /* of each */
    double crowd;    /* how much slower a rank computes because others share its cores, 1 for none */
} cost_ranks;

/* Seconds of a phase, and of a step. */
double cost_phase_seconds(const cost_phase *p, const cost_network *n, double memory, cost_ranks ranks);
double cost_step(const cost_model *m, const cost_network *n, cost_ranks ranks);

#endif
