/* SPDX-License-Identifier: Apache-2.0
 * The U-Net from its first convolution to its last (docs/mathematics/edm.md#u-net). Names and order of tensors are the
 * published ones. */
#include "features/edm/unet.h"

#include <math.h>

enum { MOST_KEPT = 256 };

typedef struct unet {
    gt_unet_parts p;
    const gt_unet_shape *s;
    const gt_unet_inputs *in;
    int level;
    gt_node *kept[MOST_KEPT]; /* by the encoder, for the decoder */
    int n_kept;
} unet;

static int width_of(const gt_unet_shape *s, int level) { return s->channels * s->mult[level]; }
static bool attends(const gt_unet_shape *s, int level) { return s->attention >> level & 1; }

/* "enc.16x16_block0" */
static gt_text name_of(const unet *u, const char *side, const char *child) {
    return gt_text_of("%s.%dx%d_%s", side, u->s->height >> u->level, u->s->width >> u->level, child);
}

static gt_node *told(const unet *u, gt_text name, gt_node *n) {
    if (u->in->stage && n) u->in->stage(u->in->arg, name.s, n);
    return n;
}

static gt_node *conv(unet *u, const char *side, const char *child, gt_node *x, gt_unet_conv_shape c) {
    gt_text name = name_of(u, side, child);
    return told(u, name, gt_unet_conv(&u->p, name.s, x, c));
}

static gt_node *block(unet *u, const char *side, const char *child, gt_node *x, gt_unet_block_shape b) {
    gt_text name = name_of(u, side, child);
    return told(u, name, gt_unet_block(&u->p, name.s, x, b));
}

static void keep(unet *u, gt_node *x) {
    if (u->n_kept < MOST_KEPT) u->kept[u->n_kept++] = x;
}

/* ---- the embedding ---- */

/* The two halves change places: sines come first. */
static gt_node *swapped(gt_graph *g, gt_node *x) {
    if (!x) return NULL;
    int64_t half = gt_dim(x, 1) / 2;
    return gt_concat(g, 2, (gt_node *[]){gt_slice(g, x, 1, half, 2 * half), gt_slice(g, x, 1, 0, half)}, 1);
}

static gt_node *noise_embedding(unet *u, int channels) {
    gt_forward *f = u->p.forward;
    gt_graph *g = f->graph;
    if (!u->s->fourier) return swapped(g, gt_unet_powers(g, u->in->noise, channels, 10000, true));
    gt_tensor t = {.file_shape = GT_SHAPE(channels / 2), .init_std = 16};
    return swapped(g, gt_unet_fourier(g, u->in->noise, gt_forward_tensor(f, "map_noise", ".freqs", t)));
}

static gt_node *embedding(unet *u) {
    const gt_unet_shape *s = u->s;
    gt_graph *g = u->p.forward->graph;
    int noise = s->channels * s->noise_mult, channels = s->channels * s->embedding_mult;
    gt_node *e = noise_embedding(u, noise);
    if (s->labels) {
        gt_node *labels = gt_scale(g, u->in->labels, (float)sqrt(s->labels));
        e = gt_add(g, e, gt_unet_linear(&u->p, "map_label", labels, noise, true));
    }
    if (s->augment && u->in->augment)
        e = gt_add(g, e, gt_unet_linear(&u->p, "map_augment", u->in->augment, noise, false));
    e = gt_swish(g, gt_unet_linear(&u->p, "map_layer0", e, channels, true));
    return gt_swish(g, told(u, gt_text_of("map_layer1"), gt_unet_linear(&u->p, "map_layer1", e, channels, true)));
}

/* ---- down, and up again ---- */

/* The picture beside the blocks, at the next level; what is added to them. */
static gt_node *join_picture(unet *u, gt_node **picture, gt_node *x) {
    gt_graph *g = u->p.forward->graph;
    int width = x ? (int)gt_dim(x, 3) : 0;
    if (u->s->encoder == GT_UNET_SKIP) {
        *picture = conv(u, "enc", "aux_down", *picture, (gt_unet_conv_shape){.down = true});
        return gt_add(g, x, conv(u, "enc", "aux_skip", *picture, (gt_unet_conv_shape){.out = width, .kernel = 1}));
    }
    gt_unet_conv_shape c = {.out = width, .kernel = 3, .down = true, .fused = true};
    return *picture = gt_scale(g, gt_add(g, x, conv(u, "enc", "aux_residual", *picture, c)), (float)M_SQRT1_2);
}

static gt_node *encode(unet *u, gt_node *x) {
    const gt_unet_shape *s = u->s;
    gt_node *picture = x;
    for (u->level = 0; u->level < s->levels; u->level++) {
        if (u->level == 0) x = conv(u, "enc", "conv", x, (gt_unet_conv_shape){.out = s->channels, .kernel = 3});
        else {
            x = block(u, "enc", "down", x, (gt_unet_block_shape){.out = width_of(s, u->level - 1), .down = true});
            if (s->encoder != GT_UNET_STANDARD) x = join_picture(u, &picture, x);
        }
        keep(u, x);
        for (int i = 0; i < s->blocks; i++) {
            gt_unet_block_shape b = {.out = width_of(s, u->level), .attention = attends(s, u->level)};
            keep(u, x = block(u, "enc", gt_text_of("block%d", i).s, x, b));
        }
    }
    return x;
}

