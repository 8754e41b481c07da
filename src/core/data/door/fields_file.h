/* SPDX-License-Identifier: Apache-2.0
 * Ensembles of fields as a NetCDF-4 file: a variable [time,realization,y,x] of float32 for each target, with dimension
 * scales, units and the attributes of the CF conventions 1.8; NaN is missing. The file gets its name when it is whole.
 *
 * gt_fields_file_open(), gt_fields_file_put() for each sample, gt_fields_file_finish(), gt_fields_file_close().
 *
 * Main thread only. Messages name the path. */
#ifndef GANTRY_DATA_DOOR_FIELDS_FILE_H
#define GANTRY_DATA_DOOR_FIELDS_FILE_H

#include <stdint.h>

#include "gantry/fields.h"
#include "gantry/status.h"

typedef struct gt_fields_file_of {
    const char *path;
    int64_t samples, members;
    int height, width, targets;
    const gt_channel_scale *target; /* [targets] names, units and standard names */
    const gt_fields_place *place;   /* axes, units of time and calendar (gt_dataset_info.place); NULL: not known */
    const double *time;             /* [samples] in these units (gt_dataset_moment); NULL: samples have numbers */
    const char *source;             /* what made the fields, an attribute; NULL: not said */
    const char *record;             /* of how they were made, another one (files/codec/door/notes.h); NULL: none */
} gt_fields_file_of;

typedef struct gt_fields_file gt_fields_file;

/* GT_USAGE: two variables or axes have one name. On failure *out is NULL. `of` and what it points to must last until
 * gt_fields_file_close(). */
gt_status gt_fields_file_open(gt_fields_file **out, const gt_fields_file_of *of);
/* All members of a sample, in any order of samples: [members,height,width,targets], physical values. */
gt_status gt_fields_file_put(gt_fields_file *f, int64_t sample, const float *values);
gt_status gt_fields_file_finish(gt_fields_file *f);
void gt_fields_file_close(gt_fields_file *f); /* NULL is fine; what is not finished goes */

#endif
