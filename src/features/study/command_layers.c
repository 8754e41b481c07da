/* SPDX-License-Identifier: Apache-2.0
 * gantry study conv and pooling: reads images that are written as numbers, and prints what layers make of them. */
#include <math.h>
#include <stdlib.h>

#include "features/study/command.h"
#include "gantry/rundir.h"
#include "features/study/study_view.h"

enum { SIDE = 16, CHANNELS = 8 };

/* ---- images as text ---- */

/* One number, and what ends it: a comma, a slash, a colon or the end of the text. NULL: there is no such thing. */
static const char *next_number(const char *text, float *x) {
    char *end;
    *x = strtof(text, &end);
    return end > text && isfinite(*x) && (!*end || *end == ',' || *end == '/' || *end == ':') ? end : NULL;
}

/* Reads numbers channel by channel into [CHANNELS * SIDE * SIDE]; false: this is not an image of those sizes. */
static bool read_channels(const char *text, float *out, gt_numbers *of) {
    int x = 0, y = 0, c = 0, width = 0, height = 0, n = 0;
    for (char end = ','; end; text += end != 0) {
        if (x == SIDE || y == SIDE || c == CHANNELS || !(text = next_number(text, &out[n]))) return false;
        n++, x++;
        end = *text;
        if (end == ',') continue;
        if (!width) width = x;
        if (x != width) return false;
        x = 0, y++;
        if (end == '/') continue;
        if (!height) height = y;
        if (y != height) return false;
        y = 0, c++;
    }
    *of = (gt_numbers){height, width, c, NULL};
    return true;
}

static gt_status read_numbers(gt_arena *a, const char *text, gt_numbers *of) {
    float *given = gt_arena_array(a, CHANNELS * SIDE * SIDE, sizeof *given), *values;
    if (!given) return GT_NOMEM;
    if (!read_channels(text, given, of))
        return gt_fail(GT_USAGE,
                       "must be lines of equally many numbers, such as 1,2,3/4,5,6, and a colon before each further "
                       "channel: at most %d lines of %d numbers, and %d channels",
                       SIDE, SIDE, CHANNELS);
    int plane = of->height * of->width;
    of->values = values = gt_arena_array(a, (size_t)(plane * of->channels), sizeof *values);
    for (int i = 0; values && i < plane * of->channels; i++) values[i % plane * of->channels + i / plane] = given[i];
    return values ? GT_OK : GT_NOMEM;
}

gt_status study_check_numbers(const gt_option *o, const char *value) {
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_numbers of;
    (void)o;
    return a ? read_numbers(a, value, &of) : GT_NOMEM;
}

/* ---- convolution ---- */

static void print_convolution(const gt_convolution *c) {
    double off = 0;
    gt_print("place    the filter covers, times the filter, is\n");
    for (int i = 0; i < c->height * c->width; i++) {
        gt_print("%2d,%-2d   ", i / c->width, i % c->width);
        for (int k = 0; k < c->taps; k++) gt_print(" %4.4g", (double)c->rows[i * c->taps + k]);
        gt_print("  -> %.6g\n", (double)c->product[i]);
        off = fmax(off, fabs((double)c->product[i] - (double)c->result[i]));
    }
    gt_print("filter   ");
    for (int k = 0; k < c->taps; k++) gt_print(" %4.4g", (double)c->filter.values[k]);
    gt_print("\nlargest difference between this product and the convolution: %.3g\n", off);
}

gt_status study_conv(cli_session *s) {
    const study_fields *f = s->fields;
    gt_convolution c = {.stride = f->stride ? (int)f->stride : 1, .pad = (int)f->pad};
    gt_status st = read_numbers(s->arena, *f->input ? f->input : "1,2,3,0/0,1,2,3/3,0,1,2/2,3,0,1", &c.input);
    if (!st) st = read_numbers(s->arena, f->filter, &c.filter);
    if (!st) st = gt_convolution_compute(s->arena, cli_kernels(), &c);
    if (!st) st = gt_rundir_prepare(f->outdir, 1 << 20);
    if (!st) st = gt_convolution_write(s->arena, &c, f->outdir);
    if (st) return st;
    print_convolution(&c);
    study_print_files(s, "conv");
    return GT_OK;
}

/* ---- pooling ---- */

gt_status study_pooling(cli_session *s) {
    static const char *const image = "1,2,0,7,1,0/0,9,2,3,2,3/3,0,1,2,1,2/2,4,0,1,0,1/6,0,1,2,1,2/2,4,0,1,8,1";
    const study_fields *f = s->fields;
    gt_pooling p = {.window = (int)f->window, .stride = (int)(f->stride ? f->stride : f->window)};
    gt_status st = read_numbers(s->arena, *f->input ? f->input : image, &p.input);
    if (!st) st = gt_pooling_compute(s->arena, cli_kernels(), &p);
    if (!st) st = gt_rundir_prepare(f->outdir, 1 << 20);
    if (!st) st = gt_pooling_write(s->arena, &p, f->outdir);
    if (st) return st;
    gt_print("values that change when the image moves to the right:\n%6s %8s %8s\n", "pixels", "image", "pooled");
    for (int i = 0; i < p.n; i++)
        gt_print("%6d %7.0f%% %7.0f%%\n", i, 100 * p.image_changed[i], 100 * p.pooled_changed[i]);
    study_print_files(s, "pooling");
    return GT_OK;
}
