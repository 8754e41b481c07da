/* SPDX-License-Identifier: Apache-2.0
 * Laplacian pyramids of pictures [h,w,c]: each level is the picture at that resolution less what the next level, half
 * as large, knows of it; the last level is the small picture itself. The blur is (1 4 6 4 1)/16 on both axes, mirrored
 * at the edge pixels. Burt and Adelson, "The Laplacian Pyramid as a Compact Image Code". */
#ifndef GANTRY_METRICS_PYRAMID_H
#define GANTRY_METRICS_PYRAMID_H

#include <stdbool.h>

/* Is there a smaller level: even sides, and 16 pixels are left? */
bool gt_pyramid_goes_on(int h, int w);
/* Every other pixel of the blurred picture: [h,w,c] -> [h/2,w/2,c]. line: [w,c]. */
void gt_pyramid_shrink(const float *from, int h, int w, int c, float *line, float *to);
/* fine [h,w,c] -= coarse [h/2,w/2,c] with zeros put between its pixels, blurred, times 4. line: [w/2,c]. */
void gt_pyramid_subtract(float *fine, int h, int w, int c, const float *coarse, float *line);

#endif
