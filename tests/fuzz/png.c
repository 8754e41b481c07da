/* SPDX-License-Identifier: Apache-2.0
 * PNG pictures: as they are, and with their CRCs made right, so that a search gets beyond them. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "gantry/codec.h"
#include "gantry/hash.h"
#include "gantry/picture.h"

enum { MOST_PIXELS = 16 << 20 };

static void seeds(fuzz_put *put, void *arg) {
    static const struct {
        int height, width, channels, level;
    } kinds[] = {{8, 8, 3, 6}, {8, 12, 1, 0}, {3, 5, 4, 9}, {16, 16, 2, 1}, {1, 1, 3, 6}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        uint8_t pixels[16 * 16 * 4];
        for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(7 * i + i * i / 5 + k);
        void *bytes;
        size_t n;
        fuzz_check(!gt_png_encode(pixels, kinds[k].height, kinds[k].width, kinds[k].channels, kinds[k].level, &bytes, &n));
        put(arg, bytes, n);
        free(bytes);
    }
}

static uint32_t big_endian(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }

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

static void decode(const uint8_t *bytes, size_t n) {
    gt_png_info info;
    char text[32];
    if (gt_png_head(bytes, n, &info)) return;
    gt_png_describe(&info, text);
    fuzz_check(info.height > 0 && info.width > 0 && info.channels >= 1 && info.channels <= 4);
    size_t pixels = (size_t)info.height * (size_t)info.width * (size_t)info.channels;
    fuzz_check(pixels <= GT_PNG_MAX_BYTES);
    if (pixels > MOST_PIXELS) return; /* a search is to be quick */
    uint8_t *out = malloc(pixels);
    fuzz_check(out);
    gt_status st = gt_png_decode(bytes, n, &info, out);
    /* Whatever is accepted has all its samples set, and is accepted again. */
    uint32_t sum = st ? 0 : gt_crc32(0, out, pixels);
    if (!st) {
        memset(out, 0x5a, pixels);
        fuzz_check(!gt_png_decode(bytes, n, &info, out) && gt_crc32(0, out, pixels) == sum);
    }
    /* Two readers, one of them our own for the usual kind: what both take is the same. */
    gt_picture p;
    gt_picture_options as_stored = {.keep_orientation = true, .keep_profile = true};
    if (!st && !gt_picture_decode(&p, bytes, n, &as_stored)) {
        fuzz_check(gt_picture_bytes(&p) == pixels && !memcmp(p.samples, out, pixels));
        gt_picture_free(&p);
    }
    free(out);
}

static void run(const uint8_t *bytes, size_t n) {
    decode(bytes, n);
    uint8_t *copy = malloc(n ? n : 1);
    fuzz_check(copy);
    memcpy(copy, bytes, n);
    repair(copy, n);
    decode(copy, n);
    free(copy);
}

const fuzz_target target = {.variants = 400, .seeds = seeds, .run = run};
