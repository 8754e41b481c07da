/* SPDX-License-Identifier: Apache-2.0
 * Writes a PNG line by line into a file, so that a picture of any size needs the memory of one line. The file has the
 * bytes that gt_png_write_noted() gives it.
 *
 *     gt_png_file *f;
 *     st = gt_png_file_open(&f, path, height, width, channels, NULL);
 *     for each piece of the picture, from top to bottom: st = gt_png_file_add(f, lines, pixels);
 *     st = gt_png_file_finish(f);
 *     gt_png_file_close(f); */
#ifndef GANTRY_FILES_CODEC_DOOR_PNG_WRITE_H
#define GANTRY_FILES_CODEC_DOOR_PNG_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "files/codec/door/notes.h"
#include "gantry/status.h"

typedef struct gt_png_file gt_png_file;

/* 8 bits; 1 to 4 channels; `notes` (NULL: none) are copied. GT_USAGE: a size that no PNG has. On failure *out is NULL.
 */
gt_status gt_png_file_open(gt_png_file **out, const char *path, int height, int width, int channels,
                           const gt_picture_notes *notes);
gt_status gt_png_file_add(gt_png_file *f, int lines, const uint8_t *pixels); /* [lines, width, channels] */
/* All `height` lines are there: the file gets its name. */
gt_status gt_png_file_finish(gt_png_file *f);
void gt_png_file_close(gt_png_file *f); /* NULL is fine; what is not finished goes */

#endif
