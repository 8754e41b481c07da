/* SPDX-License-Identifier: Apache-2.0
 * Finds the record of a file: see door/record.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "codec/door/picture.h"
#include "h5/door/h5.h"
#include "record/door/record.h"

static gt_status find_in_notes(gt_picture_said *f, gt_record_found *out) {
    char *in_xmp = NULL;
    gt_status st = f->xmp ? gt_record_of_xmp(f->xmp, &in_xmp) : GT_OK;
    if (!st && (f->twice || (f->text && in_xmp && strcmp(f->text, in_xmp))))
        st = gt_fail(GT_FORMAT, "it has two records that differ");
    out->json = f->text ? f->text : in_xmp;
    if (f->text) free(in_xmp);
    f->text = NULL;
    out->lossy = f->lossy;
    out->animated = f->animated;
    snprintf(out->beyond, sizeof out->beyond, "%s", f->beyond);
    return st;
}

static gt_status find_in_h5(const char *path, gt_record_found *out) {
    gt_h5_file h5 = {0};
    char *text = NULL;
    gt_arena *a = gt_arena_new();
    gt_status st = a ? gt_h5_open(&h5, path) : gt_fail(GT_NOMEM, "out of memory for a record");
    if (!st) st = gt_h5_text(a, &h5, "/", GT_NOTES_KEY, &text);
    if (!st && text && !(out->json = strdup(text))) st = gt_fail(GT_NOMEM, "out of memory for a record");
    out->array = true;
    gt_h5_close(&h5);
    gt_arena_free(a);
    return st;
}

gt_status gt_record_find(const char *path, gt_record_found *out) {
    void *bytes;
    size_t n;
    *out = (gt_record_found){0};
    gt_file_kind kind = gt_kind_of_file(path);
    gt_status st;
    if (kind == GT_KIND_HDF5) st = find_in_h5(path, out);
    else if (!(st = gt_file_read(path, GT_PICTURE_MAX_BYTES, &bytes, &n))) {
        gt_picture_said f;
        st = gt_picture_said_read(&f, bytes, n);
        if (!st) st = find_in_notes(&f, out);
        gt_picture_said_free(&f);
        free(bytes);
    }
    if (!st) return GT_OK;
    free(out->json);
    out->json = NULL;
    return st;
}
