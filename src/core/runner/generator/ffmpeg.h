/* SPDX-License-Identifier: Apache-2.0
 * Films as MP4 by the program ffmpeg, where the user has it: frames go through a pipe, and ffmpeg writes a half
 * (base/door/file.h), which gets its name when ffmpeg has ended well. Processes are made before MPI starts, when
 * nothing is known of the film: a child waits, and becomes ffmpeg when the film begins. */
#ifndef GANTRY_RUNNER_GENERATOR_FFMPEG_H
#define GANTRY_RUNNER_GENERATOR_FFMPEG_H

#include <stddef.h>

#include "runner/generator/door/film.h"

gt_status gt_ffmpeg_begin(gt_ffmpeg *f, const char *path, double fps);
gt_status gt_ffmpeg_add(gt_ffmpeg *f, const void *frame, size_t bytes); /* a PPM file */
gt_status gt_ffmpeg_finish(gt_ffmpeg *f, const char *xmp); /* xmp: what the film says of itself; NULL: nothing */

#endif
