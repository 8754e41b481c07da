/* SPDX-License-Identifier: Apache-2.0
 * Films: animated WebP, MP4 (by the program ffmpeg), or a numbered PNG for each frame. Frames are packed by any rank
 * and added by rank 0 in their order; one frame at a time is in memory.
 *
 *     gt_film_of of = {.path = "walk.webp", .height = h, .width = w, .channels = 3, .fps = 30, .quality = 90};
 *     gt_film *film;
 *     st = gt_film_open(&film, &of);
 *     for each frame: gt_film_pack(&of, pixels, &bytes, &n), gt_film_add(film, bytes, n), free(bytes);
 *     st = gt_film_finish(film);
 *     gt_film_close(film); */
#ifndef GANTRY_USE_GENERATE_DOOR_FILM_H
#define GANTRY_USE_GENERATE_DOOR_FILM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/film.h"
#include "gantry/status.h"

/* GT_USAGE: a name or a size that no film has. */
gt_status gt_film_check(const gt_film_of *of);
/* The bytes of a frame [height,width,channels], to be freed. Any rank, any thread. */
gt_status gt_film_pack(const gt_film_of *of, const uint8_t *pixels, void **bytes, size_t *n);

typedef struct gt_film gt_film;
/* On failure *out is NULL. `of` must last until gt_film_close(). Folders are made where they are missing. GT_USAGE: the
 * folder has frames beyond the end of this film, which would follow it. */
gt_status gt_film_open(gt_film **out, const gt_film_of *of);
gt_status gt_film_add(gt_film *f, const void *bytes, size_t n);
gt_status gt_film_finish(gt_film *f); /* the film gets its name */
/* NULL is fine. A film that is not finished goes; pictures of single frames stay. */
void gt_film_close(gt_film *f);

#endif
