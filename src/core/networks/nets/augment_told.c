/* SPDX-License-Identifier: Apache-2.0
 * Draws of the augmentation whose numbers the network sees
 * (docs/mathematics/augmentation.md#augmentation-with-labels), in the published order. */
#include "networks/nets/door/augment_told.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/mathfn_inline.h"
#include "networks/nets/augment_matrices.h"

const char *const gt_told_names[GT_TOLD_KINDS] = {"xflip",       "yflip", "rotate_int",     "translate_int", "scale",
                                                  "rotate_frac", "aniso", "translate_frac", "brightness",    "contrast",
                                                  "lumaflip",    "hue",   "saturation"};

static const int numbers_of[GT_TOLD_KINDS] = {1, 1, 2, 2, 1, 2, 2, 2, 1, 1, 1, 2, 1};

gt_told_pipe gt_told_standard(double p) {
    return (gt_told_pipe){.p = (float)p,
                          .multiplier = {[GT_TOLD_XFLIP] = 1e8f,
                                         [GT_TOLD_YFLIP] = 1,
                                         [GT_TOLD_SCALE] = 1,
                                         [GT_TOLD_ROTATE_FRAC] = 1,
                                         [GT_TOLD_ANISO] = 1,
                                         [GT_TOLD_TRANSLATE_FRAC] = 1}};
}

int gt_told_numbers(const gt_told_pipe *pipe) {
    int n = 0;
    for (int k = 0; k < GT_TOLD_KINDS; k++)
        if (pipe->multiplier[k] > 0) n += numbers_of[k];
    return n;
}

static bool any(const gt_told_pipe *pipe, gt_told_kind first, gt_told_kind last) {
    for (int k = (int)first; k <= (int)last; k++)
        if (pipe->multiplier[k] > 0) return true;
    return false;
}

/* One kind of each group builds the group's part of the graph. */
gt_augment_config gt_told_config(const gt_told_pipe *pipe, int colours) {
    gt_augment_config c = gt_augment_off();
    c.colours = colours;
    c.once = true;
    c.multiplier[GT_AUGMENT_SCALE] = any(pipe, GT_TOLD_SCALE, GT_TOLD_TRANSLATE_FRAC);
    c.multiplier[GT_AUGMENT_BRIGHTNESS] = any(pipe, GT_TOLD_BRIGHTNESS, GT_TOLD_SATURATION);
    return c;
}

/* ---- draws ---- */

typedef struct telling { /* of one picture */
    const gt_told_pipe *pipe;
    const gt_augment_source *source;
    int sample, said;
    gt_told *out;
} telling;

static void draw(telling *t, const char *name, const char *what, int kind, float *values, int n) {
    char full[64];
    snprintf(full, sizeof full, "%s_%s", name, what);
    gt_augment_draw d = {.name = full, .n = n, .sample = t->sample};
    d.kind = kind == GT_DRAW_NORMAL ? GT_DRAW_NORMAL : GT_DRAW_UNIFORM;
    t->source->draw(t->source, &d, values);
}

static bool on(const telling *t, gt_told_kind k) { return t->pipe->multiplier[k] > 0; }

static void say(telling *t, double number) { t->out->numbers[t->said++] = (float)number; }

/* n values, which are zeros where the gate is closed. */
static void gated(telling *t, gt_told_kind k, int kind, float *values, int n) {
    float u;
    draw(t, gt_told_names[k], "value", kind, values, n);
    draw(t, gt_told_names[k], "gate", GT_DRAW_UNIFORM, &u, 1);
    if (!(u < t->pipe->multiplier[k] * t->pipe->p)) memset(values, 0, (size_t)n * sizeof *values);
}

static float normal(telling *t, gt_told_kind k) {
    float v;
    gated(t, k, GT_DRAW_NORMAL, &v, 1);
    return v;
}

/* A whole number below n. */
static int whole(telling *t, gt_told_kind k, int n) {
    float u;
    gated(t, k, GT_DRAW_UNIFORM, &u, 1);
    return (int)((float)n * u);
}

static float angle_of(float u) { return (2 * u - 1) * (float)M_PI; }

/* 0 where the gate is closed: u = 0 is the angle -pi. */
static float angle(telling *t, gt_told_kind k) {
    float u, gate;
    draw(t, gt_told_names[k], "value", GT_DRAW_UNIFORM, &u, 1);
    draw(t, gt_told_names[k], "gate", GT_DRAW_UNIFORM, &gate, 1);
    return gate < t->pipe->multiplier[k] * t->pipe->p ? angle_of(u) : 0;
}

static void moves(telling *t, int64_t width, int64_t height) {
    gt_told *o = t->out;
    if (on(t, GT_TOLD_XFLIP)) say(t, o->flip_x = whole(t, GT_TOLD_XFLIP, 2));
    if (on(t, GT_TOLD_YFLIP)) say(t, o->flip_y = whole(t, GT_TOLD_YFLIP, 2));
    if (on(t, GT_TOLD_ROTATE_INT)) {
        o->turns = whole(t, GT_TOLD_ROTATE_INT, 4);
        say(t, o->turns == 1 || o->turns == 2);
        say(t, o->turns == 2 || o->turns == 3);
    }
    if (on(t, GT_TOLD_TRANSLATE_INT)) {
        float u[2], gate, across = (float)width / 8, down = (float)height / 8;
        draw(t, "translate_int", "value", GT_DRAW_UNIFORM, u, 2);
        draw(t, "translate_int", "gate", GT_DRAW_UNIFORM, &gate, 1);
        bool open = gate < t->pipe->multiplier[GT_TOLD_TRANSLATE_INT] * t->pipe->p;
        o->shift_x = open ? (int)rintf((2 * u[0] - 1) * across) : 0;
        o->shift_y = open ? (int)rintf((2 * u[1] - 1) * down) : 0;
        say(t, (double)((float)o->shift_x / across));
        say(t, (double)((float)o->shift_y / down));
    }
}

