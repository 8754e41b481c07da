/* SPDX-License-Identifier: Apache-2.0
 * Pictures of a run: which samples a grid shows, how floats become pixels, one PNG per grid (spec 4.6). */
#ifndef GANTRY_GRID_H
#define GANTRY_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_grid {
    int columns, rows;
    bool reference; /* the reference tool's size and choice: depends on the image's size */
} gt_grid;

/* "8x8" (columns x rows) or "reference"; size is known after gt_grid_fit. */
gt_status gt_grid_parse(const char *text, gt_grid *g);
/* reference: columns = clip(7680 // W, 7, 32), rows = clip(4320 // H, 4, 32) */
void gt_grid_fit(gt_grid *g, int height, int width);

/* Dataset items of the cells, row by row: items[columns*rows]. With labels (label_dim > 0; label_of writes label_dim
 * floats) each row shows one class, in the order of their labels; without, and for labels that are not classes (fewer
 * images per label than columns; not with `reference`), a random choice. RandomState(0), so it is always the same. The
 * labels of the fakes are those of these items. */
gt_status gt_grid_choose(const gt_grid *g, int64_t count, int label_dim,
                         void (*label_of)(void *arg, int64_t item, float *label), void *arg, int64_t *items);

/* out[i] = clip(rint((x[i] - lo) * (255 / (hi - lo))), 0, 255), halves to even; NaN is 0. */
void gt_grid_pixels(const float *x, size_t n, float lo, float hi, uint8_t *out);

/* Channels of the picture that gt_grid_write makes of images with so many. */
int gt_grid_shown(int channels);
/* GT_USAGE: a picture of so many images, of `shown` channels, is too large for a PNG. To be asked before the images are
 * made. */
gt_status gt_grid_check(int64_t columns, int64_t rows, int height, int width, int shown);
/* Tile images [columns*rows, height, width, channels] (range lo .. hi) and write the PNG, whole or not at all. 1
 * channel: grey; 3: RGB; others: the first three, or the first. `png`, when not NULL, gets the encoded picture (free()
 * it) for gt_runlog_picture. */
typedef struct gt_grid_png {
    void *png;
    size_t bytes;
    int width, height, channels;
} gt_grid_png;
gt_status gt_grid_write(const char *path, const float *images, int columns, int rows, int height, int width,
                        int channels, float lo, float hi, gt_grid_png *picture);

/* "fakes000200000.png" */
void gt_grid_fakes_name(int64_t images, char name[40]);
/* The numbers of such pictures in a directory, smallest first; free() them. */
long long *gt_grid_list_fakes(const char *dir, size_t *n);

#endif
