/* SPDX-License-Identifier: Apache-2.0
 * ZIP of picture files with an optional dataset.json: the interchange format of the field. Entries' names are never
 * used as paths. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/door/file.h"
#include "data/members.h"
#include "files/codec/door/codec.h"

typedef struct archive {
    gt_zip *zip;
    gt_members members; /* by their places for gt_zip_at */
} archive;

static bool claims_zip(const gt_spec *spec) {
    return spec->is_file && (!strcasecmp(spec->extension, ".zip") || gt_file_begins(spec->text, 0, "PK\3\4", 4));
}

static const gt_zip_entry *entry_of(const archive *a, int64_t i) { return gt_zip_at(a->zip, a->members.place[i]); }

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
    gt_status st = gt_zip_peek(a->zip, a->members.place[i], begin, sizeof begin);
    return st ? st : gt_picture_recognise(begin, sizeof begin);
}

static gt_status load_item(const gt_source *s, int64_t i, size_t most, bool whole, void **bytes, size_t *n) {
    const archive *a = s->state;
    *bytes = NULL;
    gt_status st = whole && entry_of(a, i)->size > GT_PICTURE_HEAD_BYTES ? check_begin(a, i) : GT_OK;
    return st ? st : load_entry(a->zip, a->members.place[i], most, whole, bytes, n);
}

/* The entry of the mask of item i; NULL: there is none. */
static const gt_zip_entry *mask_of(const gt_source *s, int64_t i) {
    const archive *a = s->state;
    uint32_t mask = a->members.mask ? a->members.mask[i] : GT_NO_MEMBER;
    return mask == GT_NO_MEMBER ? NULL : gt_zip_at(a->zip, mask);
}

static gt_status read_mask(const gt_source *s, int64_t i, gt_picture *out) {
    const archive *a = s->state;
    size_t n = 0;
    GT_FREED void *bytes = NULL;
    if (!mask_of(s, i)) return gt_fail(GT_FORMAT, "is missing");
    gt_status st = load_entry(a->zip, a->members.mask[i], GT_FILE_MAX, true, &bytes, &n);
    return st ? st : gt_mask_decode(bytes, n, out);
}

/* The archive's own size and time do not count: it may be copied to a local disk each time. */
static gt_hash128 stamp_item(const gt_source *s, int64_t i) {
    const gt_zip_entry *e = entry_of(s->state, i), *mask = mask_of(s, i);
    uint64_t known[4] = {e->size, e->crc, mask ? mask->size : 0, mask ? mask->crc : 0};
    return gt_hash(known, (mask ? 4 : 2) * sizeof *known);
}

static gt_status zip_fingerprint(const gt_source *s, gt_hasher *h, int64_t most) {
    (void)most;
    for (int64_t i = 0; i < s->count; i++) {
        const gt_zip_entry *e = entry_of(s->state, i), *mask = mask_of(s, i);
        uint64_t mark[4] = {htole64(e->crc), htole64(e->size), mask ? htole64(mask->crc) : 0,
                            mask ? htole64(mask->size) : 0};
        gt_hasher_add(h, mark, (mask ? 4 : 2) * sizeof *mark);
    }
    return GT_OK;
}

static void close_archive(void *state) {
    archive *a = state;
    gt_zip_close(a->zip);
    gt_members_free(&a->members);
}

static gt_status read_json(gt_source *s, const archive *a, const gt_source_options *options) {
    size_t n = 0;
    GT_FREED void *text = NULL;
    if (a->members.notes == GT_NO_MEMBER)
        return gt_own_labels(options) ? gt_sift_say_table(&a->members.sift, s, true) : GT_OK;
    gt_status st = load_entry(a->zip, a->members.notes, GT_NOTES_MAX, true, &text, &n);
    if (!st) st = gt_labels_of_json(s, text, n, options);
    return st ? gt_wrap(st, "'%s'", GT_NOTES_FILE) : GT_OK;
}

static gt_status read_leaves(const gt_source *s, size_t most, void **bytes, size_t *n) {
    const archive *a = s->state;
    return load_entry(a->zip, a->members.leaves, most, true, bytes, n);
}

static gt_status peek_entry(void *zip, uint32_t place, void *head, size_t *n) {
    uint64_t size = gt_zip_at(zip, place)->size;
    *n = size < GT_SIFT_HEAD ? (size_t)size : GT_SIFT_HEAD;
    return gt_zip_peek(zip, place, head, *n);
}

/* In the order of the names as the archive has them, whatever they are in UTF-8. */
static gt_status list_members(gt_zip *zip, gt_members *m) {
    size_t entries = gt_zip_count(zip);
    gt_status st = GT_OK;
    if (entries >= GT_NO_MEMBER)
        return gt_fail(GT_FORMAT, "%zu entries; fewer than %u are read", entries, GT_NO_MEMBER);
    for (size_t i = 0; i < entries && !st; i++) {
        bool taken;
        const char *name = gt_zip_name(zip, i);
        st = gt_members_add(m, name, strcmp(name, gt_zip_at(zip, i)->name) != 0, (uint32_t)i, &taken);
    }
    return gt_members_end(m, st);
}

static gt_status open_zip(gt_source *s, const gt_source_options *options) {
    archive *a = s->state;
    gt_source_of_pictures(s, load_item);
    s->item_stamp = stamp_item;
    s->fingerprint = zip_fingerprint;
    gt_status st = gt_zip_open(&a->zip, s->path);
    if (st) return st;
    a->members = (gt_members){.source = s,
                              .encoding = "cp437, as ZIP's standard says",
                              .peek = peek_entry,
                              .arg = a->zip,
                              .notes = GT_NO_MEMBER,
                              .leaves = GT_NO_MEMBER};
    st = list_members(a->zip, &a->members);
    if (a->members.mask) s->mask = read_mask;
    if (a->members.leaves != GT_NO_MEMBER) s->leaves = read_leaves;
    return st ? st : read_json(s, a, options);
}

const gt_source_kind gt_source_zip = {.name = "zip",
                                      .looks = "FILE.zip",
                                      .has_folders = true,
                                      .claims = claims_zip,
                                      .state_bytes = sizeof(archive),
                                      .close = close_archive,
                                      .open = open_zip};
