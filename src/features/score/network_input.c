/* SPDX-License-Identifier: Apache-2.0
 * Pictures for feature networks. */
#include "features/score/feature_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {GT_RESIZE_RULES(GT_NAME)};

const char *gt_resize_rule_name(gt_resize_rule rule) { return names[rule]; }

typedef struct place { /* of a new pixel between two old ones */
    int low, high;
    float part; /* of the high one */
} place;

/* In float32, as the programs compute. */
static void find_places(gt_resize_rule rule, int in, int out, place *to) {
    float scale = (float)in / (float)out;
    for (int i = 0; i < out; i++) {
        float at = rule == GT_RESIZE_TF1 ? (float)i * scale : fmaxf(scale * ((float)i + 0.5f) - 0.5f, 0);
        int low = (int)at;
        if (low > in - 1) low = in - 1;
        to[i] = (place){low, low + 1 < in ? low + 1 : in - 1, at - (float)low};
    }
}

gt_status gt_network_input(gt_resize_rule rule, const uint8_t *pictures, int64_t n, int height, int width, int channels,
                           int side, const float mean[3], const float std[3], float *out) {
    if (channels != 1 && channels != 3)
        return gt_fail(GT_USAGE, "this network takes pictures of 1 or 3 channels, but these have %d", channels);
    place *rows = malloc(2 * (size_t)side * sizeof *rows), *columns = rows + side;
    if (!rows) return gt_fail(GT_NOMEM, "out of memory for pictures of %d pixels", side);
    find_places(rule, height, side, rows);
    find_places(rule, width, side, columns);
    for (int64_t i = 0; i < n; i++, pictures += (int64_t)height * width * channels)
        for (int y = 0; y < side; y++) {
            const uint8_t *above = pictures + (int64_t)rows[y].low * width * channels,
                          *below = pictures + (int64_t)rows[y].high * width * channels;
            for (int x = 0; x < side; x++)
                for (int k = 0; k < 3; k++) {
                    place p = columns[x];
                    int c = channels == 3 ? k : 0, low = p.low * channels + c, high = p.high * channels + c;
                    float top = (float)above[low] + (float)(above[high] - above[low]) * p.part,
                          bottom = (float)below[low] + (float)(below[high] - below[low]) * p.part;
                    *out++ = (top + (bottom - top) * rows[y].part - mean[k]) / std[k];
                }
        }
    free(rows);
    return GT_OK;
}
