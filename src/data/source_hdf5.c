/* SPDX-License-Identifier: Apache-2.0
 * HDF5 datasets: `images` [N,H,W,C] and `labels` (dataset.h). libhdf5 is not for several threads: main thread only. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <strings.h>

#include "data/source.h"
#include "gantry/codec.h"
#include "gantry/text.h"
#include "h5/h5.h"

#define LABEL_BYTES_MOST ((size_t)1 << 30)
enum { TEXT_MOST = 1024 }; /* bytes of a label that is a text */

typedef struct h5set {
    gt_h5_file file;
    gt_h5_set *images, *masks; /* masks: NULL, there are none */
} h5set;

static bool claims_hdf5(const gt_spec *spec) {
    return spec->is_file &&
           (!strcasecmp(spec->extension, ".h5") || !strcasecmp(spec->extension, ".hdf5") || gt_h5_is(spec->text));
}

static void close_set(void *state) {
    h5set *d = state;
    gt_h5_set_close(d->images);
    gt_h5_set_close(d->masks);
    gt_h5_close(&d->file);
}

static gt_status read_image(const gt_source *s, int64_t i, void *samples) {
    h5set *d = s->state;
    return gt_h5_set_read(d->images, i, 1, gt_sample_number(s->shape.type), samples);
}

/* Types that images can be of; others are named. */
static gt_status check_type(const gt_h5_set *s, gt_sample *sample) {
    bool is_float = s->kind == GT_H5_FLOAT;
    *sample = is_float ? GT_F32 : s->bytes == 2 ? GT_U16 : GT_U8;
    if (!is_float && s->kind != GT_H5_INTEGER) return gt_fail(GT_FORMAT, "images: neither integers nor floats");
    if (is_float ? s->bytes == 4 : !s->is_signed && s->bytes <= 2) return GT_OK;
    return gt_fail(GT_FORMAT, "images: %zu-bit %s samples; uint8, uint16 or float32 are needed: convert them",
                   8 * s->bytes,
                   is_float       ? "float"
                   : s->is_signed ? "signed"
                                  : "unsigned");
}

static gt_status check_dims(const gt_h5_set *s) {
    if (s->n_dims != 4) return gt_fail(GT_FORMAT, "images: %d axes; [N,H,W,C] is needed", s->n_dims);
    const int64_t *n = s->dims;
    if (n[0] == 0) return gt_fail(GT_FORMAT, "images: holds no images");
    if (n[1] == 0 || n[2] == 0 || n[0] > INT32_MAX || n[1] > GT_PNG_MAX_SIDE || n[2] > GT_PNG_MAX_SIDE ||
        n[1] * n[2] * 3 > GT_PNG_MAX_BYTES || n[3] > GT_PNG_MAX_BYTES / (n[1] * n[2]))
        return gt_fail(
            GT_FORMAT,
            "images: claims %lld images of %lld x %lld pixels; at most %d per side and %d MB per image are read",
            (long long)n[0], (long long)n[2], (long long)n[1], GT_PNG_MAX_SIDE, GT_PNG_MAX_BYTES >> 20);
    if (n[3] < 1 || n[3] > GT_PICTURE_MAX_CHANNELS)
        return gt_fail(GT_FORMAT, "images: %lld channels; 1 to %d are possible, in the last axis of [N,H,W,C]",
                       (long long)n[3], GT_PICTURE_MAX_CHANNELS);
    if (s->written < s->chunks)
        return gt_fail(GT_FORMAT, "images: incomplete: %llu of its %llu chunks were written",
                       (unsigned long long)s->written, (unsigned long long)s->chunks);
    return GT_OK;
}

static gt_status text_at(const void *arg, int64_t i, char **text) {
    size_t n;
    const char *from, *at = ((char *const *)arg)[i];
    return gt_text_to_utf8(at, strlen(at), text, &n, &from);
}

static gt_status read_texts(gt_h5_set *s, gt_source_info *notes) {
    size_t n = (size_t)s->elements;
    char **text = calloc(n + 1, sizeof *text);
    gt_status st = text ? gt_h5_set_texts(s, TEXT_MOST, text) : gt_fail(GT_NOMEM, "out of memory for %zu labels", n);
    if (!st) st = gt_labels_of_texts(notes, s->rows, text_at, text);
    for (size_t i = 0; i < n && text; i++) free(text[i]);
    free(text);
    return st;
}

/* As an array of the widest numbers of their kind: what is beyond them is beyond classes, too. Vectors have the
 * precision of float32. */
