/* SPDX-License-Identifier: Apache-2.0
 * Films: animated WebP, MP4 (by the program ffmpeg), or a numbered PNG for each frame. Commands that make films
 * (gantry/walk.h, gantry/project.h) take what a film is to be.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_FILM_H
#define GANTRY_FILM_H

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
    const struct gt_picture_notes *notes; /* what the film says of itself (codec/door/notes.h); NULL: nothing */
} gt_film_of;

#endif