static gt_node *decode_blocks(unet *u, gt_node *x) {
    const gt_unet_shape *s = u->s;
    for (int i = 0; i <= s->blocks; i++) {
        gt_node *both[] = {x, u->n_kept ? u->kept[--u->n_kept] : NULL};
        gt_unet_block_shape b = {.out = width_of(s, u->level), .attention = i == s->blocks && attends(s, u->level)};
        x = block(u, "dec", gt_text_of("block%d", i).s, gt_concat(u->p.forward->graph, 2, both, 3), b);
    }
    return x;
}

/* What the level adds to the picture, and makes of it at the end. */
static gt_node *decode_picture(unet *u, gt_node *x, gt_node *picture) {
    gt_graph *g = u->p.forward->graph;
    if (picture) picture = conv(u, "dec", "aux_up", picture, (gt_unet_conv_shape){.up = true});
    gt_text name = name_of(u, "dec", "aux_norm");
    x = gt_swish(g, told(u, name, gt_unet_norm(&u->p, name.s, x)));
    x = conv(u, "dec", "aux_conv", x, (gt_unet_conv_shape){.out = u->s->out, .kernel = 3, .gain = 1e-5});
    return picture ? gt_add(g, x, picture) : x;
}

static gt_node *decode(unet *u, gt_node *x) {
    const gt_unet_shape *s = u->s;
    gt_node *picture = NULL;
    for (u->level = s->levels - 1; u->level >= 0; u->level--) {
        int width = x ? (int)gt_dim(x, 3) : 0;
        if (u->level == s->levels - 1) {
            x = block(u, "dec", "in0", x, (gt_unet_block_shape){.out = width, .attention = true});
            x = block(u, "dec", "in1", x, (gt_unet_block_shape){.out = width});
        } else x = block(u, "dec", "up", x, (gt_unet_block_shape){.out = width, .up = true});
        x = decode_blocks(u, x);
        if (s->decoder == GT_UNET_SKIP || u->level == 0) picture = decode_picture(u, x, picture);
    }
    return picture;
}

gt_node *gt_unet(gt_forward *f, const gt_unet_shape *s, gt_node *x, const gt_unet_inputs *in) {
    unet u = {.p = gt_unet_parts_of(f, &s->filter), .s = s, .in = in};
    u.p.dropout = s->dropout;
    u.p.periodic = s->periodic;
    u.p.embedding = embedding(&u);
    return decode(&u, encode(&u, x));
}

/* ---- the network ---- */

static gt_node *declare(gt_forward *f, gt_node *x, const void *arg) {
    const gt_unet_shape *s = arg;
    gt_unet_inputs in = {.noise = gt_input(f->graph, "noise", GT_SHAPE(1)),
                         .labels = s->labels ? gt_input(f->graph, "labels", GT_SHAPE(1, s->labels)) : NULL,
                         .augment = s->augment ? gt_input(f->graph, "augment", GT_SHAPE(1, s->augment)) : NULL};
    return gt_unet(f, s, x, &in);
}

gt_net *gt_unet_net(const char *name, const gt_unet_shape *s) {
    return gt_unet_check(s) ? NULL : gt_forward_declare(name, declare, s, s->height, s->width, s->in);
}

static bool fits_groups(int channels) { return channels >= 4 && channels % (channels <= 128 ? 4 : 32) == 0; }

static int nearest_multiple(int n, int factor) {
    int m = (n + factor / 2) / factor * factor;
    return m ? m : factor;
}

gt_status gt_unet_check(const gt_unet_shape *s) {
    int factor = 1 << (s->levels - 1);
    if (s->levels < 1 || s->levels > GT_UNET_LEVELS || s->levels * (s->blocks + 1) > MOST_KEPT)
        return gt_fail(GT_USAGE, "a U-Net has 1 to %d levels, and %d blocks at most", GT_UNET_LEVELS, MOST_KEPT);
    if (s->height % factor || s->width % factor)
        return gt_fail(GT_USAGE,
                       "%dx%d pixels: %d levels halve them %d times, so both sides must be multiples of %d, such as "
                       "%dx%d; --channel-mult with fewer numbers has fewer levels",
                       s->width, s->height, s->levels, s->levels - 1, factor, nearest_multiple(s->width, factor),
                       nearest_multiple(s->height, factor));
    if (s->levels > 1 && (s->filter.taps < 2 || s->filter.taps % 2))
        return gt_fail(GT_USAGE,
                       "a resample_filter of %d taps: the number must be even, so that pictures double in size",
                       s->filter.taps);
    for (int i = -1; i < s->levels; i++) {
        int width = i < 0 ? s->channels : width_of(s, i);
        if (!fits_groups(width))
            return gt_fail(GT_USAGE,
                           "%d channels: normalisation uses groups of four, so widths must be multiples of 4 up to "
                           "128, and of 32 above",
                           width);
    }
    return GT_OK;
}
