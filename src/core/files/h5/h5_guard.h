/* SPDX-License-Identifier: Apache-2.0
 * The guard of sets from elsewhere. libhdf5 takes the stored bytes of a chunk, or the bytes that the filters make of
 * them, for the whole chunk, and reads on behind them where they are too few; the same with sets without chunks. So
 * each chunk is checked before libhdf5 reads from the chunk. */
#ifndef H5_GUARD_H
#define H5_GUARD_H

#include "files/h5/door/h5.h"
#include "files/h5/h5_room.h"

enum { H5_MOST_FILTERS = 8 };

typedef struct h5_set {
    gt_h5_set about; /* must be first: other rooms see this alone */
    hid_t id, space;
    /* The memory space and the type of the last read, of so many rows of this type: most reads are alike. */
    hid_t memory, given;
    int64_t rows_read;
    gt_number type_read;
    int n_filters; /* deflate, shuffle, fletcher32 and LZF alone */
    H5Z_filter_t filter[H5_MOST_FILTERS];
    hsize_t chunk[H5S_MAX_RANK];
    size_t chunk_bytes;
    uint8_t *seen; /* for each row of chunks: whether its chunks were checked; NULL: nothing is packed */
} h5_set;

/* GT_FORMAT: the file cannot hold as much as the set claims. Fills in all from n_filters on, and about.stored, .chunks
 * and .written. */
gt_status h5_guard_begin(h5_set *s);
/* GT_FORMAT: a chunk with rows of first .. first + n - 1 was written, and is not whole. Unpacks each chunk once. */
gt_status h5_guard_rows(h5_set *s, int64_t first, int64_t n);

/* ---- LZF (h5_lzf.c) ---- */

enum { H5_FILTER_LZF = 32000 };
/* How many bytes of out[most] the n packed bytes become; 0: they are damaged, or more. */
size_t h5_lzf_unpack(const uint8_t *in, size_t n, uint8_t *out, size_t most);

#endif
