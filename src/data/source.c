/* SPDX-License-Identifier: Apache-2.0
 * The one interface over all foreign sources: which one a name means, whose labels, crops. */
#include "gantry/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/import_source.h"
#include "data/not_data.h"
#include "gantry/memory.h"

/* The first that claims a source has it: a folder that ends in _lmdb before folders at large. */
static const gt_reader_kind *const kinds[] = {&gt_reader_lmdb,  &gt_reader_tfrecords, &gt_reader_folder,
                                              &gt_reader_cifar, &gt_reader_mnist,     &gt_reader_numpy,
                                              &gt_reader_csv,   &gt_reader_zip,       &gt_reader_dataset};

struct gt_source {
    gt_reader source;
    gt_source_info info;
    char *spec;
};

static gt_status open_kind(gt_source *imp, const gt_source_options *options) {
    struct stat s;
    const char *text = imp->spec, *slash = strrchr(text, '/'), *dot = strrchr(slash ? slash : text, '.');
    int error = stat(text, &s) ? errno : 0;
    gt_spec spec = {.text = text,
                    .extension = dot ? dot : "",
                    .is_folder = !error && S_ISDIR(s.st_mode),
                    .is_file = !error && S_ISREG(s.st_mode)};
    const char *other = gt_not_data(text);
    if (other) return gt_fail(GT_FORMAT, "%s", other);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!kinds[i]->claims(&spec)) continue;
        imp->info.source = kinds[i]->name;
        return kinds[i]->open(&imp->source, text, options);
    }
    if (error) return gt_fail(GT_FAILED, "cannot be opened: %s", gt_not_data_reason(text, true, strerror(error)));
    return gt_fail(GT_FORMAT, "%s; a source is a folder, ZIP, HDF5 file, cifar-10-python.tar.gz, *-images-idx3-ubyte.gz, "
                              "FOLDER_lmdb, *.tfrecords, .npy, .npz, .csv or synth:NAME",
                   gt_not_data_reason(text, false, "of no known kind"));
}

static gt_status choose_labels(gt_reader *s, const gt_source_options *options) {
    if (options->labels_csv) {
        gt_status st = gt_source_csv_by_name(s, options->labels_csv);
        return st ? gt_wrap(st, "labels of '%s'", options->labels_csv) : GT_OK;
    }
    return options->labels == GT_SOURCE_LABELS_FOLDERS ? gt_source_folder_classes(s) : GT_OK;
}

static int64_t count_unlabelled(const gt_reader *s) {
    int64_t n = 0;
    for (int64_t i = 0; i < s->count; i++) {
        if (s->notes.kind == GT_LABELS_CLASSES) n += s->notes.classes[i] < 0;
        if (s->notes.kind == GT_LABELS_VECTORS) n += s->notes.vectors[i * s->notes.width] != s->notes.vectors[i * s->notes.width];
    }
    return n;
}

static void fill_info(gt_source *imp) {
    const gt_reader *s = &imp->source;
    const gt_reader_notes *n = &s->notes;
    const char *kind = imp->info.source;
    imp->info = (gt_source_info){.source = kind,
                                 .count = s->count,
                                 .label_kind = n->kind,
                                 .label_width = n->width,
                                 .unlabelled = count_unlabelled(s),
                                 .class_names = n->class_names,
                                 .class_name = (const char *const *)n->class_name,
                                 .channel_names = n->channel_names,
                                 .has_range = n->has_range,
                                 .range = {n->range[0], n->range[1]},
                                 .main_thread_only = s->main_thread_only};
}

gt_status gt_source_open(gt_source **out, const char *spec, const gt_source_options *options) {
    static const gt_source_options usual = {0};
    if (!options) options = &usual;
    *out = NULL;
    if (options->crops < 0) return gt_fail(GT_USAGE, "--crops=%d: the side of a square in pixels, or 0", options->crops);
    gt_source *imp = calloc(1, sizeof *imp);
    size_t length = strlen(spec);
    while (length > 1 && spec[length - 1] == '/') length--;
    if (imp) imp->spec = strndup(spec, length);
    if (!imp || !imp->spec) {
        free(imp);
        return gt_fail(GT_NOMEM, "out of memory for opening '%s'", spec);
    }
    gt_status st = open_kind(imp, options);
    if (!st) st = choose_labels(&imp->source, options);
    if (!st) st = gt_source_check_labels(&imp->source);
    if (!st && options->crops) st = gt_source_crops(&imp->source, options->crops);
    if (!st && imp->source.count == 0) st = gt_fail(GT_FORMAT, "holds no pictures");
    if (st) {
        gt_source_close(imp);
        return gt_wrap(st, "'%s'", spec);
    }
    fill_info(imp);
    *out = imp;
    return GT_OK;
}

void gt_source_close(gt_source *imp) {
    if (!imp) return;
    if (imp->source.close) imp->source.close(imp->source.state);
    gt_reader_notes_free(&imp->source.notes);
    free(imp->spec);
    free(imp);
}

const gt_source_info *gt_source_get_info(const gt_source *imp) {
    return &imp->info;
}

/* Puts file and entry in front of the reason. */
static gt_status name_item(const gt_source *imp, int64_t i, gt_status st) {
    char buffer[GT_ITEM_NAME_BYTES];
    return st ? gt_wrap(st, "'%s': '%s'", imp->spec, gt_source_name(imp, i, buffer)) : GT_OK;
}

static gt_status check_item(const gt_source *imp, int64_t i) {
    if (i >= 0 && i < imp->info.count) return GT_OK;
    return gt_fail(GT_USAGE, "item %" PRId64 " of '%s': there are %" PRId64, i, imp->spec, imp->info.count);
}

gt_status gt_source_read(gt_source *imp, int64_t i, gt_picture *out) {
    *out = (gt_picture){0};
    gt_status st = check_item(imp, i);
    if (st) return st;
    st = imp->source.read(imp->source.state, i, out);
    if (st) gt_picture_free(out);
    return name_item(imp, i, st);
}

gt_status gt_source_head(gt_source *imp, int64_t i, gt_picture_info *out) {
    *out = (gt_picture_info){0};
    gt_status st = check_item(imp, i);
    if (st) return st;
    return name_item(imp, i, imp->source.head(imp->source.state, i, out));
}

const char *gt_source_name(const gt_source *imp, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    return imp->source.name(imp->source.state, i, buffer);
}

gt_hash128 gt_source_stamp(const gt_source *imp) {
    return imp->source.identity;
}

gt_hash128 gt_source_item_stamp(const gt_source *imp, int64_t i) {
    return imp->source.stamp ? imp->source.stamp(imp->source.state, i) : (gt_hash128){0};
}

int gt_source_class(const gt_source *imp, int64_t i) {
    return imp->info.label_kind == GT_LABELS_CLASSES ? imp->source.notes.classes[i] : -1;
}

const double *gt_source_vector(const gt_source *imp, int64_t i) {
    if (imp->info.label_kind != GT_LABELS_VECTORS) return NULL;
    const double *v = imp->source.notes.vectors + i * imp->info.label_width;
    return v[0] == v[0] ? v : NULL;
}