static gt_status read_numbers(gt_h5_set *s, gt_source_info *notes) {
    gt_npy a;
    bool floats = s->kind == GT_H5_FLOAT;
    void *all = malloc((size_t)s->elements * sizeof(double) + 1);
    gt_status st = all ? gt_h5_set_read(s, 0, s->rows, floats ? GT_NUMBER_DOUBLE : GT_NUMBER_INT64, all)
                       : gt_fail(GT_NOMEM, "out of memory for %llu labels", (unsigned long long)s->elements);
    gt_npy_set_type(&a, floats ? "f8" : "i8");
    for (int k = 0; k < s->n_dims && !st; k++) st = gt_npy_add_dimension(&a, (size_t)s->dims[k]);
    if (!st) st = gt_labels_of_array(notes, s->rows, &a, all, false);
    for (size_t i = 0; i < s->elements && !st && notes->vectors; i++)
        notes->vectors[i] = (double)(float)notes->vectors[i];
    free(all);
    return st;
}

static gt_status read_labels(const h5set *d, gt_h5_set *s, gt_source_info *notes) {
    int64_t rows = d->images->rows, width = (int64_t)s->row_elements;
    bool texts = s->kind == GT_H5_TEXT || s->varies, floats = s->kind == GT_H5_FLOAT,
         whole = s->kind == GT_H5_INTEGER || s->kind == GT_H5_BOOL;
    if ((!texts && !floats && !whole) || s->n_dims < 1 || s->n_dims > 2 || (texts && width != 1))
        return gt_fail(GT_FORMAT, "must be [N] integers or texts (classes), or [N,L] numbers");
    if (s->rows != rows) return gt_fail(GT_FORMAT, "%lld labels for %lld images", (long long)s->rows, (long long)rows);
    if (width == 0 || width > GT_VECTOR_MAX || s->elements > LABEL_BYTES_MOST / sizeof(float))
        return gt_fail(GT_FORMAT, "%lld numbers per image; 1 to %d and at most %zu MB in all are possible",
                       (long long)width, GT_VECTOR_MAX, LABEL_BYTES_MOST >> 20);
    gt_status st = texts ? read_texts(s, notes) : read_numbers(s, notes);
    return st ? st : gt_notes_check(notes, rows, !texts);
}

typedef struct search { /* for a set that may be labels by another name */
    const h5set *d;
    char name[80];
} search;

static gt_status look_at_set(void *arg, const char *path) {
    search *l = arg;
    gt_h5_set *set;
    if (*l->name || gt_h5_set_open(&set, &l->d->file, path)) return GT_OK;
    bool may = set->rows == l->d->images->rows && set->n_dims >= 1 && set->n_dims <= 2;
    if (may) snprintf(l->name, sizeof l->name, "%s", path + 1);
    gt_h5_set_close(set);
    return GT_OK;
}

static gt_status say_other(const h5set *d, gt_source_info *notes) {
    search l = {.d = d};
    gt_status st = gt_h5_each(&d->file, true, look_at_set, &l);
    if (st || !*l.name) return st;
    return gt_notes_say(notes, "no labels: looked for 'labels'; '%s' is not read", l.name);
}

/* The attribute of the images; texts of Latin-1 become UTF-8. */
static gt_status read_class_names(const h5set *d, gt_source_info *notes) {
    gt_source_info given = {0};
    char **name = NULL;
    int count = 0;
    gt_status st = gt_h5_texts(&d->file, "images", "class_names", GT_CLASS_MAX + 1, &name, &count);
    for (int i = 0; i < count; i++) {
        char *text = NULL;
        if (!st) st = text_at(name, i, &text);
        if (!st) st = gt_notes_add_class_name(&given, text, strlen(text));
        free(text);
        free(name[i]);
    }
    free(name);
    if (!st) st = gt_notes_take_class_names(notes, d->images->rows, &given);
    gt_notes_free(&given);
    return st;
}

