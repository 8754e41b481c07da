/* SPDX-License-Identifier: Apache-2.0
 * Files of many records: see collection.h. */
#include "runner/generator/door/collection.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/grid.h"
#include "files/codec/door/npy.h"
#include "files/codec/door/png_write.h"
#include "files/codec/door/sample.h"
#include "files/codec/door/webp.h"
#include "gantry/grid.h"
#include "base/door/memory.h"
#include "data/door/written.h"
#include "files/h5/door/h5.h"

typedef struct kind {
    const char *ending;
    gt_collection_kind what;
    gt_status (*check)(const gt_collection_of *of); /* NULL: anything goes */
    gt_status (*open)(gt_collection *c);
    gt_status (*add)(gt_collection *c, int64_t n, const char *records);
    gt_status (*finish)(gt_collection *c);
    void (*close)(gt_collection *c);
} kind;

struct gt_collection {
    const gt_collection_of *of;
    const kind *kind;
    size_t record;        /* bytes */
    int64_t come;         /* records so far */
    gt_growing_file file; /* arrays */
    gt_h5_file h5;
    int64_t set;   /* of h5 */
    uint8_t *band; /* pictures: a row of them; .webp: all rows */
    gt_png_file *png;
    gt_picture_zip *zip;
};

static size_t record_bytes(const gt_collection_of *of) {
    size_t n = gt_sample_bytes(of->type);
    for (int i = 0; i < of->n_dims; i++) n *= (size_t)of->dims[i];
    return n;
}

/* ---- .npy ---- */

static gt_status open_npy(gt_collection *c) {
    const gt_collection_of *of = c->of;
    int64_t shape[4] = {of->n};
    char head[GT_NPY_MADE_MAX];
    static const char *const types[][2] = {
        [GT_U8] = {"|u1", "|u1"}, [GT_U16] = {"<u2", ">u2"}, [GT_F32] = {"<f4", ">f4"}};
    memcpy(shape + 1, of->dims, (size_t)of->n_dims * sizeof *shape);
    size_t n = gt_npy_make_head(head, types[of->type][__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__], 1 + of->n_dims,
                                shape);
    gt_status st = gt_growing_open(&c->file, of->path);
    return st ? st : gt_growing_add(&c->file, head, n);
}

static gt_status add_npy(gt_collection *c, int64_t n, const char *records) {
    return gt_growing_add(&c->file, records, (size_t)n * c->record);
}

static gt_status finish_npy(gt_collection *c) { return gt_growing_finish(&c->file); }

/* ---- .h5: libhdf5 writes the half by its name ---- */

static gt_array array_of(const gt_collection_of *of) {
    gt_array a = {of->name, gt_sample_number(of->type), 1 + of->n_dims, {of->n}, NULL};
    memcpy(a.dims + 1, of->dims, (size_t)of->n_dims * sizeof *a.dims);
    return a;
}

/* libhdf5 does not say what the disk said. */
static gt_status h5_status(gt_collection *c, gt_status st) {
    int error = c->h5.error;
    if (!st && !error) return GT_OK;
    gt_h5_close(&c->h5);
    gt_growing_close(&c->file); /* makes room for whoever reads the message */
    if (!error) return gt_wrap(st, "'%s'", c->of->path);
    return gt_file_write_failed(c->of->path, error, (size_t)(c->come + 1) * c->record);
}

