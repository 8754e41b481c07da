/* SPDX-License-Identifier: Apache-2.0
 * Arrays of images, whatever file they lie in (NumPy, HDF5): which array of a file is meant, what its axes mean, and
 * which samples its numbers become. What is guessed is told (gt_notes_say). */
#ifndef GANTRY_DATA_ARRAY_H
#define GANTRY_DATA_ARRAY_H

#include "files/codec/door/sample.h"
#include "data/door/source.h"
#include "files/h5/door/h5.h"

/* ---- which array (array_choice.c) ---- */

enum { GT_ARRAY_NAME_BYTES = 256 };

typedef struct gt_array_choice { /* begin with {.wanted = NAME, or ""}; gt_array_choice_free() */
    const char *wanted;
    char images[GT_ARRAY_NAME_BYTES], labels[GT_ARRAY_NAME_BYTES]; /* the choice; "": none */
    gt_name_list names;
    gt_buffer list; /* what there is, for messages */
    int rank[2];    /* place among the usual names of images and of labels, from 1; 0: none yet */
    int by_shape;   /* how many arrays look like images */
} gt_array_choice;

/* One array of the file, of any kind. */
gt_status gt_array_consider(gt_array_choice *c, const char *name, int n_dims, const int64_t *dims);
/* When all were considered. GT_FORMAT: no array can be meant, or several can, which the message names. */
gt_status gt_array_choose(gt_array_choice *c, gt_source_info *notes);
void gt_array_choice_free(gt_array_choice *c);

/* ---- labels in HDF5 (labels_hdf5.c) ---- */

/* Those of `rows` images in the set of this name, into the notes. GT_FORMAT: no labels, or not so many. */
gt_status gt_h5_read_labels(const gt_h5_file *f, const char *name, int64_t rows, gt_source_info *notes);
/* How many sets but that of the images may be labels by their axes, and the name of the first one by name. */
gt_status gt_h5_find_labels(const gt_h5_file *f, const char *images, int64_t rows, char name[GT_ARRAY_NAME_BYTES],
                            int *n);
/* FILE.h5 or FILE.h5:NAME? And the labels of items without names from there; without NAME from `labels`, or from the
 * only set with a row for each item. */
bool gt_are_h5_labels(const char *spec);
gt_status gt_labels_of_h5(gt_source *s, const char *spec);
/* Text i of a list of char *, which may be Latin-1, as UTF-8. */
gt_status gt_h5_label_text(const void *arg, int64_t i, char **text);

/* ---- its axes (array.c) ---- */

enum { GT_DIMS_MOST = 32, GT_DIMS_BYTES = GT_DIMS_MOST * 21 + 3 }; /* as many as HDF5 has */
/* "[6,32,32]"; of more than GT_DIMS_MOST axes the first ones. */
const char *gt_dims_text(int n_dims, const int64_t *dims, char text[GT_DIMS_BYTES]);

typedef struct gt_axes { /* of the images */
    int64_t count, height, width, channels;
    bool planes; /* channels lie before rows and columns */
} gt_axes;

/* By options.layout and options.shape, else by what is usual: the last axis of four is that of the channels, unless it
 * is larger than `channels_most` or axis 1 looks like them. */
gt_status gt_axes_of_array(gt_axes *out, gt_source_info *notes, const gt_source_options *options, int n_dims,
                           const int64_t *dims, int64_t channels_most);

/* Planes of so many samples become pixels. */
void gt_pixels_of_planes(const gt_picture *shape, const void *planes, void *samples);

/* ---- its numbers (array.c) ---- */

typedef struct gt_number_kind {
    const char *array; /* its name, or that of its file */
    char letter;       /* as NumPy has it: 'u', 'i', 'f', 'b' */
    int bytes;
    bool found;       /* some were looked at */
    double low, high; /* of all of them */
} gt_number_kind;

/* Which samples they become is known only when all were looked at. */
bool gt_numbers_vary(const gt_number_kind *k);
void gt_numbers_look(gt_number_kind *k, double number);
/* The samples that hold the numbers; booleans have a range. */
gt_status gt_sample_of_numbers(const gt_number_kind *k, gt_source_info *notes, gt_sample *out);
/* A number as sample i. */
static inline void gt_sample_put(gt_sample type, void *samples, size_t i, double v) {
    double most = gt_sample_high(type), held = v > 0 ? v < most ? v : most : 0;
    if (type == GT_F32) ((float *)samples)[i] = (float)v;
    else if (type == GT_U16) ((uint16_t *)samples)[i] = (uint16_t)held;
    else ((uint8_t *)samples)[i] = (uint8_t)held;
}

#endif
