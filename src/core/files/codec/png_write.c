/* SPDX-License-Identifier: Apache-2.0
 * Writes PNG, in one piece and line by line. libpng reports errors by longjmp: everything that must survive an error
 * lives in struct writer, and no local of a function that calls setjmp is read after a longjmp. */
#include "files/codec/door/png_write.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/codec.h"
#include "files/codec/door/notes.h"
#include "files/codec/door/sample.h"

enum { REASON_BYTES = 160, USUAL_LEVEL = 6 };

typedef struct writer {
    png_structp png;
    png_infop info;
    int height, width, channels, bits, level;
    png_rw_ptr write;
    void *to;                      /* of `write` */
    gt_status *fault;              /* of what failed outside libpng; NULL: nothing can */
    const gt_picture_notes *notes; /* NULL: none */
    char reason[REASON_BYTES];
} writer;

static void on_error(png_structp png, png_const_charp message) {
    snprintf(png_get_error_ptr(png), REASON_BYTES, "%s", message);
    longjmp(png_jmpbuf(png), 1);
}

static void pass_over(png_structp png, png_const_charp message) { (void)png, (void)message; }
static void no_flush(png_structp png) { (void)png; }

static gt_status check_writer(const writer *w) {
    if (w->channels >= 1 && w->channels <= 4 && w->bits <= 16 && w->height >= 1 && w->width >= 1 && w->level >= 0 &&
        w->level <= 9)
        return GT_OK;
    return gt_fail(GT_USAGE,
                   "a PNG of %d x %d pixels, %d channels of %d bits, level %d: only 1 to 4 channels, 8 or 16 bits and "
                   "level 0 to 9 are possible",
                   w->width, w->height, w->channels, w->bits, w->level);
}

static void put_notes(writer *w) {
    char *const texts[] = {w->notes ? (char *)(uintptr_t)w->notes->text : NULL,
                           w->notes ? (char *)(uintptr_t)w->notes->xmp : NULL};
    static char *const keys[] = {GT_NOTES_KEY, "XML:com.adobe.xmp"};
    for (int i = 0; i < 2; i++) {
        if (!texts[i]) continue;
        png_text t = {.compression = PNG_ITXT_COMPRESSION_NONE,
                      .key = keys[i],
                      .text = texts[i],
                      .itxt_length = strlen(texts[i]),
                      .lang = "",
                      .lang_key = ""};
        png_set_text(w->png, w->info, &t, 1);
    }
}

/* False: w->reason says why. */
static bool begin_png(writer *w) {
    static const int colour[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                 PNG_COLOR_TYPE_RGB_ALPHA};
    if (setjmp(png_jmpbuf(w->png))) return false;
    png_set_write_fn(w->png, w->to, w->write, no_flush);
    png_set_compression_level(w->png, w->level);
    if (w->level == 0) png_set_filter(w->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE); /* filters only help to deflate */
    png_set_IHDR(w->png, w->info, (png_uint_32)w->width, (png_uint_32)w->height, w->bits, colour[w->channels],
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    put_notes(w);
    png_write_info(w->png, w->info);
    if (w->bits == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) png_set_swap(w->png);
    return true;
}

static bool write_lines(writer *w, int lines, const uint8_t *pixels) {
    size_t line = (size_t)w->width * (size_t)w->channels * ((unsigned)w->bits / 8);
    if (setjmp(png_jmpbuf(w->png))) return false;
    for (int y = 0; y < lines; y++) png_write_row(w->png, pixels + (size_t)y * line);
    return true;
}

static bool end_png(writer *w) {
    if (setjmp(png_jmpbuf(w->png))) return false;
    png_write_end(w->png, w->info);
    return true;
}

static gt_status failure(const writer *w) {
    if (w->fault && *w->fault) return *w->fault; /* whose message is there */
    bool memory = strstr(w->reason, "emory") || !strcmp(w->reason, "Write Error");
    return memory ? gt_fail(GT_NOMEM, "out of memory for writing a PNG")
                  : gt_fail(GT_FAILED, "writing a PNG: %s", w->reason);
}

static gt_status open_writer(writer *w) {
    gt_status st = check_writer(w);
    if (st) return st;
    w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w->reason, on_error, pass_over);
    w->info = w->png ? png_create_info_struct(w->png) : NULL;
    if (!w->info) return gt_fail(GT_NOMEM, "out of memory for writing a PNG");
    return begin_png(w) ? GT_OK : failure(w);
}

