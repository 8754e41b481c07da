/* SPDX-License-Identifier: Apache-2.0
 * Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC11).
 * A number is a pure function of (seed, stream, step, sample, position): any rank can draw any sample's numbers.
 * The 64-bit seed is the key; the counter is (position/4, stream, step, sample). */
#ifndef GANTRY_BASE_DOOR_RANDOM_H
#define GANTRY_BASE_DOOR_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct gt_key {
    uint64_t seed;
    uint32_t stream; /* gt_stream("z/G_main") */
    uint32_t step;
    uint32_t sample;
} gt_key;

uint32_t gt_stream(const char *name); /* XXH32 of the name, seed 0 */
void gt_philox(const uint32_t counter[4], uint64_t key, uint32_t out[4]);
void gt_random_bits(gt_key k, uint32_t *out, size_t n);
void gt_random_uniform(gt_key k, float *out, size_t n); /* [0,1), multiples of 2^-24 */
/* Box-Muller on pairs, the engine's own log, sin and cos */
void gt_random_normal(gt_key k, float *out, size_t n);
/* 0 .. n-1, unbiased to 2^-32 (multiply-shift); n >= 1 */
uint32_t gt_random_below(gt_key k, size_t position, uint32_t n);

/* numpy's legacy generator (docs/mathematics/seeds.md#numpys-legacy-generator): a seed gives the latent that the
 * reference tools give. */
typedef struct gt_mt19937 {
    uint32_t key[624];
    int pos, has_gauss;
    double gauss;
} gt_mt19937;

void gt_mt_seed(gt_mt19937 *r, uint32_t seed);
double gt_mt_randn(gt_mt19937 *r);
void gt_mt_shuffle(gt_mt19937 *r, int64_t *list, size_t n);

#endif
