/* SPDX-License-Identifier: Apache-2.0
 * HDF5 files that are written to a disk which may fail. libhdf5 does not survive a write that fails: such a file can be
 * flushed no more, nor closed, and the process dies of it at its end. So this file driver tells libhdf5 that all is
 * well and keeps the first error for us; from then on nothing reaches the file, which is to be closed and made anew. */
#ifndef H5_SINK_H
#define H5_SINK_H

#include <hdf5.h>

/* New files that are made with this access list go through the driver, without file locks. *error gets errno of the
 * first read or write that failed; it must stay where it is while the file is open. */
void h5_sink_use(hid_t access, int *error);

#endif
