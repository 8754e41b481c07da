/* SPDX-License-Identifier: Apache-2.0
 * The order of samples, as a formula. `position` counts samples since the start of training over all ranks; position p
 * lies in epoch p / n, and within an epoch every item comes exactly once, in an order that depends on (seed, n, epoch)
 * alone. Nothing is stored: any rank can ask for any position, and a resumed run continues at the exact sample.
 *
 * The permutation is a generalised Feistel network on Z_a x Z_b (a b >= n, nearly equal) with Philox as its round
 * function, walking the cycle until it lands below n: J. Black and P. Rogaway, "Ciphers with Arbitrary Finite Domains",
 * CT-RSA 2002. */
#ifndef GANTRY_DATA_DOOR_SAMPLER_H
#define GANTRY_DATA_DOOR_SAMPLER_H

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

/* What happens to the last batch of an epoch where the size of a batch does not divide the number of items. */
typedef enum gt_epoch_end {
    GT_EPOCH_RUNS_ON, /* the batch is filled up with items of the next epoch */
    GT_EPOCH_SHORT,   /* the batch holds the items that are left */
    GT_EPOCH_DROPPED, /* there is no such batch: the items that are left are not used in this epoch */
} gt_epoch_end;

/* Which samples belong to which step. This is a formula, too, so that nothing is stored. With GT_EPOCH_DROPPED batch <=
 * items. */
typedef struct gt_steps {
    int64_t items;
    int batch;
    gt_epoch_end end;
} gt_steps;

/* The position of the first sample of a step. */
uint64_t gt_steps_position(const gt_steps *s, uint64_t step);
/* The number of samples of a step: `batch`, or what is left of the epoch. */
int gt_steps_batch(const gt_steps *s, uint64_t step);
/* The number of samples of an epoch's short last batch; 0: there is no short batch. */
int gt_steps_rest(const gt_steps *s);
/* The number of samples in all steps before this step. */
int64_t gt_steps_shown(const gt_steps *s, uint64_t step);

/* A choice from the numbers 0 .. n-1, as StyleGAN2-ADA chooses (docs/mathematics/seeds.md#choices-of-images): numpy's
 * legacy generator shuffles the list of all numbers, and the numbers at the places from .. to-1 are taken, in ascending
 * order, 0 <= from <= to <= n. The caller frees *list, also after an error. */
gt_status gt_subset(int64_t **list, int64_t n, int64_t from, int64_t to, uint32_t seed);

#endif
