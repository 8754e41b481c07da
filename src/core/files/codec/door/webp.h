/* SPDX-License-Identifier: Apache-2.0
 * Writes WebP: still pictures, and animations (a film) as a file of any length, of which one frame at a time is in
 * memory. Frames are still pictures, so that several ranks can make them.
 *
 *     gt_webp_film *film;
 *     st = gt_webp_film_open(&film, path, height, width, 0, NULL);
 *     for each frame:
 *         st = gt_webp_encode(&picture, &(gt_webp_options){.quality = 90}, &bytes, &n);
 *         st = gt_webp_film_add(film, bytes, n, gt_webp_film_milliseconds(frame, fps));
 *         free(bytes);
 *     st = gt_webp_film_finish(film);
 *     gt_webp_film_close(film);
 *
 * Equal frames make equal files. WebP Container Specification, developers.google.com/speed/webp/docs/riff_container. */
#ifndef GANTRY_FILES_CODEC_DOOR_WEBP_H
#define GANTRY_FILES_CODEC_DOOR_WEBP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/codec/door/notes.h"
#include "gantry/picture.h"

enum { GT_WEBP_MAX_SIDE = 16383 };

typedef struct gt_webp_options {
    bool lossless;
    double quality;                /* 0 (small) to 100 (good); lossless: has no effect */
    const gt_picture_notes *notes; /* whose XMP the file has; NULL: none. Frames of a film have none */
} gt_webp_options;

/* Makes a file of a picture of 8 bits: grey, RGB or RGBA. The caller frees *bytes (malloc'ed); on failure *bytes is
 * NULL. GT_USAGE: a picture that WebP cannot hold. */
gt_status gt_webp_encode(const gt_picture *p, const gt_webp_options *o, void **bytes, size_t *n);
/* GT_USAGE: a side is longer than WebP allows. To be called before the picture is made. */
gt_status gt_webp_check_size(int64_t height, int64_t width);

typedef struct gt_webp_film gt_webp_film;

/* How long frame `i` (from 0) of a film is shown: frames begin at the whole millisecond nearest to i / fps. */
int gt_webp_film_milliseconds(int64_t i, double fps);

/* A film that is shown `loops` times; 0: for ever. `notes` (NULL: none) last until the film is finished. GT_USAGE: a
 * size that WebP does not allow. On failure *out is NULL. */
gt_status gt_webp_film_open(gt_webp_film **out, const char *path, int height, int width, int loops,
                            const gt_picture_notes *notes);
/* Adds what gt_webp_encode() has made of a picture of the film's size. GT_USAGE: the film would be larger than 4 GB,
 * which WebP does not allow. */
gt_status gt_webp_film_add(gt_webp_film *f, const void *bytes, size_t n, int milliseconds);
/* The film gets its name, whole. */
gt_status gt_webp_film_finish(gt_webp_film *f);
/* NULL is fine. A film that is not finished goes: nothing is left of it. */
void gt_webp_film_close(gt_webp_film *f);

/* ---- reading a film ---- */

typedef struct gt_webp_frames gt_webp_frames;
/* The bytes must last until it is closed. GT_FORMAT: damaged, or no WebP. On failure *out is NULL. */
gt_status gt_webp_frames_open(gt_webp_frames **out, const void *bytes, size_t n);
void gt_webp_frames_size(const gt_webp_frames *f, int *height, int *width, int64_t *frames);
/* The next of so many frames, [height,width,4], which lasts until the next call, and when its time is over. */
gt_status gt_webp_frames_next(gt_webp_frames *f, const uint8_t **rgba, int *milliseconds);
void gt_webp_frames_close(gt_webp_frames *f); /* NULL is fine */

#endif
