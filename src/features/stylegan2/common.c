/* SPDX-License-Identifier: Apache-2.0
 * What the parts of StyleGAN2 share: sizes of images, levels, the filter; and whole networks. */
#include "features/stylegan2/common.h"

#include <stdlib.h>

gt_resample_filter gt_resample_filter_default(void) { return (gt_resample_filter){4, {1, 3, 3, 1}}; }

/* The last level, k = floor(log2(max(H,W)/4)); -1: images smaller than 4. */
static int last_level(int64_t height, int64_t width) {
    int k = -1;
    for (int64_t side = height > width ? height : width; side >= 4; side /= 2) k++;
    return k;
}

static bool fits(int64_t height, int64_t width) {
    int k = last_level(height, width);
    return k >= 1 && k < GT_MAX_LEVELS && height > 0 && width > 0 && height % (1 << k) == 0 && width % (1 << k) == 0;
}

gt_status gt_stylegan2_check_size(int64_t height, int64_t width, int64_t channels) {
    (void)channels;
    if (fits(height, width)) return GT_OK;
    int last = last_level(height, width);
    if (last < 1 || last >= GT_MAX_LEVELS)
        return gt_fail(GT_USAGE, "images of %d x %d pixels are too %s: the longer side must have 8 to %d", (int)width,
                       (int)height, last < 1 ? "small" : "large", (4 << GT_MAX_LEVELS) - 1);
    int64_t best_height = 0, best_width = 0, best = INT64_MAX;
    for (int k = 0; k <= last + 1; k++) {
        int64_t block = 1 << k;
        for (int choice = 0; choice < 4; choice++) { /* each side rounded down or up */
            int64_t h = (height / block + choice % 2) * block, w = (width / block + choice / 2) * block;
            int64_t distance = llabs(h - height) + llabs(w - width);
            if (!fits(h, w) || distance > best || (distance == best && h * w <= best_height * best_width)) continue;
            best = distance;
            best_height = h;
            best_width = w;
        }
    }
    return gt_fail(
        GT_USAGE,
        "images of %d x %d pixels (width x height) do not fit: both sides must be divisible by %d; the nearest "
        "size that fits is %d x %d (gantry dataset SOURCE DEST.zip --width=%d --height=%d)",
        (int)width, (int)height, 1 << last, (int)best_width, (int)best_height, (int)best_width, (int)best_height);
}

const char *const gt_arch_names[] = {GT_ARCHS(GT_NAME)};

gt_status gt_levels_make(gt_levels *l, int height, int width, int channel_base, int channel_max, gt_arch architecture) {
    gt_status st = gt_stylegan2_check_size(height, width, 0);
    if (st) return st;
    int k = last_level(height, width);
    *l = (gt_levels){
        .count = k + 1, .height = height >> k, .width = width >> k, .base = channel_base, .max = channel_max};
    if (gt_level_channels(l, k) < 1)
        return gt_fail(GT_USAGE,
                       "--cbase=%d: the block of %d pixels would have no channels; --cbase must be at least %d",
                       channel_base, gt_level_name(k), gt_level_name(k));
    l->skip = architecture == GT_ARCH_SKIP;
    l->resnet = architecture == GT_ARCH_RESNET;
    return GT_OK;
}

int gt_level_channels(const gt_levels *l, int level) {
    int n = l->base / gt_level_name(level);
    return n < l->max ? n : l->max;
}

/* ---- whole networks: the parts under their published prefixes, laid out in a block ---- */

gt_mapping_config gt_generator_mapping(const gt_generator_config *c) {
    gt_mapping_config m = c->mapping;
    m.w_dim = c->synthesis.w_dim;
    m.num_ws = gt_synthesis_num_ws(&c->synthesis);
    return m;
}

gt_net *gt_generator_net(const char *name, const gt_generator_config *c) {
    gt_declarer d = {.net = gt_net_new(name)};
    gt_mapping_config m = gt_generator_mapping(c);
    if (d.net) d.status = gt_synthesis_declare(d.net, "synthesis.", &c->synthesis);
    if (d.net && !d.status) d.status = gt_mapping_declare(d.net, "mapping.", &m);
    return gt_declared(&d);
}

gt_net *gt_discriminator_net(const char *name, const gt_discriminator_config *c) {
    gt_declarer d = {.net = gt_net_new(name)};
    if (d.net) d.status = gt_discriminator_declare(d.net, "", c);
    return gt_declared(&d);
}
