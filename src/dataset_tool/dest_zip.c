/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * The archive is appended to and never changed, so that a run that was ended goes on by cutting it back to its last
 * whole entry; libzip writes an archive only when the archive is closed, and so cannot do this. What is written is the
 * plain core of the format (PKWARE APPNOTE 6.3: 4.3.7 local header, 4.3.12 central header, 4.3.14-16 end records):
 * stored entries without extra fields, zip64 where a number outgrows its field. No times: equal entries give equal
 * bytes. */
#define _GNU_SOURCE
#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dataset_tool/tool.h"

enum { LOCAL_BYTES = 30, CENTRAL_BYTES = 46, END_BYTES = 22, END64_BYTES = 56, LOCATOR_BYTES = 20, EXTRA_BYTES = 12 };
enum { VERSION = 20, VERSION_ZIP64 = 45, UNIX = 3 << 8, DATE_1980_01_01 = 0x21, FLUSH_BYTES = 1 << 20 };
#define TOO_LARGE 0xffffffffu
#define MODE_0644 (0100644u << 16)

/* Numbers of 2, 4 or 8 bytes each, as the digits of `sizes` say. */
static void put(gt_buffer *b, const char *sizes, const uint64_t *number) {
    for (; *sizes; sizes++, number++) gt_buffer_add(b, &(uint64_t){htole64(*number)}, (size_t)(*sizes - '0'));
}

static uint64_t entry_bytes(const char *name, uint32_t size) { return LOCAL_BYTES + strlen(name) + size; }

static double bytes(const gt_picture *shape, int64_t images) {
    double line = 1 + (double)shape->width * shape->channels * (double)gt_sample_bytes(shape->type),
           data = shape->height * line;
    double png = data + 5 * ceil(data / 65535) + 6 + 57; /* stored deflate blocks, zlib frame, signature and chunks */
    enum { NAME = 22, LABEL = 40 };                      /* LABEL: a line of dataset.json, about */
    return (double)images * (png + LOCAL_BYTES + CENTRAL_BYTES + 2 * NAME + LABEL) + 1000;
}

/* What local and central headers have in common, from the version needed on. */
static void put_common(gt_buffer *b, const char *name, uint32_t size, uint32_t crc, unsigned version, unsigned extra) {
    /* version, flags, stored, time, date, checksum, sizes, length of the name */
    put(b, "2222244422", (uint64_t[]){version, 0, 0, 0, DATE_1980_01_01, crc, size, size, strlen(name), extra});
}

static gt_status append(gt_dest *d, gt_buffer *b) {
    gt_status st = b->failed ? gt_fail(GT_NOMEM, "out of memory for '%s'", d->part) : gt_part_append(d, b->data, b->n);
    b->n = 0;
    return st;
}

static gt_status put_named(gt_dest *d, const char *name, uint32_t size, uint32_t crc, const void *data) {
    gt_buffer b = {0};
    put(&b, "4", (uint64_t[]){0x04034b50});
    put_common(&b, name, size, crc, VERSION, 0);
    gt_buffer_add(&b, name, strlen(name));
    gt_status st = append(d, &b);
    gt_buffer_free(&b);
    return st ? st : gt_part_append(d, data, size);
}

static gt_status begin(gt_dest *d) {
    uint64_t length = 0;
    char name[GT_ENTRY_NAME_BYTES];
    if (d->comparing) return GT_OK;
    for (size_t i = 0; i < d->n; i++) {
        gt_entry_name(d->entries[i].item, name);
        length += entry_bytes(name, d->entries[i].size);
        gt_entry_mask_name(d->entries[i].item, name);
        if (d->items->info.masks) length += entry_bytes(name, d->entries[i].mask_size);
    }
    return gt_part_open(d, length);
}

static gt_status put_entry(gt_dest *d, const gt_entry *e, const void *data) {
    char name[GT_ENTRY_NAME_BYTES];
    gt_entry_name(e->item, name);
    gt_status st = put_named(d, name, e->size, e->crc, data);
    gt_entry_mask_name(e->item, name);
    return st || !e->mask_size ? st : put_named(d, name, e->mask_size, e->mask_crc, (const char *)data + e->size);
}

