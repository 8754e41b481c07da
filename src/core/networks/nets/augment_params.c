/* SPDX-License-Identifier: Apache-2.0
 * The random draws of one sample's augmentation and the parameters that follow from the draws
 * (docs/mathematics/augmentation.md), in the published order of draws. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "networks/nets/door/augment.h"
#include "base/door/random.h"
#include "base/door/mathfn_inline.h"
#include "networks/nets/augment_matrices.h"

/* Every draw has a stream of its own, so that a transform's numbers do not depend on which others are on. */
static void draw_random(const gt_augment_source *s, const gt_augment_draw *d, float *values) {
    char stream[256];
    snprintf(stream, sizeof stream, "%s/%s%s", s->prefix, d->name, d->kind == GT_DRAW_GATE ? "/gate" : "");
    gt_key key = {s->seed, gt_stream(stream), s->step, s->sample0 + (uint32_t)d->sample};
    if (d->kind == GT_DRAW_UNIFORM || d->kind == GT_DRAW_GATE) gt_random_uniform(key, values, (size_t)d->n);
    else gt_random_normal(key, values, (size_t)d->n);
}

gt_augment_source gt_augment_random(uint64_t seed, const char *prefix, uint32_t step, uint32_t sample0) {
    return (gt_augment_source){.draw = draw_random, .seed = seed, .prefix = prefix, .step = step, .sample0 = sample0};
}

typedef struct walk { /* through the draws of one sample */
    const gt_augment_config *config;
    const gt_augment_source *source;
    int sample, call;
    float p;
} walk;

static void draw(walk *w, gt_augment_draw d, float *values) {
    d.sample = w->sample;
    d.call = w->call++;
    w->source->draw(w->source, &d, values);
    if (d.kind == GT_DRAW_HALF_NORMAL) *values = fabsf(*values);
}

static float uniform(walk *w, const char *name) {
    float u;
    draw(w, (gt_augment_draw){.name = name, .kind = GT_DRAW_UNIFORM, .n = 1}, &u);
    return u;
}

static float normal(walk *w, const char *name) {
    float v;
    draw(w, (gt_augment_draw){.name = name, .kind = GT_DRAW_NORMAL, .n = 1}, &v);
    return v;
}

static bool opens(walk *w, const char *name, float probability) {
    float u;
    draw(w, (gt_augment_draw){.name = name, .kind = GT_DRAW_GATE, .n = 1}, &u);
    return u < probability;
}

static bool on(const walk *w, gt_augment_kind k) { return w->config->multiplier[k] > 0; }
static float strength(const walk *w, gt_augment_kind k) { return w->config->strength[k]; }

/* The gate of a transform: open with probability multiplier * p. */
static bool gate(walk *w, gt_augment_kind k) {
    return opens(w, gt_augment_table[k].name, w->config->multiplier[k] * w->p);
}

/* strength * a standard normal value, 0 behind a closed gate. */
static float spread(walk *w, gt_augment_kind k) {
    float v = strength(w, k) * normal(w, gt_augment_table[k].name);
    return gate(w, k) ? v : 0;
}

/* ---- geometry: G <- G M ---- */

/* Two shifts behind one gate. */
static void shifts(walk *w, gt_augment_kind k, int draw_kind, float t[2]) {
    draw(w, (gt_augment_draw){.name = gt_augment_table[k].name, .kind = draw_kind, .n = 2}, t);
    bool open = gate(w, k);
    for (int i = 0; i < 2; i++) {
        float v = draw_kind == GT_DRAW_UNIFORM ? 2 * t[i] - 1 : t[i];
        t[i] = open ? v * strength(w, k) : 0;
    }
}

/* Both rotations together fire with probability multiplier * p. */
static void rotation(walk *w, double g[9], const char *name) {
    float still = 1 - w->config->multiplier[GT_AUGMENT_ROTATE] * w->p, angle = 2 * uniform(w, name) - 1;
    still = still < 0 ? 0 : still > 1 ? 1 : still;
    if (opens(w, name, 1 - sqrtf(still))) gt_then_rotate(g, angle * (float)M_PI * strength(w, GT_AUGMENT_ROTATE));
}

