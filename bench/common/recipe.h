/* SPDX-License-Identifier: Apache-2.0
 * The recipes that are measured, and steps of training them. */
#ifndef BENCH_RECIPE_H
#define BENCH_RECIPE_H

#include "networks/model/door/model.h"
#include "train/door/engine.h"

enum { BENCH_RECIPES = 12, BENCH_RECIPE_KEYS = 7 };

typedef struct bench_recipe {
    const char *name;
    const char *keys[BENCH_RECIPE_KEYS]; /* of the job, as KEY=VALUE */
    double reference_memory; /* bytes that stylegan2-ada-pytorch needs at reference_slice images; 0: not measured */
    int reference_slice;
} bench_recipe;

extern const bench_recipe bench_recipes[BENCH_RECIPES];
#define BENCH_RECIPE_NAMES "small|cifar|auto32|auto64|auto128|auto256|auto512|demo|dcgan|vae|downscale|job"

const bench_recipe *bench_recipe_find(const char *name);

/* What is to be other than in the recipe; 0 or NULL: as there. */
typedef struct bench_changes {
    int64_t batch, slices, at_once; /* at_once: slices in one execution */
    const char *data;               /* a recipe's images are made on the fly */
    const char *job;                /* further keys, as "KEY=VALUE KEY=VALUE" */
} bench_changes;

/* The trainer of a recipe up to its first step. On an error it is closed already. Close with bench_recipe_close(). */
gt_status bench_recipe_open(gt_engine *e, gt_comm *comm, const bench_recipe *r, const bench_changes *changes);
void bench_recipe_close(gt_engine *e);

enum { BENCH_MOST_STEPS = 1000 };

/* Seconds of a step, phases weighted by how often they are due: in graphs, without packing; in this rank's part of the
 * packing of weights; without anything else to do while sums and parameters were on their way; all else; and what the
 * loader takes for this rank's pictures of a step, which the step hides unless it is shorter. processor: processor time
 * of the step. */
typedef struct bench_parts {
    double computing, packing, sums, rest, reading, processor;
} bench_parts;

/* What was measured of steps in which every phase is due. Seconds on this rank. */
typedef struct bench_steps {
    double phase[GT_MAX_PHASES]; /* the best of each */
    /* of each on average: this rank's part of packing for several ranks, without waiting for theirs */
    double preparing[GT_MAX_PHASES];
    double rest; /* of a step outside its phases (moving average), the best */
    /* processor time / (time x threads): less than 1 where threads waited, or other programs wanted the cores */
    double busy;
    /* of a step, phases weighted by how often they are due: seconds, and processor time of all threads together */
    double average, processor;
    double profiled, profiled_processor; /* the same of the steps in which nodes are profiled */
    double per_image; /* from the best times: wall seconds, phases weighted by how often they are due */
    double processor_phase[GT_MAX_PHASES], processor_per_image; /* the same of processor time, all threads together */
    /* of the steps themselves, phases weighted by how often they are due: seconds, sorted */
    int n;
    double seconds[BENCH_MOST_STEPS];
    bench_parts own, parts; /* means of the steps on this rank, and some over ranks, too */
    double node_bytes;      /* resident, of all ranks of a host, on the one with most; what they share counts once */
} bench_steps;

/* One step that is not counted, then `steps`, then `profiled` in which the nodes' times are taken (gt_exec_profile) and
 * nothing else. Collective. */
gt_status bench_recipe_steps_all(gt_engine *e, int steps, int profiled, bench_steps *out);

/* Arithmetic of one image over all phases at their intervals: direct convolutions, a multiply-add counted as two. */
double bench_flops_per_image(const gt_engine *e);

#endif
