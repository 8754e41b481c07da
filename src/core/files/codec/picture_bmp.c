/* SPDX-License-Identifier: Apache-2.0
 * Plain BMP: Windows headers, 1, 4 and 8 bits with a palette, 24 and 32 bits. Debian has no library for BMP alone;
 * those that read BMP beside other kinds (SDL, gdk-pixbuf, imlib2) bring more with them than these lines. */

#include "base/door/numbers.h"
#include "files/codec/door/raw_picture.h"

enum { FILE_HEADER = 14, INFO_HEADER = 40, HEADER_MOST = 124, COLOUR_BYTES = 4 };

typedef struct bmp {
    const uint8_t *bytes;
    size_t n, pixels; /* pixels: where the pixels begin */
    uint32_t width, height, bits;
    bool top_down;
    uint32_t colours;       /* in the palette */
    const uint8_t *palette; /* [colours] blue, green, red and a byte without meaning */
    bool grey;              /* the palette is a ramp: indices, or 0 and 255 */
} bmp;

static gt_status read_palette(bmp *b, size_t at) {
    if (b->colours == 0) b->colours = 1u << b->bits;
    if (b->colours > 1u << b->bits) return gt_fail(GT_FORMAT, "damaged: %u colours for %u bits", b->colours, b->bits);
    if ((b->n - at) / COLOUR_BYTES < b->colours) return gt_fail(GT_FORMAT, "truncated: no palette");
    b->palette = b->bytes + at;
    b->grey = true;
    for (uint32_t i = 0; i < b->colours; i++)
        for (int c = 0; c < 3; c++)
            b->grey = b->grey && b->palette[COLOUR_BYTES * i + (unsigned)c] == (b->colours == 2 ? 255 * i : i);
    return GT_OK;
}

static gt_status read_head(bmp *b, const uint8_t *bytes, size_t n) {
    *b = (bmp){.bytes = bytes, .n = n};
    const uint8_t *h = bytes + FILE_HEADER;
    if (n < FILE_HEADER + 4) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    uint32_t header = gt_le32(h);
    if (header < INFO_HEADER || header > HEADER_MOST)
        return gt_fail(GT_FORMAT, "a BMP with a header of %u bytes, which Gantry does not read; convert it to PNG",
                       header);
    if (n < FILE_HEADER + (size_t)header) return gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    int64_t height = (int32_t)gt_le32(h + 8);
    uint32_t compression = gt_le32(h + 16);
    b->pixels = gt_le32(bytes + 10);
    b->width = gt_le32(h + 4);
    b->top_down = height < 0;
    b->height = (uint32_t)(height < 0 ? -height : height);
    b->bits = gt_le16(h + 14);
    b->colours = gt_le32(h + 32);
    if (compression || (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 24 && b->bits != 32))
        return gt_fail(GT_FORMAT, "a BMP of %u bits with compression %u, which Gantry does not read; convert it to PNG",
                       b->bits, compression);
    return b->bits > 8 ? GT_OK : read_palette(b, FILE_HEADER + (size_t)header);
}

/* A row from blue, green and red, or indices, to `out`. */
static gt_status read_row(const bmp *b, const uint8_t *in, uint8_t *out) {
    unsigned per_byte = b->bits <= 8 ? 8 / b->bits : 1;
    for (uint32_t x = 0; x < b->width; x++) {
        const uint8_t *bgr = in + (size_t)x * b->bits / 8;
        if (b->palette) {
            unsigned shift = (per_byte - 1 - x % per_byte) * b->bits;
            unsigned index = *bgr >> shift & ((1u << b->bits) - 1);
            if (index >= b->colours)
                return gt_fail(GT_FORMAT, "damaged: colour %u of a palette of %u", index, b->colours);
            bgr = b->palette + COLOUR_BYTES * index;
        }
        if (b->grey) *out++ = *bgr;
        else *out++ = bgr[2], *out++ = bgr[1], *out++ = bgr[0];
    }
    return GT_OK;
}

static gt_status decode_bmp(gt_raw_picture *raw, const uint8_t *bytes, size_t n) {
    bmp b;
    gt_status st = read_head(&b, bytes, n);
    if (!st) st = gt_raw_new(raw, b.height, b.width, b.grey ? 1 : 3, GT_U8);
    if (st) return st;
    size_t stride = ((size_t)b.width * b.bits + 31) / 32 * 4, line = b.width * (size_t)raw->picture.channels;
    if (b.pixels > n || (n - b.pixels) / stride < b.height) return gt_fail(GT_FORMAT, "truncated: pixels are missing");
    for (uint32_t y = 0; y < b.height && !st; y++) {
        /* rows stand from the bottom up unless the header says otherwise */
        uint32_t row = b.top_down ? y : b.height - 1 - y;
        st = read_row(&b, bytes + b.pixels + y * stride, (uint8_t *)raw->picture.samples + row * line);
    }
    return st;
}

static gt_status head(gt_picture_info *out, const uint8_t *bytes, size_t n) {
    bmp b;
    gt_status st = read_head(&b, bytes, n);
    return st ? st : gt_head_fill(out, b.height, b.width, b.grey ? 1 : 3, GT_U8, b.bits <= 8 ? (int)b.bits : 8);
}

const gt_picture_kind gt_kind_bmp = {.head = head, .decode = decode_bmp};
