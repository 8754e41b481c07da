/* SPDX-License-Identifier: Apache-2.0
 * Grids of pictures: which items of a dataset a grid shows, how floats become pixels, one PNG for each grid.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_GRID_H
#define GANTRY_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_grid {
    int columns, rows;
    bool reference; /* columns and rows are those of the reference tool; they depend on the size of an image */
} gt_grid;

/* Reads "8x8" (columns x rows) or "reference"; with "reference" gt_grid_fit sets columns and rows. GT_USAGE: any other
 * text. */
gt_status gt_grid_parse(const char *text, gt_grid *g);

/* How many channels gt_grid_write shows of images of `channels` channels: 3 of 3 and more, else 1. */
int gt_grid_shown(int channels);
/* GT_USAGE: a grid of columns x rows images is too large for a PNG of `shown` channels. To be called before the images
 * are made. */
gt_status gt_grid_check(int64_t columns, int64_t rows, int height, int width, int shown);
typedef struct gt_grid_png {
    void *png; /* [bytes] the encoded picture, malloc'ed */
    size_t bytes;
    int width, height, channels;
} gt_grid_png;
/* Puts images [columns*rows, height, width, channels] (range lo .. hi) side by side and writes the PNG, whole or not at
 * all; `path` NULL: there is no file. `picture`, unless NULL, gets the encoded picture too, for gt_runlog_picture, and
 * also where the file cannot be written; the caller frees its `png` (NULL: there is none). */
gt_status gt_grid_write(const char *path, const float *images, int columns, int rows, int height, int width,
                        int channels, float lo, float hi, gt_grid_png *picture);

/* The file name of the grid of fakes after so many images of training: "fakes000200000.png". */
void gt_grid_fakes_name(int64_t images, char name[40]);
/* The numbers of images in the names of all grids of fakes in a directory, ascending. *n: how many there are; NULL:
 * none. The caller frees the list. */
long long *gt_grid_list_fakes(const char *dir, size_t *n);

#endif
