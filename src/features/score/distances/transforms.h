/* SPDX-License-Identifier: Apache-2.0
 * What distances of pictures are computed of: Laplacian pyramid, wavelet packets. */
#ifndef GANTRY_FEATURES_SCORE_DISTANCES_TRANSFORMS_H
#define GANTRY_FEATURES_SCORE_DISTANCES_TRANSFORMS_H

#include <stdbool.h>
#include <stddef.h>

/* Laplacian pyramids of pictures [h,w,c]: each level is the picture at that resolution less what the next level, half
 * as large, knows of it; the last level is the small picture itself. The blur is (1 4 6 4 1)/16 on both axes, mirrored
 * at the edge pixels. Burt and Adelson, "The Laplacian Pyramid as a Compact Image Code". */

/* Is there a smaller level: even sides, and 16 pixels are left? */
bool gt_pyramid_goes_on(int h, int w);
/* Every other pixel of the blurred picture: [h,w,c] -> [h/2,w/2,c]. line: [w,c]. */
void gt_pyramid_shrink(const float *from, int h, int w, int c, float *line, float *to);
/* fine [h,w,c] -= coarse [h/2,w/2,c] with zeros put between its pixels, blurred, times 4. line: [w/2,c]. */
void gt_pyramid_subtract(float *fine, int h, int w, int c, const float *coarse, float *line);

/* Wavelet packets of pictures: the full tree, in which each node is split into four by a low and a high filter on both
 * axes. Coifman and Wickerhauser, "Entropy-Based Algorithms for Best Basis Selection". */

enum { GT_WAVELET_TAPS = 10, GT_WAVELET_LEVELS = 6 };

typedef struct gt_wavelet {
    const char *name;
    int taps;
    double low[GT_WAVELET_TAPS], high[GT_WAVELET_TAPS];
} gt_wavelet;

const gt_wavelet *gt_wavelet_find(const char *name); /* "haar", "sym5"; NULL: there is no such wavelet */

/* Length of an axis of n pixels after a level. The axis is mirrored at its edge pixels, which are not repeated. */
int gt_wavelet_length(const gt_wavelet *w, int n);

/* x [channels,height,width] -> packets [4^level, channels, h, w], where h and w come from gt_wavelet_length() `level`
 * times. Node numbers are base 4, the first level being the leading digit: 0 low on both axes, 1 high vertically, 2
 * high horizontally, 3 high on both. spare: gt_wavelet_spare() doubles; packets hold as many, too. */
void gt_wavelet_packets(const gt_wavelet *w, int level, int channels, int height, int width, const double *x,
                        double *packets, double *spare);
size_t gt_wavelet_spare(const gt_wavelet *w, int level, int channels, int height, int width);

#endif
