/* SPDX-License-Identifier: Apache-2.0
 * See the PNG specification (W3C, 3rd edition): chunks in section 5, filters in section 9. */
#include "codec/png_plain.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { SIGNATURE = 8, CHUNK = 12, INTERLACE_AT = 28, BYTES_MOST = 16 << 20 };
enum { NONE, SUB, UP, AVERAGE, PAETH };

typedef struct chunk {
    const uint8_t *name, *data; /* the CRC is over name and data, and follows them */
    size_t n;
} chunk;

/* The chunk at *at, which moves on; false: there is none that is whole. */
static bool next_chunk(const uint8_t *bytes, size_t n, size_t *at, chunk *c) {
    if (*at > n || n - *at < CHUNK) return false;
    c->n = gt_be32(bytes + *at);
    if (c->n > n - *at - CHUNK) return false;
    c->name = bytes + *at + 4;
    c->data = c->name + 4;
    *at += CHUNK + c->n;
    return true;
}

static bool is(const chunk *c, const char *name) {
    return !memcmp(c->name, name, 4);
}

bool gt_png_is_plain(const uint8_t *bytes, size_t n, const gt_png_info *info) {
    size_t total = (size_t)info->height * (size_t)info->width * (size_t)info->channels * (size_t)info->bits / 8;
    if (info->palette || info->bits < 8 || bytes[INTERLACE_AT] != 0 || total > BYTES_MOST) return false;
    chunk c;
    for (size_t at = SIGNATURE; next_chunk(bytes, n, &at, &c);) {
        if (is(&c, "iCCP") || is(&c, "eXIf") || is(&c, "tRNS")) return false;
        if (is(&c, "IEND")) break;
    }
    return true;
}

/* Joins the IDAT chunks: *stream is the data themselves where there is one, else *joined, to be freed. */
static gt_status gather(const uint8_t *bytes, size_t n, const uint8_t **stream, size_t *stream_n, uint8_t **joined) {
    chunk c = {0};
    bool end = false;
    *stream_n = 0;
    *joined = NULL;
    for (size_t at = SIGNATURE; !end && next_chunk(bytes, n, &at, &c); end = is(&c, "IEND")) {
        if (libdeflate_crc32(0, c.name, 4 + c.n) != gt_be32(c.data + c.n)) return gt_fail(GT_FORMAT, "damaged: CRC of chunk %.4s is wrong", (const char *)c.name);
        bool known = is(&c, "IHDR") || is(&c, "PLTE") || is(&c, "IDAT") || is(&c, "IEND");
        if (!known && !(c.name[0] & 0x20)) return gt_fail(GT_FORMAT, "damaged: unknown critical chunk"); /* upper case: must be understood */
        if (!is(&c, "IDAT")) continue;
        if (*stream_n == 0) {
            *stream = c.data;
        } else {
            if (!*joined) { /* all further data fit into the rest of the file */
                if (!(*joined = malloc(n))) return gt_fail(GT_NOMEM, "out of memory for a PNG");
                memcpy(*joined, *stream, *stream_n);
                *stream = *joined;
            }
            memcpy(*joined + *stream_n, c.data, c.n);
        }
        *stream_n += c.n;
    }
    return end ? GT_OK : gt_fail(GT_FORMAT, "damaged: truncated");
}

/* Without branches: what is near is random. */
static inline uint8_t paeth(int a, int b, int c) {
    int to_a = b - c, to_b = a - c, pa = abs(to_a), pb = abs(to_b), pc = abs(to_a + to_b);
    int best = pb < pa ? pb : pa, near = pb < pa ? b : a;
    return (uint8_t)(pc < best ? c : near);
}

