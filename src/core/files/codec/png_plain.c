/* SPDX-License-Identifier: Apache-2.0
 * libdeflate unpacks a stream of known size far faster than zlib, and libpng has no way to use libdeflate. So this
 * file goes over the chunks and undoes the row filters itself (PNG specification, third edition, section 9). */
#include "files/codec/door/raw_picture.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/clones.h"
#include "base/door/numbers.h"
#include "gantry/memory.h"

enum { SIGNATURE_BYTES = 8, CHUNK_BYTES = 12, INTERLACE_AT = 28, PIXEL_MOST = 8, RAW_MOST = 16 << 20 };

/* ---- row filters ---- */

/* A pixel as lanes wide enough for sums; further lanes are zero. */
typedef uint8_t lanes8 __attribute__((vector_size(8)));
typedef int16_t lanes16 __attribute__((vector_size(16)));

static inline lanes16 load_lanes(const uint8_t *p, size_t bytes) {
    lanes8 v = {0};
    memcpy(&v, p, bytes);
    return __builtin_convertvector(v, lanes16);
}

static inline lanes16 store_lanes(uint8_t *p, size_t bytes, lanes16 x) {
    x &= 255;
    lanes8 v = __builtin_convertvector(x, lanes8);
    memcpy(p, &v, bytes);
    return x;
}

static inline lanes16 magnitude(lanes16 x) {
    lanes16 negative = x < 0;
    return (x ^ negative) - negative;
}

static inline lanes16 choose_lanes(lanes16 mask, lanes16 yes, lanes16 no) { return (yes & mask) | (no & ~mask); }

/* Of left, above and above left the one nearest to left + above - above left, in this order. */
static inline lanes16 paeth(lanes16 a, lanes16 b, lanes16 c) {
    lanes16 to_a = magnitude(b - c), to_b = magnitude(a - c), to_c = magnitude(a + b - c - c);
    return choose_lanes((to_a <= to_b) & (to_a <= to_c), a, choose_lanes(to_b <= to_c, b, c));
}

typedef struct row {
    const uint8_t *in, *up; /* up: the row above, as it came out */
    uint8_t *out;
    lanes16 left, corner; /* the pixels left and above left of the next one */
} row;

/* Pixels from byte `from` to byte `to`; of each `touched` bytes are read and written: what is beyond it is overwritten
 * by the next one. Filter and sizes are constants where this is inlined. */
static inline __attribute__((always_inline)) void undo_span(row *r, int filter, size_t from, size_t to, size_t pixel,
                                                            size_t touched) {
    for (size_t i = from; i < to; i += pixel) {
        lanes16 above = filter == 1 ? r->left : load_lanes(r->up + i, touched), guess = r->left;
        if (filter == 3) guess = (r->left + above) >> 1;
        if (filter == 4) guess = paeth(r->left, above, r->corner);
        r->left = store_lanes(r->out + i, touched, load_lanes(r->in + i, touched) + guess);
        r->corner = above;
    }
}

static inline __attribute__((always_inline)) bool undo(row *r, int filter, size_t line, size_t pixel, size_t touched) {
    size_t last = line - pixel;
    switch (filter) {
    case 0: memcpy(r->out, r->in, line); return true;
    case 1: undo_span(r, 1, 0, last, pixel, touched), undo_span(r, 1, last, line, pixel, pixel); return true;
    case 2:
        for (size_t i = 0; i < line; i++) r->out[i] = (uint8_t)(r->in[i] + r->up[i]);
        return true;
    case 3: undo_span(r, 3, 0, last, pixel, touched), undo_span(r, 3, last, line, pixel, pixel); return true;
    case 4: undo_span(r, 4, 0, last, pixel, touched), undo_span(r, 4, last, line, pixel, pixel); return true;
    default: return false;
    }
}

static inline __attribute__((always_inline)) bool undo_row(row *r, int filter, size_t line, size_t pixel) {
    switch (pixel) {
    case 1: return undo(r, filter, line, 1, 1);
    case 3: return undo(r, filter, line, 3, 4);
    case 4: return undo(r, filter, line, 4, 4);
    default: return undo(r, filter, line, pixel, pixel);
    }
}

