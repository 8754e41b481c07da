/* SPDX-License-Identifier: Apache-2.0
 * Finds the record of a file: see door/record.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/picture.h"
#include "files/codec/door/weights.h"
#include "files/h5/door/h5.h"
#include "runner/record/door/record.h"

/* The packet is the one that this program writes with the record, to the byte: else it may say anything. */
static gt_status check_xmp(const char *xmp, gt_record_found *out) {
    GT_BUFFER gt_buffer made = {0};
    gt_record_put_xmp(&made, out->json);
    gt_status st = made.failed ? gt_fail(GT_NOMEM, "out of memory for a record") : GT_OK;
    if (!st && strcmp(xmp, made.data) && !*out->beyond)
        snprintf(out->beyond, sizeof out->beyond, "its XMP is not the one that Gantry writes with its record");
    return st;
}

static gt_status find_in_notes(gt_picture_said *f, gt_record_found *out) {
    out->kind = f->kind;
    out->lossy = f->lossy;
    out->animated = f->animated;
    out->frames = f->frames;
    out->height = f->height;
    out->width = f->width;
    snprintf(out->beyond, sizeof out->beyond, "%s", f->beyond);
    out->json = f->text;
    f->text = NULL;
    bool png = f->kind == GT_PICTURE_SAID_PNG, plain = png || f->kind == GT_PICTURE_SAID_TIFF;
    gt_status st = !out->json && f->xmp && !png ? gt_record_of_xmp(f->xmp, &out->json) : GT_OK;
    if (!out->json && f->xmp && plain && !*out->beyond)
        snprintf(out->beyond, sizeof out->beyond, "it has XMP without a record");
    return !st && out->json && f->xmp ? check_xmp(f->xmp, out) : st;
}

static gt_status find_in_h5(const char *path, gt_record_found *out) {
    gt_h5_file h5 = {0};
    char *text = NULL;
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_status st = a ? gt_h5_open(&h5, path) : gt_fail(GT_NOMEM, "out of memory for a record");
    if (!st) st = gt_h5_text(a, &h5, "/", GT_NOTES_KEY, &text);
    if (!st && text && !(out->json = strdup(text))) st = gt_fail(GT_NOMEM, "out of memory for a record");
    out->array = true;
    gt_h5_close(&h5);
    return st;
}

static gt_status find_in_npz(const char *path, gt_record_found *out) {
    gt_status st;
    gt_weights *w = gt_weights_open(path, &st);
    const gt_fact *fact = w ? gt_weights_fact(w, GT_NOTES_KEY) : NULL;
    if (fact && fact->kind == GT_FACT_TEXT && !(out->json = strdup(fact->text)))
        st = gt_fail(GT_NOMEM, "out of memory for a record");
    out->array = true;
    gt_weights_close(w);
    return st;
}

gt_status gt_record_find(const char *path, gt_record_found *out) {
    void *bytes;
    size_t n;
    *out = (gt_record_found){0};
    gt_file_kind kind = gt_kind_of_file(path);
    gt_status st;
    if (kind == GT_KIND_EMPTY) st = gt_fail(GT_FORMAT, "it is empty");
    else if (kind == GT_KIND_HDF5) st = find_in_h5(path, out);
    else if (kind == GT_KIND_ZIP && gt_ends_with(path, ".npz")) st = find_in_npz(path, out);
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
