/* SPDX-License-Identifier: Apache-2.0
 * HDF5 files that are written to a disk which may fail. HDF5 does not survive a write that fails: such a file can be flushed no more, nor
 * closed, and the process dies of it at its end. So this file driver tells HDF5 that all is well and keeps the first error for us; from then on
 * nothing reaches the file, which is to be closed and made anew. */
#ifndef FILES_H5_SINK_H
#define FILES_H5_SINK_H

#include <hdf5.h>

typedef struct h5_sink { /* must stay where it is while the file is open */
    int error;           /* errno of the first read or write that failed; 0: all is well */
} h5_sink;

/* A new file in the latest format, fit for SWMR. No file locks. */
hid_t gt_h5_sink_create(const char *path, h5_sink *sink);

#endif
