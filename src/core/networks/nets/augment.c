/* SPDX-License-Identifier: Apache-2.0
 * Augmentation: the table of transforms, the presets, the nodes of the graph, and the inputs of a slice. */
#include "networks/nets/door/augment.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/door/ops.h"
#include "graph/door/op.h"

const gt_augment_info gt_augment_table[GT_AUGMENT_KINDS] = {
    [GT_AUGMENT_XFLIP] = {"xflip", NULL, 1},
    [GT_AUGMENT_ROTATE90] = {"rotate90", NULL, 1},
    [GT_AUGMENT_XINT] = {"xint", "xint_max", 0.125f},
    [GT_AUGMENT_SCALE] = {"scale", "scale_std", 0.2f},
    [GT_AUGMENT_ROTATE] = {"rotate", "rotate_max", 1},
    [GT_AUGMENT_ANISO] = {"aniso", "aniso_std", 0.2f},
    [GT_AUGMENT_XFRAC] = {"xfrac", "xfrac_std", 0.125f},
    [GT_AUGMENT_BRIGHTNESS] = {"brightness", "brightness_std", 0.2f},
    [GT_AUGMENT_CONTRAST] = {"contrast", "contrast_std", 0.5f},
    [GT_AUGMENT_LUMAFLIP] = {"lumaflip", NULL, 1},
    [GT_AUGMENT_HUE] = {"hue", "hue_max", 1},
    [GT_AUGMENT_SATURATION] = {"saturation", "saturation_std", 1},
    [GT_AUGMENT_IMGFILTER] = {"imgfilter", "imgfilter_std", 1},
    [GT_AUGMENT_NOISE] = {"noise", "noise_std", 0.1f},
    [GT_AUGMENT_CUTOUT] = {"cutout", "cutout_size", 0.5f},
};

#define BIT(kind) (1u << GT_AUGMENT_##kind)

enum {
    BLIT = BIT(XFLIP) | BIT(ROTATE90) | BIT(XINT),
    GEOM = BIT(SCALE) | BIT(ROTATE) | BIT(ANISO) | BIT(XFRAC),
    COLOR = BIT(BRIGHTNESS) | BIT(CONTRAST) | BIT(LUMAFLIP) | BIT(HUE) | BIT(SATURATION),
};

static const unsigned presets[] = {
    [GT_AUGPIPE_BLIT] = BLIT,
    [GT_AUGPIPE_GEOM] = GEOM,
    [GT_AUGPIPE_COLOR] = COLOR,
    [GT_AUGPIPE_FILTER] = BIT(IMGFILTER),
    [GT_AUGPIPE_NOISE] = BIT(NOISE),
    [GT_AUGPIPE_CUTOUT] = BIT(CUTOUT),
    [GT_AUGPIPE_BG] = BLIT | GEOM,
    [GT_AUGPIPE_BGC] = BLIT | GEOM | COLOR,
    [GT_AUGPIPE_BGCF] = BLIT | GEOM | COLOR | BIT(IMGFILTER),
    [GT_AUGPIPE_BGCFN] = BLIT | GEOM | COLOR | BIT(IMGFILTER) | BIT(NOISE),
    [GT_AUGPIPE_BGCFNC] = BLIT | GEOM | COLOR | BIT(IMGFILTER) | BIT(NOISE) | BIT(CUTOUT),
};

gt_augment_config gt_augment_off(void) {
    gt_augment_config c = {.band = {1, 1, 1, 1}};
    for (int i = 0; i < GT_AUGMENT_KINDS; i++) c.strength[i] = gt_augment_table[i].strength;
    return c;
}

gt_augment_config gt_augment_preset(gt_augpipe pipe) {
    gt_augment_config c = gt_augment_off();
    for (int k = 0; k < GT_AUGMENT_KINDS; k++) c.multiplier[k] = presets[pipe] >> k & 1;
    return c;
}

static bool any_of(const gt_augment_config *c, unsigned kinds) {
    for (int i = 0; i < GT_AUGMENT_KINDS; i++)
        if (kinds >> i & 1 && c->multiplier[i] > 0) return true;
    return false;
}

bool gt_augment_any(const gt_augment_config *c) { return any_of(c, ~0u); }

static const char *input_name(char buffer[256], const char *prefix, const char *name) {
    snprintf(buffer, 256, "%s/%s", prefix, name);
    return buffer;
}

static gt_node *input(gt_graph *g, const char *prefix, const char *name, gt_shape shape) {
    char buffer[256];
    return gt_input(g, input_name(buffer, prefix, name), shape);
}

int gt_augment_colours(const gt_augment_config *c, int64_t channels) {
    int n = c->colours ? c->colours : (int)channels;
    return (n == 1 || n == 3) && n <= channels ? n : 0;
}

bool gt_augment_drop_colour(gt_augment_config *c, int channels) {
    bool any = any_of(c, COLOR) && !gt_augment_colours(c, channels);
    for (int i = 0; i < GT_AUGMENT_KINDS && any; i++)
        if (COLOR >> i & 1) c->multiplier[i] = 0;
    return any;
}

/* One matrix for all channels: those without a colour have the rows of the identity. */
static gt_node *apply_color(gt_graph *g, const gt_augment_config *config, const char *prefix, gt_node *x) {
    int64_t n = gt_dim(x, 0), h = gt_dim(x, 1), w = gt_dim(x, 2), c = gt_dim(x, 3);
    if (!gt_augment_colours(config, c))
        return gt_graph_fault(
            g, "%s: colour augmentations need images of 1 or 3 channels, not %lld; give another --augpipe", prefix,
            (long long)c);
    gt_node *pixels = gt_reshape(g, x, GT_SHAPE(n, h * w, c));
    gt_node *y = gt_matmul(g, pixels, input(g, prefix, "color", GT_SHAPE(n, c, c)), .transpose_b = true);
    y = gt_add(g, y, input(g, prefix, "offset", GT_SHAPE(n, 1, c)));
    return gt_reshape(g, y, GT_SHAPE(n, h, w, c));
}

