/* SPDX-License-Identifier: Apache-2.0
 * What the parts of StyleGAN2 share: levels and their sizes, channels per level, architectures. */
#ifndef GANTRY_STYLEGAN2_COMMON_H
#define GANTRY_STYLEGAN2_COMMON_H

#include "gantry/stylegan2.h"
#include "nets/layers.h"

/* Level i has blocks named b{4 << i} and images of (height << i) x (width << i). */
typedef struct gt_levels {
    int count;         /* k + 1 */
    int height, width; /* of level 0 */
    int base, max;     /* channels */
    bool skip, resnet; /* the architecture; neither: orig */
} gt_levels;

/* Checks sizes, channels, activation and architecture of a network: what fails names the value and what would fit. */
gt_status gt_levels_make(gt_levels *l, int height, int width, int channel_base, int channel_max,
                         const char *architecture, const char *activation);
int gt_level_channels(const gt_levels *l, int level); /* min(channel_base / (4 << level), channel_max) */
static inline int gt_level_name(int level) { return 4 << level; }

gt_resample_filter gt_resample_filter_default(void); /* 1 3 3 1 */

#endif