static gt_status read_notes(const h5set *d, gt_source_info *notes, bool own_labels) {
    gt_h5_set *labels = NULL;
    gt_status st = own_labels && gt_h5_has(&d->file, "labels") ? gt_h5_set_open(&labels, &d->file, "labels") : GT_OK;
    if (labels && (st = read_labels(d, labels, notes))) st = gt_wrap(st, "labels");
    else if (!labels && !st && own_labels) st = say_other(d, notes);
    gt_h5_set_close(labels);
    char **channels = NULL, **label_names = NULL;
    int count = 0;
    double range[2];
    bool there = false;
    if (!st) st = gt_h5_texts(&d->file, "images", "channels", 1, &channels, &count);
    if (count) notes->channel_names = channels[0];
    free(channels);
    count = 0;
    if (!st) st = gt_h5_texts(&d->file, "images", "label_names", 1, &label_names, &count);
    if (count) notes->label_names = label_names[0];
    free(label_names);
    if (!st) st = read_class_names(d, notes);
    if (!st) st = gt_notes_check(notes, d->images->rows, false);
    if (!st) st = gt_h5_numbers(&d->file, "images", "range", 2, range, &there);
    return st || !there ? st : gt_notes_set_range(notes, range[0], range[1]);
}

static gt_status read_mask(const gt_source *s, int64_t i, gt_picture *out) {
    const h5set *d = s->state;
    gt_status st = gt_picture_new(out, s->shape.height, s->shape.width, 1, GT_U8);
    return st ? st : gt_h5_set_read(d->masks, i, 1, GT_NUMBER_UINT8, out->samples);
}

/* [N,H,W] uint8, as images. */
static gt_status open_masks(h5set *d, gt_source *s) {
    char **names = NULL;
    int count = 0;
    if (!gt_h5_has(&d->file, "masks")) return GT_OK;
    gt_status st = gt_h5_set_open(&d->masks, &d->file, "masks");
    const gt_h5_set *m = d->masks;
    if (st) return st;
    if (m->n_dims != 3 || m->kind != GT_H5_INTEGER || m->bytes != 1 || m->is_signed)
        return gt_fail(GT_FORMAT, "masks: must be [N,H,W] uint8, a class for each pixel");
    if (m->dims[0] != s->count || m->dims[1] != s->shape.height || m->dims[2] != s->shape.width)
        return gt_fail(GT_FORMAT, "masks: %lld of %lld x %lld pixels for %lld images of %d x %d", (long long)m->dims[0],
                       (long long)m->dims[2], (long long)m->dims[1], (long long)s->count, s->shape.width,
                       s->shape.height);
    if (m->written < m->chunks) return gt_fail(GT_FORMAT, "masks: incomplete");
    st = gt_h5_texts(&d->file, "masks", "class_names", GT_MASK_CLASSES_MAX, &names, &count);
    for (int i = 0; i < count; i++) {
        if (!st) st = gt_masks_add_name(&s->info, names[i]);
        free(names[i]);
    }
    free(names);
    if (!st) s->mask = read_mask;
    return st;
}

static gt_status read_file(h5set *d, gt_source *s, bool own_labels) {
    if (!gt_h5_has(&d->file, "images")) return gt_fail(GT_FORMAT, "holds no dataset 'images' [N,H,W,C]");
    gt_status st = gt_h5_set_open(&d->images, &d->file, "images");
    if (st || (st = check_dims(d->images)) || (st = check_type(d->images, &s->shape.type))) return st;
    s->count = d->images->dims[0];
    s->shape = (gt_picture){.height = (int)d->images->dims[1],
                            .width = (int)d->images->dims[2],
                            .channels = (int)d->images->dims[3],
                            .type = s->shape.type};
    st = read_notes(d, &s->info, own_labels);
    if (!st) st = open_masks(d, s);
    gt_source_info *n = &s->info;
    s->shape.alpha = gt_channels_alpha(n->channel_names, s->shape.channels);
    n->has_range = n->has_range &&
                   (n->range[0] != gt_sample_low(s->shape.type) || n->range[1] != gt_sample_high(s->shape.type));
    return st;
}

static gt_status open_hdf5(gt_source *s, const gt_source_options *options) {
    h5set *d = s->state;
    s->samples = read_image;
    s->format = gt_source_hdf5.name;
    s->name_digits = 8;
    s->main_thread_only = true;
    if (!access(s->spec, R_OK) && !gt_h5_is(s->spec))
        return gt_fail(GT_FORMAT, "damaged, truncated or no HDF5 file: it does not begin like one");
    gt_status st = gt_h5_open(&d->file, s->spec);
    return st ? st : read_file(d, s, gt_own_labels(options));
}

const gt_source_kind gt_source_hdf5 = {.name = "hdf5",
                                       .looks = "an HDF5 file",
                                       .claims = claims_hdf5,
                                       .state_bytes = sizeof(h5set),
                                       .close = close_set,
                                       .open = open_hdf5};
