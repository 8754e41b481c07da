/* SPDX-License-Identifier: Apache-2.0
 * Images as generators make them, as pictures that people look at. */
#ifndef GANTRY_USE_GENERATE_VISIBLE_CHANNELS_H
#define GANTRY_USE_GENERATE_VISIBLE_CHANNELS_H

#include <stdint.h>

#include "gantry/model.h"

/* Channels of pictures of such a model's images: 4, 3 or 1. */
int gt_shown_channels(const gt_model *m);
/* n images [n,H,W,C] with values -1..1 as bytes [n,H,W,shown]: the first channels. */
void gt_show_images(const gt_model *m, int64_t n, const float *images, uint8_t *pictures);
/* Says so where pictures do not show all channels. `names`: of channels, or NULL; `more`: what does show them. */
void gt_shown_say(const gt_model *m, const char *names, const char *more);

#endif
