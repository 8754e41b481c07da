/* SPDX-License-Identifier: Apache-2.0
 * BMP: the headers of OS/2 and of every Windows, 1 to 32 bits a pixel, bit fields, run lengths. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/raw_picture.h"

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40, MASKS_AT = 40, HEADER_MOST = 124, COLOURS_MOST = 256 };
enum { PLAIN = 0, RLE8 = 1, RLE4 = 2, BIT_FIELDS = 3, ALPHA_BIT_FIELDS = 6 };

typedef struct bmp {
    const uint8_t *bytes;
    size_t n;
    uint32_t width, height, bits, compression, header;
    bool top_down;
    uint32_t mask[4]; /* R, G, B, A of 16 and 32 bits */
    uint32_t colours; /* in the palette */
    uint8_t palette[COLOURS_MOST][3];
    bool grey; /* the palette is a ramp: indices, or 0 and 255 */
    size_t pixels; /* where they begin */
} bmp;

static bool begins(const uint8_t *bytes, size_t n) {
    return n >= 2 && bytes[0] == 'B' && bytes[1] == 'M';
}

static gt_status read_sizes(bmp *b) {
    const uint8_t *h = b->bytes + FILE_HEADER;
    if (b->n < FILE_HEADER + CORE_HEADER) return gt_fail(GT_FORMAT, "truncated: %zu bytes", b->n);
    b->pixels = gt_le32(b->bytes + 10);
    b->header = gt_le32(h);
    if (b->header == CORE_HEADER) {
        b->width = gt_le16(h + 4);
        b->height = gt_le16(h + 6);
        b->bits = gt_le16(h + 10);
        return GT_OK;
    }
    if (b->header < INFO_HEADER || b->header > HEADER_MOST) return gt_fail(GT_FORMAT, "damaged: a header of %u bytes", b->header);
    if (b->n < FILE_HEADER + (size_t)b->header) return gt_fail(GT_FORMAT, "truncated: %zu bytes", b->n);
    int64_t height = (int32_t)gt_le32(h + 8);
    b->width = gt_le32(h + 4);
    b->top_down = height < 0;
    b->height = (uint32_t)(height < 0 ? -height : height);
    b->bits = gt_le16(h + 14);
    b->compression = gt_le32(h + 16);
    b->colours = gt_le32(h + 32);
    return GT_OK;
}

static gt_status check_kind(const bmp *b) {
    bool known = b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 16 || b->bits == 24 || b->bits == 32;
    bool fits = b->compression == PLAIN || (b->compression == RLE8 && b->bits == 8) || (b->compression == RLE4 && b->bits == 4) ||
                ((b->compression == BIT_FIELDS || b->compression == ALPHA_BIT_FIELDS) && (b->bits == 16 || b->bits == 32));
    if (!known || !fits)
        return gt_fail(GT_FORMAT, "a BMP of %u bits with compression %u, which is not read", b->bits, b->compression);
    return GT_OK;
}

static gt_status read_masks(bmp *b) {
    static const uint32_t usual16[4] = {0x7c00, 0x03e0, 0x001f, 0}, usual32[4] = {0xff0000, 0xff00, 0xff, 0};
    memcpy(b->mask, b->bits == 16 ? usual16 : usual32, sizeof b->mask);
    if (b->compression == PLAIN) return GT_OK;
    const uint8_t *m = b->bytes + FILE_HEADER + MASKS_AT; /* part of a longer header, or behind a short one */
    bool alpha = b->compression == ALPHA_BIT_FIELDS || b->header >= MASKS_AT + 16;
    if (b->n < FILE_HEADER + MASKS_AT + (alpha ? 16 : 12)) return gt_fail(GT_FORMAT, "truncated: no bit masks");
    for (int c = 0; c < 3 + alpha; c++) b->mask[c] = gt_le32(m + 4 * c);
    for (int c = 0; c < 4; c++) {
        uint32_t low = b->mask[c] & -b->mask[c], run = low ? b->mask[c] / low : 0;
        if ((run & (run + 1)) || (c < 3 && !run)) return gt_fail(GT_FORMAT, "damaged: bit mask %08x", b->mask[c]);
    }
    return GT_OK;
}

static gt_status read_palette(bmp *b) {
    size_t entry = b->header == CORE_HEADER ? 3 : 4, at = FILE_HEADER + (size_t)b->header;
    if (b->colours == 0) b->colours = 1u << b->bits;
    if (b->colours > 1u << b->bits) return gt_fail(GT_FORMAT, "damaged: %u colours for %u bits", b->colours, b->bits);
    if ((b->n - at) / entry < b->colours) return gt_fail(GT_FORMAT, "truncated: no palette");
    b->grey = true;
    for (uint32_t i = 0; i < b->colours; i++) {
        const uint8_t *bgr = b->bytes + at + i * entry;
        uint32_t ramp = b->colours == 2 ? 255 * i : i;
        for (int c = 0; c < 3; c++) {
            b->palette[i][c] = bgr[2 - c];
            b->grey = b->grey && bgr[c] == ramp;
        }
    }
    return GT_OK;
}