static gt_status open_h5(gt_collection *c) {
    const gt_collection_of *of = c->of;
    const gt_array records = array_of(of), seeds = {"seeds", GT_NUMBER_INT64, 1, {of->n}, of->seeds},
                   labels = {"labels", GT_NUMBER_INT32, 1, {of->n}, of->classes},
                   range = {"range", GT_NUMBER_DOUBLE, 1, {2}, of->range},
                   network = {GT_NETWORK_OF_STYLES, GT_NUMBER_TEXT, 2, {1, sizeof of->network}, of->network};
    gt_status st = gt_growing_open(&c->file, of->path);
    if (st) return st;
    st = gt_h5_create(&c->h5, c->file.part, false);
    if (!st) st = gt_h5_write_stored(&c->h5, &records, &(gt_h5_storage){0}, &c->set);
    if (!st && of->range) st = gt_h5_attribute(&c->h5, of->name, &range);
    if (!st && of->classes && of->class_names) st = gt_dest_h5_names(&c->h5, of->name, of->class_name, of->class_names);
    if (!st && of->classes) st = gt_h5_write(&c->h5, &labels);
    if (!st && of->seeds) st = gt_h5_write(&c->h5, &seeds);
    if (!st && *of->network) st = gt_h5_write(&c->h5, &network);
    if (!st && of->notes && of->notes->text) st = gt_h5_attribute_text(&c->h5, "/", GT_NOTES_KEY, of->notes->text);
    return h5_status(c, st);
}

static gt_status add_h5(gt_collection *c, int64_t n, const char *records) {
    return h5_status(c, gt_h5_write_rows(c->set, c->come, n, gt_sample_number(c->of->type), records));
}

static gt_status finish_h5(gt_collection *c) {
    gt_status st = h5_status(c, gt_h5_finish(&c->h5));
    return st ? st : gt_growing_finish(&c->file);
}

static void close_h5(gt_collection *c) { gt_h5_close(&c->h5); }

/* ---- .zip: a dataset ---- */

static gt_status open_zip(gt_collection *c) {
    gt_status st = gt_growing_open(&c->file, c->of->path);
    if (st) return st;
    c->zip = gt_picture_zip_new(c->of, &c->file);
    return c->zip ? GT_OK : GT_NOMEM;
}

static gt_status add_zip(gt_collection *c, int64_t n, const char *records) {
    return gt_picture_zip_add(c->zip, n, records);
}

static gt_status finish_zip(gt_collection *c) {
    gt_status st = gt_picture_zip_finish(c->zip);
    return st ? st : gt_growing_finish(&c->file);
}

static void close_zip(gt_collection *c) { gt_picture_zip_free(c->zip); }

/* ---- pictures side by side ---- */

static gt_status open_band(gt_collection *c, int64_t rows) {
    size_t bytes;
    bool fits = !gt_mul_overflows((size_t)(rows * c->of->columns), c->record, &bytes);
    c->band = fits ? calloc(bytes, 1) : NULL;
    return c->band ? GT_OK
                   : gt_fail(GT_NOMEM, "out of memory for a picture of %lldx%lld images", (long long)c->of->columns,
                             (long long)rows);
}

static void put_in_band(gt_collection *c, int64_t cell, const char *picture) {
    gt_grid_put(c->band, cell, c->of->columns, (size_t)c->of->dims[0], (size_t)(c->of->dims[1] * c->of->dims[2]),
                picture);
}

static gt_status check_png(const gt_collection_of *of) {
    return gt_grid_check(of->columns, of->rows, (int)of->dims[0], (int)of->dims[1], (int)of->dims[2]);
}

static gt_status open_png(gt_collection *c) {
    const gt_collection_of *of = c->of;
    gt_status st = open_band(c, 1);
    return st ? st
              : gt_png_file_open(&c->png, of->path, (int)(of->rows * of->dims[0]), (int)(of->columns * of->dims[1]),
                                 (int)of->dims[2], of->notes);
}

static gt_status write_band(gt_collection *c, bool last) {
    gt_grid_hairlines(c->band, (int)c->of->columns, (int)c->of->dims[0], (int)c->of->dims[1], (int)c->of->dims[2],
                      last);
    gt_status st = gt_png_file_add(c->png, (int)c->of->dims[0], c->band);
    memset(c->band, 0, (size_t)c->of->columns * c->record);
    return st;
}

static gt_status add_png(gt_collection *c, int64_t n, const char *records) {
    gt_status st = GT_OK;
    for (int64_t i = 0; i < n && !st; i++) {
        int64_t column = (c->come + i) % c->of->columns;
        put_in_band(c, column, records + (size_t)i * c->record);
        if (column + 1 == c->of->columns) st = write_band(c, c->come + i + 1 == c->of->columns * c->of->rows);
    }
    return st;
}

