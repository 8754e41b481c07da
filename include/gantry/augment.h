/* SPDX-License-Identifier: Apache-2.0
 * Augmentation of what the discriminator sees (spec section 3): 18 random transforms - three of pixels, four of
 * geometry, five of colour, four frequency bands, noise and cutout. The graph has the transforms as linear ops whose
 * parameters are inputs; the host draws the parameters per sample:
 *
 *     gt_augment_config c;
 *     gt_status st = gt_augment_preset("bgc", &c);
 *     gt_node *seen = gt_augment(g, &c, "aug/D_main/real", images);       // while the graph is built
 *     ...
 *     gt_augment_source s = gt_augment_random(seed, "aug/D_main/real", step, sample0);
 *     st = gt_augment_fill(&c, exec, "aug/D_main/real", &s, p, *gt_node_shape(images)); // before each run
 *
 * Where the reference pads the whole batch by one margin and reads zeros beyond it, images are mirrored without end
 * here. */
#ifndef GANTRY_AUGMENT_H
#define GANTRY_AUGMENT_H

#include "gantry/graph.h"

typedef enum gt_augment_kind {
    GT_AUGMENT_XFLIP,
    GT_AUGMENT_ROTATE90,
    GT_AUGMENT_XINT,
    GT_AUGMENT_SCALE,
    GT_AUGMENT_ROTATE,
    GT_AUGMENT_ANISO,
    GT_AUGMENT_XFRAC,
    GT_AUGMENT_BRIGHTNESS,
    GT_AUGMENT_CONTRAST,
    GT_AUGMENT_LUMAFLIP,
    GT_AUGMENT_HUE,
    GT_AUGMENT_SATURATION,
    GT_AUGMENT_IMGFILTER, /* four bands */
    GT_AUGMENT_NOISE,
    GT_AUGMENT_CUTOUT,
    GT_AUGMENT_KINDS,
} gt_augment_kind;

enum { GT_AUGMENT_BANDS = 4, GT_AUGMENT_TAPS = 43 };

typedef struct gt_augment_info {
    const char *name;          /* "scale" */
    const char *strength_name; /* "scale_std"; NULL: has none */
    float strength;            /* the published one */
} gt_augment_info;

extern const gt_augment_info gt_augment_table[GT_AUGMENT_KINDS];

typedef struct gt_augment_config {
    float multiplier[GT_AUGMENT_KINDS]; /* 0: the transform is not built; it fires with probability multiplier * p */
    float strength[GT_AUGMENT_KINDS];
    float band[GT_AUGMENT_BANDS]; /* of imgfilter: 1 each */
    /* what colour transforms act on: 0 all channels (1 or 3), else the first 1 (grey) or 3 (RGB); -1 nothing */
    int colours;
    /* the noise image is an input instead of random: for tests against recorded values */
    bool given_noise;
} gt_augment_config;

gt_augment_config gt_augment_off(void); /* published strengths, every multiplier 0 */
/* blit geom color filter noise cutout bg bgc bgcf bgcfn bgcfnc */
gt_status gt_augment_preset(const char *name, gt_augment_config *c);
int gt_augment_find(const char *name);           /* a transform's kind by its name; -1: unknown */
bool gt_augment_any(const gt_augment_config *c); /* is any transform built? */
/* Sets the multipliers of colour transforms to 0 where images of so many channels have no colour (c->colours); true:
 * some were not 0. */
bool gt_augment_drop_colour(gt_augment_config *c, int channels);

/* ---- where parameters come from ---- */

typedef struct gt_augment_draw { /* one thing to draw for one sample */
    const char *name;            /* "scale", "pre_rotate", "band2", "sigma" ... */
    enum { GT_DRAW_UNIFORM, GT_DRAW_NORMAL, GT_DRAW_HALF_NORMAL, GT_DRAW_GATE } kind;
    int n;             /* values (1 for a gate) */
    int call;          /* how many draws of this sample came before, in the reference's order */
    int sample;        /* within the slice */
    float probability; /* of a gate, which is 1 when it opens and else 0 */
} gt_augment_draw;

typedef struct gt_augment_source gt_augment_source;
struct gt_augment_source {
    void (*draw)(const gt_augment_source *s, const gt_augment_draw *d, float *values);
    uint64_t seed; /* random */
    const char *prefix;
    uint32_t step, sample0;
    float percentile;
    int n_recorded;
    const float *const *recorded;
    const float *noise; /* [N,C,H,W]: the standard normal image for given_noise; NULL: it is among the recorded draws */
};

/* Counter-based: a sample's parameters depend on (seed, prefix, step, sample0 + i) alone, however slices are cut.
 * `prefix` is kept, not copied. */
gt_augment_source gt_augment_random(uint64_t seed, const char *prefix, uint32_t step, uint32_t sample0);
/* Every value is its q-quantile and every gate opens (the reference's debug mode). noise: see above. */
gt_augment_source gt_augment_percentile(float q, const float *noise);
/* Recorded draws in the reference's call order: draws[k] holds all samples' values of draw k, the noise image (NCHW)
 * among them. */
gt_augment_source gt_augment_recorded(int n, const float *const *draws);

typedef struct gt_augment_params { /* of one sample */
    float matrix[2][3];            /* output pixel -> input pixel, origin at the image centre, x right, y down */
    float color[3][4];             /* y = M x + t; grey colours: color[0][0], color[0][3] */
    float taps[GT_AUGMENT_TAPS];   /* of the image filter, both axes */
    float sigma;                   /* of the noise */
    float cutout, centre[2];       /* side as a fraction of the image (0: none), centre x, y in [0,1) */
} gt_augment_params;

/* Channels that colour transforms act on: 0, 1 or 3. */
int gt_augment_colours(const gt_augment_config *c, int64_t channels);

/* False: the recorded draws ended too early. images: [N,H,W,C]. noise_call (may be NULL) gets the number of the draw
 * that is the noise image, -1: none. */
bool gt_augment_parameters(const gt_augment_config *c, const gt_augment_source *s, int sample, float p,
                           const gt_shape *images, gt_augment_params *out, int *noise_call);

/* ---- graph and its inputs ---- */

/* images [N,H,W,C] in [-1,1] -> the same shape; twice differentiable in images. Inputs are named prefix/matrix,
 * prefix/color, prefix/offset, prefix/taps, prefix/sigma, prefix/noise_image, prefix/cutout_x, prefix/cutout_y, as far
 * as they are needed; random noise has the stream prefix/noise. Colour transforms need C = 1 or 3, or c->colours;
 * further channels pass them by. */
gt_node *gt_augment(gt_graph *g, const gt_augment_config *c, const char *prefix, gt_node *images);

/* Draw the parameters of a slice's samples and write these inputs. Inputs that the exec dropped are skipped. A drawn
 * noise image comes from the random op: run with the same seed, step and sample0 as the source. */
gt_status gt_augment_fill(const gt_augment_config *c, gt_exec *e, const char *prefix, const gt_augment_source *s,
                          float p, gt_shape images);

#endif
