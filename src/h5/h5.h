/* SPDX-License-Identifier: Apache-2.0
 * Small helpers around HDF5: its error text, and object creation without times (equal states give equal files). */
#ifndef FILES_H5_H
#define FILES_H5_H

#include <hdf5.h>
#include <stdbool.h>

#include "gantry/memory.h"
#include "gantry/status.h"

void gt_h5_own_end(void); /* to be called first: at the program's end HDF5 closes nothing that an error has left open; it may be half made */
void gt_h5_quiet(void); /* HDF5 prints no error stacks of its own */
/* Is it for want of memory that HDF5's latest call failed? A damaged file may have asked for too much. */
bool gt_h5_no_memory(void);
/* gt_fail with HDF5's innermost reason appended to the message; GT_NOMEM instead of `code` where that is want of memory: nothing
 * is said about the file then. */
gt_status gt_h5_fail(gt_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The object of this name, -1: there is none. Soft and external links are not followed: those lead anywhere. To be closed with H5Oclose(). */
hid_t gt_h5_open(hid_t where, const char *name);
/* Are a dataset's numbers in this file and nowhere else (no external files, no virtual dataset), and is the file large enough for all of them, packed as
 * closely as deflate can, and are its chunks whole? To be asked before memory is taken for them. GT_OK: yes; GT_FORMAT; or GT_NOMEM: that is not known. */
gt_status gt_h5_holds(hid_t set);
/* An attribute that is one text of fixed length, of at most `most` bytes; NULL: there is none such, or no memory. Lists are refused: H5Aread writes all of
 * them. */
char *gt_h5_text(gt_arena *a, hid_t object, const char *name, size_t most);
/* A property list of `class` for objects that keep no times and whose members are listed in the order of creation. */
hid_t gt_h5_untimed(hid_t class);

#endif
