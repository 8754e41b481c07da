/* SPDX-License-Identifier: Apache-2.0
 * Small helpers around libhdf5 for the data source and the check of foreign files. Main thread only. */
#ifndef GANTRY_DATA_HDF5_UTIL_H
#define GANTRY_DATA_HDF5_UTIL_H

#include <hdf5.h>

#include "gantry/status.h"

/* gt_fail(GT_FORMAT, "WHAT: REASON"), REASON being libhdf5's innermost error, or "cannot be read". GT_NOMEM where it had no
 * memory. */
gt_status gt_hdf5_fail(const char *what);

/* For reading, without file locks (network file systems often have none). libhdf5 then prints no errors by itself. < 0:
 * failed. */
hid_t gt_hdf5_open(const char *path);

/* H5Pclose that keeps the errors of the call before it: every call of libhdf5 forgets those of the last one. */
void gt_hdf5_close_list(hid_t list);

#endif