static gt_status read_head(bmp *b, const uint8_t *bytes, size_t n) {
    *b = (bmp){.bytes = bytes, .n = n};
    gt_status st = read_sizes(b);
    if (!st) st = check_kind(b);
    if (!st) st = gt_picture_check_size(b->height, b->width, 4, GT_U8, 0);
    if (!st) st = b->bits <= 8 ? read_palette(b) : b->bits == 24 ? GT_OK : read_masks(b);
    return st;
}

/* Rows stand from the bottom up unless the header says otherwise. */
static uint8_t *row_of(const bmp *b, const gt_picture *p, uint32_t y) {
    return (uint8_t *)p->samples + (size_t)(b->top_down ? y : b->height - 1 - y) * b->width * (size_t)p->channels;
}

static gt_status put_index(const bmp *b, const gt_picture *p, uint8_t *pixel, unsigned index) {
    if (index >= b->colours) return gt_fail(GT_FORMAT, "damaged: colour %u of a palette of %u", index, b->colours);
    if (p->channels == 1) pixel[0] = b->grey ? b->palette[index][0] : (uint8_t)index;
    else memcpy(pixel, b->palette[index], 3);
    return GT_OK;
}

static uint8_t field(uint32_t pixel, uint32_t mask) {
    uint32_t low = mask & -mask;
    return mask ? (uint8_t)((uint64_t)((pixel & mask) / low) * 255 / (mask / low)) : 0;
}

/* Of 16 or 32 bits. */
static uint32_t pixel_at(const bmp *b, const uint8_t *row, uint32_t x) {
    return b->bits == 16 ? gt_le16(row + 2 * x) : gt_le32(row + 4 * x);
}

static bool may_have_alpha(const bmp *b) {
    return b->bits > 8 && b->mask[3];
}

static gt_status read_row(const bmp *b, const gt_picture *p, const uint8_t *in, uint8_t *out) {
    gt_status st = GT_OK;
    for (uint32_t x = 0; x < b->width && !st; x++, out += p->channels) {
        if (b->bits <= 8) {
            unsigned per_byte = 8 / b->bits, shift = (per_byte - 1 - x % per_byte) * b->bits;
            st = put_index(b, p, out, in[x / per_byte] >> shift & ((1u << b->bits) - 1));
        } else if (b->bits == 24) {
            for (int c = 0; c < 3; c++) out[c] = in[3 * x + 2 - (unsigned)c];
        } else {
            uint32_t pixel = pixel_at(b, in, x);
            for (int c = 0; c < p->channels; c++) out[c] = field(pixel, b->mask[c]);
        }
    }
    return st;
}

static size_t stride_of(const bmp *b) {
    return ((size_t)b->width * b->bits + 31) / 32 * 4;
}

static gt_status pixels_missing(void) {
    return gt_fail(GT_FORMAT, "truncated: its pixels are not all there");
}

static gt_status read_rows(const bmp *b, const gt_picture *p) {
    size_t stride = stride_of(b);
    if (b->pixels > b->n || (b->n - b->pixels) / stride < b->height) return pixels_missing();
    gt_status st = GT_OK;
    for (uint32_t y = 0; y < b->height && !st; y++) st = read_row(b, p, b->bytes + b->pixels + y * stride, row_of(b, p, y));
    return st;
}

/* Where run lengths have come to, and what they read from. */
typedef struct run {
    const uint8_t *at, *end;
    uint32_t x, y;
} run;

/* `count` pixels; their indices are those of data[0] (twice 4 bits, in turn) or come one after the other. */
static gt_status put_run(const bmp *b, const gt_picture *p, run *r, const uint8_t *data, unsigned count, bool repeat) {
    gt_status st = GT_OK;
    if (r->y >= b->height || count > b->width - r->x) return gt_fail(GT_FORMAT, "damaged: a run leads beyond the picture");
    for (unsigned k = 0; k < count && !st; k++, r->x++) {
        unsigned place = repeat && b->bits == 8 ? 0 : repeat ? k % 2 : k;
        unsigned index = b->bits == 8 ? data[place] : data[place / 2] >> (place % 2 ? 0 : 4) & 15;
        st = put_index(b, p, row_of(b, p, r->y) + (size_t)r->x * (size_t)p->channels, index);
    }
    return st;
}

