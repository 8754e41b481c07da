/* SPDX-License-Identifier: Apache-2.0
 * What HDF5 datasets from elsewhere hold. libhdf5 takes what it finds of a chunk, or what the filters make of it, for the whole chunk, and reads on behind
 * it where that is less; likewise without chunks. So each chunk is looked at before libhdf5 reads from it. */
#ifndef FILES_H5_CHUNKS_H
#define FILES_H5_CHUNKS_H

#include <hdf5.h>
#include <stdbool.h>

#include "gantry/status.h"

typedef struct h5_chunks h5_chunks;

/* Looks at how much the dataset says it holds; it must stay open meanwhile. *out is NULL where nothing is to be looked at any more, as nothing is packed.
 * Filters other than deflate, shuffle and fletcher32 are refused. */
gt_status h5_chunks_open(h5_chunks **out, hid_t set);
void h5_chunks_close(h5_chunks *c);
/* Are the chunks with row i of the first axis whole, if they were written? Unpacks them once. */
gt_status h5_chunks_row(h5_chunks *c, hsize_t i);
/* Are all of them, or what is there instead? For datasets that are read at once. GT_NOMEM: that is not known. */
gt_status h5_chunks_whole(hid_t set);

#endif