/* A line of the index for the entry at *offset, which moves on to the next one. */
static void put_central(gt_buffer *b, const char *name, uint32_t size, uint32_t crc, uint64_t *offset) {
    bool far = *offset >= TOO_LARGE;
    unsigned version = far ? VERSION_ZIP64 : VERSION;
    put(b, "42", (uint64_t[]){0x02014b50, UNIX | version});
    put_common(b, name, size, crc, version, far ? EXTRA_BYTES : 0);
    /* comment, disk, kind of contents, attributes */
    put(b, "22244", (uint64_t[]){0, 0, 0, MODE_0644, far ? TOO_LARGE : *offset});
    gt_buffer_add(b, name, strlen(name));
    if (far) put(b, "228", (uint64_t[]){1, EXTRA_BYTES - 4, *offset}); /* 1: zip64 */
    *offset += entry_bytes(name, size);
}

static void put_end(gt_buffer *b, uint64_t entries, uint64_t start, uint64_t length) {
    bool large = entries > 0xffff - 1 || start >= TOO_LARGE || length >= TOO_LARGE;
    if (large) { /* the record of zip64, and where that record is */
        put(b, "48224488884484",
            (uint64_t[]){0x06064b50, END64_BYTES - 12, UNIX | VERSION_ZIP64, VERSION_ZIP64, 0, 0, entries, entries,
                         length, start, 0x07064b50, 0, start + length, 1});
    }
    uint64_t count = large ? 0xffff : entries;
    put(b, "42222442",
        (uint64_t[]){0x06054b50, 0, 0, count, count, large ? TOO_LARGE : length, large ? TOO_LARGE : start, 0});
}

static gt_status write_index(gt_dest *d, const gt_buffer *notes, uint32_t notes_crc) {
    gt_buffer b = {0};
    uint64_t start = d->offset, offset = 0;
    gt_status st = GT_OK;
    for (size_t i = 0; i < d->n && !st; i++) {
        char name[GT_ENTRY_NAME_BYTES];
        gt_entry_name(d->entries[i].item, name);
        put_central(&b, name, d->entries[i].size, d->entries[i].crc, &offset);
        gt_entry_mask_name(d->entries[i].item, name);
        if (d->entries[i].mask_size) put_central(&b, name, d->entries[i].mask_size, d->entries[i].mask_crc, &offset);
        if (b.n > FLUSH_BYTES) st = append(d, &b);
    }
    put_central(&b, "dataset.json", (uint32_t)notes->n, notes_crc, &offset);
    if (!st) st = append(d, &b);
    put_end(&b, d->n * (d->items->info.masks ? 2 : 1) + 1, start, d->offset - start);
    if (!st) st = append(d, &b);
    gt_buffer_free(&b);
    return st;
}

static gt_status finish(gt_dest *d) {
    gt_buffer notes = {0};
    gt_status st = gt_dest_json(d, &notes);
    uint32_t crc = st ? 0 : gt_crc32(0, notes.data, notes.n);
    if (!st && notes.n >= TOO_LARGE)
        st = gt_fail(GT_USAGE, "dataset.json would be larger than 4 GB; take a destination FILE.h5");
    if (!st) st = put_named(d, "dataset.json", (uint32_t)notes.n, crc, notes.data);
    if (!st) st = write_index(d, &notes, crc);
    gt_buffer_free(&notes);
    if (d->comparing) return st ? st : gt_existing_end(d);
    if (!st) st = gt_part_sync(d);
    return st ? st : gt_part_finish(d, d->part);
}

const gt_dest_kind gt_dest_zip = {.name = "zip",
                                  .suffix = {".zip"},
                                  .check = gt_png_check,
                                  .bytes = bytes,
                                  .encode = gt_png_of_picture,
                                  .begin = begin,
                                  .put = put_entry,
                                  .sync = gt_part_sync,
                                  .finish = finish};
