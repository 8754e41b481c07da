/* SPDX-License-Identifier: Apache-2.0
 * The variables of a NetCDF-4 or HDF5 file that can be fields (gantry/fields.h), for people. */
#ifndef GANTRY_DATA_DOOR_FIELDS_LOOK_H
#define GANTRY_DATA_DOOR_FIELDS_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/fields.h"
#include "gantry/status.h"

typedef struct gt_fields_seen {           /* texts live until the visit ends */
    const char *name, *units, *long_name; /* "": not given */
    int64_t samples;                      /* 0: there is no axis of samples */
    int levels, height, width;
    const gt_fields_axis *y, *x;
    const char *time_units, *calendar, *from, *to; /* NULL: there are no times */
    int64_t looked;                                /* samples whose values were looked at, evenly spaced */
    int64_t values, missing;                       /* of these */
    double least, most;
    const char *odd; /* why the variable cannot be read; NULL: it can. Then nothing else is said but the name */
} gt_fields_seen;

typedef gt_status gt_fields_visit(void *arg, const gt_fields_seen *seen);
/* Is it such a file: HDF5 with fields whose axes are dimension scales, and units? False also where it cannot be read.
 */
bool gt_fields_here(const char *path);
/* Visits the fields by name. The caller has called gt_h5_check(). Main thread only. */
gt_status gt_fields_look(const char *path, gt_fields_visit *visit, void *arg);

#endif
