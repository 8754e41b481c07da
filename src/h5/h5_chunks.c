/* SPDX-License-Identifier: Apache-2.0
 * Chunks of HDF5 datasets from elsewhere: see h5_chunks.h. */
#include "h5/h5_chunks.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "gantry/memory.h"
#include "h5/h5.h"

enum { MOST_FILTERS = 8, PIECE = 1 << 14, SPARSEST = 64 /* of so many chunks at least one was written */ };

struct h5_chunks {
    hid_t set;
    int rank, n_filters;
    H5Z_filter_t filter[MOST_FILTERS];
    hsize_t dims[H5S_MAX_RANK], chunk[H5S_MAX_RANK];
    size_t bytes;  /* of a chunk */
    uint8_t *seen; /* for each row of chunks: whether it was looked at */
};

/* ---- one chunk ---- */

/* What deflated bytes become: so many; more than `most` where it is more than that, 0 where they are damaged. */
static size_t inflated(const uint8_t *bytes, size_t n, size_t most) {
    uint8_t piece[PIECE];
    z_stream z = {.next_in = (uint8_t *)bytes, .avail_in = (uInt)n};
    size_t total = 0;
    int result = n <= UINT_MAX ? inflateInit(&z) : Z_DATA_ERROR;
    if (result != Z_OK) return 0;
    while (result == Z_OK && total <= most) {
        z.next_out = piece;
        z.avail_out = sizeof piece;
        result = inflate(&z, Z_NO_FLUSH);
        total += sizeof piece - z.avail_out;
    }
    inflateEnd(&z);
    return result == Z_STREAM_END || total > most ? total : 0;
}

/* What the filters make of the n bytes of a stored chunk, the last filter first, but for those that were left out when it was written. */
static size_t unpacked(const h5_chunks *c, const uint8_t *bytes, size_t n, uint32_t left_out) {
    bool as_stored = true;
    for (int f = c->n_filters - 1; f >= 0; f--) {
        if (left_out >> f & 1) continue;
        if (c->filter[f] == H5Z_FILTER_FLETCHER32) {
            if (n < 4) return 0;
            n -= 4;
        } else if (c->filter[f] == H5Z_FILTER_DEFLATE) {
            if (!as_stored) return 0;
            n = inflated(bytes, n, c->bytes);
            as_stored = false;
        } else
            as_stored = false;
    }
    return n;
}

static gt_status look_at(const h5_chunks *c, const hsize_t *offset) {
    hsize_t stored;
    if (H5Dget_chunk_storage_size(c->set, offset, &stored) < 0) return gt_h5_fail(GT_FORMAT, "a chunk cannot be found");
    if (stored == 0) return GT_OK; /* never written */
    if (stored / 2 > (hsize_t)c->bytes + PIECE) return gt_fail(GT_FORMAT, "a chunk of %zu bytes claims %llu packed ones", c->bytes, (unsigned long long)stored);
    uint8_t *bytes = malloc((size_t)stored);
    if (!bytes) return gt_fail(GT_NOMEM, "out of memory for a chunk of %zu bytes", c->bytes);
    uint32_t left_out;
    gt_status st = GT_OK;
    if (H5Dread_chunk(c->set, H5P_DEFAULT, offset, &left_out, bytes) < 0) st = gt_h5_fail(GT_FORMAT, "a chunk cannot be read");
    else if (unpacked(c, bytes, (size_t)stored, left_out) != c->bytes) st = gt_fail(GT_FORMAT, "a chunk is damaged: it is not of %zu bytes", c->bytes);
    free(bytes);
    return st;
}

gt_status h5_chunks_row(h5_chunks *c, hsize_t i) {
    hsize_t row = i / c->chunk[0], offset[H5S_MAX_RANK] = {row * c->chunk[0]};
    if (c->seen[row]) return GT_OK;
    for (int a = c->rank; a > 0;) {
        gt_status st = look_at(c, offset);
        if (st) return st;
        for (a = c->rank - 1; a > 0 && (offset[a] += c->chunk[a]) >= c->dims[a]; a--) offset[a] = 0;
    }
    c->seen[row] = 1;
    return GT_OK;
}

/* ---- all of them ---- */

static bool is_known(H5Z_filter_t filter) { return filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32; }

