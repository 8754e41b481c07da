/* SPDX-License-Identifier: Apache-2.0
 * The guard of sets from elsewhere. libhdf5 takes what it finds of a chunk, or what the filters make of it, for the
 * whole chunk, and reads on behind it where that is less; likewise without chunks. So each chunk is looked at before
 * libhdf5 reads from it. */
#ifndef H5_GUARD_H
#define H5_GUARD_H

#include "h5/h5.h"
#include "h5/h5_room.h"

enum { H5_MOST_FILTERS = 8 };

typedef struct h5_set {
    gt_h5_set about; /* first: this is what others see */
    hid_t id, space;
    /* what the latest read was read into: this many rows of this type; the next read is mostly alike */
    hid_t memory, given;
    int64_t rows_read;
    gt_number type_read;
    int n_filters; /* deflate, shuffle and fletcher32 alone */
    H5Z_filter_t filter[H5_MOST_FILTERS];
    hsize_t chunk[H5S_MAX_RANK];
    size_t chunk_bytes;
    uint8_t *seen; /* for each row of chunks: whether the guard was there; NULL: nothing is packed */
} h5_set;

/* Whether the file can hold as much as the set claims, in this file; fills all from n_filters on, and about.stored,
 * .chunks and .written. */
gt_status h5_guard_begin(h5_set *s);
/* Are the chunks with the rows first .. first + n - 1 whole, if they were written? Unpacks them once. */
gt_status h5_guard_rows(h5_set *s, int64_t first, int64_t n);

#endif
