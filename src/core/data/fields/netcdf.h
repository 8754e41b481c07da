/* SPDX-License-Identifier: Apache-2.0
 * A NetCDF-4 file that is being written: HDF5 with dimension scales. The file gets its name when it is whole.
 *
 *     gt_netcdf f;
 *     gt_status st = gt_netcdf_open(&f, path);
 *     if (!st) st = gt_netcdf_axis(&f, "lat", n, GT_NUMBER_DOUBLE, values, &lat);
 *     if (!st) st = gt_netcdf_set(&f, "pr", GT_NUMBER_FLOAT, 2, (int[]){lat, lon}, NULL, &set);
 *     if (!st) st = gt_netcdf_text(&f, "pr", "units", "K");
 *     if (!st) st = gt_netcdf_attach(&f);
 *     if (!st) st = gt_netcdf_told(&f, gt_h5_write_rows(set, 0, n, GT_NUMBER_FLOAT, values), bytes);
 *     if (!st) st = gt_netcdf_finish(&f, NULL, NULL);
 *     gt_netcdf_close(&f);
 *
 * Main thread only. Messages name the path. */
#ifndef GANTRY_DATA_FIELDS_NETCDF_H
#define GANTRY_DATA_FIELDS_NETCDF_H

#include "base/door/file.h"
#include "files/h5/door/h5.h"
#include "gantry/fields.h"
#include "gantry/memory.h"

typedef struct gt_netcdf {
    const char *path;
    gt_growing_file file;
    gt_h5_file h5;
    gt_arena *arena;
    const char **axis; /* [axes] names */
    int64_t *length;
    gt_h5_axes *set; /* [sets] */
    const char **taken;
    int axes, sets, names, room, set_room, name_room, length_room;
} gt_netcdf;

gt_status gt_netcdf_open(gt_netcdf *f, const char *path);
/* `wanted`, or with a number behind it where something is called so: "lat_2". The name is taken from then on. NULL: out
 * of memory. */
const char *gt_netcdf_name(gt_netcdf *f, const char *wanted);
/* A dimension, under a free name (f->axis[*id]); `values` NULL: without coordinates. */
gt_status gt_netcdf_axis(gt_netcdf *f, const char *wanted, int64_t n, gt_number type, const void *values, int *id);
/* The same with the axis' attributes; coordinates of another number than n are left out. `direction`: "X", or NULL. */
gt_status gt_netcdf_axis_of(gt_netcdf *f, const gt_fields_axis *a, const char *wanted, int64_t n, const char *direction,
                            int *id);
/* A variable over n axes; n 0: a single number. `name` must be free or taken by gt_netcdf_name(). `how` NULL: in one
 * piece. */
gt_status gt_netcdf_set(gt_netcdf *f, const char *name, gt_number type, int n, const int *axis,
                        const gt_h5_storage *how, int64_t *set);
/* A variable of fields, of float32 with NaN where a value is missing. */
gt_status gt_netcdf_fields(gt_netcdf *f, const char *name, int n, const int *axis, const gt_h5_storage *how,
                           int64_t *set);
/* Nothing where the text is NULL or "". */
gt_status gt_netcdf_text(gt_netcdf *f, const char *of, const char *name, const char *text);
gt_status gt_netcdf_notes(gt_netcdf *f, const char *of, const gt_fields_notes *notes);

/* Latitudes and longitudes of cells over the axes y and x, and the variable of the mapping; *coordinates and *mapping:
 * what variables on this grid have as attributes of these names, "" where there is nothing. */
gt_status gt_netcdf_grid(gt_netcdf *f, const gt_fields_axis cells[2], int y, int x, const char **coordinates);
gt_status gt_netcdf_mapping(gt_netcdf *f, const char *wanted, const gt_fields_notes *notes, const char **mapping);

/* After the last axis and set: they are joined. */
gt_status gt_netcdf_attach(gt_netcdf *f);
/* `st`, or what the disk said meanwhile, with the path; after a failure all is closed. `bytes`: of the last piece. */
gt_status gt_netcdf_told(gt_netcdf *f, gt_status st, size_t bytes);
/* The file gets its name. `there` not NULL: where a file has this name (*there), it stays, and *same says whether its
 * bytes are these. */
gt_status gt_netcdf_finish(gt_netcdf *f, bool *there, bool *same);
void gt_netcdf_close(gt_netcdf *f); /* what is not finished goes */

#endif
