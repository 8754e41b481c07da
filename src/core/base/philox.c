/* SPDX-License-Identifier: Apache-2.0
 * Philox 4x32-10. Runs of numbers are made in blocks of counters side by side, so that the loops vectorise. */
#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "base/door/clones.h"
#include "base/door/mathfn_inline.h"
#include "base/door/random.h"

enum { ROUNDS = 10, LANES = 64, BLOCK = 4 * LANES };

static const uint32_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
static const uint32_t weyl_0 = 0x9E3779B9, weyl_1 = 0xBB67AE85;

uint32_t gt_stream(const char *name) { return XXH32(name, strlen(name), 0); }

static inline __attribute__((always_inline)) void rounds(uint32_t c[4], uint32_t k0, uint32_t k1) {
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t p0 = (uint64_t)multiplier_0 * c[0], p1 = (uint64_t)multiplier_1 * c[2];
        uint32_t high_0 = (uint32_t)(p0 >> 32), high_1 = (uint32_t)(p1 >> 32);
        c[0] = high_1 ^ c[1] ^ k0;
        c[2] = high_0 ^ c[3] ^ k1;
        c[1] = (uint32_t)p1;
        c[3] = (uint32_t)p0;
        k0 += weyl_0;
        k1 += weyl_1;
    }
}

void gt_philox(const uint32_t counter[4], uint64_t key, uint32_t out[4]) {
    memcpy(out, counter, 4 * sizeof *out);
    rounds(out, (uint32_t)key, (uint32_t)(key >> 32));
}

/* Words w[j][l] = word j of the counter first + l. */
GT_CLONES static void words(gt_key k, uint32_t first, uint32_t w[4][LANES]) {
    uint32_t k0 = (uint32_t)k.seed, k1 = (uint32_t)(k.seed >> 32);
    for (int l = 0; l < LANES; l++) {
        uint32_t c[4] = {first + (uint32_t)l, k.stream, k.step, k.sample};
        rounds(c, k0, k1);
        for (int j = 0; j < 4; j++) w[j][l] = c[j];
    }
}

/* The BLOCK numbers that follow from one block of words, in order of position. */
typedef void transform(uint32_t w[4][LANES], void *out);

static void as_bits(uint32_t w[4][LANES], void *out) {
    uint32_t *y = out;
    for (int l = 0; l < LANES; l++)
        for (int j = 0; j < 4; j++) y[4 * l + j] = w[j][l];
}

GT_CLONES static void as_uniform(uint32_t w[4][LANES], void *out) {
    float *y = out;
    for (int l = 0; l < LANES; l++)
        for (int j = 0; j < 4; j++) y[4 * l + j] = (float)(int32_t)(w[j][l] >> 8) * 0x1p-24f;
}

/* Box-Muller: of two words the first gives the radius sqrt(-2 ln u), u in (0,1], the second the angle. The angle is
 * cut into quarters as an integer, so that no reduction rounds. Cosine at the even position, sine at the odd one. */
GT_CLONES static void as_normal(uint32_t w[4][LANES], void *out) {
    float *y = out;
    float even[LANES], odd[LANES];
    for (int pair = 0; pair < 2; pair++) {
        const uint32_t *radius_word = w[2 * pair], *angle_word = w[2 * pair + 1];
        for (int l = 0; l < LANES; l++) {
            float u = (float)(int32_t)(radius_word[l] >> 1) * 0x1p-31f + 0x1p-32f;
            float radius = sqrtf(-2.0f * gt_inline_logf(u));
            uint32_t turn = angle_word[l] + 0x20000000u; /* half a quarter: rounds to the nearest */
            float r = (float)((int32_t)(turn & 0x3fffffffu) - 0x20000000) * 0x1.921fb6p-30f; /* 2 pi / 2^32 */
            even[l] = radius * gt_turned_sin(r, (turn >> 30) + 1);
            odd[l] = radius * gt_turned_sin(r, turn >> 30);
        }
        for (int l = 0; l < LANES; l++) {
            y[4 * l + 2 * pair] = even[l];
            y[4 * l + 2 * pair + 1] = odd[l];
        }
    }
}

static void fill(gt_key k, char *out, size_t n, transform *t) {
    uint32_t w[4][LANES];
    for (size_t done = 0; done < n; done += BLOCK) {
        words(k, (uint32_t)(done / 4), w);
        if (n - done >= BLOCK) {
            t(w, out + 4 * done);
        } else {
            float last[BLOCK]; /* a number is four bytes of either type */
            t(w, last);
            memcpy(out + 4 * done, last, 4 * (n - done));
        }
    }
}

void gt_random_bits(gt_key k, uint32_t *out, size_t n) { fill(k, (char *)out, n, as_bits); }
void gt_random_uniform(gt_key k, float *out, size_t n) { fill(k, (char *)out, n, as_uniform); }
void gt_random_normal(gt_key k, float *out, size_t n) { fill(k, (char *)out, n, as_normal); }

uint32_t gt_random_below(gt_key k, size_t position, uint32_t n) {
    uint32_t counter[4] = {(uint32_t)(position / 4), k.stream, k.step, k.sample}, out[4];
    gt_philox(counter, k.seed, out);
    return (uint32_t)((uint64_t)out[position % 4] * n >> 32);
}
