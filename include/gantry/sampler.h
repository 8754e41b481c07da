/* SPDX-License-Identifier: Apache-2.0
 * The order of samples, as a formula. `position` counts samples since the start of training over all ranks; position p
 * lies in epoch p / n, and within an epoch every item comes exactly once, in an order that depends on (seed, n, epoch)
 * alone. Nothing is stored: any rank can ask for any position, and a run that goes on continues at the exact sample.
 *
 * The permutation is a generalised Feistel network on Z_a x Z_b (a b >= n, nearly equal) with Philox as its round
 * function, walking the cycle until it lands below n: J. Black and P. Rogaway, "Ciphers with Arbitrary Finite Domains",
 * CT-RSA 2002. */
#ifndef GANTRY_SAMPLER_H
#define GANTRY_SAMPLER_H

#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_sampler {
    uint64_t seed;
    uint64_t n;    /* items, 1 .. 2^62 */
    uint32_t a, b; /* the two halves of the Feistel network */
    uint32_t stream;
} gt_sampler;

gt_sampler gt_sampler_make(uint64_t seed, int64_t items);
int64_t gt_sampler_item(const gt_sampler *s, uint64_t position); /* 0 .. items-1 */

/* What happens to the last batch of an epoch where batches do not divide the items. */
typedef enum gt_epoch_end {
    GT_EPOCH_RUNS_ON, /* it is filled up from the next epoch */
    GT_EPOCH_SHORT,   /* it holds what is left */
    GT_EPOCH_DROPPED, /* there is none: what is left is not used in this epoch */
} gt_epoch_end;

/* Which samples belong to which step: another formula, for the same reason. batch <= items with GT_EPOCH_DROPPED. */
typedef struct gt_steps {
    int64_t items;
    int batch;
    gt_epoch_end end;
} gt_steps;

uint64_t gt_steps_position(const gt_steps *s, uint64_t step); /* of the step's first sample */
int gt_steps_batch(const gt_steps *s, uint64_t step);         /* its samples: `batch`, or what is left of the epoch */
/* samples of an epoch's short last batch; 0: there is none */
int gt_steps_rest(const gt_steps *s);
int64_t gt_steps_shown(const gt_steps *s, uint64_t step); /* samples in all steps before this one */

/* Places `from` up to `to` of the list 0 .. n-1 shuffled by numpy's legacy generator, in ascending order: the choice of
 * the reference tool (spec, appendix A). *list is for the caller to free, also after an error. 0 <= from <= to <= n. */
gt_status gt_subset(int64_t **list, int64_t n, int64_t from, int64_t to, uint32_t seed);

#endif
