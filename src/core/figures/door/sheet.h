/* SPDX-License-Identifier: Apache-2.0
 * Sheets of pictures with words under each picture, as PNG.
 *
 *     sheet_cell cells[2] = {{.image = a, .text = {"true: cat", "taken for: dog, 0.91"}}, {.image = b, .heat = map}};
 *     sheet s = sheet_of("wrong", 2, 2, cells, 32, 32, 3);
 *     s.heat_height = s.heat_width = 4;
 *     gt_status st = sheet_write("out/wrong.png", &s); */
#ifndef GANTRY_FIGURES_DOOR_SHEET_H
#define GANTRY_FIGURES_DOOR_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/status.h"

enum { SHEET_LINES = 2 };

typedef struct sheet_box { /* a frame on a picture, from corner to corner in the picture's pixels */
    double left, top, right, bottom;
    const char *text; /* at the upper edge; NULL: none */
    bool bad;         /* the frame is red */
} sheet_box;

typedef struct sheet_cell {
    const float *image; /* [height,width,channels]; NULL: the place stays empty */
    const float *heat;  /* [heat_height,heat_width] in 0 .. 1, drawn in colours over the picture; NULL: none */
    int boxes;          /* number of frames on the picture */
    const sheet_box *box;
    const char *text[SHEET_LINES]; /* under the picture; NULL: no line */
    bool bad;                      /* the words are red */
} sheet_cell;

typedef struct sheet {
    const char *title;
    int columns;
    int64_t n;
    const sheet_cell *cells;
    int height, width, channels;
    float lo, hi; /* pixel values of black and white */
    int heat_height, heat_width;
    int side_max; /* pixels of the longer side of a picture, to which larger ones are made smaller; 0: the usual number
                   */
} sheet;

/* n pictures [height,width,channels] of -1 .. 1, so many side by side; the other members are 0. */
sheet sheet_of(const char *title, int columns, int64_t n, const sheet_cell *cells, int height, int width, int channels);

/* Writes the picture whole. Small images are enlarged, large ones made smaller. GT_USAGE: too large for a picture. */
gt_status sheet_write(const char *path, const sheet *s);

#endif
