/* SPDX-License-Identifier: Apache-2.0
 * Small helpers around HDF5: its error text, and object creation without times (equal states give equal files). */
#ifndef FILES_H5_H
#define FILES_H5_H

#include <hdf5.h>

#include "gantry/status.h"

void gt_h5_quiet(void); /* HDF5 prints no error stacks of its own */
/* gt_fail with HDF5's innermost reason appended to the message. */
gt_status gt_h5_fail(gt_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A property list of `class` for objects that keep no times and whose members are listed in the order of creation. */
hid_t gt_h5_untimed(hid_t class);

#endif