static gt_status finish_png(gt_collection *c) {
    gt_status st = GT_OK;
    for (int64_t row = c->come / c->of->columns; row < c->of->rows && !st; row++)
        st = write_band(c, row + 1 == c->of->rows);
    return st ? st : gt_png_file_finish(c->png);
}

static void close_png(gt_collection *c) { gt_png_file_close(c->png); }

static gt_status check_webp(const gt_collection_of *of) {
    return gt_webp_check_size(of->rows * of->dims[0], of->columns * of->dims[1]);
}

static gt_status open_webp(gt_collection *c) {
    gt_status st = open_band(c, c->of->rows);
    return st ? st : gt_growing_open(&c->file, c->of->path);
}

static gt_status add_webp(gt_collection *c, int64_t n, const char *records) {
    for (int64_t i = 0; i < n; i++) put_in_band(c, c->come + i, records + (size_t)i * c->record);
    return GT_OK;
}

static gt_status finish_webp(gt_collection *c) {
    const gt_collection_of *of = c->of;
    gt_picture p = {.height = (int)(of->rows * of->dims[0]),
                    .width = (int)(of->columns * of->dims[1]),
                    .channels = (int)of->dims[2],
                    .samples = c->band};
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = gt_webp_encode(&p, &(gt_webp_options){.lossless = true, .notes = of->notes}, &bytes, &n);
    if (!st) st = gt_growing_add(&c->file, bytes, n);
    return st ? st : gt_growing_finish(&c->file);
}

/* ---- */

static const kind kinds[] = {
    {".png", GT_COLLECTION_PICTURE, check_png, open_png, add_png, finish_png, close_png},
    {".webp", GT_COLLECTION_PICTURE, check_webp, open_webp, add_webp, finish_webp, NULL},
    {".npy", GT_COLLECTION_ARRAY, NULL, open_npy, add_npy, finish_npy, NULL},
    {".h5", GT_COLLECTION_ARRAY, NULL, open_h5, add_h5, finish_h5, close_h5},
    {".zip", GT_COLLECTION_DATASET, gt_picture_zip_check, open_zip, add_zip, finish_zip, close_zip},
};

static const kind *find_kind(const char *path) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (gt_ends_with(path, kinds[i].ending)) return &kinds[i];
    return NULL;
}

gt_collection_kind gt_collection_kind_of(const char *path) {
    const kind *k = find_kind(path);
    return k ? k->what : GT_COLLECTION_UNKNOWN;
}

gt_status gt_collection_check(const gt_collection_of *of) {
    const kind *k = find_kind(of->path);
    if (!k)
        return gt_fail(
            GT_USAGE,
            "'%s': a name that ends in .png, .webp (pictures), .npy, .h5 (arrays) or .zip (a dataset) is needed",
            of->path);
    gt_status st = k->check ? k->check(of) : GT_OK;
    return st ? gt_wrap(st, "'%s'", of->path) : GT_OK;
}

gt_status gt_collection_open(gt_collection **out, const gt_collection_of *of) {
    *out = NULL;
    gt_status st = gt_collection_check(of);
    gt_collection *c = st ? NULL : malloc(sizeof *c);
    if (!st && !c) st = gt_fail(GT_NOMEM, "out of memory for '%s'", of->path);
    if (st) return st;
    *c = (gt_collection){.of = of, .kind = find_kind(of->path), .record = record_bytes(of), .file = {.fd = -1}};
    st = c->kind->open(c);
    if (st) gt_collection_close(c);
    else *out = c;
    return st;
}

gt_status gt_collection_add(gt_collection *c, int64_t n, const void *records) {
    gt_status st = c->kind->add(c, n, records);
    c->come += n;
    return st;
}

gt_status gt_collection_finish(gt_collection *c) { return c->kind->finish(c); }

void gt_collection_close(gt_collection *c) {
    if (!c) return;
    if (c->kind->close) c->kind->close(c);
    gt_growing_close(&c->file);
    free(c->band);
    free(c);
}
