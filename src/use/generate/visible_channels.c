/* SPDX-License-Identifier: Apache-2.0
 * From images to pictures: see visible_channels.h. */
#include "use/generate/visible_channels.h"

#include "gantry/generate.h"
#include "gantry/log.h"

int gt_shown_channels(const gt_model *m) { return m->channels == 4 ? 4 : m->channels >= 3 ? 3 : 1; }

void gt_show_images(const gt_model *m, int64_t n, const float *images, uint8_t *pictures) {
    size_t channels = (size_t)m->channels, shown = (size_t)gt_shown_channels(m),
           pixels = (size_t)n * gt_model_floats(m) / channels;
    if (shown == channels) gt_image_bytes(images, pictures, pixels * channels);
    else
        for (size_t i = 0; i < pixels; i++) gt_image_bytes(images + i * channels, pictures + i * shown, shown);
}

void gt_shown_say(const gt_model *m, const char *names, const char *more) {
    int shown = gt_shown_channels(m);
    if (shown == m->channels) return;
    gt_info("pictures show %s of %d channels%s%.200s%s%s", shown == 1 ? "the first" : "the first three", m->channels,
            names ? " (" : "", names ? names : "", names ? ")" : "", more);
}
