/* SPDX-License-Identifier: Apache-2.0
 * What the files of this room share. */
#ifndef H5_ROOM_H
#define H5_ROOM_H

#include <hdf5.h>
#include <stdbool.h>

#include "gantry/arrays.h"
#include "gantry/status.h"

/* gt_fail with libhdf5's innermost reason for the failure of its latest call appended to the message; GT_NOMEM instead
 * of `code` where that is want of memory. */
gt_status gt_h5_fail(gt_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Closes what is open of these, no files. The reason of a failure stays: every call of libhdf5 forgets that of the last
 * one. */
void h5_release(hid_t a, hid_t b, hid_t c);
/* To be released. `bytes`: of each text. */
hid_t h5_type(gt_number type, size_t bytes, bool in_file);
/* A property list of `class` for objects that keep no times. `ordered`: they record in which order their members were
 * made. */
hid_t h5_untimed(hid_t class, bool ordered);

/* An access list of `class` with which no link leads into another file. */
hid_t h5_own_links(hid_t class);

#endif
