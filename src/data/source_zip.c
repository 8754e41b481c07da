/* SPDX-License-Identifier: Apache-2.0
 * ZIP of picture files with an optional dataset.json: the interchange format of the field. Entries' names are never
 * used as paths. */
#include <endian.h>
#include <stdlib.h>
#include <strings.h>

#include "base/file.h"
#include "data/source.h"
#include "gantry/codec.h"

typedef struct archive {
    gt_zip *zip;
    uint32_t *entry; /* of item i */
} archive;

static bool claims_zip(const gt_spec *spec) {
    return spec->is_file && (!strcasecmp(spec->extension, ".zip") || gt_file_begins(spec->text, 0, "PK\3\4", 4));
}

static const gt_zip_entry *entry_of(const archive *a, int64_t i) { return gt_zip_at(a->zip, a->entry[i]); }

/* The first bytes of an entry, at most `most`. All of it: its CRC is compared, unless it was to be a short look. */
static gt_status load_entry(gt_zip *zip, size_t entry, size_t most, bool whole, void **bytes, size_t *n) {
    uint64_t size = gt_zip_at(zip, entry)->size;
    gt_status st = gt_load_room(size, most, whole, bytes, n);
    if (st) return st;
    return size == *n && most >= GT_PICTURE_HEAD_BYTES ? gt_zip_read(zip, entry, *bytes)
                                                       : gt_zip_peek(zip, entry, *bytes, *n);
}

/* A large entry is unpacked only if it begins like a picture: it may be made to be unpacked for ever. */
static gt_status check_begin(const archive *a, int64_t i) {
    uint8_t begin[64];
    gt_status st = gt_zip_peek(a->zip, a->entry[i], begin, sizeof begin);
    return st ? st : gt_picture_recognise(begin, sizeof begin);
}

static gt_status load_item(const gt_source *s, int64_t i, size_t most, bool whole, void **bytes, size_t *n) {
    const archive *a = s->state;
    *bytes = NULL;
    gt_status st = whole && entry_of(a, i)->size > GT_PICTURE_HEAD_BYTES ? check_begin(a, i) : GT_OK;
    return st ? st : load_entry(a->zip, a->entry[i], most, whole, bytes, n);
}

/* The entry of the mask of item i; NULL: there are no masks. *place: see gt_zip_find. */
static const gt_zip_entry *mask_of(const gt_source *s, int64_t i, size_t *place) {
    const archive *a = s->state;
    char buffer[GT_ITEM_NAME_BYTES];
    return s->mask ? gt_zip_find(a->zip, gt_mask_name(entry_of(a, i)->name, buffer), place) : NULL;
}

static gt_status read_mask(const gt_source *s, int64_t i, gt_picture *out) {
    const archive *a = s->state;
    size_t entry, n = 0;
    void *bytes = NULL;
    if (!mask_of(s, i, &entry)) return gt_fail(GT_FORMAT, "is missing");
    gt_status st = load_entry(a->zip, entry, GT_FILE_MAX, true, &bytes, &n);
    if (!st) st = gt_mask_decode(bytes, n, out);
    free(bytes);
    return st;
}

/* The archive's own size and time do not count: it may be copied to a local disk each time. */
static gt_hash128 stamp_item(const gt_source *s, int64_t i) {
    const gt_zip_entry *e = entry_of(s->state, i), *mask = mask_of(s, i, NULL);
    uint64_t known[4] = {e->size, e->crc, mask ? mask->size : 0, mask ? mask->crc : 0};
    return gt_hash(known, (mask ? 4 : 2) * sizeof *known);
}

static const char *name_item(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    (void)buffer;
    return entry_of(s->state, i)->name;
}

static gt_status zip_fingerprint(const gt_source *s, gt_hasher *h, int64_t most) {
    (void)most;
    for (int64_t i = 0; i < s->count; i++) {
        const gt_zip_entry *e = entry_of(s->state, i), *mask = mask_of(s, i, NULL);
        uint64_t mark[4] = {htole64(e->crc), htole64(e->size), mask ? htole64(mask->crc) : 0,
                            mask ? htole64(mask->size) : 0};
        gt_hasher_add(h, mark, (mask ? 4 : 2) * sizeof *mark);
    }
    return GT_OK;
}

static void close_archive(void *state) {
    archive *a = state;
    gt_zip_close(a->zip);
    free(a->entry);
}

static gt_status read_json(gt_source *s, gt_zip *zip, const gt_source_options *options) {
    size_t entry, n = 0;
    void *text;
    if (!gt_zip_find(zip, GT_NOTES_FILE, &entry)) return GT_OK;
    gt_status st = load_entry(zip, entry, GT_NOTES_MAX, true, &text, &n);
    if (!st) st = gt_labels_of_json(s, text, n, options);
    free(text);
    return st ? gt_wrap(st, "'%s'", GT_NOTES_FILE) : GT_OK;
}

static const char *picture_name(const gt_source *s, int64_t i, void *arg) {
    (void)arg;
    return entry_of(s->state, i)->name;
}

static bool find_entry(const gt_source *s, const char *name, void *arg) {
    (void)arg;
    return gt_zip_find(((const archive *)s->state)->zip, name, NULL) != NULL;
}

/* Masks are not pictures. */
static gt_status take_masks(gt_source *s) {
    archive *a = s->state;
    bool masks;
    int64_t kept = 0;
    gt_status st = gt_masks_sort_out(s, s->count, picture_name, find_entry, NULL, &masks);
    if (st || !masks) return st;
    for (int64_t i = 0; i < s->count; i++)
        if (!gt_mask_is_name(entry_of(a, i)->name)) a->entry[kept++] = a->entry[i];
    s->count = kept;
    s->mask = read_mask;
    return GT_OK;
}

static gt_status open_zip(gt_source *s, const gt_source_options *options) {
    archive *a = s->state;
    s->load = load_item;
    s->name = name_item;
    s->item_stamp = stamp_item;
    s->fingerprint = zip_fingerprint;
    gt_status st = gt_zip_open(&a->zip, s->spec);
    if (st) return st;
    size_t entries = gt_zip_count(a->zip);
    if (entries > UINT32_MAX) return gt_fail(GT_FORMAT, "%zu entries; at most %u are read", entries, UINT32_MAX);
    if (!(a->entry = malloc((entries + 1) * sizeof *a->entry)))
        return gt_fail(GT_NOMEM, "out of memory for a list of %zu pictures", entries);
    for (size_t i = 0; i < entries; i++)
        if (gt_picture_is_name(gt_zip_at(a->zip, i)->name)) a->entry[s->count++] = (uint32_t)i;
    st = take_masks(s);
    return st ? st : read_json(s, a->zip, options);
}

const gt_source_kind gt_source_zip = {.name = "zip",
                                      .looks = "FILE.zip",
                                      .claims = claims_zip,
                                      .state_bytes = sizeof(archive),
                                      .close = close_archive,
                                      .open = open_zip};
