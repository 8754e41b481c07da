/* SPDX-License-Identifier: Apache-2.0
 * Wavelet packets. */
#include "features/score/distances/transforms.h"

#include <string.h>

#define ROOT_HALF 0.70710678118654752440
/* filters as they are slid over the pixels: the published ones turned round */
static const gt_wavelet wavelets[] = {
    {"haar", 2, {ROOT_HALF, ROOT_HALF}, {ROOT_HALF, -ROOT_HALF}},
    {"sym5",
     10,
     {.019538882735286728, -.021101834024758855, -.17532808990845047, .01660210576452232, .6339789634582119,
      .7234076904024206, .1993975339773936, -.039134249302383094, .029519490925774643, .027333068345077982},
     {.027333068345077982, -.029519490925774643, -.039134249302383094, -.1993975339773936, .7234076904024206,
      -.6339789634582119, .01660210576452232, .17532808990845047, -.021101834024758855, -.019538882735286728}},
};
enum { WAVELETS = sizeof wavelets / sizeof *wavelets };

const gt_wavelet *gt_wavelet_find(const char *name) {
    for (int i = 0; i < WAVELETS; i++)
        if (!strcmp(wavelets[i].name, name)) return &wavelets[i];
    return NULL;
}

static int margin(const gt_wavelet *w) { return (2 * w->taps - 3) / 2; }

int gt_wavelet_length(const gt_wavelet *w, int n) { return (n + n % 2 + 2 * margin(w) - w->taps) / 2 + 1; }

static int mirrored(int i, int n) {
    if (n == 1) return 0;
    int period = 2 * (n - 1);
    i = (i % period + period) % period;
    return i < n ? i : period - i;
}

/* One axis of n numbers, `stride` apart, for `inner` neighbours: low and high of gt_wavelet_length(n) numbers each. */
static void split(const gt_wavelet *w, int n, size_t stride, size_t inner, const double *x, double *low, double *high) {
    int length = gt_wavelet_length(w, n), before = margin(w);
    for (int k = 0; k < length; k++, low += stride, high += stride) {
        memset(low, 0, inner * sizeof *low);
        memset(high, 0, inner * sizeof *high);
        for (int j = 0; j < w->taps; j++) {
            const double *from = x + (size_t)mirrored(2 * k + j - before, n) * stride;
            for (size_t i = 0; i < inner; i++) low[i] += w->low[j] * from[i];
            for (size_t i = 0; i < inner; i++) high[i] += w->high[j] * from[i];
        }
    }
}

/* A plane [h,w] into the planes of its four children, each `apart` from the next; halves: [2, h after, w]. */
static void split_plane(const gt_wavelet *f, int h, int w, const double *x, double *to, size_t apart, double *halves) {
    int rows = gt_wavelet_length(f, h), columns = gt_wavelet_length(f, w);
    double *high = halves + (size_t)rows * (size_t)w;
    split(f, h, (size_t)w, (size_t)w, x, halves, high);
    for (int r = 0; r < rows; r++, to += columns) {
        split(f, w, 1, 1, halves + (size_t)r * (size_t)w, to, to + 2 * apart);
        split(f, w, 1, 1, high + (size_t)r * (size_t)w, to + apart, to + 3 * apart);
    }
}

static size_t largest(const gt_wavelet *w, int level, int channels, int height, int width) {
    size_t most = (size_t)channels * (size_t)height * (size_t)width, nodes = (size_t)channels;
    for (int l = 0; l < level; l++) {
        height = gt_wavelet_length(w, height), width = gt_wavelet_length(w, width), nodes *= 4;
        size_t size = nodes * (size_t)height * (size_t)width;
        if (size > most) most = size;
    }
    return most;
}

size_t gt_wavelet_spare(const gt_wavelet *w, int level, int channels, int height, int width) {
    return largest(w, level, channels, height, width) + 2 * (size_t)gt_wavelet_length(w, height) * (size_t)width;
}

void gt_wavelet_packets(const gt_wavelet *w, int level, int channels, int height, int width, const double *x,
                        double *packets, double *spare) {
    double *halves = spare + largest(w, level, channels, height, width), *from = spare, *to = packets;
    size_t nodes = 1, c = (size_t)channels;
    /* the last level is to land in `packets` */
    if (level % 2 == 0) from = packets, to = spare;
    memcpy(from, x, c * (size_t)height * (size_t)width * sizeof *x);
    for (int l = 0; l < level; l++, nodes *= 4) {
        int h = gt_wavelet_length(w, height), v = gt_wavelet_length(w, width);
        size_t plane = (size_t)height * (size_t)width, child = (size_t)h * (size_t)v;
        for (size_t node = 0; node < nodes; node++)
            for (size_t k = 0; k < c; k++)
                split_plane(w, height, width, from + (node * c + k) * plane, to + (node * 4 * c + k) * child, c * child,
                            halves);
        double *next = from;
        from = to;
        to = next;
        height = h, width = v;
    }
}