static gt_node *apply_filter(gt_graph *g, const char *prefix, gt_node *x) {
    gt_node *taps = input(g, prefix, "taps", GT_SHAPE(gt_dim(x, 0), GT_AUGMENT_TAPS));
    gt_node *y = gt_reflect_pad(g, x, GT_AUGMENT_TAPS / 2);
    y = gt_sample_fir(g, y, taps, 2, 0);
    return gt_sample_fir(g, y, taps, 1, 0);
}

static gt_node *apply_noise(gt_graph *g, const gt_augment_config *c, const char *prefix, gt_node *x) {
    char stream[256];
    gt_shape shape = *gt_node_shape(x);
    gt_node *noise = c->given_noise ? input(g, prefix, "noise_image", shape)
                                    : gt_random_normal_op(g, input_name(stream, prefix, "noise"), shape);
    return gt_add(g, x, gt_mul(g, noise, input(g, prefix, "sigma", GT_SHAPE(gt_dim(x, 0), 1, 1, 1))));
}

/* A pixel stays where it is outside the square along either axis. */
static gt_node *apply_cutout(gt_graph *g, const char *prefix, gt_node *x) {
    gt_node *across = input(g, prefix, "cutout_x", GT_SHAPE(gt_dim(x, 0), 1, gt_dim(x, 2), 1));
    gt_node *down = input(g, prefix, "cutout_y", GT_SHAPE(gt_dim(x, 0), gt_dim(x, 1), 1, 1));
    return gt_mul(g, x, gt_max(g, across, down));
}

enum { GEOMETRY = BLIT | GEOM };

gt_node *gt_augment(gt_graph *g, const gt_augment_config *c, const char *prefix, gt_node *images) {
    if (!images) return NULL;
    gt_scope_push(g, "%s", prefix);
    gt_node *x = images;
    if (any_of(c, GEOMETRY))
        x = gt_warp(g, x, input(g, prefix, "matrix", GT_SHAPE(gt_dim(x, 0), 2, 3)), (gt_warp_attr){.once = c->once});
    if (x && any_of(c, COLOR)) x = apply_color(g, c, prefix, x);
    if (x && any_of(c, BIT(IMGFILTER))) x = apply_filter(g, prefix, x);
    if (x && any_of(c, BIT(NOISE))) x = apply_noise(g, c, prefix, x);
    if (x && any_of(c, BIT(CUTOUT))) x = apply_cutout(g, prefix, x);
    gt_scope_pop(g);
    return x;
}

/* ---- inputs ---- */

/* Where a slice's inputs are written; NULL: not needed. */
typedef struct places {
    float *matrix, *color, *offset, *taps, *sigma, *cutout_x, *cutout_y;
} places;

/* 1 outside the square, 0 inside, along one axis of n pixels. */
static void outside(float *mask, int64_t n, float centre, float side) {
    for (int64_t i = 0; mask && i < n; i++) mask[i] = fabsf(((float)i + 0.5f) / (float)n - centre) >= side / 2;
}

static float *row(float *base, int64_t i, int64_t size) { return base ? base + i * size : NULL; }

static void write_sample(const places *to, const gt_augment_params *a, int64_t i, const gt_shape *images,
                         int64_t colours) {
    int64_t h = images->d[1], w = images->d[2], c = images->d[3];
    if (to->matrix) memcpy(to->matrix + 6 * i, a->matrix, sizeof a->matrix);
    for (int64_t j = 0; j < c && to->offset; j++) to->offset[i * c + j] = j < colours ? a->color[j][3] : 0;
    for (int64_t j = 0; j < c && to->color; j++)
        for (int64_t k = 0; k < c; k++)
            to->color[(i * c + j) * c + k] = j < colours && k < colours ? a->color[j][k] : j == k;
    if (to->taps) memcpy(to->taps + GT_AUGMENT_TAPS * i, a->taps, sizeof a->taps);
    if (to->sigma) to->sigma[i] = a->sigma;
    outside(row(to->cutout_x, i, w), w, a->centre[0], a->cutout);
    outside(row(to->cutout_y, i, h), h, a->centre[1], a->cutout);
}

static float *place(gt_exec *e, const char *prefix, const char *name) {
    char buffer[256];
    return gt_exec_input(e, input_name(buffer, prefix, name));
}

static places places_of(gt_exec *e, const char *prefix) {
    return (places){
        .matrix = place(e, prefix, "matrix"),
        .color = place(e, prefix, "color"),
        .offset = place(e, prefix, "offset"),
        .taps = place(e, prefix, "taps"),
        .sigma = place(e, prefix, "sigma"),
        .cutout_x = place(e, prefix, "cutout_x"),
        .cutout_y = place(e, prefix, "cutout_y"),
    };
}

void gt_augment_fill(const gt_augment_config *c, gt_exec *e, const char *prefix, const gt_augment_source *s, float p,
                     gt_shape images) {
    places to = places_of(e, prefix);
    for (int i = 0; i < images.d[0]; i++) {
        gt_augment_params a = gt_augment_parameters(c, s, i, p, &images);
        write_sample(&to, &a, i, &images, gt_augment_colours(c, images.d[3]));
    }
}

void gt_augment_put(const gt_augment_config *c, gt_exec *e, const char *prefix, const gt_augment_params *a, int64_t i,
                    gt_shape images) {
    places to = places_of(e, prefix);
    write_sample(&to, a, i, &images, gt_augment_colours(c, images.d[3]));
}
