/* SPDX-License-Identifier: Apache-2.0
 * PNG: what its first bytes say, and writing. libpng reports errors by longjmp: everything that must survive one lives
 * in struct writer, and the function that calls setjmp has no other state that is read afterwards. */
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "gantry/codec.h"
#include "gantry/hash.h"

enum { SIGNATURE = 8, REASON_BYTES = 160 };

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGBA = 6 }; /* colour types of the format */

static int channels_of(int colour_type) {
    switch (colour_type) {
    case GREY:
    case PALETTE: return 1;
    case GREY_ALPHA: return 2;
    case RGB: return 3;
    case RGBA: return 4;
    default: return 0;
    }
}

static bool bits_allowed(int colour_type, int bits) {
    bool fraction = bits == 1 || bits == 2 || bits == 4;
    if (colour_type == GREY) return fraction || bits == 8 || bits == 16;
    if (colour_type == PALETTE) return fraction || bits == 8;
    return bits == 8 || bits == 16;
}

gt_status gt_png_head(const void *bytes, size_t n, gt_png_info *info) {
    static const uint8_t start[16] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
    const uint8_t *p = bytes;
    if (n == 0) return gt_fail(GT_FORMAT, "empty");
    if (memcmp(p, start, n < SIGNATURE ? n : SIGNATURE)) return gt_fail(GT_FORMAT, "not a PNG picture");
    if (n < GT_PNG_HEAD_BYTES) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    if (memcmp(p, start, sizeof start)) return gt_fail(GT_FORMAT, "damaged: a PNG must begin with its IHDR chunk");
    if (gt_crc32(0, p + 12, 17) != gt_be32(p + 29)) return gt_fail(GT_FORMAT, "damaged: CRC of chunk IHDR is wrong");

    uint32_t width = gt_be32(p + 16), height = gt_be32(p + 20);
    int bits = p[24], colour_type = p[25], channels = channels_of(colour_type);
    if (!channels || !bits_allowed(colour_type, bits) || p[26] != 0 || p[27] != 0 || p[28] > 1)
        return gt_fail(GT_FORMAT,
                       "damaged: no PNG has colour type %d with %d bits, compression %d, filter %d, interlace %d",
                       colour_type, bits, p[26], p[27], p[28]);
    uint64_t total = (uint64_t)width * height * (unsigned)channels * (bits == 16 ? 2 : 1);
    if (width == 0 || height == 0 || width > GT_PNG_MAX_SIDE || height > GT_PNG_MAX_SIDE || total > GT_PNG_MAX_BYTES)
        return gt_fail(GT_FORMAT, "claims %u x %u pixels; at most %d per side and %d MB per image are read", width,
                       height, GT_PNG_MAX_SIDE, GT_PNG_MAX_BYTES >> 20);
    *info = (gt_png_info){.height = (int)height,
                          .width = (int)width,
                          .channels = channels,
                          .bits = bits,
                          .palette = colour_type == PALETTE};
    return GT_OK;
}

/* The error pointer of every png_struct here is a reason[REASON_BYTES]. */
static void on_error(png_structp png, png_const_charp message) {
    snprintf(png_get_error_ptr(png), REASON_BYTES, "%s", message);
    longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp message) { (void)png, (void)message; }

struct writer {
    png_structp png;
    png_infop info;
    FILE *file;
    const gt_picture *picture;
    int level;
    char reason[REASON_BYTES];
};

/* False: w->reason says why. No local is read after a longjmp. */
static bool write_rows(struct writer *w) {
    static const int colour[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                 PNG_COLOR_TYPE_RGB_ALPHA};
    const gt_picture *p = w->picture;
    bool deep = p->type == GT_U16;
    size_t line = (size_t)p->width * (size_t)p->channels * gt_sample_bytes(p->type);
    if (setjmp(png_jmpbuf(w->png))) return false;
    png_init_io(w->png, w->file);
    png_set_compression_level(w->png, w->level);
    if (w->level == 0) png_set_filter(w->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE); /* filters only help to deflate */
    png_set_IHDR(w->png, w->info, (png_uint_32)p->width, (png_uint_32)p->height, deep ? 16 : 8, colour[p->channels],
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(w->png, w->info);
    if (deep && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) png_set_swap(w->png);
    for (int y = 0; y < p->height; y++) png_write_row(w->png, (png_const_bytep)p->samples + (size_t)y * line);
    png_write_end(w->png, w->info);
    return true;
}

gt_status gt_png_encode(const gt_picture *p, int level, void **bytes, size_t *n) {
    *bytes = NULL;
    *n = 0;
    if (p->channels < 1 || p->channels > 4 || p->height < 1 || p->width < 1 || level < 0 || level > 9 ||
        p->type == GT_F32)
        return gt_fail(GT_USAGE,
                       "a PNG of %d x %d pixels, %d channels of %zu bits, level %d: 1 to 4 channels, 8 or 16 bits and "
                       "level 0 to 9 can be written",
                       p->width, p->height, p->channels, 8 * gt_sample_bytes(p->type), level);
    char *made = NULL;
    struct writer w = {.picture = p, .level = level, .file = open_memstream(&made, n)};
    w.png = w.file ? png_create_write_struct(PNG_LIBPNG_VER_STRING, w.reason, on_error, on_warning) : NULL;
    w.info = w.png ? png_create_info_struct(w.png) : NULL;
    gt_status st = w.info ? GT_OK : gt_fail(GT_NOMEM, "out of memory for writing a PNG");
    if (!st && !write_rows(&w)) /* what cannot be written into memory has no memory */
        st = gt_fail(GT_FAILED, "writing a PNG: %s", strcmp(w.reason, "Write Error") ? w.reason : "out of memory");
    png_destroy_write_struct(&w.png, &w.info);
    if (w.file && fclose(w.file) && !st) st = gt_fail(GT_NOMEM, "out of memory for writing a PNG");
    if (!st) *bytes = made;
    else free(made);
    return st;
}

gt_status gt_png_write(const char *path, const uint8_t *pixels, int height, int width, int channels) {
    void *bytes;
    size_t n;
    gt_picture p = {.height = height, .width = width, .channels = channels, .samples = (void *)pixels};
    gt_status st = gt_png_encode(&p, 6, &bytes, &n);
    if (st) return gt_wrap(st, "'%s'", path);
    st = gt_file_write(path, bytes, n);
    free(bytes);
    return st;
}