/* Undoes the filter of a row: from `in` into `out`; `up`: the row above, zeros for the first. `step`: bytes of a pixel. */
static inline __attribute__((always_inline)) bool undo_step(int filter, const uint8_t *in, uint8_t *out, const uint8_t *up, size_t n, size_t step) {
    switch (filter) {
    case NONE: memcpy(out, in, n); return true;
    case SUB:
        memcpy(out, in, step);
        for (size_t i = step; i < n; i++) out[i] = (uint8_t)(in[i] + out[i - step]);
        return true;
    case UP:
        for (size_t i = 0; i < n; i++) out[i] = (uint8_t)(in[i] + up[i]);
        return true;
    case AVERAGE:
        for (size_t i = 0; i < step; i++) out[i] = (uint8_t)(in[i] + up[i] / 2);
        for (size_t i = step; i < n; i++) out[i] = (uint8_t)(in[i] + (out[i - step] + up[i]) / 2);
        return true;
    case PAETH:
        for (size_t i = 0; i < step; i++) out[i] = (uint8_t)(in[i] + up[i]);
        for (size_t i = step; i < n; i++) out[i] = (uint8_t)(in[i] + paeth(out[i - step], up[i], up[i - step]));
        return true;
    default: return false;
    }
}

/* The compiler makes better loops for a step it knows. */
static bool undo(int filter, const uint8_t *in, uint8_t *out, const uint8_t *up, size_t n, size_t step) {
    switch (step) {
    case 1: return undo_step(filter, in, out, up, n, 1);
    case 3: return undo_step(filter, in, out, up, n, 3);
    case 4: return undo_step(filter, in, out, up, n, 4);
    default: return undo_step(filter, in, out, up, n, step);
    }
}

static gt_status unfilter(gt_picture *p, const uint8_t *rows) {
    size_t step = (size_t)p->channels * gt_sample_bytes(p->type), stride = (size_t)p->width * step;
    uint8_t *zeros = calloc(1, stride), *out = p->samples;
    const uint8_t *up = zeros;
    gt_status st = zeros ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a PNG");
    for (int y = 0; y < p->height && !st; y++, rows += 1 + stride, up = out, out += stride)
        if (!undo(rows[0], rows + 1, out, up, stride, step)) st = gt_fail(GT_FORMAT, "damaged: filter %d in row %d", rows[0], y);
    free(zeros);
    return st;
}

static gt_status unpack(const uint8_t *stream, size_t n, uint8_t *rows, size_t bytes) {
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (!d) return gt_fail(GT_NOMEM, "out of memory for a PNG");
    enum libdeflate_result result = libdeflate_zlib_decompress(d, stream, n, rows, bytes, NULL);
    libdeflate_free_decompressor(d);
    if (result == LIBDEFLATE_SUCCESS) return GT_OK;
    return gt_fail(GT_FORMAT, result == LIBDEFLATE_BAD_DATA ? "damaged: its pixels cannot be unpacked, or fail their checksum"
                                                            : "damaged: its pixels are not as many as its header says");
}

static void to_native(gt_picture *p) {
    uint16_t *s = p->samples;
    for (size_t i = 0; p->type == GT_U16 && i < gt_picture_bytes(p) / 2; i++) s[i] = gt_be16(&s[i]);
}

gt_status gt_png_plain(gt_raw_picture *raw, const uint8_t *bytes, size_t n, const gt_png_info *info) {
    const uint8_t *stream = NULL;
    uint8_t *joined = NULL, *rows = NULL;
    size_t stream_n;
    gt_status st = gt_raw_new(raw, (unsigned)info->height, (unsigned)info->width, (unsigned)info->channels, info->bits == 16 ? GT_U16 : GT_U8);
    if (!st) st = gather(bytes, n, &stream, &stream_n, &joined);
    size_t packed = st ? 0 : gt_picture_bytes(&raw->picture) + (size_t)info->height; /* a filter in front of each row */
    if (!st && !(rows = malloc(packed))) st = gt_fail(GT_NOMEM, "out of memory for a PNG of %zu bytes", packed);
    if (!st) st = unpack(stream, stream_n, rows, packed);
    if (!st) st = unfilter(&raw->picture, rows);
    if (!st) to_native(&raw->picture);
    raw->picture.alpha = info->channels == 2 || info->channels == 4;
    free(joined);
    free(rows);
    return st;
}