static void geometry(telling *t, float width, float height) {
    double g[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    if (on(t, GT_TOLD_SCALE)) {
        float w = normal(t, GT_TOLD_SCALE);
        double s = 1 / gt_power_of_two(0.2f * w);
        gt_then(g, s, 0, 0, 0, s, 0);
        say(t, (double)w);
    }
    if (on(t, GT_TOLD_ROTATE_FRAC)) {
        float w = angle(t, GT_TOLD_ROTATE_FRAC);
        gt_then_rotate(g, w);
        say(t, (double)gt_inline_cosf(w) - 1);
        say(t, (double)gt_inline_sinf(w));
    }
    if (on(t, GT_TOLD_ANISO)) {
        float w, u, gate, axis_gate;
        draw(t, "aniso", "value", GT_DRAW_NORMAL, &w, 1);
        draw(t, "aniso", "angle", GT_DRAW_UNIFORM, &u, 1);
        draw(t, "aniso", "gate", GT_DRAW_UNIFORM, &gate, 1);
        draw(t, "aniso", "angle_gate", GT_DRAW_UNIFORM, &axis_gate, 1);
        if (!(gate < t->pipe->multiplier[GT_TOLD_ANISO] * t->pipe->p)) w = 0;
        float r = axis_gate < 0.5f ? angle_of(u) : 0;
        double s = gt_power_of_two(0.2f * w);
        gt_then_rotate(g, -r);
        gt_then(g, 1 / s, 0, 0, 0, s, 0);
        gt_then_rotate(g, r);
        say(t, (double)w * (double)gt_inline_cosf(r));
        say(t, (double)w * (double)gt_inline_sinf(r));
    }
    if (on(t, GT_TOLD_TRANSLATE_FRAC)) {
        float w[2];
        gated(t, GT_TOLD_TRANSLATE_FRAC, GT_DRAW_NORMAL, w, 2);
        gt_then(g, 1, 0, -(double)(w[0] * width / 8), 0, 1, -(double)(w[1] * height / 8));
        say(t, (double)w[0]);
        say(t, (double)w[1]);
    }
    gt_geometry_put(g, t->out->params.matrix);
}

static void colour(telling *t, bool grey) {
    double c[16] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    if (on(t, GT_TOLD_BRIGHTNESS)) {
        float w = normal(t, GT_TOLD_BRIGHTNESS);
        gt_brighten(c, (double)(0.2f * w));
        say(t, (double)w);
    }
    if (on(t, GT_TOLD_CONTRAST)) {
        float w = normal(t, GT_TOLD_CONTRAST);
        gt_about_grey(c, gt_power_of_two(0.5f * w), 0, 0);
        say(t, (double)w);
    }
    if (on(t, GT_TOLD_LUMAFLIP)) {
        int w = whole(t, GT_TOLD_LUMAFLIP, 2);
        gt_about_grey(c, 1, -2 * w, 0);
        say(t, w);
    }
    if (on(t, GT_TOLD_HUE)) {
        float w = angle(t, GT_TOLD_HUE);
        double cosine = (double)gt_inline_cosf(w), sine = (double)gt_inline_sinf(w);
        gt_about_grey(c, cosine, 1 - cosine, sine);
        say(t, cosine - 1);
        say(t, sine);
    }
    if (on(t, GT_TOLD_SATURATION)) {
        float w = normal(t, GT_TOLD_SATURATION);
        double s = gt_power_of_two(w);
        gt_about_grey(c, s, 1 - s, 0);
        say(t, (double)w);
    }
    gt_colour_put(c, grey, t->out->params.color);
}

gt_told gt_told_draw(const gt_told_pipe *pipe, const gt_augment_source *s, int sample, const gt_shape *images) {
    gt_told out = {0};
    telling t = {.pipe = pipe, .source = s, .sample = sample, .out = &out};
    gt_augment_config c = gt_told_config(pipe, 0);
    moves(&t, images->d[2], images->d[1]);
    geometry(&t, (float)images->d[2], (float)images->d[1]);
    colour(&t, gt_augment_colours(&c, images->d[3]) == 1);
    return out;
}

/* ---- pixels ---- */

/* i in 0 .. n - 1, mirrored without end. */
static int64_t mirrored(int64_t i, int64_t n) {
    int64_t period = 2 * n - 2;
    if (period == 0) return 0;
    i %= period;
    if (i < 0) i += period;
    return n - 1 - llabs(n - 1 - i);
}

void gt_told_source(const gt_told *t, int64_t height, int64_t width, int64_t *y, int64_t *x) {
    int64_t row = mirrored(*y + t->shift_y, height), column = mirrored(*x - t->shift_x, width);
    if (t->turns % 2) {
        int64_t swap = row;
        row = column;
        column = swap;
    }
    if ((t->turns == 2 || t->turns == 3) != t->flip_y) row = height - 1 - row;
    if ((t->turns == 1 || t->turns == 2) != t->flip_x) column = width - 1 - column;
    *y = row;
    *x = column;
}

void gt_told_move(const gt_told *t, const float *from, int64_t height, int64_t width, int64_t channels, float *to) {
    for (int64_t i = 0; i < height; i++)
        for (int64_t j = 0; j < width; j++, to += channels) {
            int64_t y = i, x = j;
            gt_told_source(t, height, width, &y, &x);
            memcpy(to, from + (y * width + x) * channels, (size_t)channels * sizeof *to);
        }
}
