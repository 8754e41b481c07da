/* SPDX-License-Identifier: Apache-2.0
 * A CSV file of paths and labels; the pictures lie in its folder or below. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/csv.h"
#include "data/import_source.h"
#include "data/name_list.h"

typedef struct listing {
    char *folder;
    gt_name_list names;
    gt_picture_options options;
} listing;

static bool claims(const gt_spec *spec) {
    return spec->is_file && !strcasecmp(spec->extension, ".csv");
}

static gt_status read_item(void *state, int64_t i, gt_picture *out) {
    const listing *l = state;
    return gt_source_read_file(out, l->folder, gt_names_at(&l->names, (size_t)i), &l->options);
}

static gt_status head_item(void *state, int64_t i, gt_picture_info *out) {
    const listing *l = state;
    return gt_source_head_file(out, l->folder, gt_names_at(&l->names, (size_t)i));
}

static gt_hash128 stamp_item(const void *state, int64_t i) {
    const listing *l = state;
    return gt_source_file_stamp_in(l->folder, gt_names_at(&l->names, (size_t)i));
}

static const char *name_item(const void *state, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    (void)buffer;
    return gt_names_at(&((const listing *)state)->names, (size_t)i);
}

static void close_listing(void *state) {
    listing *l = state;
    gt_names_free(&l->names);
    free(l->folder);
    free(l);
}

static gt_status read_names(listing *l, const char *path) {
    gt_csv c;
    gt_status st = gt_csv_open(&c, path);
    if (!st) st = gt_csv_next(&c);
    if (!st && c.line == 1 && c.fields && !gt_picture_is_name(c.field[0])) st = gt_csv_next(&c); /* a header */
    for (; !st && c.fields; st = gt_csv_next(&c)) {
        st = gt_names_add(&l->names, c.field[0], strlen(c.field[0]));
        if (st) break;
    }
    gt_csv_close(&c);
    return st;
}

static gt_status open_csv(gt_reader *s, const char *spec, const gt_source_options *options) {
    listing *l = calloc(1, sizeof *l);
    if (!l) return gt_fail(GT_NOMEM, "out of memory");
    *s = (gt_reader){.state = l, .read = read_item, .head = head_item, .stamp = stamp_item, .name = name_item, .close = close_listing};
    const char *slash = strrchr(spec, '/');
    l->options = options->picture;
    l->folder = slash ? strndup(spec, (size_t)(slash - spec) + 1) : strdup(".");
    if (!l->folder) return gt_fail(GT_NOMEM, "out of memory");
    gt_status st = read_names(l, spec);
    s->count = (int64_t)l->names.count;
    if (!st && options->labels == GT_SOURCE_LABELS_OWN && !options->labels_csv) st = gt_source_csv_labels(s, spec, NULL, NULL);
    return st;
}

const gt_reader_kind gt_reader_csv = {.name = "csv", .claims = claims, .open = open_csv};
