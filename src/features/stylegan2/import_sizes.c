/* SPDX-License-Identifier: Apache-2.0
 * Sizes of StyleGAN2's networks by the names and shapes of their tensors. */
#include <limits.h>

#include "features/stylegan2/import.h"

/* One network of the file. */
typedef struct look {
    const gt_stylegan2_file *f;
    const char *prefix;
    bool is_d;
} look;

/* Dimension i of the tensor, as Gantry has it (from the end for i < 0); 0: there is no such tensor. */
static int dim(const look *l, int i, const char *name) {
    gt_import_place p = gt_stylegan2_place(l->f, l->prefix, l->is_d, name);
    const gt_weight *w = p.tensor ? gt_weights_find(l->f->m->from, p.tensor, NULL) : NULL;
    static const int hwio[] = {3, 2, 0, 1};
    if (!w) return 0;
    if (i < 0) i += w->n_dims;
    if (p.order == GT_IMPORT_TRANSPOSED && w->n_dims == 2) i = 1 - i;
    if (p.order == GT_IMPORT_HWIO && w->n_dims == 4 && i >= 0 && i < 4) i = hwio[i];
    return i >= 0 && i < w->n_dims && w->dims[i] <= INT_MAX ? (int)w->dims[i] : 0;
}

static int block_dim(const look *l, int i, int level, const char *rest) {
    return dim(l, i, gt_text_of("%sb%d.%s", l->is_d ? "" : "synthesis.", gt_level_name(level), rest).s);
}

static gt_status missing(const look *l, const char *name) {
    gt_import_place p = gt_stylegan2_place(l->f, l->prefix, l->is_d, name);
    return gt_fail(GT_FORMAT, "there is no tensor '%s'", p.tensor ? p.tensor : name);
}

/* nf(4), nf(8), ... = min(base / r, max): a base and a max that have these widths. */
static gt_status find_widths(const look *l, int levels, const int *channels, int *base, int *max) {
    int64_t low = 0, high = INT_MAX;
    *max = channels[0];
    for (int i = 0; i < levels; i++) {
        int64_t least = (int64_t)channels[i] * gt_level_name(i), most = least + gt_level_name(i) - 1;
        if (channels[i] < 1 || channels[i] > *max) high = -1;
        if (least > low) low = least;
        if (channels[i] < *max && most < high) high = most;
    }
    *base = (int)low;
    if (low <= high) return GT_OK;
    return gt_fail(
        GT_FORMAT,
        "%s has layers of %d, ..., %d channels, which are not the smaller of BASE / size and MAX: Gantry has "
        "no such network",
        l->is_d ? "D" : "G", channels[0], channels[levels - 1]);
}

/* The layers fc0, fc1, ...; `hidden`: features of those before the last, 0 where they are `out`. */
static int count_layers(const look *l, int out, int *hidden) {
    int n = 0;
    while (n <= 64 && dim(l, 0, gt_text_of("mapping.fc%d.weight", n).s)) n++;
    int first = n > 1 ? dim(l, 0, "mapping.fc0.weight") : out;
    *hidden = first == out ? 0 : first;
    return n;
}

static gt_status size_mapping(const look *l, gt_mapping_config *m, int w_dim) {
    m->w_dim = w_dim;
    m->c_dim = dim(l, 1, "mapping.embed.weight");
    int embed = m->c_dim ? dim(l, 0, "mapping.embed.weight") : 0;
    m->embed_features = embed == w_dim ? 0 : embed;
    m->num_layers = count_layers(l, w_dim, &m->layer_features);
    m->z_dim = dim(l, 1, "mapping.fc0.weight") - embed;
    if (!m->num_layers && dim(l, 0, "mapping.fc1.weight")) return missing(l, "mapping.fc0.weight");
    if (!m->num_layers)
        return gt_fail(GT_FORMAT, "G's mapping network has no layers (num_layers = 0): Gantry has no such network");
    if (m->z_dim > 0) return GT_OK;
    return gt_fail(GT_FORMAT, "G takes labels and no latents (z_dim = 0): Gantry has no such network");
}

static gt_status size_generator(const look *l, int levels, gt_generator_config *g) {
    gt_synthesis_config *s = &g->synthesis;
    int channels[GT_MAX_LEVELS];
    for (int i = 0; i < levels; i++) channels[i] = block_dim(l, 0, i, "conv1.weight");
    s->w_dim = block_dim(l, 1, 0, "conv1.affine.weight");
    s->height = block_dim(l, -2, 0, "const") << (levels - 1);
    s->width = block_dim(l, -1, 0, "const") << (levels - 1);
    s->channels = block_dim(l, 0, levels - 1, "torgb.weight");
    s->architecture = block_dim(l, 0, 0, "torgb.weight")  ? GT_ARCH_SKIP
                      : block_dim(l, 0, 1, "skip.weight") ? GT_ARCH_RESNET
                                                          : GT_ARCH_ORIG;
    s->use_noise = dim(l, -1, "synthesis.b4.conv1.noise_const") > 0;
    if (!s->w_dim) return missing(l, "synthesis.b4.conv1.affine.weight");
    if (!s->channels) return missing(l, gt_text_of("synthesis.b%d.torgb.weight", gt_level_name(levels - 1)).s);
    gt_status st = find_widths(l, levels, channels, &s->channel_base, &s->channel_max);
    return st ? st : size_mapping(l, &g->mapping, s->w_dim);
}

