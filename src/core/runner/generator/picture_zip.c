/* SPDX-License-Identifier: Apache-2.0
 * Datasets of generated pictures: see collection.h. */
#include <stdlib.h>

#include "files/codec/door/zip_records.h"
#include "base/door/hash.h"
#include "files/codec/door/picture.h"
#include "data/door/written.h"
#include "files/codec/door/notes.h"
#include "runner/generator/door/collection.h"

enum { LEVEL = 0 /* of PNG: stored, as in datasets, so that training need not unpack */, FLUSH_BYTES = 1 << 20 };

typedef struct entry {
    uint32_t size, crc;
} entry;

struct gt_picture_zip {
    const gt_collection_of *of;
    gt_growing_file *file;
    entry *entries; /* [of->n] */
    int64_t come;
};

static gt_picture picture_of(const gt_collection_of *of) {
    return (gt_picture){
        .height = (int)of->dims[0], .width = (int)of->dims[1], .channels = (int)of->dims[2], .type = of->type};
}

gt_status gt_picture_zip_check(const gt_collection_of *of) {
    const gt_picture p = picture_of(of);
    return gt_png_check(&p);
}

gt_picture_zip *gt_picture_zip_new(const gt_collection_of *of, gt_growing_file *file) {
    gt_picture_zip *z = calloc(1, sizeof *z);
    if (z) *z = (gt_picture_zip){of, file, calloc((size_t)of->n + 1, sizeof *z->entries), 0};
    if (z && z->entries) return z;
    gt_picture_zip_free(z);
    gt_fail(GT_NOMEM, "out of memory for '%s'", of->path);
    return NULL;
}

void gt_picture_zip_free(gt_picture_zip *z) {
    if (z) free(z->entries);
    free(z);
}

static gt_status put_records(gt_picture_zip *z, gt_buffer *b) {
    gt_status st = b->failed ? gt_fail(GT_NOMEM, "out of memory for '%s'", z->of->path)
                             : gt_growing_add(z->file, b->data, b->n);
    b->n = 0;
    return st;
}

static gt_status put_named(gt_picture_zip *z, const char *name, entry e, const void *bytes) {
    GT_BUFFER gt_buffer b = {0};
    gt_zip_put_local(&b, name, e.size, e.crc);
    gt_status st = put_records(z, &b);
    return st ? st : gt_growing_add(z->file, bytes, e.size);
}

static entry entry_of(const void *bytes, size_t n) { return (entry){(uint32_t)n, gt_crc32(0, bytes, n)}; }

gt_status gt_picture_zip_add(gt_picture_zip *z, int64_t n, const char *records) {
    gt_picture p = picture_of(z->of);
    gt_status st = GT_OK;
    for (int64_t i = 0; i < n && !st; i++) {
        char name[GT_ENTRY_NAME_BYTES];
        GT_FREED void *bytes = NULL;
        size_t size;
        p.samples = (void *)(records + (size_t)i * gt_picture_bytes(&p));
        gt_record_notes notes = {0};
        st = z->of->note ? z->of->note(z->of->note_arg, z->come, &notes) : GT_OK;
        if (!st) st = gt_png_encode_noted(&p, LEVEL, &notes.notes, &bytes, &size);
        gt_record_notes_free(&notes);
        if (st) return gt_wrap(st, "'%s'", z->of->path);
        z->entries[z->come] = entry_of(bytes, size);
        gt_entry_name((uint32_t)z->come, name);
        st = put_named(z, name, z->entries[z->come], bytes);
        z->come++;
    }
    return st;
}

static gt_status put_notes(const gt_collection_of *of, gt_buffer *text) {
    gt_buffer_printf(text, "{\"labels\": %s", of->classes ? "[" : "null");
    for (int64_t i = 0; i < of->n && of->classes; i++) {
        char name[GT_ENTRY_NAME_BYTES];
        gt_entry_name((uint32_t)i, name);
        gt_buffer_printf(text, "%s[\"%s\", %d]", i ? ", " : "", name, of->classes[i]);
    }
    if (of->classes) gt_buffer_printf(text, "]");
    if (of->range) gt_dest_json_range(text, of->range);
    if (of->channels) gt_dest_json_text(text, "channels", of->channels);
    gt_status st = of->classes && of->class_names
                       ? gt_dest_json_names(text, "class_names", of->class_name, of->class_names)
                       : GT_OK;
    gt_buffer_printf(text, "}");
    return !st && text->failed ? gt_fail(GT_NOMEM, "out of memory for dataset.json") : st;
}

static gt_status put_index(gt_picture_zip *z, entry notes) {
    GT_BUFFER gt_buffer b = {0};
    uint64_t start = z->file->bytes, offset = 0;
    gt_status st = GT_OK;
    for (int64_t i = 0; i < z->of->n && !st; i++) {
        char name[GT_ENTRY_NAME_BYTES];
        gt_entry_name((uint32_t)i, name);
        gt_zip_put_central(&b, name, z->entries[i].size, z->entries[i].crc, &offset);
        if (b.n > FLUSH_BYTES) st = put_records(z, &b);
    }
    gt_zip_put_central(&b, "dataset.json", notes.size, notes.crc, &offset);
    if (!st) st = put_records(z, &b);
    gt_zip_put_end(&b, (uint64_t)z->of->n + 1, start, z->file->bytes - start);
    if (!st) st = put_records(z, &b);
    return st;
}

gt_status gt_picture_zip_finish(gt_picture_zip *z) {
    GT_BUFFER gt_buffer notes = {0};
    gt_status st = put_notes(z->of, &notes);
    if (!st && notes.n >= GT_ZIP_TOO_LARGE)
        st = gt_fail(GT_USAGE, "dataset.json would be larger than 4 GB; give --out=FILE.h5");
    entry e = st ? (entry){0} : entry_of(notes.data, notes.n);
    if (!st) st = put_named(z, "dataset.json", e, notes.data);
    if (!st) st = put_index(z, e);
    return st;
}
