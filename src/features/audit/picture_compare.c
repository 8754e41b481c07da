/* SPDX-License-Identifier: Apache-2.0
 * Compares a picture with what was made again: see pictures.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/audit/pictures.h"
#include "base/door/file.h"
#include "files/codec/door/notes.h"
#include "files/codec/door/picture.h"
#include "files/codec/door/sample.h"
#include "files/codec/door/webp.h"

typedef struct file {
    void *bytes;
    size_t n;
    gt_picture picture;
} file;

static gt_status read_picture(const char *path, file *f) {
    gt_status st = gt_file_read(path, GT_PICTURE_MAX_BYTES, &f->bytes, &f->n);
    if (!st) st = gt_picture_decode(&f->picture, f->bytes, f->n, 0);
    return st && f->bytes ? gt_wrap(st, "'%s'", path) : st;
}

static void close_picture(file *f) {
    gt_picture_free(&f->picture);
    free(f->bytes);
}

/* WebP has no grey, and other programs make grey of what looks grey: then all colours count as one. */
static int64_t value_at(const gt_picture *p, size_t pixel, int channel) {
    size_t at = pixel * (size_t)p->channels + (size_t)(p->channels == 1 ? 0 : channel);
    return p->type == GT_U16 ? ((const uint16_t *)p->samples)[at] : ((const uint8_t *)p->samples)[at];
}

static bool comparable(const gt_picture *a, const gt_picture *b, audit_pixels *out) {
    char x[48], y[48];
    bool grey = (a->channels == 1 && b->channels == 3) || (a->channels == 3 && b->channels == 1);
    if (a->width == b->width && a->height == b->height && a->type == b->type && a->type != GT_F32 &&
        (a->channels == b->channels || grey))
        return true;
    snprintf(out->words, sizeof out->words, "it has %d x %d pixels, %s, and not %d x %d, %s", a->width, a->height,
             gt_picture_describe(a, x), b->width, b->height, gt_picture_describe(b, y));
    return false;
}

static void compare_values(const gt_picture *a, const gt_picture *b, int64_t columns, int64_t rows, audit_pixels *out) {
    size_t width = (size_t)a->width, height = (size_t)a->height;
    int channels = a->channels > b->channels ? a->channels : b->channels;
    out->range = a->type == GT_U16 ? 65535 : 255;
    out->all = (int64_t)(width * height) * channels;
    for (size_t i = 0; i < width * height; i++)
        for (int k = 0; k < channels; k++) {
            int64_t d = llabs(value_at(a, i, k) - value_at(b, i, k));
            if (!d) continue;
            int64_t cell = (int64_t)(i / width) * rows / (int64_t)height * columns +
                           (int64_t)(i % width) * columns / (int64_t)width;
            if (columns * rows > 1 && (out->cell < 0 || cell < out->cell)) out->cell = cell;
            out->differ++;
            if (d > out->most) out->most = d;
        }
}

/* Are all bytes equal but those of the XMP, in which records differ by names? WebP and MP4 alone. */
static bool same_but_xmp(const void *a, size_t n, const void *b, size_t m) {
    enum { RIFF_SIZE_ENDS = 8 };
    gt_picture_said x = {0}, y = {0};
    bool read = !gt_picture_said_read(&x, a, n) && !gt_picture_said_read(&y, b, m);
    size_t from = x.kind == GT_PICTURE_SAID_WEBP ? RIFF_SIZE_ENDS : 0;
    bool same = read && x.before_xmp > RIFF_SIZE_ENDS && x.kind == y.kind && x.before_xmp == y.before_xmp &&
                !memcmp((const char *)a + from, (const char *)b + from, x.before_xmp - from);
    gt_picture_said_free(&x);
    gt_picture_said_free(&y);
    return same;
}

