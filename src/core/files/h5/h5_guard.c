/* SPDX-License-Identifier: Apache-2.0
 * The guard of sets from elsewhere: see h5_guard.h. */
#include "files/h5/h5_guard.h"
#include "base/door/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum {
    PIECE = 1 << 14,
    SPARSEST = 64 /* of so many chunks at least one was written */,
    CHUNK_MOST = 1 << 30,
    DEFLATE_MOST = 1032 /* to one */
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

/* The same of LZF; 0 also where it is more than `most`. */
static size_t lzf_bytes(const uint8_t *bytes, size_t n, size_t most) {
    GT_FREED uint8_t *out = malloc(most);
    return out ? h5_lzf_unpack(bytes, n, out, most) : 0;
}

/* What the filters make of the n bytes of a stored chunk, the last filter first, but for those that were left out when
 * it was written. */
static size_t unpacked(const h5_set *s, const uint8_t *bytes, size_t n, uint32_t left_out) {
    bool as_stored = true;
    for (int f = s->n_filters - 1; f >= 0; f--) {
        if (left_out >> f & 1) continue;
        if (s->filter[f] == H5Z_FILTER_FLETCHER32) {
            if (n < 4) return 0;
            n -= 4;
            continue;
        }
        bool deflated = s->filter[f] == H5Z_FILTER_DEFLATE, lzf = s->filter[f] == H5_FILTER_LZF;
        if ((deflated || lzf) && !as_stored) return 0;
        if (deflated) n = inflated(bytes, n, s->chunk_bytes);
        if (lzf) n = lzf_bytes(bytes, n, s->chunk_bytes);
        as_stored = false;
    }
    return n;
}

static gt_status look_at(const h5_set *s, const hsize_t *offset) {
    hsize_t stored;
    if (H5Dget_chunk_storage_size(s->id, offset, &stored) < 0) return gt_h5_fail(GT_FORMAT, "a chunk cannot be found");
    if (stored == 0) return GT_OK; /* never written */
    if (stored / 2 > (hsize_t)s->chunk_bytes + PIECE)
        return gt_fail(GT_FORMAT, "a chunk of %zu bytes claims %llu packed ones", s->chunk_bytes,
                       (unsigned long long)stored);
    GT_FREED uint8_t *bytes = malloc((size_t)stored);
    if (!bytes) return gt_fail(GT_NOMEM, "out of memory for a chunk of %zu bytes", s->chunk_bytes);
    uint32_t left_out;
    gt_status st = GT_OK;
    if (H5Dread_chunk(s->id, H5P_DEFAULT, offset, &left_out, bytes) < 0)
        st = gt_h5_fail(GT_FORMAT, "a chunk cannot be read");
    else if (unpacked(s, bytes, (size_t)stored, left_out) != s->chunk_bytes)
        st = gt_fail(GT_FORMAT, "a chunk is damaged: it is not of %zu bytes", s->chunk_bytes);
    return st;
}

static gt_status look_at_row(h5_set *s, hsize_t row) {
    hsize_t offset[H5S_MAX_RANK] = {row * s->chunk[0]};
    for (int a = s->about.n_dims; a > 0 && !s->seen[row];) {
        gt_status st = look_at(s, offset);
        if (st) return st;
        for (a = s->about.n_dims - 1; a > 0 && (offset[a] += s->chunk[a]) >= (hsize_t)s->about.dims[a]; a--)
            offset[a] = 0;
    }
    s->seen[row] = 1;
    return GT_OK;
}

gt_status h5_guard_rows(h5_set *s, int64_t first, int64_t n) {
    gt_status st = GT_OK;
    if (!s->seen || n <= 0) return GT_OK;
    for (hsize_t row = (hsize_t)first / s->chunk[0]; row <= (hsize_t)(first + n - 1) / s->chunk[0] && !st; row++)
        st = look_at_row(s, row);
    return st;
}

/* ---- the set as a whole ---- */

static bool is_known(H5Z_filter_t filter) {
    return filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32 ||
           filter == H5_FILTER_LZF;
}

