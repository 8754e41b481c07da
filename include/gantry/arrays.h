/* SPDX-License-Identifier: Apache-2.0
 * Named arrays of numbers in HDF5 files (latents, responsibilities, points), and the check of HDF5 files from
 * elsewhere.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_ARRAYS_H
#define GANTRY_ARRAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/status.h"

typedef enum gt_number {
    GT_NUMBER_UINT8,
    GT_NUMBER_UINT16,
    GT_NUMBER_INT32,
    GT_NUMBER_INT64,
    GT_NUMBER_FLOAT,
    GT_NUMBER_DOUBLE,
    GT_NUMBER_TEXT,      /* UTF-8 that ends with a 0; the last dimension counts the bytes of each text */
    GT_NUMBER_WORDS,     /* the same, but filled up with zeros: a text may take all bytes */
    GT_NUMBER_STATISTIC, /* num, mean and std: three doubles */
} gt_number;

/* ---- HDF5 files from elsewhere ---- */

/* To be called before all else. From then on libhdf5 closes no files when the program ends: a file that an error has
 * left open may be half made. */
void gt_h5_own_end(void);

/* libhdf5 can crash on a damaged file. So a file from elsewhere is first walked in a process of its own, with limits of
 * memory and time: check-hdf5, a small program that comes with Gantry (libexec/gantry below the folder of the program
 * or of the library, or above it). */
/* Names another checking program, `program command PATH`, or `program PATH` where the command is NULL: it calls
 * gt_h5_check_here(PATH) and ends with the status which it returns. The two texts are not copied. NULL, NULL: Gantry's
 * own again. */
void gt_h5_check_by(const char *program, const char *command);
/* Walks through the file in another process. To be called before MPI_Init. A file that is not an HDF5 file passes.
 * GT_FORMAT: the walk failed, died or took too long. GT_NOMEM: memory is too short for the walk. GT_FAILED: the walk
 * could not be started (the checking program is missing), or this host is too busy for it. `path` may also be a list
 * "FILE:NAME,NAME,FILE:NAME" of arrays of files. */
gt_status gt_h5_check(const char *path);
enum { GT_H5_NO_MEMORY = 71 }; /* the exit status where memory is short */
int gt_h5_check_here(const char *path);
/* Opens every object and attribute, walks through the index of every set and reads samples of its contents. libhdf5 may
 * crash on a damaged file here, rather than in the process that needs the file. */
gt_status gt_h5_walk(const char *path);

#endif
