/* SPDX-License-Identifier: Apache-2.0
 * Notes of TIFF 6.0: XMP in tag 700 (XMP specification, part 3). This program writes no TIFF. One of others is plain if
 * its only directory has no tags but those of its pixels, with values that leave one way to show them, and the XMP. */
#include <string.h>

#include "base/door/numbers.h"
#include "files/codec/notes.h"

enum {
    HEAD = 8,
    ENTRY = 12,
    BYTE = 1,
    SHORT = 3,
    LONG = 4,
    UNDEFINED = 7,
    BITS = 258,
    STRIPS = 273,
    STRIP_BYTES = 279,
    FORMATS = 339,
    XMP = 700,
    STORED = 1,
    ANY = UINT16_MAX
};

/* Tags of one number, and the values that it may have. */
enum { WIDTH, HEIGHT, PACKING, COLOURS, SAMPLES, STRIP_ROWS, ONE_NUMBER = 10 };
static const struct {
    uint16_t tag, is[2];
} numbers[ONE_NUMBER] = {[WIDTH] = {256, {ANY}},
                         [HEIGHT] = {257, {ANY}},
                         [PACKING] = {259, {STORED, 8}},
                         [COLOURS] = {262, {1, 2}},
                         [SAMPLES] = {277, {1, 3}},
                         [STRIP_ROWS] = {278, {ANY}},
                         {254, {0, 0}},
                         {266, {1, 1}},
                         {274, {1, 1}},
                         {284, {1, 1}}};

typedef struct tiff {
    gt_picture_said *f;
    const uint8_t *bytes;
    size_t n;
    bool big;
    uint32_t value[ONE_NUMBER], depth, bits, strips, strip_bytes; /* of the last three how many numbers */
    const uint8_t *lengths;                                       /* of the strips */
    bool short_lengths;
} tiff;

static uint32_t u16(const tiff *t, const uint8_t *p) { return t->big ? gt_be16(p) : gt_le16(p); }
static uint32_t u32(const tiff *t, const uint8_t *p) { return t->big ? gt_be32(p) : gt_le32(p); }

static bool is_plain_number(tiff *t, uint32_t tag, uint32_t value) {
    int i = 0;
    while (i < ONE_NUMBER && numbers[i].tag != tag) i++;
    if (i == ONE_NUMBER) return false;
    t->value[i] = value;
    return numbers[i].is[0] == ANY || value == numbers[i].is[0] || value == numbers[i].is[1];
}

/* The same of all samples. */
static bool is_plain_list(tiff *t, uint32_t tag, const uint8_t *value, uint32_t count) {
    uint32_t first = u16(t, value);
    for (uint32_t i = 1; i < count; i++)
        if (u16(t, value + 2 * i) != first) return false;
    if (tag == BITS) t->bits = count, t->depth = first;
    return tag == BITS ? first == 8 || first == 16 : first == 1;
}

/* An entry whose value lies in the file. */
static gt_status read_entry(tiff *t, uint32_t tag, uint32_t type, uint32_t count, const uint8_t *value) {
    bool whole = type == SHORT || type == LONG, plain = false;
    if (tag == XMP && (type == BYTE || type == UNDEFINED)) return notes_keep(t->f, &t->f->xmp, value, count);
    if (whole && tag == STRIPS) plain = (t->strips = count) > 0;
    else if (whole && tag == STRIP_BYTES)
        plain = (t->strip_bytes = count) > 0, t->lengths = value, t->short_lengths = type == SHORT;
    else if (type == SHORT && (tag == BITS || tag == FORMATS)) plain = is_plain_list(t, tag, value, count);
    else if (whole && count == 1) plain = is_plain_number(t, tag, type == SHORT ? u16(t, value) : u32(t, value));
    if (!plain) notes_beyond(t->f, "it has more than plain pixels and a record (tag %u)", tag);
    return GT_OK;
}

/* Tags rise, so that none is there twice. */
static gt_status read_directory(tiff *t, size_t at) {
    static const uint8_t bytes_of[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    uint32_t n = u16(t, t->bytes + at), before = 0;
    gt_status st = GT_OK;
    if (n > (t->n - at - 2) / ENTRY || t->n - at - 2 - n * ENTRY < 4)
        return gt_fail(GT_FORMAT, "truncated: a directory of %u entries ends behind the file", n);
    const uint8_t *p = t->bytes + at + 2;
    for (uint32_t i = 0; i < n && !st; i++, p += ENTRY) {
        uint32_t tag = u16(t, p), type = u16(t, p + 2), count = u32(t, p + 4), place = u32(t, p + 8);
        uint64_t size = type < sizeof bytes_of ? (uint64_t)bytes_of[type] * count : 0;
        if (!size || (size > 4 && (place > t->n || size > t->n - place)))
            return gt_fail(GT_FORMAT, "damaged: tag %u is of no type, or lies behind the end of the file", tag);
        if (tag <= before) notes_beyond(t->f, "its tags are not in their order");
        before = tag;
        st = read_entry(t, tag, type, count, size > 4 ? t->bytes + place : p + 8);
    }
    if (!st && u32(t, p)) notes_beyond(t->f, "it has a second page");
    return st;
}

/* Strips that are not packed have the bytes of their rows: with another number programs differ in what they show. */
static bool has_whole_strips(const tiff *t, uint64_t rows) {
    uint64_t height = t->value[HEIGHT], line = (uint64_t)t->value[WIDTH] * t->value[SAMPLES] * (t->depth / 8);
    bool stored = !t->value[PACKING] || t->value[PACKING] == STORED; /* 0: has no such tag (TIFF 6.0, page 30) */
    for (uint64_t i = 0; i < t->strips && stored; i++) {
        uint64_t n = t->short_lengths ? u16(t, t->lengths + 2 * i) : u32(t, t->lengths + 4 * i),
                 these = rows < height - rows * i ? rows : height - rows * i;
        if (n != these * line) return false;
    }
    return true;
}

gt_status notes_of_tiff(gt_picture_said *f, const uint8_t *bytes, size_t n) {
    f->kind = GT_PICTURE_SAID_TIFF;
    tiff t = {.f = f, .bytes = bytes, .n = n, .big = *bytes == 'M', .value = {[SAMPLES] = 1 /* without such a tag */}};
    size_t at = n >= HEAD ? u32(&t, bytes + 4) : 0;
    if (at < HEAD || at > n - 2) return gt_fail(GT_FORMAT, "truncated: its directory is not in the file");
    gt_status st = read_directory(&t, at);
    uint64_t height = t.value[HEIGHT], rows = gt_smallest(t.value[STRIP_ROWS], t.value[HEIGHT]);
    if (st) return st;
    if (!rows || t.strips != (height + rows - 1) / rows || t.strips != t.strip_bytes || !has_whole_strips(&t, rows))
        notes_beyond(f, "its pixels are not in strips, one below the other");
    if (t.bits != t.value[SAMPLES] || t.value[SAMPLES] != 2 * t.value[COLOURS] - 1) /* 1: grey; 2: three colours */
        notes_beyond(f, "its pixels are neither grey nor RGB");
    return GT_OK;
}
