/* SPDX-License-Identifier: Apache-2.0
 * How many pictures a grid has, and the pixels of a grid, beside gantry/grid.h. */
#ifndef GANTRY_FILES_CODEC_DOOR_GRID_H
#define GANTRY_FILES_CODEC_DOOR_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/grid.h"
#include "gantry/status.h"

/* Where `reference` is set: columns = clip(7680 // width, 7, 32), rows = clip(4320 // height, 4, 32). */
void gt_grid_fit(gt_grid *g, int height, int width);

/* Chooses an item of a dataset of `count` for each cell, row by row: items[columns*rows]. With labels (label_dim > 0;
 * label_of writes label_dim floats) each row shows one class, and the classes come in the order of their labels.
 * Without labels the choice is random, and also where labels are not classes: where there are fewer images per label
 * than columns, unless `reference` is set. Random numbers are those of numpy's RandomState(0), so a dataset always has
 * the same choice. */
gt_status gt_grid_choose(const gt_grid *g, int64_t count, int label_dim,
                         void (*label_of)(void *arg, int64_t item, float *label), void *arg, int64_t *items);

/* Does an earlier cell show the same item? Such cells of a sheet stay empty. */
bool gt_grid_repeats(const int64_t *items, int64_t cell);
/* Those cells of images [cells][floats], -1 .. 1, become grey. */
void gt_grid_empty(const int64_t *items, int64_t cells, size_t floats, float *images);

/* out[i] = clip(rint((x[i] - lo) * (255 / (hi - lo))), 0, 255), halves to even; NaN becomes 0. */
void gt_grid_pixels(const float *x, size_t n, float lo, float hi, uint8_t *out);

/* Copies a picture, `height` lines of `line` bytes, to its cell in a grid of so many columns. */
void gt_grid_put(void *grid, int64_t cell, int64_t columns, size_t height, size_t line, const void *picture);

/* Of a row of pictures side by side, [height,columns * width,shown]: where most pixels of a picture's right edge are
 * white, the white ones become grey, and so below, unless the row is the last one. Pictures on white could not be told
 * apart otherwise. In pictures below 16 pixels a line would be too much. */
void gt_grid_hairlines(uint8_t *row, int columns, int height, int width, int shown, bool last);

#endif