/* One command; *done at the end of the picture. */
static gt_status run_command(const bmp *b, const gt_picture *p, run *r, bool *done) {
    if (r->end - r->at < 2) return gt_fail(GT_FORMAT, "truncated: its runs do not end");
    unsigned count = r->at[0], what = r->at[1];
    r->at += 2;
    if (count > 0) return put_run(b, p, r, r->at - 1, count, true);
    if (what == 0) {
        r->x = 0;
        r->y++;
    } else if (what == 1) {
        *done = true;
    } else if (what == 2) {
        if (r->end - r->at < 2) return gt_fail(GT_FORMAT, "truncated: its runs do not end");
        r->x += r->at[0];
        r->y += r->at[1];
        r->at += 2;
        if (r->x > b->width || r->y > b->height) return gt_fail(GT_FORMAT, "damaged: a run leads beyond the picture");
    } else {
        size_t bytes = b->bits == 8 ? what : (what + 1) / 2, padded = bytes + bytes % 2;
        if ((size_t)(r->end - r->at) < bytes) return gt_fail(GT_FORMAT, "truncated: its runs do not end");
        gt_status st = put_run(b, p, r, r->at, what, false);
        r->at += padded < (size_t)(r->end - r->at) ? padded : (size_t)(r->end - r->at);
        return st;
    }
    return GT_OK;
}

static gt_status read_runs(const bmp *b, gt_picture *p) {
    if (b->pixels > b->n) return gt_fail(GT_FORMAT, "truncated: its pixels are not there");
    for (size_t i = 0; i < (size_t)b->width * b->height; i++) { /* what no run reaches has colour 0 */
        gt_status st = put_index(b, p, (uint8_t *)p->samples + i * (size_t)p->channels, 0);
        if (st) return st;
    }
    run r = {.at = b->bytes + b->pixels, .end = b->bytes + b->n};
    gt_status st = GT_OK;
    bool done = false;
    while (!st && !done && r.y < b->height) st = run_command(b, p, &r, &done);
    return st;
}

/* Many programs write an alpha channel of nothing but zeros and mean an opaque picture. find_alpha must agree. */
static void drop_empty_alpha(gt_picture *p) {
    uint8_t *s = p->samples;
    size_t pixels = (size_t)p->height * (size_t)p->width;
    for (size_t i = 0; i < pixels; i++)
        if (s[4 * i + 3]) return;
    for (size_t i = 0; i < pixels; i++) memmove(s + 3 * i, s + 4 * i, 3);
    p->channels = 3;
    p->alpha = false;
}

static gt_status decode_with(bmp *b, gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    gt_status st = read_head(b, bytes, n);
    if (st) return st;
    bool alpha = may_have_alpha(b), single = b->grey || (b->bits <= 8 && raw->options.palette_indices);
    st = gt_raw_new(raw, b->height, b->width, single ? 1u : 3u + alpha, GT_U8);
    if (st) return st;
    raw->picture.alpha = alpha;
    st = b->compression == RLE8 || b->compression == RLE4 ? read_runs(b, &raw->picture) : read_rows(b, &raw->picture);
    if (!st && alpha) drop_empty_alpha(&raw->picture);
    return st;
}

static gt_status decode(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    bmp *b = malloc(sizeof *b);
    if (!b) return gt_fail(GT_NOMEM, "out of memory for reading a BMP");
    gt_status st = decode_with(b, raw, bytes, n);
    free(b);
    return st;
}

/* Whether decoding gives an alpha channel. One pixel that is not transparent tells; that none is only the whole file does. */
static gt_status find_alpha(const bmp *b, bool *alpha) {
    size_t stride = stride_of(b), pixel_bytes = b->bits / 8, at = b->pixels;
    *alpha = false;
    if (!may_have_alpha(b)) return GT_OK;
    for (uint32_t y = 0; y < b->height; y++, at += stride)
        for (uint32_t x = 0; x < b->width; x++) {
            if (at > b->n || (b->n - at) / pixel_bytes <= x) return pixels_missing();
            if (!field(pixel_at(b, b->bytes + at, x), b->mask[3])) continue;
            *alpha = true;
            return GT_OK;
        }
    return GT_OK;
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    bmp *b = malloc(sizeof *b);
    bool alpha = false;
    if (!b) return gt_fail(GT_NOMEM, "out of memory for reading a BMP");
    gt_status st = read_head(b, bytes, n);
    if (!st) st = find_alpha(b, &alpha);
    if (!st)
        *out = (gt_picture_info){.height = (int)b->height,
                                 .width = (int)b->width,
                                 .channels = b->grey ? 1 : 3 + alpha,
                                 .bits = b->bits <= 8 ? (int)b->bits : 8,
                                 .alpha = alpha};
    free(b);
    return st;
}

const gt_picture_kind gt_kind_bmp = {.name = "BMP", .begins = begins, .head = head, .decode = decode};
