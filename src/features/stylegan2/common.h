/* SPDX-License-Identifier: Apache-2.0
 * What the parts of StyleGAN2 share: levels and their sizes, channels per level, architectures. */
#ifndef GANTRY_FEATURES_STYLEGAN2_COMMON_H
#define GANTRY_FEATURES_STYLEGAN2_COMMON_H

#include "gantry/family.h"
#include "features/stylegan2/stylegan2.h"
#include "networks/nets/door/layers.h"

/* Level i has blocks named b{4 << i} and images of (height << i) x (width << i). */
typedef struct gt_levels {
    int count;         /* k + 1 */
    int height, width; /* of level 0 */
    int base, max;     /* channels */
    bool skip, resnet; /* the architecture; neither: orig */
} gt_levels;

/* GT_USAGE: images that StyleGAN2 cannot make (stylegan2.h); the message names the nearest size that fits. Any number
 * of channels fits. */
gt_status gt_stylegan2_check_size(int64_t height, int64_t width, int64_t channels);
/* The levels of a network. GT_USAGE: the size does not fit, or the last level would have no channels. */
gt_status gt_levels_make(gt_levels *l, int height, int width, int channel_base, int channel_max, gt_arch architecture);
int gt_level_channels(const gt_levels *l, int level); /* min(channel_base / (4 << level), channel_max) */
static inline int gt_level_name(int level) { return 4 << level; }

/* The label network of a discriminator: no latent, no copies, no average. w_dim: the length of its output; without
 * labels 0. */
gt_mapping_config gt_discriminator_mapping(const gt_discriminator_config *c, const gt_levels *l);

gt_resample_filter gt_resample_filter_default(void); /* 1 3 3 1 */

/* Values of the recipe (--cfg: published ones, docs/mathematics/stylegan2-ada.md#recipes; auto; cpu, which a few cores
 * train in hours) for all options that nobody has set. They depend on the size of the pictures, those of auto also on
 * `gpus`. */
void gt_stylegan2_resolve_recipe(gt_job *job, int64_t items);
const struct gt_larger_batch *gt_stylegan2_larger_batch(const gt_job *job, int cores);
gt_status gt_stylegan2_check_recipe(const gt_job *job); /* GT_USAGE: cfg is a recipe of another family */
bool gt_stylegan2_is_auto(const gt_job *job);           /* is the recipe auto, or cpu? */
bool gt_stylegan2_is_cpu(const gt_job *job);

#endif
