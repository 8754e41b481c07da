/* SPDX-License-Identifier: Apache-2.0
 * Numpy's .npy files (format: numpy.lib.format): headers of versions 1 to 3 are read, version 1 is written. */
#ifndef GANTRY_FILES_CODEC_DOOR_NPY_H
#define GANTRY_FILES_CODEC_DOOR_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

/* Dimensions of pictures and labels, and of arrays of any kind. */
enum { GT_NPY_HEAD_MAX = 65536, GT_NPY_DIMENSIONS_MAX = 4, GT_NPY_DIMENSIONS_ANY = 8 };

typedef struct gt_npy {
    char type; /* 'u', 'i', 'f', 'b'; 'U' (texts of UTF-32), 'S' (texts of bytes) */
    int size;  /* bytes of an element: little-endian, unless `swapped` */
    int dimensions;
    size_t shape[GT_NPY_DIMENSIONS_ANY];
    size_t elements; /* of the whole array; their bytes fit a size_t */
    size_t head;     /* bytes of the file in front of the array */
    bool fortran;    /* the first dimension is the fastest one */
    bool swapped;    /* the elements are big-endian */
} gt_npy;

/* Reads the header. `bytes`: the beginning of the file, GT_NPY_HEAD_MAX bytes or the whole file. GT_FORMAT: no .npy
 * file, or an array that is not read: pickled objects, texts, more than 4 dimensions. Elements in Fortran order, and
 * big-endian ones, are for gt_npy_number() and gt_npy_integer(). */
gt_status gt_npy_head(gt_npy *out, const void *bytes, size_t n);
/* The same also for texts and up to 8 dimensions, but not for big-endian numbers. */
gt_status gt_npy_any_head(gt_npy *out, const void *bytes, size_t n);

/* Fill in an array whose header is not that of a .npy file. First the type by its letter and size, such as "u1" (false:
 * no type that is read), then one dimension after the other, the slowest first. GT_FORMAT: too many dimensions, or too
 * many bytes. */
bool gt_npy_set_type(gt_npy *out, const char code[2]);
gt_status gt_npy_add_dimension(gt_npy *out, size_t n);

/* Where element i, counted in the order of C, lies among the elements. */
size_t gt_npy_place(const gt_npy *a, size_t i);
/* Element i, counted in the order of C, of an array of integers or booleans; an unsigned one of 64 bits keeps its bits.
 */
int64_t gt_npy_integer(const gt_npy *a, const void *data, size_t i);
/* Element i of an array of numbers of any type. */
double gt_npy_number(const gt_npy *a, const void *data, size_t i);

/* Makes the header of an array in memory order of C: the type as in "<f4", the dimensions. Returns its bytes, at most
 * GT_NPY_MADE_MAX, a multiple of 64. At most 8 dimensions. */
enum { GT_NPY_MADE_MAX = 512 };
size_t gt_npy_make_head(char head[GT_NPY_MADE_MAX], const char *type, int n_dims, const int64_t *dims);

/* Writes a file of float32 [height, width, channels], whole or not at all. */
gt_status gt_npy_write(const char *path, const float *samples, int height, int width, int channels);

#endif
