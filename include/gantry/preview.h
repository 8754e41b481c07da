/* SPDX-License-Identifier: Apache-2.0
 * Pictures on the terminal at which stderr ends.
 *
 *     gt_preview_ask(GT_PREVIEW_AUTO);            // before ranks are started: they have no terminal
 *     gt_preview_file(GT_PREVIEW_AUTO, "grid.png");
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_PREVIEW_H
#define GANTRY_PREVIEW_H

#include <stddef.h>

#include "gantry/choices.h"
#include "gantry/status.h"

/* auto: the best that the terminal shows; nothing where stderr is not a terminal or has no colours (NO_COLOR,
 * TERM=dumb). blocks: two pixels in a character, in 24-bit colours where COLORTERM says so, else in 256. sixel, kitty:
 * the pixels themselves. The last three draw wherever stderr goes. */
/* clang-format off */
#define GT_PREVIEWS(X) \
    X(GT_PREVIEW_NONE, "none") X(GT_PREVIEW_AUTO, "auto") X(GT_PREVIEW_BLOCKS, "blocks") X(GT_PREVIEW_SIXEL, "sixel") \
    X(GT_PREVIEW_KITTY, "kitty")
/* clang-format on */
typedef enum gt_preview { GT_PREVIEWS(GT_CONSTANT) } gt_preview;

/* Asks the terminal what it shows, where pictures are wanted: for a second at most, and once in a process. Ranks that
 * are started later get the answer. */
void gt_preview_ask(gt_preview wanted);

/* Draws the picture of these bytes of a picture file, on rank 0: as wide as the terminal, and so small that the screen
 * or 40 lines have room for it. `title` stands above the picture; NULL: there is no title. */
gt_status gt_preview_bytes(gt_preview wanted, const void *bytes, size_t n, const char *title);
/* The same for a file; its path is the title. */
gt_status gt_preview_file(gt_preview wanted, const char *path);

#endif
