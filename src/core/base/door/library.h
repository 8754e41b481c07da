/* SPDX-License-Identifier: Apache-2.0
 * Libraries that the program opens where it first uses them, so that a command loads no library that it does not need.
 * The program calls their functions as always; the linker finds jumps in their place (base/late.h), and the first call
 * of any function opens the library. Programs that link libgantry.a load all with themselves: there each library is
 * open. Libraries have the names that pkg-config knows; the beginning of a name stands for all that begin so, as "hdf5"
 * does for "hdf5-serial". */
#ifndef GANTRY_BASE_DOOR_LIBRARY_H
#define GANTRY_BASE_DOOR_LIBRARY_H

#include <stdbool.h>

#include "gantry/status.h"

/* Opens a library, for where its first use must not end the program: a function of a library that cannot be opened
 * prints why, and aborts. May be called again, by all threads. */
gt_status gt_library_open(const char *name);
bool gt_library_is_open(const char *name);

/* The i-th library that is opened so; NULL: there are no more. */
const char *gt_library_name(int i);

#endif
