/* SPDX-License-Identifier: Apache-2.0
 * Notes of PNG: chunks iTXt. Whatever else a PNG has, some program may show in place of the pixels. So all but what
 * png_write.c writes is told: other chunks, another order, bytes behind a stream or behind the end. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/numbers.h"
#include "files/codec/door/picture.h"
#include "files/codec/notes.h"

enum { SIGNATURE = 8, CHUNK_BYTES = 12, IHDR_BYTES = 13 };

typedef struct chunk {
    const uint8_t *type, *content;
    size_t n;
} chunk;

/* The places of chunks in a file, in their order. */
typedef enum place { IHDR, TEXT, XMP, IDAT, IEND } place;

static bool is(const chunk *c, const char *type) { return !memcmp(c->type, type, 4); }

/* What follows a keyword and its zero byte; NULL: another keyword. */
static const uint8_t *behind(const chunk *c, const char *keyword) {
    size_t n = strlen(keyword) + 1;
    return c->n >= n && !memcmp(c->content, keyword, n) ? c->content + n : NULL;
}

/* Not compressed, without a language, without a translated keyword. */
static gt_status read_text(gt_picture_said *f, const chunk *c, place p) {
    static const uint8_t plain[4] = {0};
    const uint8_t *end = c->content + c->n, *text = behind(c, p == TEXT ? GT_NOTES_KEY : "XML:com.adobe.xmp");
    if ((size_t)(end - text) < sizeof plain || memcmp(text, plain, sizeof plain))
        return notes_beyond(f, "it has more than Gantry writes (a text that is compressed, or has a language)"), GT_OK;
    text += sizeof plain;
    return notes_keep(f, p == TEXT ? &f->text : &f->xmp, text, (size_t)(end - text));
}

/* False: Gantry writes no such chunk. */
static bool place_of(const chunk *c, place *p) {
    bool text = is(c, "iTXt");
    if (is(c, "IHDR")) *p = IHDR;
    else if (text && behind(c, GT_NOTES_KEY)) *p = TEXT;
    else if (text && behind(c, "XML:com.adobe.xmp")) *p = XMP;
    else if (is(c, "IDAT")) *p = IDAT;
    else if (is(c, "IEND") && !c->n) *p = IEND;
    else return false;
    return true;
}

/* Bytes of all lines and of their filters; 0: no such picture is written. */
static size_t raw_bytes(const chunk *c) {
    static const size_t channels[] = {[0] = 1, [2] = 3, [4] = 2, [6] = 4};
    const uint8_t *h = c->content;
    if (c->n != IHDR_BYTES || h[9] > 6 || !channels[h[9]] || (h[8] != 8 && h[8] != 16) || h[10] || h[11] || h[12])
        return 0;
    size_t width = gt_be32(h), height = gt_be32(h + 4);
    if (width > GT_PICTURE_MAX_SIDE || height > GT_PICTURE_MAX_SIDE) return 0;
    size_t line = 1 + width * channels[h[9]] * h[8] / 8;
    return line * height <= (size_t)GT_PICTURE_MAX_BYTES + height ? line * height : 0;
}

/* Are the pixels one stream, with nothing behind it and no further lines? */
static gt_status check_stream(gt_picture_said *f, const gt_buffer *packed, size_t raw) {
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    GT_FREED char *out = malloc(raw + 1);
    size_t used = 0;
    gt_status st = d && out && !packed->failed ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the pixels of a PNG");
    if (!st && libdeflate_zlib_decompress_ex(d, packed->data, packed->n, out, raw, &used, NULL) != LIBDEFLATE_SUCCESS)
        notes_beyond(f, "its pixels are damaged, or have more lines than it says");
    else if (!st && used != packed->n)
        notes_beyond(f, "it has more than Gantry writes (%zu bytes behind its pixels)", packed->n - used);
    libdeflate_free_decompressor(d);
    return st;
}

/* One after the other: texts once, and nothing between the pixels. */
static gt_status read_chunk(gt_picture_said *f, const chunk *c, int *last, gt_buffer *packed) {
    place p;
    if (libdeflate_crc32(0, c->type, 4 + c->n) != gt_be32(c->content + c->n))
        notes_beyond(f, "it is damaged (the checksum of %.4s)", (const char *)c->type);
    if (!place_of(c, &p) || (int)p < *last || ((int)p == *last && p != IDAT) || (*last < 0 && p != IHDR)) {
        notes_beyond(f, "it has more than Gantry writes (a chunk %.4s)", (const char *)c->type);
        return GT_OK;
    }
    *last = p;
    if (p == TEXT || p == XMP) return read_text(f, c, p);
    if (p == IDAT) gt_buffer_add(packed, c->content, c->n);
    return GT_OK;
}

gt_status notes_of_png(gt_picture_said *f, const uint8_t *bytes, size_t n) {
    GT_BUFFER gt_buffer packed = {0};
    int last = -1;
    size_t raw = 0;
    gt_status st = GT_OK;
    bool ended = false;
    f->kind = GT_PICTURE_SAID_PNG;
    for (size_t at = SIGNATURE; !st && !ended && n - at >= CHUNK_BYTES;) {
        chunk c = {bytes + at + 4, bytes + at + 8, gt_be32(bytes + at)};
        if (c.n > n - at - CHUNK_BYTES) break;
        at += CHUNK_BYTES + c.n;
        if (last < 0 && is(&c, "IHDR")) raw = raw_bytes(&c);
        st = read_chunk(f, &c, &last, &packed);
        ended = is(&c, "IEND");
        if (ended && at < n) notes_beyond(f, "it has more than Gantry writes (%zu bytes behind its end)", n - at);
    }
    if (!st && !ended) st = gt_fail(GT_FORMAT, "truncated: %zu bytes", n);
    if (!st && !raw) notes_beyond(f, "Gantry writes no PNG of this form: a palette, bits of a byte, or interlaced");
    if (!st && !*f->beyond) st = check_stream(f, &packed, raw);
    return st;
}
