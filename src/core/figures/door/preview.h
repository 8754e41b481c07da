/* SPDX-License-Identifier: Apache-2.0
 * Pixels as the bytes that a terminal draws. */
#ifndef GANTRY_FIGURES_DOOR_PREVIEW_H
#define GANTRY_FIGURES_DOOR_PREVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/door/file.h"
#include "base/door/terminal.h"
#include "files/codec/door/picture.h"
#include "gantry/preview.h"

/* Appends pixels [height,width,3]: */
/* ... two rows of them in a line of characters "upper half block"; `true_colour` false: in 256 colours. Each line ends
 * with the usual colours and a newline. */
void preview_blocks(gt_buffer *out, const uint8_t *rgb, int height, int width, bool true_colour);
/* ... as sixels (DEC STD 070, chapter 12) of at most 256 colours, without dithering, and a newline. */
void preview_sixel(gt_buffer *out, const uint8_t *rgb, int height, int width);
/* ... as a PNG in the protocol of the terminal kitty, and a newline. */
void preview_kitty(gt_buffer *out, const uint8_t *rgb, int height, int width);

/* A picture as it fits a terminal of these columns and rows, drawn so; nothing of kinds that draw nothing. */
gt_status preview_put(gt_buffer *out, gt_preview kind, const gt_terminal *t, const gt_picture *p);
gt_status preview_file(gt_buffer *out, gt_preview kind, const gt_terminal *t, const char *path); /* of a picture file */
/* What is drawn, where it is drawn: `wanted` with auto decided. */
gt_preview preview_kind(gt_preview wanted, const gt_terminal *t);

/* ---- palette.c ---- */

enum { PALETTE_MOST = 256 };
typedef struct palette {
    int n;
    uint8_t colour[PALETTE_MOST][3];
    uint8_t of[1 << 15]; /* of a colour of 5 bits a channel, r above g above b: its place */
} palette;
/* Colours for n pixels by median cut (Heckbert, SIGGRAPH 1982): the box of colours with the most pixels times its
 * longest side is cut at the median of that side, until there are enough. */
void palette_find(palette *p, const uint8_t *rgb, size_t n);
static inline int palette_key(const uint8_t *rgb) { return rgb[0] >> 3 << 10 | rgb[1] >> 3 << 5 | rgb[2] >> 3; }

#endif
