/* SPDX-License-Identifier: Apache-2.0
 * ZIP of pictures with an optional dataset.json: the interchange format of the field. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/pictures.h"

typedef struct archive {
    gt_zip *zip;
    size_t *entry; /* of picture i */
    char *path;
    gt_pictures pictures;
} archive;

static bool claims(const gt_spec *spec) {
    return spec->is_file && (!strcasecmp(spec->extension, ".zip") || gt_file_begins(spec->text, 0, "PK\3\4", 4));
}

static void close_archive(void *state) {
    archive *a = state;
    gt_zip_close(a->zip);
    free(a->entry);
    free(a->pictures.names);
    free(a->path);
    free(a);
}

static gt_status peek(void *state, int64_t i, void *head, size_t most, size_t *n) {
    archive *a = state;
    uint64_t size = gt_zip_at(a->zip, a->entry[i])->size;
    *n = size < most ? (size_t)size : most;
    return gt_zip_peek(a->zip, a->entry[i], head, *n);
}

/* All of an entry, with a zero byte behind it. */
static gt_status load_entry(gt_zip *zip, size_t entry, uint64_t most, void **bytes, size_t *n) {
    uint64_t size = gt_zip_at(zip, entry)->size;
    if (size > most)
        return gt_fail(GT_FORMAT, "%llu bytes; at most %llu are read", (unsigned long long)size,
                       (unsigned long long)most);
    char *buffer = malloc(size + 1);
    if (!buffer) return gt_fail(GT_NOMEM, "out of memory for %llu bytes", (unsigned long long)size);
    gt_status st = gt_zip_read(zip, entry, buffer);
    if (st) {
        free(buffer);
        return st;
    }
    buffer[size] = 0;
    *bytes = buffer;
    *n = size;
    return GT_OK;
}

static gt_status load(void *state, int64_t i, void **bytes, size_t *n) {
    archive *a = state;
    return load_entry(a->zip, a->entry[i], GT_PICTURE_MAX_BYTES, bytes, n);
}

static gt_status read_picture(void *state, int64_t i, void *samples) {
    return gt_pictures_read(&((archive *)state)->pictures, i, samples);
}

static gt_status fingerprint(void *state, gt_hasher *h, int64_t most) {
    (void)most;
    archive *a = state;
    for (int64_t i = 0; i < a->pictures.count; i++) {
        const gt_zip_entry *e = gt_zip_at(a->zip, a->entry[i]);
        uint64_t mark[2] = {htole64(e->crc), htole64(e->size)};
        gt_hasher_add(h, mark, sizeof mark);
    }
    return GT_OK;
}

static gt_status list_pictures(archive *a) {
    size_t entries = gt_zip_count(a->zip);
    a->entry = malloc((entries + 1) * sizeof *a->entry);
    a->pictures.names = malloc((entries + 1) * sizeof *a->pictures.names);
    if (!a->entry || !a->pictures.names) return gt_fail(GT_NOMEM, "out of memory for a list of %zu pictures", entries);
    for (size_t i = 0; i < entries; i++) {
        bool accepted;
        const char *name = gt_zip_at(a->zip, i)->name;
        gt_status st = gt_pictures_accept(name, &accepted);
        if (st) return gt_wrap(st, "'%s'", a->path);
        if (!accepted) continue;
        a->entry[a->pictures.count] = i;
        a->pictures.names[a->pictures.count++] = name;
    }
    return GT_OK;
}

static gt_status read_notes(archive *a, gt_notes *notes) {
    size_t entry, n = 0;
    void *text = NULL;
    if (!gt_zip_find(a->zip, GT_NOTES_FILE, &entry)) return GT_OK;
    gt_status st = load_entry(a->zip, entry, GT_NOTES_MOST, &text, &n);
    if (!st) {
        st = gt_notes_parse(notes, text, n, a->pictures.names, a->pictures.count);
        free(text);
    }
    return st ? gt_wrap(st, "'%s': '%s'", a->path, GT_NOTES_FILE) : GT_OK;
}

static gt_status open_zip(gt_stored *s, const char *spec) {
    archive *a = calloc(1, sizeof *a);
    if (!a) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    s->state = a;
    s->close = close_archive;
    s->read = read_picture;
    s->fingerprint = fingerprint;
    a->path = strdup(spec);
    if (!a->path) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    a->pictures = (gt_pictures){.path = a->path, .peek = peek, .load = load, .state = a};
    gt_status st = gt_zip_open(&a->zip, spec);
    if (!st) st = list_pictures(a);
    if (!st) st = gt_pictures_survey(&a->pictures, s);
    if (!st) st = read_notes(a, &s->notes);
    return st ? st : gt_pictures_name_channels(&a->pictures, &s->notes);
}

const gt_stored_kind gt_stored_zip = {.name = "zip", .claims = claims, .open = open_zip};
