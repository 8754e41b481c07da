/* SPDX-License-Identifier: Apache-2.0
 * The order of the images: a permutation of each epoch that needs no memory; subsets by a shuffled list. */
#include "data/door/sampler.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/random.h"

enum { ROUNDS = 12 };

gt_sampler gt_sampler_make(uint64_t seed, int64_t items) {
    uint64_t n = (uint64_t)items, a = 0;
    for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1) /* the largest a with a a < n */
        if ((a | bit) * (a | bit) < n) a |= bit;
    a++; /* ceil(sqrt(n)) */
    return (gt_sampler){
        .seed = seed, .n = n, .a = (uint32_t)a, .b = (uint32_t)((n + a - 1) / a), .stream = gt_stream("data/order")};
}

/* One pass of the network: a permutation of 0 .. a b - 1. */
static uint64_t permute(const gt_sampler *s, uint64_t epoch, uint64_t x) {
    uint32_t left = (uint32_t)(x % s->a), right = (uint32_t)(x / s->a);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        /* an epoch has 64 bits, a key has 32 for it and 8 that rounds leave */
        gt_key key = {.seed = s->seed,
                      .stream = s->stream,
                      .step = (uint32_t)epoch,
                      .sample = round | (uint32_t)(epoch >> 32) << 8};
        if (round % 2 == 0) left = (uint32_t)(((uint64_t)left + gt_random_below(key, right, s->a)) % s->a);
        else right = (uint32_t)(((uint64_t)right + gt_random_below(key, left, s->b)) % s->b);
    }
    return left + (uint64_t)s->a * right;
}

int gt_steps_rest(const gt_steps *s) { return s->end == GT_EPOCH_SHORT ? (int)(s->items % s->batch) : 0; }

/* Steps in an epoch. */
static uint64_t steps_of_epoch(const gt_steps *s) { return (uint64_t)(s->items / s->batch) + (gt_steps_rest(s) > 0); }

uint64_t gt_steps_position(const gt_steps *s, uint64_t step) {
    uint64_t batch = (uint64_t)s->batch;
    if (s->end == GT_EPOCH_RUNS_ON) return step * batch;
    return step / steps_of_epoch(s) * (uint64_t)s->items + step % steps_of_epoch(s) * batch;
}

int gt_steps_batch(const gt_steps *s, uint64_t step) {
    int rest = gt_steps_rest(s);
    return rest && (step + 1) % steps_of_epoch(s) == 0 ? rest : s->batch;
}

int64_t gt_steps_shown(const gt_steps *s, uint64_t step) {
    return (int64_t)(gt_steps_rest(s) ? gt_steps_position(s, step) : step * (uint64_t)s->batch);
}

int64_t gt_sampler_item(const gt_sampler *s, uint64_t position) {
    uint64_t epoch = position / s->n, x = position % s->n;
    do x = permute(s, epoch, x);
    while (x >= s->n);
    return (int64_t)x;
}

/* ---- subsets ---- */

static int by_index(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

gt_status gt_subset(int64_t **list, int64_t n, int64_t from, int64_t to, uint32_t seed) {
    gt_mt19937 *random = malloc(sizeof *random);
    int64_t *all = *list = malloc((size_t)(n ? n : 1) * sizeof *all);
    if (!random || !all) {
        free(random);
        return gt_fail(GT_NOMEM, "out of memory for a choice from %" PRId64 " images", n);
    }
    for (int64_t i = 0; i < n; i++) all[i] = i;
    gt_mt_seed(random, seed);
    gt_mt_shuffle(random, all, (size_t)n);
    free(random);
    memmove(all, all + from, (size_t)(to - from) * sizeof *all);
    qsort(all, (size_t)(to - from), sizeof *all, by_index);
    return GT_OK;
}
