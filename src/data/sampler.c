/* SPDX-License-Identifier: Apache-2.0 */
#include "gantry/sampler.h"

#include "gantry/random.h"

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

int64_t gt_sampler_item(const gt_sampler *s, uint64_t position) {
    uint64_t epoch = position / s->n, x = position % s->n;
    do x = permute(s, epoch, x);
    while (x >= s->n);
    return (int64_t)x;
}
