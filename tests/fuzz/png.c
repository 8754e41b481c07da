/* SPDX-License-Identifier: Apache-2.0
 * PNG pictures: as they are, and with their CRCs made right, so that a search gets beyond them. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "files/codec/door/codec.h"
#include "base/door/hash.h"
#include "files/codec/door/picture.h"

enum { MOST_BYTES = 16 << 20, MOST_ROWS = 4096 }; /* a search is to be quick */

static void seeds(fuzz_put *put, void *arg) {
    static const struct {
        int height, width, channels, level;
    } kinds[] = {{8, 8, 3, 6}, {8, 12, 1, 0}, {3, 5, 4, 9}, {16, 16, 2, 1}, {1, 1, 3, 6}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        uint8_t pixels[16 * 16 * 4];
        for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(7 * i + i * i / 5 + k);
        void *bytes;
        size_t n;
        gt_picture p = {
            .height = kinds[k].height, .width = kinds[k].width, .channels = kinds[k].channels, .samples = pixels};
        fuzz_check(!gt_png_encode(&p, kinds[k].level, &bytes, &n));
        put(arg, bytes, n);
        free(bytes);
    }
}

static uint32_t big_endian(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Each chunk is a length, a name, data and the CRC of name and data. */
static void repair(uint8_t *b, size_t n) {
    for (size_t at = 8; at + 12 <= n;) {
        size_t length = big_endian(b + at);
        if (length > n - at - 12) return;
        uint32_t crc = gt_crc32(0, b + at + 4, length + 4);
        for (int i = 0; i < 4; i++) b[at + 8 + length + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
        at += length + 12;
    }
}

/* ---- libpng by itself, in the plainest way ---- */

struct source {
    const uint8_t *bytes;
    size_t left;
};

static void on_read(png_structp png, png_bytep out, size_t n) {
    struct source *s = png_get_io_ptr(png);
    if (n > s->left) png_error(png, "truncated");
    memcpy(out, s->bytes, n);
    s->bytes += n;
    s->left -= n;
}

static void on_error(png_structp png, png_const_charp message) {
    (void)message;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) { (void)png, (void)message; }

/* 8-bit samples without palette as they are stored. */
static bool read_by_libpng(const uint8_t *bytes, size_t n, const gt_png_info *info, uint8_t *out) {
    struct source source = {bytes, n};
    png_bytep rows[MOST_ROWS];
    for (int y = 0; y < info->height; y++) rows[y] = out + (size_t)y * (size_t)info->width * (size_t)info->channels;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    png_infop head = png ? png_create_info_struct(png) : NULL;
    fuzz_check(head);
    bool good = setjmp(png_jmpbuf(png)) == 0;
    if (good) {
        png_set_read_fn(png, &source, on_read);
        png_set_benign_errors(png, 0); /* a wrong checksum of the pixels is an error */
        png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
        png_read_info(png, head);
        png_read_image(png, rows);
        png_read_end(png, NULL);
    }
    png_destroy_read_struct(&png, &head, NULL);
    return good;
}

/* Two readers, ours with a way of its own for the usual kind: what both take is the same. */
static void compare(const uint8_t *bytes, size_t n, const gt_png_info *info, const gt_picture *p) {
    if (info->bits != 8 || info->palette || info->height > MOST_ROWS) return;
    uint8_t *out = malloc(gt_picture_bytes(p));
    fuzz_check(out);
    if (read_by_libpng(bytes, n, info, out)) fuzz_check(!memcmp(p->samples, out, gt_picture_bytes(p)));
    free(out);
}

static void decode(const uint8_t *bytes, size_t n) {
    gt_png_info info;
    if (gt_png_head(bytes, n, &info)) return;
    fuzz_check(info.height > 0 && info.width > 0 && info.channels >= 1 && info.channels <= 4);
    gt_picture p, again;
    if (gt_picture_decode(&p, bytes, n, MOST_BYTES)) return;
    bool as_stored = !memmem(bytes, n, "eXIf", 4) && !memmem(bytes, n, "iCCP", 4);
    fuzz_check(gt_picture_bytes(&p) <= MOST_BYTES &&
               (!as_stored || (p.height == info.height && p.width == info.width)));
    /* Whatever is accepted has all its samples set, and is accepted again. */
    fuzz_check(!gt_picture_decode(&again, bytes, n, MOST_BYTES) &&
               !memcmp(p.samples, again.samples, gt_picture_bytes(&p)));
    if (as_stored) compare(bytes, n, &info, &p);
    gt_picture_free(&again);
    gt_picture_free(&p);
}

static void run(const uint8_t *bytes, size_t n) { fuzz_with_repaired(bytes, n, decode, repair); }

const fuzz_target target = {.variants = 400, .seeds = seeds, .run = run};
