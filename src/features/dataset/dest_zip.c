/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * The archive is appended to and never changed, so that a run that was ended resumes by cutting it back to its last
 * whole entry; libzip writes an archive only when the archive is closed, and so cannot do this. The records
 * are those of zip_records.h. */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "files/codec/door/zip_records.h"
#include "files/codec/door/sample.h"
#include "data/door/source.h"
#include "features/dataset/tool.h"

enum { LOCAL_BYTES = 30, CENTRAL_BYTES = 46, FLUSH_BYTES = 1 << 20 };

static double zip_bytes(const gt_picture *shape, int64_t images) {
    double line = 1 + (double)shape->width * shape->channels * (double)gt_sample_bytes(shape->type),
           data = shape->height * line;
    double png = data + 5 * ceil(data / 65535) + 6 + 57; /* stored deflate blocks, zlib frame, signature and chunks */
    enum { NAME = 22, LABEL = 40, LEAF = 32 };           /* LABEL: a line of dataset.json, about */
    return (double)images * (png + LOCAL_BYTES + CENTRAL_BYTES + 2 * NAME + LABEL + LEAF) + 1000;
}

static gt_status append_records(gt_dest *d, gt_buffer *b) {
    gt_status st = b->failed ? gt_fail(GT_NOMEM, "out of memory for '%s'", d->part) : gt_part_append(d, b->data, b->n);
    b->n = 0;
    return st;
}

static gt_status put_named(gt_dest *d, const char *name, uint32_t size, uint32_t crc, const void *data) {
    GT_BUFFER gt_buffer b = {0};
    gt_zip_put_local(&b, name, size, crc);
    gt_status st = append_records(d, &b);
    return st ? st : gt_part_append(d, data, size);
}

static gt_status begin_archive(gt_dest *d) {
    uint64_t length = 0;
    char name[GT_ENTRY_NAME_BYTES];
    if (d->comparing) return GT_OK;
    for (size_t i = 0; i < d->n; i++) {
        gt_entry_name(d->entries[i].item, name);
        length += gt_zip_entry_bytes(name, d->entries[i].size);
        gt_entry_mask_name(d->entries[i].item, name);
        if (d->items->info.masks) length += gt_zip_entry_bytes(name, d->entries[i].mask_size);
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

static gt_status read_back(gt_dest *d, const gt_entry *e, uint64_t *at, void *bytes) {
    char name[GT_ENTRY_NAME_BYTES];
    gt_entry_name(e->item, name);
    *at += gt_zip_entry_bytes(name, e->size);
    gt_status st = gt_read_at(d->fd, *at - e->size, bytes, e->size);
    if (st || !e->mask_size) return st;
    gt_entry_mask_name(e->item, name);
    *at += gt_zip_entry_bytes(name, e->mask_size);
    return gt_read_at(d->fd, *at - e->mask_size, (char *)bytes + e->size, e->mask_size);
}

/* What stands behind the images. */
typedef struct behind {
    const char *name;
    gt_buffer bytes;
    bool there;
    uint32_t crc; /* known once it is put */
} behind;

static gt_status put_behind(gt_dest *d, behind *b) {
    if (b->there && b->bytes.n >= GT_ZIP_TOO_LARGE)
        return gt_fail(GT_USAGE, "%s would be larger than 4 GB; choose a destination FILE.h5", b->name);
    if (!b->there) return GT_OK;
    b->crc = gt_crc32(0, b->bytes.data, b->bytes.n);
    return put_named(d, b->name, (uint32_t)b->bytes.n, b->crc, b->bytes.data);
}

static gt_status write_index(gt_dest *d, const behind *rest, int n_rest) {
    GT_BUFFER gt_buffer b = {0};
    uint64_t start = d->offset, offset = 0;
    gt_status st = GT_OK;
    for (size_t i = 0; i < d->n && !st; i++) {
        char name[GT_ENTRY_NAME_BYTES];
        gt_entry_name(d->entries[i].item, name);
        gt_zip_put_central(&b, name, d->entries[i].size, d->entries[i].crc, &offset);
        gt_entry_mask_name(d->entries[i].item, name);
        if (d->entries[i].mask_size)
            gt_zip_put_central(&b, name, d->entries[i].mask_size, d->entries[i].mask_crc, &offset);
        if (b.n > FLUSH_BYTES) st = append_records(d, &b);
    }
    uint64_t entries = d->n * (d->items->info.masks ? 2 : 1);
    for (const behind *r = rest; r < rest + n_rest; r++) {
        if (!r->there) continue;
        gt_zip_put_central(&b, r->name, (uint32_t)r->bytes.n, r->crc, &offset);
        entries++;
    }
    if (!st) st = append_records(d, &b);
    gt_zip_put_end(&b, entries, start, d->offset - start);
    if (!st) st = append_records(d, &b);
    return st;
}

/* An archive that is compared, and that an earlier program made, has no hashes of the samples. */
static bool has_leaves(const gt_dest *d) {
    return !d->comparing || gt_file_begins(d->path, d->offset + LOCAL_BYTES, GT_LEAVES_FILE, strlen(GT_LEAVES_FILE));
}

static gt_status finish_archive(gt_dest *d) {
    behind rest[] = {{.name = GT_LEAVES_FILE, .there = has_leaves(d)}, {.name = GT_NOTES_FILE, .there = true}};
    enum { REST = sizeof rest / sizeof *rest };
    gt_status st = d->comparing ? GT_OK : gt_part_sync(d); /* images are read back */
    if (!st && rest[0].there) st = gt_dest_leaves(d, &rest[0].bytes);
    if (!st) st = gt_dest_json(d, &rest[1].bytes);
    for (int i = 0; i < REST && !st; i++) st = put_behind(d, &rest[i]);
    if (!st) st = write_index(d, rest, REST);
    for (int i = 0; i < REST; i++) gt_buffer_free(&rest[i].bytes);
    if (d->comparing) return st ? st : gt_existing_end(d);
    if (!st) st = gt_part_sync(d);
    return st ? st : gt_part_finish(d, d->part);
}

const gt_dest_kind gt_dest_zip = {.name = "zip",
                                  .suffix = {".zip"},
                                  .check = gt_png_check,
                                  .bytes = zip_bytes,
                                  .encode = gt_png_of_picture,
                                  .begin = begin_archive,
                                  .put = put_entry,
                                  .sync = gt_part_sync,
                                  .read_back = read_back,
                                  .decode = gt_picture_of_png,
                                  .finish = finish_archive};
