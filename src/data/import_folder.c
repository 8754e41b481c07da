/* SPDX-License-Identifier: Apache-2.0
 * A folder of picture files, subfolders included, with an optional dataset.json at its root. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "data/folder_list.h"
#include "data/import_source.h"
#include "data/pictures.h"

typedef struct folder {
    char *path;
    gt_name_list names;
    gt_picture_options options;
} folder;

static bool claims(const gt_spec *spec) {
    return spec->is_folder;
}

static gt_status read_item(void *state, int64_t i, gt_picture *out) {
    const folder *f = state;
    return gt_source_read_file(out, f->path, gt_names_at(&f->names, (size_t)i), &f->options);
}

static gt_status head_item(void *state, int64_t i, gt_picture_info *out) {
    const folder *f = state;
    return gt_source_head_file(out, f->path, gt_names_at(&f->names, (size_t)i));
}

static gt_hash128 stamp_item(const void *state, int64_t i) {
    const folder *f = state;
    return gt_source_file_stamp_in(f->path, gt_names_at(&f->names, (size_t)i));
}

static const char *name_item(const void *state, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    (void)buffer;
    return gt_names_at(&((const folder *)state)->names, (size_t)i);
}

static void close_folder(void *state) {
    folder *f = state;
    gt_names_free(&f->names);
    free(f->path);
    free(f);
}

static gt_status read_json(gt_reader *s, const folder *f, bool labels) {
    char *path = gt_path_join(f->path, GT_NOTES_FILE);
    if (!path) return GT_NOMEM;
    void *text = NULL;
    size_t n;
    gt_status st = GT_OK;
    if (access(path, F_OK) == 0) {
        st = gt_file_read(path, GT_NOTES_MOST, &text, &n);
        if (!st) {
            st = gt_source_json(s, text, n, labels);
            free(text);
            if (st) gt_wrap(st, "'%s'", GT_NOTES_FILE);
        }
    }
    free(path);
    return st;
}

static gt_status open_folder(gt_reader *s, const char *spec, const gt_source_options *options) {
    folder *f = calloc(1, sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory");
    *s = (gt_reader){.state = f, .read = read_item, .head = head_item, .stamp = stamp_item, .name = name_item, .close = close_folder};
    f->options = options->picture;
    if (!(f->path = strdup(spec))) return gt_fail(GT_NOMEM, "out of memory");
    gt_status st = gt_folder_list(&f->names, spec, gt_picture_is_name);
    if (st) return st;
    gt_names_sort(&f->names, gt_by_components);
    s->count = (int64_t)f->names.count;
    return read_json(s, f, options->labels == GT_SOURCE_LABELS_OWN && !options->labels_csv);
}

const gt_reader_kind gt_reader_folder = {.name = "folder", .claims = claims, .open = open_folder};
