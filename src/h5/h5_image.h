/* SPDX-License-Identifier: Apache-2.0
 * HDF5 files in memory that are ours: the core driver works on our buffer through its image callbacks, so that neither a finished file nor one
 * that is read needs a second copy. */
#ifndef FILES_H5_IMAGE_H
#define FILES_H5_IMAGE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct h5_image { /* must stay where it is while the file is open */
    void *data;
    size_t capacity;
    bool failed; /* out of memory */
} h5_image;

/* A new file. Its data, once the file is closed, are to be freed. One fixed version of the file format, whatever HDF5 is installed. */
hid_t gt_h5_image_create(h5_image *image);
/* The `capacity` bytes that `data` point to, read only; they stay the caller's. */
hid_t gt_h5_image_open(h5_image *image);

#endif