static gt_status size_discriminator(const look *l, int levels, gt_discriminator_config *d) {
    int channels[GT_MAX_LEVELS];
    channels[0] = dim(l, 0, "b4.conv.weight");
    for (int i = 1; i < levels; i++) channels[i] = block_dim(l, 0, i, "conv0.weight");
    int seen = dim(l, 1, "b4.conv.weight"), features = dim(l, 1, "b4.fc.weight");
    if (!channels[0]) return missing(l, "b4.conv.weight");
    if (!features) return missing(l, "b4.fc.weight");
    d->channels = block_dim(l, 1, levels - 1, "fromrgb.weight");
    if (!d->channels) return missing(l, gt_text_of("b%d.fromrgb.weight", gt_level_name(levels - 1)).s);
    d->mbstd_channels = seen - channels[0];
    d->architecture = dim(l, 0, "b4.fromrgb.weight")      ? GT_ARCH_SKIP
                      : block_dim(l, 0, 1, "skip.weight") ? GT_ARCH_RESNET
                                                          : GT_ARCH_ORIG;
    d->c_dim = dim(l, 1, "mapping.embed.weight");
    d->cmap_dim = d->c_dim ? dim(l, 0, "b4.out.weight") : 0;
    d->mapping.num_layers = d->c_dim ? count_layers(l, d->cmap_dim, &d->mapping.layer_features) : 8;
    int embed = d->c_dim ? dim(l, 0, "mapping.embed.weight") : d->cmap_dim;
    if (d->mbstd_channels < 0 || d->mapping.layer_features || embed != d->cmap_dim)
        return gt_fail(GT_FORMAT, "D's %s: Gantry has no such network",
                       d->mbstd_channels < 0 ? "last convolution reads fewer channels than the block before it has"
                                             : "label network has layers of several widths");
    return find_widths(l, levels, channels, &d->channel_base, &d->channel_max);
}

static int count_levels(const look *l) {
    int n = 1;
    while (n < GT_MAX_LEVELS && block_dim(l, 0, n, "conv1.weight")) n++;
    return n;
}

/* The sides of D's images: where there is no G, the last block is square. */
static gt_status size_images(const look *l, int levels, gt_stylegan2_found *out) {
    gt_synthesis_config *s = &out->g.synthesis;
    gt_discriminator_config *d = &out->d;
    int area = dim(l, 1, "b4.fc.weight") / dim(l, 0, "b4.conv.weight"), side = 1;
    while (side * side < area) side++;
    d->height = out->has_g ? s->height : side << (levels - 1);
    d->width = out->has_g ? s->width : side << (levels - 1);
    bool same = !out->has_g || (s->channels == d->channels && out->g.mapping.c_dim == d->c_dim &&
                                (s->height >> (levels - 1)) * (s->width >> (levels - 1)) == area);
    if (same && (out->has_g || side * side == area)) return GT_OK;
    return gt_fail(GT_FORMAT, "D takes other images or other labels than G makes");
}

/* *levels: of the file's first network. */
static gt_status find_levels(const look *l, int *levels) {
    *levels = count_levels(l);
    if (*levels > 1) return GT_OK;
    bool small = !block_dim(l, 0, 1, "conv0.weight") &&
                 dim(l, 0, l->is_d ? "b4.conv.weight" : "synthesis.b4.conv1.weight");
    if (!small) return missing(l, l->is_d ? "b8.conv1.weight" : "synthesis.b8.conv1.weight");
    return gt_fail(GT_FORMAT,
                   "its images have sides of 4 pixels (img_resolution = 4): Gantry's networks have 8 or more");
}

gt_status gt_stylegan2_sizes(gt_stylegan2_file *f, bool is_d, gt_stylegan2_found *out) {
    const look l = {f, gt_stylegan2_prefix(f, is_d ? 2 : -1), is_d};
    gt_status st = is_d && out->has_g ? GT_OK : find_levels(&l, &f->levels);
    if (st) return st;
    if (!is_d) return size_generator(&l, f->levels, &out->g);
    st = size_discriminator(&l, f->levels, &out->d);
    return st ? st : size_images(&l, f->levels, out);
}
