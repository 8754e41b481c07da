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
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_FILM_H
#define GANTRY_RUNNER_GENERATOR_DOOR_FILM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

/* The program ffmpeg, as a process that waits for a film. */
typedef struct gt_ffmpeg gt_ffmpeg;
/* Before MPI, on the first rank. GT_FAILED: there is no ffmpeg; the message says what can be done without. On failure
 * *out is NULL. */
gt_status gt_ffmpeg_ready(gt_ffmpeg **out);
void gt_ffmpeg_close(gt_ffmpeg *f); /* NULL is fine; a film that is not finished goes */
/* A waiting ffmpeg unpacks an MP4 film, which may be anybody's, into the file `frames`: PPM pictures one after the
 * other, which end soon after `most` bytes. GT_FAILED: it cannot be unpacked here, or its frames are larger than height
 * x width pixels, each rounded up to whole blocks: what is packed may order more than the film's head says. */
gt_status gt_ffmpeg_unpack(gt_ffmpeg *f, const char *film, int height, int width, const char *frames, int64_t most);

/* By the path's ending: .webp, .mp4; a folder: no ending, or a slash at the end. */
typedef enum gt_film_kind { GT_FILM_UNKNOWN, GT_FILM_WEBP, GT_FILM_MP4, GT_FILM_FOLDER } gt_film_kind;
gt_film_kind gt_film_kind_of(const char *path);

typedef struct gt_film_of {
    const char *path;
    int height, width, channels; /* 1, 3 or 4; MP4 shows no transparency */
    double fps;
    int64_t frames;                       /* of the whole film; 0: not known */
    bool lossless;                        /* .webp */
    double quality;                       /* .webp: 0 to 100 */
    gt_ffmpeg *ffmpeg;                    /* .mp4, rank 0: ready */
    const struct gt_picture_notes *notes; /* what the film says of itself (files/codec/door/notes.h); NULL: nothing */
} gt_film_of;

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
