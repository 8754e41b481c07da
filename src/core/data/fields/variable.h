/* SPDX-License-Identifier: Apache-2.0
 * One variable of one file as a list of samples, each some fields [channels,height,width] of float32 with NaN where
 * there is no value: of HDF5 and NetCDF-4 by its axes (variable_h5.c), of other files the pictures of a source. */
#ifndef GANTRY_DATA_FIELDS_VARIABLE_H
#define GANTRY_DATA_FIELDS_VARIABLE_H

#include "base/door/file.h"
#include "data/door/source.h"
#include "files/h5/door/h5.h"
#include "data/fields/calendar.h"
#include "gantry/fields.h"

typedef struct gt_variable {         /* its texts and arrays lie in the arena */
    const char *file, *name, *units; /* units "": not given */
    const char *standard_name, *long_name;
    int64_t count; /* of samples */
    bool constant; /* there is no axis of samples */
    bool main_thread_only;
    int channels, height, width;
    const char **channel;  /* [channels] names */
    const double *time;    /* [count] as in the file; NULL: there are no times */
    const int64_t *moment; /* [count] */
    const char *time_units;
    gt_time_units when;
    gt_fields_axis samples, y, x; /* samples: of HDF5 files, with its numbers where it has some */
    gt_fields_axis *level;        /* [levels] axes between samples and rows, of HDF5 files */
    /* As in gt_fields_place, after gt_variable_read_grid(). */
    gt_fields_axis cells[2];
    const char *mapping; /* "": none */
    gt_fields_notes mapping_notes;
    int levels;
    gt_hash128 stamp;
    gt_source *pictures; /* a source; NULL: `h5` */
    struct gt_h5_variable *h5;
} gt_variable;

/* HDF5 files have passed gt_h5_check(). Messages name the file. To be closed also after a failure. */
gt_status gt_variable_open(gt_arena *a, const gt_named_array *part, gt_variable *out);
gt_status gt_variable_read(const gt_variable *v, int64_t i, float *out);
void gt_variable_close(gt_variable *v);

/* ---- HDF5 (variable_h5.c) ---- */

/* *claimed false: the file is to be read as pictures, since no array is named and it has `images`. */
gt_status gt_variable_open_h5(gt_arena *a, const char *name, gt_variable *out, bool *claimed);
gt_status gt_variable_read_h5(const gt_variable *v, int64_t i, float *out);
void gt_variable_close_h5(gt_variable *v);

/* Places of the cells, which take 16 bytes each: not for each file of a field. Other sources have none. */
gt_status gt_variable_read_grid(gt_arena *a, gt_variable *v);

/* Attributes of the object that are texts or a few numbers, but for those that belong to its storage or that
 * gt_variable has elsewhere. */
gt_status gt_variable_notes(gt_arena *a, const gt_h5_file *f, const char *of, gt_fields_notes *out);
/* Those of the variable, and of its file as a whole. */
gt_status gt_variable_notes_h5(gt_arena *a, const gt_variable *v, gt_fields_notes *own, gt_fields_notes *of_file);

/* What `gantry inspect` and messages say of a file: all variables that can be fields, with their axes. */
typedef gt_status gt_variable_visit(void *arg, const char *name);
gt_status gt_variables_each(const gt_h5_file *f, gt_variable_visit *visit, void *arg);

#endif
