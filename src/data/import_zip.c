/* SPDX-License-Identifier: Apache-2.0
 * A ZIP of picture files with an optional dataset.json. Entries' names are never used as paths. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/import_source.h"
#include "data/pictures.h"

typedef struct archive {
    gt_zip *zip;
    uint32_t *entry; /* of item i */
    gt_picture_options options;
} archive;

static bool claims(const gt_spec *spec) {
    return spec->is_file && (!strcasecmp(spec->extension, ".zip") || gt_file_begins(spec->text, 0, "PK\3\4", 4));
}

/* The first bytes of an entry, at most `most`; *n of them, malloc'ed. All of it: its CRC is compared. */
static gt_status load(gt_zip *zip, size_t entry, uint64_t most, bool whole, void **bytes, size_t *n) {
    uint64_t size = gt_zip_at(zip, entry)->size;
    *bytes = NULL;
    if (whole && size > most)
        return gt_fail(GT_FORMAT, "%llu bytes; at most %llu are read", (unsigned long long)size, (unsigned long long)most);
    *n = (size_t)(size < most ? size : most);
    if (!(*bytes = malloc(*n + 1))) return gt_fail(GT_NOMEM, "out of memory for %zu bytes", *n);
    gt_status st = size == *n ? gt_zip_read(zip, entry, *bytes) : gt_zip_peek(zip, entry, *bytes, *n);
    if (st) {
        free(*bytes);
        *bytes = NULL;
    }
    return st;
}

/* The archive's own size and time do not count: it may be copied to a local disk each time. */
static gt_hash128 stamp_item(const void *state, int64_t i) {
    const archive *a = state;
    const gt_zip_entry *e = gt_zip_at(a->zip, a->entry[i]);
    uint64_t known[2] = {e->size, e->crc};
    return gt_hash(known, sizeof known);
}

static const char *name_item(const void *state, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    const archive *a = state;
    (void)buffer;
    return gt_zip_at(a->zip, a->entry[i])->name;
}

/* A large entry is unpacked only if it begins like a picture: it may be made to be unpacked for ever. */
static gt_status check_begin(const archive *a, int64_t i) {
    uint8_t begin[64];
    if (gt_zip_at(a->zip, a->entry[i])->size <= GT_PICTURE_HEAD_BYTES) return GT_OK;
    gt_status st = gt_zip_peek(a->zip, a->entry[i], begin, sizeof begin);
    return st ? st : gt_picture_recognise(begin, sizeof begin);
}

static gt_status read_item(void *state, int64_t i, gt_picture *out) {
    archive *a = state;
    void *bytes;
    size_t n;
    gt_status st = gt_source_check_name(name_item(a, i, NULL));
    if (!st) st = check_begin(a, i);
    if (!st) st = load(a->zip, a->entry[i], GT_FILE_MOST, true, &bytes, &n);
    if (st) return st;
    st = gt_picture_decode(out, bytes, n, &a->options);
    free(bytes);
    return st;
}

static gt_status head_item(void *state, int64_t i, gt_picture_info *out) {
    archive *a = state;
    void *bytes;
    size_t n;
    gt_status st = gt_source_check_name(name_item(a, i, NULL));
    if (!st) st = load(a->zip, a->entry[i], GT_PICTURE_HEAD_BYTES, false, &bytes, &n);
    if (st) return st;
    st = gt_picture_head(out, bytes, n);
    free(bytes);
    if (!st || n < GT_PICTURE_HEAD_BYTES || check_begin(a, i)) return st;
    st = load(a->zip, a->entry[i], GT_FILE_MOST, true, &bytes, &n); /* there is more of it */
    if (!st) st = gt_picture_head(out, bytes, n);
    free(bytes);
    return st;
}

static void close_archive(void *state) {
    archive *a = state;
    gt_zip_close(a->zip);
    free(a->entry);
    free(a);
}

static gt_status read_json(gt_reader *s, archive *a, bool labels) {
    size_t entry, n;
    void *text;
    if (!gt_zip_find(a->zip, GT_NOTES_FILE, &entry)) return GT_OK;
    gt_status st = load(a->zip, entry, GT_NOTES_MOST, true, &text, &n);
    if (!st) {
        st = gt_source_json(s, text, n, labels);
        free(text);
    }
    return st ? gt_wrap(st, "'%s'", GT_NOTES_FILE) : GT_OK;
}

static gt_status open_zip(gt_reader *s, const char *spec, const gt_source_options *options) {
    archive *a = calloc(1, sizeof *a);
    if (!a) return gt_fail(GT_NOMEM, "out of memory");
    *s = (gt_reader){.state = a, .read = read_item, .head = head_item, .stamp = stamp_item, .name = name_item, .close = close_archive};
    a->options = options->picture;
    gt_status st = gt_zip_open(&a->zip, spec);
    if (st) return st;
    size_t entries = gt_zip_count(a->zip);
    if (entries > UINT32_MAX) return gt_fail(GT_FORMAT, "%zu entries; at most %u are read", entries, UINT32_MAX);
    if (!(a->entry = malloc((entries + 1) * sizeof *a->entry))) return gt_fail(GT_NOMEM, "out of memory for a list of %zu pictures", entries);
    for (size_t i = 0; i < entries; i++)
        if (gt_picture_is_name(gt_zip_at(a->zip, i)->name)) a->entry[s->count++] = (uint32_t)i;
    return read_json(s, a, options->labels == GT_SOURCE_LABELS_OWN && !options->labels_csv);
}

const gt_reader_kind gt_reader_zip = {.name = "zip", .claims = claims, .open = open_zip};
