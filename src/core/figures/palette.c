/* SPDX-License-Identifier: Apache-2.0
 * A palette by median cut: see preview.h. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "figures/door/preview.h"

enum { KEYS = 1 << 15 };

typedef struct box {    /* of colours: those of order[first ... first+n-1] */
    int first, n, side; /* the channel of the longest side, as the shift of its bits */
    int length;
    uint64_t pixels;
} box;

typedef struct cutting {
    uint32_t count[KEYS];
    uint64_t sum[KEYS][3];
    uint16_t order[KEYS];
    box boxes[PALETTE_MOST];
} cutting;

static int part(int key, int shift) { return key >> shift & 31; }

static void measure(const cutting *c, box *b) {
    b->length = -1;
    b->pixels = 0;
    for (int i = 0; i < b->n; i++) b->pixels += c->count[c->order[b->first + i]];
    for (int shift = 0; shift <= 10; shift += 5) {
        int lo = 31, hi = 0;
        for (int i = 0; i < b->n; i++) {
            int v = part(c->order[b->first + i], shift);
            lo = v < lo ? v : lo;
            hi = v > hi ? v : hi;
        }
        if (hi - lo > b->length) b->length = hi - lo, b->side = shift;
    }
}

static int by_part(const void *a, const void *b, void *shift) {
    int x = *(const uint16_t *)a, y = *(const uint16_t *)b, s = *(const int *)shift;
    return part(x, s) != part(y, s) ? part(x, s) - part(y, s) : x - y;
}

/* Cuts the box behind the colour with which half of its pixels are reached; both parts have a colour. */
static void cut(cutting *c, box *b, box *rest) {
    uint64_t half = b->pixels / 2, pixels = 0;
    int n = 0;
    qsort_r(c->order + b->first, (size_t)b->n, sizeof *c->order, by_part, &b->side);
    while (n < b->n - 1 && (n == 0 || pixels < half)) pixels += c->count[c->order[b->first + n++]];
    *rest = (box){.first = b->first + n, .n = b->n - n};
    b->n = n;
    measure(c, b);
    measure(c, rest);
}

static void give_colours(const cutting *c, palette *p) {
    for (int k = 0; k < p->n; k++) {
        const box *b = &c->boxes[k];
        uint64_t sum[3] = {0};
        for (int i = 0; i < b->n; i++) {
            int key = c->order[b->first + i];
            p->of[key] = (uint8_t)k;
            for (int j = 0; j < 3; j++) sum[j] += c->sum[key][j];
        }
        for (int j = 0; j < 3; j++) p->colour[k][j] = (uint8_t)((sum[j] + b->pixels / 2) / b->pixels);
    }
}

void palette_find(palette *p, const uint8_t *rgb, size_t n) {
    GT_FREED cutting *c = calloc(1, sizeof *c);
    memset(p, 0, sizeof *p);
    if (!c) return;
    for (size_t i = 0; i < n; i++, rgb += 3) {
        int key = palette_key(rgb);
        c->count[key]++;
        for (int j = 0; j < 3; j++) c->sum[key][j] += rgb[j];
    }
    for (int key = 0; key < KEYS; key++)
        if (c->count[key]) c->order[c->boxes->n++] = (uint16_t)key;
    measure(c, c->boxes);
    for (p->n = n > 0; p->n && p->n < PALETTE_MOST; p->n++) {
        int best = 0;
        for (int k = 1; k < p->n; k++)
            if (c->boxes[k].pixels * (uint64_t)c->boxes[k].length >
                c->boxes[best].pixels * (uint64_t)c->boxes[best].length)
                best = k;
        if (c->boxes[best].length < 1) break; /* one colour each */
        cut(c, &c->boxes[best], &c->boxes[p->n]);
    }
    give_colours(c, p);
}