/* `raw`: a filter byte and a line, for each row. */
GT_CLONES static bool undo_filters(const uint8_t *raw, int height, size_t line, size_t pixel, uint8_t *out) {
    GT_FREED uint8_t *zeros = calloc(1, line); /* above the first row */
    const uint8_t *up = zeros;
    bool good = zeros != NULL;
    for (int y = 0; y < height && good; y++, raw += 1 + line) {
        row r = {.in = raw + 1, .up = up, .out = out};
        good = undo_row(&r, raw[0], line, pixel);
        up = out;
        out += line;
    }
    return good;
}

/* ---- chunks ---- */

/* Chunks that say nothing about the pixels, or what is so anyway. */
static bool may_be_ignored(const uint8_t *type) {
    static const char names[] = "tEXtzTXtiTXttIMEpHYssBITbKGDgAMAcHRMsRGB";
    for (size_t i = 0; i + 4 < sizeof names; i += 4)
        if (!memcmp(type, names + i, 4)) return true;
    return false;
}

/* All data of the IDAT chunks: where they are when there is one, else put together in *joined (malloc'ed). NULL: not a
 * plain PNG. */
static const uint8_t *find_data(const uint8_t *bytes, size_t n, uint8_t **joined, size_t *data_bytes) {
    const uint8_t *data = NULL;
    size_t at = SIGNATURE_BYTES, size = 0;
    for (bool first = true;; first = false) {
        if (n - at < CHUNK_BYTES || gt_be32(bytes + at) > n - at - CHUNK_BYTES) return NULL;
        size_t length = gt_be32(bytes + at);
        const uint8_t *type = bytes + at + 4, *content = type + 4;
        if (libdeflate_crc32(0, type, 4 + length) != gt_be32(content + length)) return NULL;
        at += CHUNK_BYTES + length;
        if (!memcmp(type, "IEND", 4)) break;
        if (!memcmp(type, "IDAT", 4)) {
            if (data && !*joined && (*joined = malloc(n))) memcpy(*joined, data, size);
            if (data && !*joined) return NULL;
            if (*joined) memcpy(*joined + size, content, length);
            if (!data) data = content;
            size += length;
        } else if (memcmp(type, "IHDR", 4) ? !may_be_ignored(type) : !first) {
            return NULL;
        }
    }
    *data_bytes = size;
    return *joined ? *joined : data;
}

static bool unpack_pixels(const uint8_t *bytes, size_t n, uint8_t *raw, size_t raw_bytes) {
    GT_FREED uint8_t *joined = NULL;
    size_t size = 0;
    const uint8_t *data = find_data(bytes, n, &joined, &size);
    struct libdeflate_decompressor *d = data ? libdeflate_alloc_decompressor() : NULL;
    bool good = d && libdeflate_zlib_decompress(d, data, size, raw, raw_bytes, NULL) == LIBDEFLATE_SUCCESS;
    libdeflate_free_decompressor(d);
    return good;
}

static void swap_bytes(uint8_t *p, size_t n) {
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint8_t high = p[i];
        p[i] = p[i + 1];
        p[i + 1] = high;
    }
}

bool gt_png_plain(const void *bytes, size_t n, const gt_png_info *info, void *samples) {
    if (((const uint8_t *)bytes)[INTERLACE_AT]) return false;
    size_t pixel = (size_t)info->channels * (size_t)(info->bits / 8), line = (size_t)info->width * pixel,
           all = (1 + line) * (size_t)info->height;
    if (pixel > PIXEL_MOST || all > RAW_MOST) return false;
    GT_FREED uint8_t *raw = malloc(all);
    bool good = raw && unpack_pixels(bytes, n, raw, all) && undo_filters(raw, info->height, line, pixel, samples);
    if (good && info->bits == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        swap_bytes(samples, line * (size_t)info->height);
    return good;
}