/* The product of all geometric transforms that are on. Draws are made whether gates open or not, so a
 * sample's draws do not depend on p. */
static void geometry(walk *w, float width, float height, float out[2][3]) {
    double g[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    float t[2];
    if (on(w, GT_AUGMENT_XFLIP)) {
        float i = floorf(2 * uniform(w, "xflip"));
        if (gate(w, GT_AUGMENT_XFLIP)) gt_then(g, 1 - 2 * (double)i, 0, 0, 0, 1, 0);
    }
    if (on(w, GT_AUGMENT_ROTATE90)) {
        float i = floorf(4 * uniform(w, "rotate90"));
        if (gate(w, GT_AUGMENT_ROTATE90)) gt_then_rotate(g, i * (float)M_PI_2);
    }
    if (on(w, GT_AUGMENT_XINT)) {
        shifts(w, GT_AUGMENT_XINT, GT_DRAW_UNIFORM, t);
        gt_then(g, 1, 0, -(double)rintf(t[0] * width), 0, 1, -(double)rintf(t[1] * height));
    }
    if (on(w, GT_AUGMENT_SCALE)) {
        double s = 1 / gt_power_of_two(spread(w, GT_AUGMENT_SCALE));
        gt_then(g, s, 0, 0, 0, s, 0);
    }
    if (on(w, GT_AUGMENT_ROTATE)) rotation(w, g, "pre_rotate");
    if (on(w, GT_AUGMENT_ANISO)) {
        double s = gt_power_of_two(spread(w, GT_AUGMENT_ANISO));
        gt_then(g, 1 / s, 0, 0, 0, s, 0);
    }
    if (on(w, GT_AUGMENT_ROTATE)) rotation(w, g, "post_rotate");
    if (on(w, GT_AUGMENT_XFRAC)) {
        shifts(w, GT_AUGMENT_XFRAC, GT_DRAW_NORMAL, t);
        gt_then(g, 1, 0, -(double)(t[0] * width), 0, 1, -(double)(t[1] * height));
    }
    gt_geometry_put(g, out);
}

/* ---- colour: C <- M C on (r, g, b, 1) ---- */

/* The product of all colour transforms that are on. Grey pictures have one channel: out[0][0] is their factor,
 * out[0][3] their shift, and hue and saturation do nothing to grey. */
static void color(walk *w, bool grey, float out[3][4]) {
    double c[16] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    if (on(w, GT_AUGMENT_BRIGHTNESS)) gt_brighten(c, (double)spread(w, GT_AUGMENT_BRIGHTNESS));
    if (on(w, GT_AUGMENT_CONTRAST)) gt_about_grey(c, gt_power_of_two(spread(w, GT_AUGMENT_CONTRAST)), 0, 0);
    if (on(w, GT_AUGMENT_LUMAFLIP)) {
        float i = floorf(2 * uniform(w, "lumaflip"));
        if (gate(w, GT_AUGMENT_LUMAFLIP)) gt_about_grey(c, 1, -2 * (double)i, 0);
    }
    if (on(w, GT_AUGMENT_HUE) && !grey) {
        float angle = (2 * uniform(w, "hue") - 1) * (float)M_PI * strength(w, GT_AUGMENT_HUE);
        if (!gate(w, GT_AUGMENT_HUE)) angle = 0;
        double s = (double)gt_inline_sinf(angle), k = (double)gt_inline_cosf(angle);
        gt_about_grey(c, k, 1 - k, s);
    }
    if (on(w, GT_AUGMENT_SATURATION) && !grey) {
        double s = gt_power_of_two(spread(w, GT_AUGMENT_SATURATION));
        gt_about_grey(c, s, 1 - s, 0);
    }
    gt_colour_put(c, grey, out);
}

/* ---- image filter ---- */

enum { HALF_TAPS = GT_AUGMENT_TAPS / 2 + 1 };

/* The filter bank, built from sym2 wavelets (docs/mathematics/augmentation.md#image-filter): the first half of each
 * symmetric filter, and what to divide it by. */
static const struct band_filter {
    int16_t taps[HALF_TAPS];
    float divisor;
} bank[GT_AUGMENT_BANDS] = {
    {{-1, 0, 9, 16, 18, 0, -66, -144, -207, -256, -297, -288, -212, 0, 468, 1056, 1674, 2304, 2918, 3456, 3888, 4096},
     32768},
    {{1, 0, -9, -16, -18, 0, 66, 144, 207, 256, 297, 288, 244, 0, -756, -1568, -2250, -2304, -806, 1152, 3024, 4096},
     32768},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 9, 16, 18, 0, -98, -144, 72, 256}, 1024},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, -9, 16}, 32},
};

