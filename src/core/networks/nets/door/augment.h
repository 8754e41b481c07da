/* SPDX-License-Identifier: Apache-2.0
 * Augmentation of what the discriminator sees (docs/mathematics/augmentation.md): 18 random transforms - three of
 * pixels, four of geometry, five of colour, four frequency bands, noise and cutout. The graph has the transforms as
 * linear ops whose parameters are inputs; the host draws the parameters per sample:
 *
 *     gt_augment_config c = gt_augment_preset(GT_AUGPIPE_BGC);
 *     gt_node *seen = gt_augment(g, &c, "aug/D_main/real", images);       // while the graph is built
 *     ...
 *     gt_augment_source s = gt_augment_random(seed, "aug/D_main/real", step, sample0);
 *     gt_augment_fill(&c, exec, "aug/D_main/real", &s, p, *gt_node_shape(images)); // before each run
 *
 * Where the reference pads the whole batch by one margin and reads zeros beyond it, images are mirrored without end
 * here, but with `once`. */
#ifndef GANTRY_NETWORKS_NETS_DOOR_AUGMENT_H
#define GANTRY_NETWORKS_NETS_DOOR_AUGMENT_H

#include "gantry/choices.h"
#include "graph/door/graph.h"

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
    const char *strength_name; /* "scale_std"; NULL: the transform has no strength */
    float strength;            /* the published one */
} gt_augment_info;

extern const gt_augment_info gt_augment_table[GT_AUGMENT_KINDS];

typedef struct gt_augment_config {
    float multiplier[GT_AUGMENT_KINDS]; /* 0: the transform is not built; it fires with probability multiplier * p */
    float strength[GT_AUGMENT_KINDS];
    float band[GT_AUGMENT_BANDS]; /* of imgfilter: 1 each */
    /* what colour transforms act on: 0 all channels (1 or 3), else the first 1 (grey) or 3 (RGB); -1 nothing */
    int colours;
    /* the noise image is the input prefix/noise_image, which the caller writes; false: a random op draws it */
    bool given_noise;
    bool once; /* geometry: images are mirrored once at each edge, with zeros beyond */
} gt_augment_config;

/* Sets of transforms. */

/* clang-format off */
#define GT_AUGPIPES(X) \
    X(GT_AUGPIPE_BLIT, "blit") X(GT_AUGPIPE_GEOM, "geom") X(GT_AUGPIPE_COLOR, "color") X(GT_AUGPIPE_FILTER, "filter") \
    X(GT_AUGPIPE_NOISE, "noise") X(GT_AUGPIPE_CUTOUT, "cutout") X(GT_AUGPIPE_BG, "bg") X(GT_AUGPIPE_BGC, "bgc") \
    X(GT_AUGPIPE_BGCF, "bgcf") X(GT_AUGPIPE_BGCFN, "bgcfn") X(GT_AUGPIPE_BGCFNC, "bgcfnc")
/* clang-format on */
typedef enum gt_augpipe { GT_AUGPIPES(GT_CONSTANT) } gt_augpipe;

gt_augment_config gt_augment_off(void); /* published strengths, every multiplier 0 */
gt_augment_config gt_augment_preset(gt_augpipe pipe);
bool gt_augment_any(const gt_augment_config *c); /* is any transform built? */
/* Sets the multipliers of colour transforms to 0 if images of `channels` channels have no colour (c->colours). True: a
 * multiplier was not 0 before. */
bool gt_augment_drop_colour(gt_augment_config *c, int channels);

/* ---- where parameters come from ---- */

typedef struct gt_augment_draw { /* one thing to draw for one sample */
    const char *name;            /* "scale", "pre_rotate", "band2", "sigma" ... */
    enum { GT_DRAW_UNIFORM, GT_DRAW_NORMAL, GT_DRAW_HALF_NORMAL, GT_DRAW_GATE } kind;
    int n;      /* values (1 for a gate) */
    int call;   /* how many draws of this sample came before, in the reference's order; the noise image is one */
    int sample; /* within the slice */
} gt_augment_draw;

typedef struct gt_augment_source gt_augment_source;
struct gt_augment_source {
    /* Writes d->n values. A gate's value opens the gate where the value is smaller than the gate's probability; a half
     * normal value may have either sign. */
    void (*draw)(const gt_augment_source *s, const gt_augment_draw *d, float *values);
    uint64_t seed; /* of gt_augment_random() */
    const char *prefix;
    uint32_t step, sample0;
    const void *own; /* what another draw function needs, for example recorded draws */
};

/* Counter-based: a sample's parameters depend on (seed, prefix, step, sample0 + i) alone, however slices are cut.
 * `prefix` is kept, not copied. */
gt_augment_source gt_augment_random(uint64_t seed, const char *prefix, uint32_t step, uint32_t sample0);

typedef struct gt_augment_params { /* of one sample */
    float matrix[2][3];            /* output pixel -> input pixel, origin at the image centre, x right, y down */
    float color[3][4];             /* y = M x + t; grey colours: color[0][0], color[0][3] */
    float taps[GT_AUGMENT_TAPS];   /* of the image filter, both axes */
    float sigma;                   /* of the noise */
    float cutout, centre[2];       /* side as a fraction of the image (0: none), centre x, y in [0,1) */
} gt_augment_params;

/* Channels that colour transforms act on: 0, 1 or 3. */
int gt_augment_colours(const gt_augment_config *c, int64_t channels);

/* Draws the parameters of one sample of a slice. images: [N,H,W,C]. */
gt_augment_params gt_augment_parameters(const gt_augment_config *c, const gt_augment_source *s, int sample, float p,
                                        const gt_shape *images);

/* ---- graph and its inputs ---- */

/* images [N,H,W,C] in [-1,1] -> the same shape; twice differentiable in images. The inputs are those of prefix/matrix,
 * prefix/color, prefix/offset, prefix/taps, prefix/sigma, prefix/noise_image, prefix/cutout_x and prefix/cutout_y that
 * the transforms need. Random noise has the stream prefix/noise. Colour transforms need C = 1 or 3, or c->colours;
 * colour transforms leave further channels as they are. */
gt_node *gt_augment(gt_graph *g, const gt_augment_config *c, const char *prefix, gt_node *images);

/* Draws the parameters of a slice's samples and writes these inputs, except prefix/noise_image. Inputs that the
 * execution dropped are skipped. Where a random op draws the noise image, the execution must run with the seed, step
 * and sample0 of the source. */
void gt_augment_fill(const gt_augment_config *c, gt_exec *e, const char *prefix, const gt_augment_source *s, float p,
                     gt_shape images);
/* Writes the inputs of sample i alone, with parameters that come from elsewhere. */
void gt_augment_put(const gt_augment_config *c, gt_exec *e, const char *prefix, const gt_augment_params *a, int64_t i,
                    gt_shape images);

#endif
