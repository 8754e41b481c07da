/* SPDX-License-Identifier: Apache-2.0
 * Variables of NetCDF-4 and HDF5 files as one NetCDF-4 file that is used as they are: each keeps its name, its levels,
 * times with units and calendar, coordinates, mapping and attributes. Values are float32 as training reads them
 * (scale_factor and add_offset applied), NaN is missing. Several files of one variable are joined. */
#ifndef GANTRY_DATA_DOOR_FIELDS_PACK_H
#define GANTRY_DATA_DOOR_FIELDS_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_fields_packed {
    int variables;
    int64_t samples;  /* of the longest variable */
    bool there, same; /* a file was there already, which stays as it is; with the same bytes */
} gt_fields_packed;

/* Does the list name variables of files that are fields (gt_fields_here)? The caller has called gt_h5_check(). */
bool gt_fields_are_packable(const char *list);
/* `list` as in gt_fields_request; `compress`: smaller, slower to read. Main thread only. GT_USAGE: a file is not such a
 * one, or `path` is one of the sources. */
gt_status gt_fields_pack(const char *list, const char *path, bool compress, bool replace, gt_fields_packed *out);

#endif