static void image_filter(walk *w, float taps[GT_AUGMENT_TAPS]) {
    /* expected, of natural images */
    static const double power[GT_AUGMENT_BANDS] = {10 / 13.0, 1 / 13.0, 1 / 13.0, 1 / 13.0};
    static const char *const names[GT_AUGMENT_BANDS] = {"band0", "band1", "band2", "band3"};
    const gt_augment_config *c = w->config;
    double gain[GT_AUGMENT_BANDS] = {1, 1, 1, 1};
    for (int i = 0; on(w, GT_AUGMENT_IMGFILTER) && i < GT_AUGMENT_BANDS; i++) {
        double own = gt_power_of_two(normal(w, names[i]) * strength(w, GT_AUGMENT_IMGFILTER));
        bool open = opens(w, names[i], c->multiplier[GT_AUGMENT_IMGFILTER] * w->p * c->band[i]);
        if (!open || c->band[i] == 0) own = 1;
        /* keeps the power: the sum of power_j t_j^2 with t_i = own, others 1 */
        double norm = sqrt(1 + power[i] * (own * own - 1));
        for (int j = 0; j < GT_AUGMENT_BANDS; j++) gain[j] *= (j == i ? own : 1) / norm;
    }
    for (int k = 0; k < GT_AUGMENT_TAPS; k++) {
        double sum = 0;
        for (int i = 0; i < GT_AUGMENT_BANDS; i++)
            sum += gain[i] * bank[i].taps[k < HALF_TAPS ? k : GT_AUGMENT_TAPS - 1 - k] / (double)bank[i].divisor;
        taps[k] = (float)sum;
    }
}

gt_augment_params gt_augment_parameters(const gt_augment_config *c, const gt_augment_source *s, int sample, float p,
                                        const gt_shape *images) {
    walk w = {.config = c, .source = s, .sample = sample, .p = p};
    gt_augment_params out = {0};
    geometry(&w, (float)images->d[2], (float)images->d[1], out.matrix);
    color(&w, gt_augment_colours(c, images->d[3]) == 1, out.color);
    image_filter(&w, out.taps);
    if (on(&w, GT_AUGMENT_NOISE)) {
        float sigma;
        draw(&w, (gt_augment_draw){.name = "sigma", .kind = GT_DRAW_HALF_NORMAL, .n = 1}, &sigma);
        if (opens(&w, "sigma", c->multiplier[GT_AUGMENT_NOISE] * p)) out.sigma = sigma * strength(&w, GT_AUGMENT_NOISE);
        w.call++; /* the noise image */
    }
    if (on(&w, GT_AUGMENT_CUTOUT)) {
        if (gate(&w, GT_AUGMENT_CUTOUT)) out.cutout = strength(&w, GT_AUGMENT_CUTOUT);
        draw(&w, (gt_augment_draw){.name = "cutout", .kind = GT_DRAW_UNIFORM, .n = 2}, out.centre);
    }
    return out;
}
