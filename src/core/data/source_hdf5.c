/* SPDX-License-Identifier: Apache-2.0
 * HDF5 datasets: `images` [N,H,W,C] and `labels` (dataset.h), or another array of images. libhdf5 is not for several
 * threads: main thread only. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <strings.h>

#include "data/array.h"
#include "files/codec/door/codec.h"
#include "base/door/progress.h"
#include "files/h5/door/h5.h"

enum { FILLS_MOST = 32 }; /* of an attribute */

typedef struct h5set {
    gt_h5_file file;
    gt_h5_set *images, *masks; /* masks: NULL, there are none */
    char name[GT_ARRAY_NAME_BYTES],
        labels[GT_ARRAY_NAME_BYTES]; /* of the images, of their labels; "": there are none */
    bool planes;                     /* the channels come first */
    double fill[2 * FILLS_MOST + 1]; /* what stands where there is no number */
    int fills;                       /* how many these are */
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

/* ---- fill values: numbers of two attributes of NetCDF files, which stand where there is none; NaN is for all arrays
 * of floats (gt_check_finite) ---- */

static gt_status read_fills(h5set *d) {
    static const char *const names[] = {"_FillValue", "missing_value"};
    const double unwritten = 9.9692099683868690e+36; /* what NetCDF has in place of floats that nobody wrote */
    gt_status st = GT_OK;
    for (int i = 0, n; i < 2 && !st; i++, d->fills += n)
        st = gt_h5_numbers(&d->file, d->name, names[i], FILLS_MOST, d->fill + d->fills, &n);
    if (d->images->kind == GT_H5_FLOAT) d->fill[d->fills++] = unwritten;
    for (int i = 0; i < d->fills && d->images->kind == GT_H5_FLOAT; i++) /* samples of floats have this precision */
        d->fill[i] = (double)(float)d->fill[i];
    return st ? gt_wrap(st, "%s", d->name) : GT_OK;
}

static bool is_fill(const h5set *d, double x) {
    bool is = false;
    for (int i = 0; i < d->fills; i++) is |= x == d->fill[i];
    return is;
}

/* Of the n numbers of a picture; `floats` NULL: `numbers` has them. */
static gt_status refuse_fills(const h5set *d, size_t n, const float *floats, const double *numbers) {
    size_t fills = 0, nans = 0;
    double such = 0;
    for (size_t k = 0; k < n; k++) {
        double x = floats ? (double)floats[k] : numbers[k];
        nans += isnan(x);
        if (is_fill(d, x) && !fills++) such = x;
    }
    if (!fills) return GT_OK;
    return gt_fail(GT_FORMAT, "%s: %zu of %zu numbers are fill values, such as %.*g", d->name, fills + nans, n,
                   floats ? 7 : 10, such);
}

/* Integers with fill values, which may have no place among the samples. */
static gt_status read_integers(const h5set *d, int64_t i, gt_sample type, size_t n, void *out) {
    GT_FREED double *numbers = malloc(n * sizeof *numbers);
    if (!numbers) return gt_fail(GT_NOMEM, "out of memory for an image");
    gt_status st = gt_h5_set_read(d->images, i, 1, GT_NUMBER_DOUBLE, numbers);
    if (!st) st = refuse_fills(d, n, NULL, numbers);
    for (size_t k = 0; k < n && !st; k++) gt_sample_put(type, out, k, numbers[k]);
    return st;
}

static gt_status read_samples(const h5set *d, int64_t i, gt_sample type, void *out) {
    size_t n = (size_t)d->images->row_elements;
    bool floats = d->images->kind == GT_H5_FLOAT;
    if (!floats && d->fills) return read_integers(d, i, type, n, out);
    gt_status st = gt_h5_set_read(d->images, i, 1, gt_sample_number(type), out);
    return st || !floats ? st : refuse_fills(d, n, out, NULL);
}

/* Planes are read into a picture of their own. */
static gt_status read_image(const gt_source *s, int64_t i, gt_picture *out) {
    h5set *d = s->state;
    gt_status st = gt_array_room(s, out);
    if (st) return st;
    void *samples = out->samples, *planes = d->planes ? malloc(gt_picture_bytes(&s->shape)) : samples;
    if (!planes) return gt_fail(GT_NOMEM, "out of memory for an image");
    st = read_samples(d, i, s->shape.type, planes);
    if (!st && d->planes) gt_pixels_of_planes(&s->shape, planes, samples);
    if (d->planes) free(planes);
    return st;
}

/* All of them, where only they tell which samples they become; damaged ones tell nothing. */
static gt_status look_at_numbers(const h5set *d, gt_number_kind *kind) {
    size_t n = (size_t)d->images->row_elements;
    GT_FREED double *row = malloc(n * sizeof *row);
    gt_status st = row ? GT_OK : gt_fail(GT_NOMEM, "out of memory for an image");
    for (int64_t i = 0; i < d->images->rows && !st; i++) {
        gt_progress();
        st = gt_h5_set_read(d->images, i, 1, GT_NUMBER_DOUBLE, row);
        for (size_t k = 0; k < n && !st; k++)
            if (!is_fill(d, row[k])) gt_numbers_look(kind, row[k]);
        if (st == GT_FORMAT) st = GT_OK;
    }
    return st;
}

static gt_status choose_samples(const h5set *d, gt_source *s) {
    const gt_h5_set *images = d->images;
    gt_number_kind kind = {.array = d->name, .bytes = (int)images->bytes};
    switch (images->kind) {
    case GT_H5_FLOAT: kind.letter = 'f'; break;
    case GT_H5_BOOL: kind.letter = 'b'; break;
    case GT_H5_INTEGER: kind.letter = images->is_signed ? 'i' : 'u'; break;
    default: return gt_fail(GT_FORMAT, "%s: neither integers nor floats", d->name);
    }
    gt_status st = gt_numbers_vary(&kind) ? look_at_numbers(d, &kind) : GT_OK;
    return st ? st : gt_sample_of_numbers(&kind, &s->info, &s->shape.type);
}

static gt_status check_sizes(const h5set *d, const gt_axes *a) {
    if (a->count == 0) return gt_fail(GT_FORMAT, "%s: holds no images", d->name);
    if (a->height == 0 || a->width == 0 || a->count > INT32_MAX || a->height > GT_PNG_MAX_SIDE ||
        a->width > GT_PNG_MAX_SIDE || a->height * a->width * 3 > GT_PNG_MAX_BYTES ||
        a->channels > GT_PNG_MAX_BYTES / (a->height * a->width))
        return gt_fail(GT_FORMAT,
                       "%s: claims %lld images of %lld x %lld pixels; at most %d per side and %d MB per image are read",
                       d->name, (long long)a->count, (long long)a->width, (long long)a->height, GT_PNG_MAX_SIDE,
                       GT_PNG_MAX_BYTES >> 20);
    if (a->channels < 1 || a->channels > GT_PICTURE_MAX_CHANNELS)
        return gt_fail(GT_FORMAT,
                       "%s: %lld channels; 1 to %d are possible (gantry dataset --layout=nchw: they come first)",
                       d->name, (long long)a->channels, GT_PICTURE_MAX_CHANNELS);
    if (d->images->written < d->images->chunks)
        return gt_fail(GT_FORMAT, "%s: incomplete: %llu of its %llu chunks were written", d->name,
                       (unsigned long long)d->images->written, (unsigned long long)d->images->chunks);
    return GT_OK;
}

static gt_status find_axes(h5set *d, gt_source *s, const gt_source_options *options) {
    gt_axes axes;
    gt_status st = gt_axes_of_array(&axes, &s->info, options, d->images->n_dims, d->images->dims, INT64_MAX);
    if (st) return gt_wrap(st, "%s", d->name);
    if ((st = check_sizes(d, &axes))) return st;
    d->planes = axes.planes;
    s->count = axes.count;
    s->shape = (gt_picture){.height = (int)axes.height, .width = (int)axes.width, .channels = (int)axes.channels};
    return GT_OK;
}

/* ---- which array ---- */

typedef struct listing {
    const gt_h5_file *file;
    gt_array_choice *choice;
} listing;

static gt_status list_set(void *arg, const char *path) {
    listing *l = arg;
    gt_h5_set *set;
    gt_status st = gt_h5_set_open(&set, l->file, path);
    if (st) return st == GT_NOMEM ? st : GT_OK; /* arrays that nobody wants may be of any kind */
    bool scale = gt_h5_is_scale(l->file, path);
    bool numbers = set->kind == GT_H5_INTEGER || set->kind == GT_H5_FLOAT || set->kind == GT_H5_BOOL;
    bool texts = set->kind == GT_H5_TEXT || set->varies; /* may be labels */
    if ((numbers || texts) && set->n_dims && !scale)
        st = gt_array_consider(l->choice, path + 1, set->n_dims, set->dims);
    gt_h5_set_close(set);
    return st;
}

/* `images` and `labels`, unless another array is named or there is none of that name. */
static gt_status choose_arrays(h5set *d, gt_source *s, const gt_source_options *options) {
    const char *wanted = options->array ? options->array : "";
    while (*wanted == '/') wanted++;
    bool usual = gt_h5_has(&d->file, "images") && (!*wanted || !strcmp(wanted, "images"));
    gt_array_choice choice = {.wanted = wanted};
    listing l = {&d->file, &choice};
    gt_status st = usual ? GT_OK : gt_h5_each(&d->file, true, list_set, &l);
    if (!usual && !st && !choice.names.count && !*wanted)
        st = gt_fail(GT_FORMAT, "holds no dataset 'images' [N,H,W,C], and no other array of numbers");
    if (!usual && !st) st = gt_array_choose(&choice, &s->info);
    strcpy(d->name, usual ? "images" : choice.images);
    strcpy(d->labels, usual ? "labels" : choice.labels);
    if (!usual && !st && !*wanted) st = gt_notes_say(&s->info, "the images are the array '%s'", d->name);
    gt_array_choice_free(&choice);
    return st;
}

/* ---- notes ---- */

/* The attribute of the images; texts of Latin-1 become UTF-8. */
static gt_status read_class_names(const h5set *d, gt_source_info *notes) {
    gt_source_info given = {0};
    GT_FREED char **name = NULL;
    int count = 0;
    gt_status st = gt_h5_texts(&d->file, d->name, "class_names", GT_CLASS_MAX + 1, &name, &count);
    for (int i = 0; i < count; i++) {
        GT_FREED char *text = NULL;
        if (!st) st = gt_h5_label_text(name, i, &text);
        if (!st) st = gt_notes_add_class_name(&given, text, strlen(text));
        free(name[i]);
    }
    if (!st) st = gt_notes_take_class_names(notes, d->images->rows, &given);
    gt_notes_free(&given);
    return st;
}

static gt_status say_other_labels(const h5set *d, gt_source *s) {
    char other[GT_ARRAY_NAME_BYTES];
    int n;
    gt_status st = gt_h5_find_labels(&d->file, d->name, s->count, other, &n);
    if (st || !n) return st;
    return gt_notes_say(&s->info,
                        "no labels: there is no 'labels', and '%s' is not read (gantry dataset %s DEST --labels=%s:%s "
                        "reads it)",
                        other, s->path, s->path, other);
}

static gt_status read_notes(const h5set *d, gt_source *s, bool own_labels) {
    gt_source_info *notes = &s->info;
    bool labels = own_labels && *d->labels && gt_h5_has(&d->file, d->labels) && !gt_h5_is_scale(&d->file, d->labels);
    gt_status st = labels       ? gt_h5_read_labels(&d->file, d->labels, s->count, notes)
                   : own_labels ? say_other_labels(d, s)
                                : GT_OK;
    char **channels = NULL, **label_names = NULL;
    int count = 0;
    double range[2];
    int ends = 0;
    if (!st) st = gt_h5_texts(&d->file, d->name, "channels", 1, &channels, &count);
    if (count) notes->channel_names = channels[0];
    free(channels);
    count = 0;
    if (!st) st = gt_h5_texts(&d->file, d->name, "label_names", 1, &label_names, &count);
    if (count) notes->label_names = label_names[0];
    free(label_names);
    if (!st) st = read_class_names(d, notes);
    if (!st) st = gt_notes_check(notes, d->images->rows, false);
    if (!st) st = gt_h5_numbers(&d->file, d->name, "range", 2, range, &ends);
    if (!st && ends == 1) st = gt_fail(GT_FORMAT, "attribute range: must be 2 numbers");
    return st || !ends ? st : gt_notes_set_range(notes, range[0], range[1]);
}

static gt_status read_mask(const gt_source *s, int64_t i, gt_picture *out) {
    const h5set *d = s->state;
    gt_status st = gt_picture_new(out, s->shape.height, s->shape.width, 1, GT_U8);
    bool bytes = d->masks->bytes == 1 && !d->masks->is_signed;
    size_t n = (size_t)s->shape.height * (size_t)s->shape.width;
    if (st || bytes) return st ? st : gt_h5_set_read(d->masks, i, 1, GT_NUMBER_UINT8, out->samples);
    GT_FREED int32_t *wide = malloc(n * sizeof *wide);
    st = wide ? gt_h5_set_read(d->masks, i, 1, GT_NUMBER_INT32, wide) : gt_fail(GT_NOMEM, "out of memory for a mask");
    for (size_t k = 0; k < n && !st; k++) {
        if (wide[k] < 0 || wide[k] > GT_MASK_IGNORE)
            st = gt_fail(GT_FORMAT, "masks: %d is not a class of a mask, 0 .. %d", wide[k], GT_MASK_IGNORE);
        else ((uint8_t *)out->samples)[k] = (uint8_t)wide[k];
    }
    return st;
}

/* [N,H,W], [N,1,H,W] or [N,H,W,1] whole numbers or booleans, as images. */
static gt_status open_masks(h5set *d, gt_source *s) {
    GT_FREED char **names = NULL;
    int count = 0;
    if (!gt_h5_has(&d->file, "masks")) return GT_OK;
    gt_status st = gt_h5_set_open(&d->masks, &d->file, "masks");
    const gt_h5_set *m = d->masks;
    if (st) return st;
    bool single = m->n_dims == 4 && (m->dims[1] == 1 || m->dims[3] == 1);
    const int64_t *sides = m->dims + 1 + (single && m->dims[1] == 1);
    if ((m->n_dims != 3 && !single) || (m->kind != GT_H5_INTEGER && m->kind != GT_H5_BOOL))
        return gt_fail(GT_FORMAT, "masks: must be [N,H,W] whole numbers, a class for each pixel");
    if (m->dims[0] != s->count || sides[0] != s->shape.height || sides[1] != s->shape.width)
        return gt_fail(GT_FORMAT, "masks: %lld of %lld x %lld pixels for %lld images of %d x %d", (long long)m->dims[0],
                       (long long)sides[1], (long long)sides[0], (long long)s->count, s->shape.width, s->shape.height);
    if (m->written < m->chunks) return gt_fail(GT_FORMAT, "masks: incomplete");
    st = gt_h5_texts(&d->file, "masks", "class_names", GT_MASK_CLASSES_MAX, &names, &count);
    for (int i = 0; i < count; i++) {
        if (!st) st = gt_masks_add_name(&s->info, names[i]);
        free(names[i]);
    }
    if (!st) s->mask = read_mask;
    return st;
}

static gt_status read_leaves(const gt_source *s, size_t most, void **bytes, size_t *n) {
    const h5set *d = s->state;
    gt_h5_set *set;
    gt_status st = gt_h5_set_open(&set, &d->file, GT_LEAVES_FILE);
    if (st) return st;
    *n = (size_t)set->elements;
    bool good = set->kind == GT_H5_INTEGER && set->bytes == 1 && !set->is_signed && set->elements <= most;
    *bytes = good ? malloc(*n + 1) : NULL;
    if (!good) st = gt_fail(GT_FORMAT, "%s: must be [N,32] bytes", GT_LEAVES_FILE);
    else if (!*bytes) st = gt_fail(GT_NOMEM, "out of memory for the hashes of the images");
    if (!st) st = gt_h5_set_read(set, 0, set->rows, GT_NUMBER_UINT8, *bytes);
    gt_h5_set_close(set);
    return st;
}

static gt_status read_file(h5set *d, gt_source *s, const gt_source_options *options) {
    gt_status st = choose_arrays(d, s, options);
    if (!st) st = gt_h5_set_open(&d->images, &d->file, d->name);
    if (!st) st = find_axes(d, s, options);
    if (!st) st = read_fills(d);
    if (!st) st = choose_samples(d, s);
    if (st) return st;
    st = read_notes(d, s, gt_own_labels(options));
    bool usual = !strcmp(d->name, "images");
    if (!st && usual) st = open_masks(d, s);
    if (!st && usual && gt_h5_has(&d->file, GT_LEAVES_FILE)) s->leaves = read_leaves;
    gt_source_info *n = &s->info;
    s->shape.alpha = gt_channels_alpha(n->channel_names, s->shape.channels);
    n->has_range = n->has_range &&
                   (n->range[0] != gt_sample_low(s->shape.type) || n->range[1] != gt_sample_high(s->shape.type));
    return st;
}

static gt_status open_hdf5(gt_source *s, const gt_source_options *options) {
    h5set *d = s->state;
    gt_source_of_arrays(s, gt_source_hdf5.name, read_image);
    s->name_digits = 8;
    s->main_thread_only = true;
    s->array = d->name;
    if (!access(s->spec, R_OK) && !gt_h5_is(s->spec))
        return gt_fail(GT_FORMAT, "damaged, truncated or not an HDF5 file: its first bytes are wrong");
    gt_status st = gt_h5_open(&d->file, s->spec);
    return st ? st : read_file(d, s, options);
}

const gt_source_kind gt_source_hdf5 = {.name = "hdf5",
                                       .looks = "an HDF5 file",
                                       .claims = claims_hdf5,
                                       .named = true,
                                       .shaped = true,
                                       .state_bytes = sizeof(h5set),
                                       .close = close_set,
                                       .open = open_hdf5};
