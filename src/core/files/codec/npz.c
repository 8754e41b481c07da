/* SPDX-License-Identifier: Apache-2.0
 * Numpy's .npz files: see npz.h. */
#include "files/codec/door/npz.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/door/hash.h"

void gt_npz_record(gt_buffer *before, gt_buffer *index, uint64_t *offset, const char *name, const char *type,
                   int n_dims, const int64_t *dims, const void *values, size_t bytes) {
    char head[GT_NPY_MADE_MAX], entry[512];
    size_t length = gt_npy_make_head(head, type, n_dims, dims);
    uint32_t crc = gt_crc32(gt_crc32(0, head, length), values, bytes), size = (uint32_t)(length + bytes);
    snprintf(entry, sizeof entry, "%s.npy", name);
    gt_zip_put_local(before, entry, size, crc);
    gt_buffer_add(before, head, length);
    gt_zip_put_central(index, entry, size, crc, offset);
}

gt_status gt_npz_begin(gt_npz *w, const char *path) {
    *w = (gt_npz){.file.fd = -1};
    return gt_growing_open(&w->file, path);
}

gt_status gt_npz_add(gt_npz *w, const char *name, const char *type, int n_dims, const int64_t *dims, const void *values,
                     size_t bytes) {
    GT_BUFFER gt_buffer before = {0};
    if (bytes >= GT_ZIP_TOO_LARGE - GT_NPY_MADE_MAX)
        return gt_fail(GT_USAGE, "'%s': the array '%s' has 4 GB or more", w->file.path, name);
    gt_npz_record(&before, &w->index, &w->offset, name, type, n_dims, dims, values, bytes);
    w->entries++;
    gt_status st = before.failed || w->index.failed ? gt_fail(GT_NOMEM, "out of memory for '%s'", w->file.path) : GT_OK;
    if (!st) st = gt_growing_add(&w->file, before.data, before.n);
    if (!st) st = gt_growing_add(&w->file, values, bytes);
    return st;
}

gt_status gt_npz_finish(gt_npz *w) {
    gt_zip_put_end(&w->index, w->entries, w->file.bytes, w->index.n);
    if (w->index.failed) return gt_fail(GT_NOMEM, "out of memory for '%s'", w->file.path);
    gt_status st = gt_growing_add(&w->file, w->index.data, w->index.n);
    return st ? st : gt_growing_finish(&w->file);
}

void gt_npz_close(gt_npz *w) {
    gt_buffer_free(&w->index);
    gt_growing_close(&w->file);
}

gt_status gt_npz_read(gt_zip *z, const char *name, uint64_t max_bytes, gt_npy *a, char **file) {
    char entry_name[64];
    size_t i;
    *file = NULL;
    snprintf(entry_name, sizeof entry_name, "%s.npy", name);
    const gt_zip_entry *entry = gt_zip_find(z, entry_name, &i);
    if (!entry) return gt_fail(GT_FORMAT, "there is no array '%s'", name);
    if (entry->size > max_bytes + GT_NPY_HEAD_MAX)
        return gt_fail(GT_FORMAT, "the array '%s' has %llu bytes", name, (unsigned long long)entry->size);
    char *bytes = malloc((size_t)entry->size + 1);
    gt_status st = bytes ? gt_zip_read(z, i, bytes) : gt_fail(GT_NOMEM, "out of memory for the array '%s'", name);
    if (!st) st = gt_npy_any_head(a, bytes, (size_t)entry->size);
    if (!st && (a->type == 'U' || a->type == 'S' || a->elements > ((size_t)entry->size - a->head) / (size_t)a->size))
        st = gt_fail(GT_FORMAT, "the array '%s' is damaged, or not an array of numbers", name);
    if (!st) *file = bytes;
    else free(bytes);
    return st;
}
