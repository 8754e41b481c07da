/* SPDX-License-Identifier: Apache-2.0
 * Which image sizes the networks of StyleGAN2 can make: first block H/2^k x W/2^k, k = floor(log2(max(H,W)/4)). */
#include <stdlib.h>

#include "gantry/stylegan2.h"

/* -1: smaller than 4. */
static int levels_of(int height, int width) {
    int k = -1;
    for (int side = height > width ? height : width; side >= 4; side /= 2) k++;
    return k;
}

static bool fits(int height, int width) {
    int k = levels_of(height, width);
    return k >= 0 && height > 0 && width > 0 && height % (1 << k) == 0 && width % (1 << k) == 0;
}

gt_status gt_stylegan2_check_size(int height, int width, int *levels) {
    if (fits(height, width)) {
        if (levels) *levels = levels_of(height, width);
        return GT_OK;
    }
    if (levels_of(height, width) < 0)
        return gt_fail(GT_USAGE, "images of %d x %d pixels are too small: 4 x 4 is the least", width, height);
    int best_height = 4, best_width = 4, best = abs(height - 4) + abs(width - 4), most = levels_of(height, width) + 1;
    for (int k = 0; k <= most && k < 30; k++) {
        int block = 1 << k;
        for (int choice = 0; choice < 4; choice++) { /* each side rounded down or up */
            int h = (height / block + choice % 2) * block, w = (width / block + choice / 2) * block;
            int distance = abs(h - height) + abs(w - width);
            if (!fits(h, w) || distance > best ||
                (distance == best && (int64_t)h * w <= (int64_t)best_height * best_width))
                continue;
            best = distance;
            best_height = h;
            best_width = w;
        }
    }
    return gt_fail(
        GT_USAGE,
        "images of %d x %d pixels (width x height) do not fit: both sides must be divisible by %d; the nearest size that fits is %d x %d (gantry dataset: --width=%d --height=%d)",
        width, height, 1 << levels_of(height, width), best_width, best_height, best_width, best_height);
}