static gt_status read_filters(h5_chunks *c, hid_t list) {
    c->n_filters = H5Pget_nfilters(list);
    for (int i = 0; i < c->n_filters && c->n_filters <= MOST_FILTERS; i++) {
        size_t values = 0;
        unsigned flags;
        if (!is_known(c->filter[i] = H5Pget_filter2(list, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL)))
            return gt_fail(GT_FORMAT, "packed in a way that is not read (filter %d): repack it with h5repack -f GZIP=4", (int)c->filter[i]);
    }
    return c->n_filters >= 0 && c->n_filters <= MOST_FILTERS ? GT_OK : gt_fail(GT_FORMAT, "has %d filters", c->n_filters);
}

/* Sizes that the file can hold, in that it says where chunks are. */
static gt_status read_sizes(h5_chunks *c, hid_t type, hid_t space) {
    size_t count = 1;
    hsize_t written;
    c->bytes = H5Tget_size(type);
    for (int a = 0; a < c->rank; a++) {
        hsize_t along = c->chunk[a] ? c->dims[a] / c->chunk[a] + (c->dims[a] % c->chunk[a] != 0) : 0;
        if (!c->chunk[a] || gt_mul_overflows(c->bytes, c->chunk[a], &c->bytes) || gt_mul_overflows(count, along, &count))
            return gt_fail(GT_FORMAT, "its chunks have an impossible size");
    }
    if (H5Dget_num_chunks(c->set, space, &written) < 0) return gt_h5_fail(GT_FORMAT, "its chunks cannot be counted");
    if (c->n_filters == 0) {
        hsize_t stored = H5Dget_storage_size(c->set); /* asked for last: a log may grow meanwhile */
        return c->bytes && stored / c->bytes >= written ? GT_OK : gt_fail(GT_FORMAT, "its chunks are damaged: %llu of them have %llu bytes", (unsigned long long)written, (unsigned long long)stored);
    }
    if (count / SPARSEST > written) return gt_fail(GT_FORMAT, "most of it was never written");
    c->seen = count ? calloc(c->dims[0] / c->chunk[0] + 1, 1) : NULL;
    return c->seen || !count ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the chunks of a dataset");
}

static gt_status read_all(h5_chunks *c, hid_t list) {
    hid_t type = H5Dget_type(c->set), space = H5Dget_space(c->set);
    c->rank = H5Pget_chunk(list, H5S_MAX_RANK, c->chunk);
    bool fine = type >= 0 && space >= 0 && c->rank > 0 && H5Sget_simple_extent_ndims(space) == c->rank && H5Sget_simple_extent_dims(space, c->dims, NULL) >= 0;
    gt_status st = fine ? read_filters(c, list) : gt_h5_fail(GT_FORMAT, "its chunks cannot be read");
    if (!st) st = read_sizes(c, type, space);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return st;
}

/* Where there are no chunks. */
static gt_status check_storage(hid_t set) {
    hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    hssize_t n = type < 0 || space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    hsize_t stored = H5Dget_storage_size(set), bytes = 0;
    bool fine = n >= 0 && !__builtin_mul_overflow((hsize_t)n, H5Tget_size(type), &bytes) && bytes <= stored;
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return fine ? GT_OK : gt_fail(GT_FORMAT, "was never written, or is damaged: it has %llu bytes of %llu", (unsigned long long)stored, (unsigned long long)bytes);
}

gt_status h5_chunks_open(h5_chunks **out, hid_t set) {
    h5_chunks *c = calloc(1, sizeof *c);
    hid_t list = H5Dget_create_plist(set);
    gt_status st = GT_OK;
    if (!c) st = gt_fail(GT_NOMEM, "out of memory for the chunks of a dataset");
    else if (list < 0) st = gt_h5_fail(GT_FORMAT, "it cannot be read");
    else if (H5Pget_layout(list) == H5D_CHUNKED) {
        c->set = set;
        st = read_all(c, list);
    } else
        st = check_storage(set);
    if (list >= 0) H5Pclose(list);
    *out = !st && c->seen ? c : NULL;
    if (!*out) h5_chunks_close(c);
    return st;
}

void h5_chunks_close(h5_chunks *c) {
    if (!c) return;
    free(c->seen);
    free(c);
}

gt_status h5_chunks_whole(hid_t set) {
    h5_chunks *c;
    gt_status st = h5_chunks_open(&c, set);
    for (hsize_t i = 0; c && i < c->dims[0] && !st; i += c->chunk[0]) st = h5_chunks_row(c, i);
    h5_chunks_close(c);
    return st;
}
