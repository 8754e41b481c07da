/* SPDX-License-Identifier: Apache-2.0
 * Texts of variable length in attributes from elsewhere. They lie in heaps of the file; libhdf5 believes what is said
 * there of their lengths, reads behind the heap and writes behind its own memory. So they are fetched here. */
#ifndef FILES_H5_TEXTS_H
#define FILES_H5_TEXTS_H

#include <hdf5.h>
#include <stddef.h>

#include "gantry/status.h"

/* The n texts of an attribute of the type H5T_STRING, H5T_VARIABLE, in a file that was opened by name; of each at most
 * `most` bytes. They are malloc'ed, also those before one that fails, and NULL behind it. */
gt_status h5_texts_read(hid_t attribute, size_t n, size_t most, char **text);

#endif
