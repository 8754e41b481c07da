/* SPDX-License-Identifier: Apache-2.0
 * Readers of notes, a file for each kind of picture: see door/notes.h. */
#ifndef GANTRY_FILES_CODEC_NOTES_H
#define GANTRY_FILES_CODEC_NOTES_H

#include <stdint.h>

#include "files/codec/door/notes.h"

gt_status notes_of_png(gt_picture_said *f, const uint8_t *bytes, size_t n);
gt_status notes_of_webp(gt_picture_said *f, const uint8_t *bytes, size_t n);
gt_status notes_of_jpeg(gt_picture_said *f, const uint8_t *bytes, size_t n);
gt_status notes_of_mp4(gt_picture_said *f, const uint8_t *bytes, size_t n);
gt_status notes_of_tiff(gt_picture_said *f, const uint8_t *bytes, size_t n);

/* A copy of the n bytes as a text into *to, unless one is there already or they are too many (`beyond`). */
gt_status notes_keep(gt_picture_said *f, char **to, const void *bytes, size_t n);
/* Notes the first reason. */
void notes_beyond(gt_picture_said *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
