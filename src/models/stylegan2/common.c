/* SPDX-License-Identifier: Apache-2.0
 * What the parts of StyleGAN2 share. */
#include "models/stylegan2/common.h"

gt_resample_filter gt_resample_filter_default(void) { return (gt_resample_filter){4, {1, 3, 3, 1}}; }

gt_status gt_levels_make(gt_levels *l, int height, int width, int channel_base, int channel_max,
                         const char *architecture, const char *activation) {
    int longer = height > width ? height : width, k = 0;
    if (height < 1 || width < 1 || longer < 8)
        return gt_fail(GT_USAGE, "images of %dx%d (height x width): the longer side must be at least 8", height, width);
    while (longer >> (k + 1) >= 4) k++;
    if (k >= GT_MAX_LEVELS)
        return gt_fail(GT_USAGE, "images of %dx%d are larger than any network here can be", height, width);
    int step = 1 << k;
    if (height % step || width % step)
        return gt_fail(GT_USAGE,
                       "images of %dx%d (height x width): both sides must be multiples of %d, for example %dx%d",
                       height, width, step, (height + step - 1) / step * step, (width + step - 1) / step * step);
    *l = (gt_levels){
        .count = k + 1, .height = height >> k, .width = width >> k, .base = channel_base, .max = channel_max};
    if (channel_max < 1 || gt_level_channels(l, k) < 1)
        return gt_fail(GT_USAGE,
                       "channel base %d, channel maximum %d: the block of %d pixels would have no channels; the base "
                       "must be at least %d",
                       channel_base, channel_max, gt_level_name(k), gt_level_name(k));
    l->skip = gt_is(architecture, "skip");
    l->resnet = gt_is(architecture, "resnet");
    if (!l->skip && !l->resnet && !gt_is(architecture, "orig"))
        return gt_fail(GT_USAGE, "unknown architecture '%s': orig, skip or resnet", architecture);
    if (!activation || !gt_activation_find(activation))
        return gt_fail(GT_USAGE, "unknown activation '%s'", activation ? activation : "");
    return GT_OK;
}

int gt_level_channels(const gt_levels *l, int level) {
    int n = l->base / gt_level_name(level);
    return n < l->max ? n : l->max;
}