static gt_status compare_pictures(const char *path, const char *made, int64_t columns, int64_t rows,
                                  audit_pixels *out) {
    file a = {0}, b = {0};
    gt_status st = read_picture(path, &a);
    if (!st) st = read_picture(made, &b);
    if (!st && comparable(&a.picture, &b.picture, out)) compare_values(&a.picture, &b.picture, columns, rows, out);
    if (!st) out->bytes = same_but_xmp(a.bytes, a.n, b.bytes, b.n);
    close_picture(&a);
    close_picture(&b);
    return st;
}

/* ---- films ---- */

typedef struct film {
    void *bytes;
    size_t n;
    gt_webp_frames *frames;
    int height, width;
    int64_t count;
} film;

static gt_status open_film(const char *path, film *f) {
    gt_status st = gt_file_read(path, GT_PICTURE_MAX_BYTES, &f->bytes, &f->n);
    if (!st) st = gt_webp_frames_open(&f->frames, f->bytes, f->n);
    if (!st) gt_webp_frames_size(f->frames, &f->height, &f->width, &f->count);
    return st;
}

static void close_film(film *f) {
    gt_webp_frames_close(f->frames);
    free(f->bytes);
}

static gt_status compare_frame(film *a, film *b, int64_t frame, audit_pixels *out) {
    const uint8_t *x, *y;
    int until, made;
    gt_status st = gt_webp_frames_next(a->frames, &x, &until);
    if (!st) st = gt_webp_frames_next(b->frames, &y, &made);
    if (st) return st;
    int64_t before = out->differ;
    for (size_t i = 0; i < 4 * (size_t)a->height * (size_t)a->width; i++) {
        out->differ += x[i] != y[i];
        if (abs(x[i] - y[i]) > out->most) out->most = abs(x[i] - y[i]);
    }
    if (out->frame < 0 && out->differ > before) out->frame = frame;
    if (until != made && !*out->words)
        snprintf(out->words, sizeof out->words, "frame %lld is shown for another time", (long long)frame);
    return GT_OK;
}

static gt_status compare_films(const char *path, const char *made, audit_pixels *out) {
    film a = {0}, b = {0};
    gt_status st = open_film(path, &a);
    if (!st) st = open_film(made, &b);
    bool shape = !st && a.height == b.height && a.width == b.width && a.count == b.count;
    if (!st && !shape)
        snprintf(out->words, sizeof out->words, "it has %lld frames of %d x %d pixels, and not %lld of %d x %d",
                 (long long)a.count, a.width, a.height, (long long)b.count, b.width, b.height);
    out->range = 255;
    out->bytes = !st && same_but_xmp(a.bytes, a.n, b.bytes, b.n);
    if (shape) out->all = 4 * (int64_t)a.height * a.width * a.count;
    for (int64_t i = 0; shape && !out->bytes && i < a.count && !st; i++) st = compare_frame(&a, &b, i, out);
    close_film(&a);
    close_film(&b);
    return st;
}

gt_status audit_same_files(const char *path, const char *made, bool *same) {
    file a = {0}, b = {0};
    gt_status st = gt_file_read(path, GT_PICTURE_MAX_BYTES, &a.bytes, &a.n);
    if (!st) st = gt_file_read(made, GT_PICTURE_MAX_BYTES, &b.bytes, &b.n);
    *same = !st && same_but_xmp(a.bytes, a.n, b.bytes, b.n);
    close_picture(&a);
    close_picture(&b);
    return st;
}

gt_status audit_pixels_compare(const char *path, const char *made, audit_form form, int64_t columns, int64_t rows,
                               audit_pixels *out) {
    *out = (audit_pixels){.cell = -1, .frame = -1};
    if (form == AUDIT_FILM) return compare_films(path, made, out);
    if (form == AUDIT_PICTURE) return compare_pictures(path, made, columns, rows, out);
    return gt_ends_with(made, ".npz") ? audit_npz_compare(path, made, out) : audit_arrays_compare(path, made, out);
}