static void close_writer(writer *w) { png_destroy_write_struct(&w->png, &w->info); }

/* ---- into memory ---- */

static void to_buffer(png_structp png, png_bytep bytes, size_t n) {
    gt_buffer *b = png_get_io_ptr(png);
    gt_buffer_add(b, bytes, n);
    if (b->failed) png_error(png, "Write Error");
}

gt_status gt_png_encode_noted(const gt_picture *p, int level, const gt_picture_notes *notes, void **bytes, size_t *n) {
    *bytes = NULL;
    *n = 0;
    gt_buffer out = {0};
    writer w = {.height = p->height,
                .width = p->width,
                .channels = p->channels,
                .bits = 8 * (int)gt_sample_bytes(p->type),
                .level = level,
                .write = to_buffer,
                .to = &out,
                .notes = notes};
    gt_status st = open_writer(&w);
    if (!st && (!write_lines(&w, p->height, p->samples) || !end_png(&w))) st = failure(&w);
    close_writer(&w);
    if (st) gt_buffer_free(&out);
    *bytes = out.data;
    *n = out.n;
    return st;
}

gt_status gt_png_encode(const gt_picture *p, int level, void **bytes, size_t *n) {
    return gt_png_encode_noted(p, level, NULL, bytes, n);
}

gt_status gt_png_write_noted(const char *path, const gt_picture *p, const gt_picture_notes *notes) {
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = gt_png_encode_noted(p, USUAL_LEVEL, notes, &bytes, &n);
    if (st) return gt_wrap(st, "'%s'", path);
    return gt_file_write(path, bytes, n);
}

gt_status gt_png_write(const char *path, const uint8_t *pixels, int height, int width, int channels) {
    return gt_png_write_noted(
        path, &(gt_picture){.height = height, .width = width, .channels = channels, .samples = (void *)pixels}, NULL);
}

/* ---- into a file ---- */

struct gt_png_file {
    writer writer;
    gt_growing_file file;
    gt_status fault;
};

static void to_file(png_structp png, png_bytep bytes, size_t n) {
    gt_png_file *f = png_get_io_ptr(png);
    f->fault = gt_growing_add(&f->file, bytes, n);
    if (f->fault) png_error(png, "the file cannot be written");
}

gt_status gt_png_file_open(gt_png_file **out, const char *path, int height, int width, int channels,
                           const gt_picture_notes *notes) {
    gt_png_file *f = *out = malloc(sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    *f = (gt_png_file){.writer = {.height = height,
                                  .width = width,
                                  .channels = channels,
                                  .bits = 8,
                                  .level = USUAL_LEVEL,
                                  .write = to_file,
                                  .to = f,
                                  .fault = &f->fault,
                                  .notes = notes}};
    gt_status st = gt_growing_open(&f->file, path);
    if (!st) st = open_writer(&f->writer);
    if (!st) return GT_OK;
    gt_png_file_close(f);
    *out = NULL;
    return st;
}

gt_status gt_png_file_add(gt_png_file *f, int lines, const uint8_t *pixels) {
    return write_lines(&f->writer, lines, pixels) ? GT_OK : failure(&f->writer);
}

gt_status gt_png_file_finish(gt_png_file *f) {
    return end_png(&f->writer) ? gt_growing_finish(&f->file) : failure(&f->writer);
}

void gt_png_file_close(gt_png_file *f) {
    if (!f) return;
    close_writer(&f->writer);
    gt_growing_close(&f->file);
    free(f);
}