static gt_status read_filters(h5_set *s, hid_t list) {
    s->n_filters = H5Pget_nfilters(list);
    for (int i = 0; i < s->n_filters && s->n_filters <= H5_MOST_FILTERS; i++) {
        size_t values = 0;
        unsigned flags;
        char name[64] = "";
        if (!is_known(s->filter[i] = H5Pget_filter2(list, (unsigned)i, &flags, &values, NULL, sizeof name, name, NULL)))
            return gt_fail(
                GT_FORMAT,
                "packed in a way that Gantry does not read (filter %d%s%.40s): repack it with h5repack -f GZIP=4",
                (int)s->filter[i], *name ? ", " : "", name);
    }
    return s->n_filters >= 0 && s->n_filters <= H5_MOST_FILTERS ? GT_OK
                                                                : gt_fail(GT_FORMAT, "has %d filters", s->n_filters);
}

/* Sizes that the file can hold, in that it says where chunks are. */
static gt_status read_chunks(h5_set *s, hid_t list) {
    gt_h5_set *a = &s->about;
    size_t elements = 1, count = 1;
    hsize_t written;
    if (H5Pget_chunk(list, H5S_MAX_RANK, s->chunk) != a->n_dims || !a->n_dims)
        return gt_fail(GT_FORMAT, "damaged chunk sizes");
    gt_status st = read_filters(s, list);
    if (st) return st;
    for (int i = 0; i < a->n_dims; i++) {
        size_t n = (size_t)a->dims[i], chunk = (size_t)s->chunk[i], along = chunk ? n / chunk + (n % chunk != 0) : 0;
        if (!chunk || gt_mul_overflows(elements, chunk, &elements) || elements > CHUNK_MOST ||
            gt_mul_overflows(count, along, &count))
            return gt_fail(GT_FORMAT, "its chunks have an impossible size, or more than %d M elements",
                           CHUNK_MOST >> 20);
    }
    if (gt_mul_overflows(elements, a->bytes, &s->chunk_bytes))
        return gt_fail(GT_FORMAT, "its chunks have an impossible size");
    if (H5Dget_num_chunks(s->id, s->space, &written) < 0) return gt_h5_fail(GT_FORMAT, "its chunks cannot be counted");
    a->stored = H5Dget_storage_size(s->id); /* asked for last: a log may grow meanwhile */
    a->chunks = count;
    a->written = written;
    if (!s->n_filters && a->stored / s->chunk_bytes < written)
        return gt_fail(GT_FORMAT, "its chunks are damaged: %llu of them have %llu bytes", (unsigned long long)written,
                       (unsigned long long)a->stored);
    if (s->n_filters && count / SPARSEST > written)
        return gt_fail(GT_FORMAT, "incomplete: %llu of its %zu chunks were written", (unsigned long long)written,
                       count);
    s->seen = s->n_filters && count ? calloc((size_t)a->dims[0] / s->chunk[0] + 1, 1) : NULL;
    return s->seen || !s->n_filters || !count ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the chunks of a set");
}

static gt_status read_storage(h5_set *s, hid_t list) {
    gt_h5_set *a = &s->about;
    H5D_layout_t layout = H5Pget_layout(list);
    uint64_t all;
    hsize_t file_bytes = 0;
    hid_t file = H5Iget_file_id(s->id);
    bool sized = file >= 0 && H5Fget_filesize(file, &file_bytes) >= 0;
    if (file >= 0) H5Fclose(file);
    if (H5Pget_external_count(list) != 0 || layout == H5D_VIRTUAL)
        return gt_fail(GT_FORMAT, "is stored in other files; copy it into one file (h5repack)");
    if (!sized || gt_mul_overflows(a->elements, a->bytes, &all)) return gt_fail(GT_FORMAT, "has an impossible size");
    a->stored = H5Dget_storage_size(s->id);
    gt_status st = layout == H5D_CHUNKED ? read_chunks(s, list) : GT_OK;
    if (st) return st;
    if (layout != H5D_CHUNKED && all > a->stored)
        return gt_fail(GT_FORMAT, "was never written, or is damaged: it has %llu bytes of %llu",
                       (unsigned long long)a->stored, (unsigned long long)all);
    if (all / DEFLATE_MOST > (a->stored < file_bytes ? a->stored : file_bytes))
        return gt_fail(GT_FORMAT, "incomplete: most of it was never written");
    return GT_OK;
}

gt_status h5_guard_begin(h5_set *s) {
    hid_t list = H5Dget_create_plist(s->id);
    gt_status st = list < 0 ? gt_h5_fail(GT_FORMAT, "it cannot be read") : read_storage(s, list);
    h5_release(list, -1, -1);
    return st;
}
