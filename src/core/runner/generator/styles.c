/* SPDX-License-Identifier: Apache-2.0
 * Styles that users give: see styles.h. */
#include "runner/generator/door/styles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/npy.h"
#include "files/codec/door/weights.h"
#include "gantry/log.h"
#include "gantry/option.h"
#include "files/h5/door/arrays.h"
#include "files/h5/door/h5.h"
#include "networks/model/door/model.h"
#include "files/codec/door/codec.h"
#include "base/door/memory.h"
#include "runner/generator/door/generator.h"

#define ARRAY "w"
enum { MOST_BYTES = 1 << 30 };

typedef struct wanted {
    int num_ws, w_dim;
    int64_t n; /* rows that were found */
    float *ws;
    char network[GT_STYLES_NETWORK]; /* as the file says; "": it does not */
} wanted;

static gt_status other_shape(const wanted *w, const char *found) {
    return gt_fail(GT_USAGE, "'%s' has the shape %s, but this network takes [K,%d,%d]: it belongs to another network",
                   ARRAY, found, w->num_ws, w->w_dim);
}

static gt_status make_room(wanted *w, int64_t n) {
    size_t floats, bytes, row = (size_t)w->num_ws * (size_t)w->w_dim;
    bool fits = !gt_mul_overflows((size_t)n, row, &floats) && !gt_mul_overflows(floats, sizeof(float), &bytes);
    w->ws = fits ? malloc(bytes) : NULL;
    w->n = n;
    return w->ws ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld rows of styles", (long long)n);
}

/* The bytes of a .npy file. */
static gt_status from_npy(wanted *w, const void *bytes, size_t n) {
    gt_npy a;
    gt_status st = gt_npy_head(&a, bytes, n);
    if (st) return st;
    char shape[128] = "[";
    for (int i = 0; i < a.dimensions; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%zu", i ? "," : "", a.shape[i]);
    strcat(shape, "]");
    if (a.dimensions != 3 || !a.shape[0] || a.shape[1] != (size_t)w->num_ws || a.shape[2] != (size_t)w->w_dim)
        return other_shape(w, shape);
    if (a.elements > (n - a.head) / (size_t)a.size) return gt_fail(GT_FORMAT, "damaged or truncated: %zu bytes", n);
    st = make_room(w, (int64_t)a.shape[0]);
    for (size_t i = 0; i < a.elements && !st; i++) w->ws[i] = (float)gt_npy_number(&a, (const char *)bytes + a.head, i);
    return st;
}

/* Of an archive with anything but arrays the name stays empty. */
static void network_of_npz(wanted *w, const char *path) {
    gt_status st;
    gt_weights *f = gt_weights_open(path, &st);
    const gt_fact *fact = f ? gt_weights_fact(f, GT_NETWORK_OF_STYLES) : NULL;
    if (fact && fact->kind == GT_FACT_TEXT) snprintf(w->network, sizeof w->network, "%s", fact->text);
    gt_weights_close(f);
}

static gt_status from_npz(wanted *w, const char *path) {
    gt_zip *z;
    size_t i;
    gt_status st = gt_zip_open(&z, path);
    if (st) return st;
    const gt_zip_entry *e = gt_zip_find(z, ARRAY ".npy", &i);
    GT_FREED void *bytes = NULL;
    if (!e) st = gt_fail(GT_FORMAT, "'%s': an archive without an array '%s'", path, ARRAY);
    else if (e->size > MOST_BYTES || !(bytes = malloc(e->size + 1)))
        st = gt_fail(GT_NOMEM, "'%s': '%s' has %llu bytes", path, ARRAY, (unsigned long long)e->size);
    if (!st && ((st = gt_zip_read(z, i, bytes)) || (st = from_npy(w, bytes, e->size)))) st = gt_wrap(st, "'%s'", path);
    gt_zip_close(z);
    if (!st) network_of_npz(w, path);
    return st;
}

static gt_status from_npy_file(wanted *w, const char *path) {
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = gt_file_read(path, MOST_BYTES, &bytes, &n);
    if (st) return st;
    st = from_npy(w, bytes, n);
    return st ? gt_wrap(st, "'%s'", path) : GT_OK;
}

static gt_status network_of_hdf5(wanted *w, const char *path) {
    gt_h5_file f;
    gt_status st = gt_h5_open(&f, path);
    if (st) return st;
    if (gt_h5_has(&f, GT_NETWORK_OF_STYLES))
        st = gt_h5_read_texts(&f, GT_NETWORK_OF_STYLES, 1, w->network, 0, sizeof w->network);
    gt_h5_close(&f);
    return st ? gt_wrap(st, "'%s'", path) : GT_OK;
}

static gt_status from_hdf5(wanted *w, const char *path) {
    gt_array_file *f;
    int64_t rows, columns, row = (int64_t)w->num_ws * w->w_dim;
    gt_status st = gt_array_open(&f, path, gt_array_axes(path, ARRAY) >= 0 ? ARRAY : "", &rows, &columns);
    if (st) return st;
    char shape[64];
    snprintf(shape, sizeof shape, "[%lld rows of %lld]", (long long)rows, (long long)columns);
    st = columns == row ? make_room(w, rows) : gt_wrap(other_shape(w, shape), "'%s'", path);
    GT_FREED double *line = st ? NULL : malloc((size_t)row * sizeof *line);
    if (!st && !line) st = gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    for (int64_t i = 0; i < rows && !st; i++) {
        st = gt_array_rows(f, i, 1, line);
        for (int64_t k = 0; k < row && !st; k++) w->ws[i * row + k] = (float)line[k];
    }
    gt_array_close(f);
    return st ? st : network_of_hdf5(w, path);
}

static gt_status check_finite(const wanted *w, const char *path) {
    size_t row = (size_t)w->num_ws * (size_t)w->w_dim;
    for (size_t i = 0; i < (size_t)w->n * row; i++)
        if (!isfinite(w->ws[i]))
            return gt_fail(GT_NONFINITE, "'%s': '%s' has numbers that are not finite, the first in row %zu", path,
                           ARRAY, i / row);
    return GT_OK;
}

static gt_status check_network(const wanted *w, const char *path, const gt_generator *g) {
    char here[GT_STYLES_NETWORK];
    gt_hash_hex(gt_generator_hash(g), here);
    if (!*w->network)
        gt_info("'%s' does not name the network of its styles: they are taken as styles of this network", path);
    if (!*w->network || gt_is(w->network, here)) return GT_OK;
    return gt_fail(GT_USAGE,
                   "'%s' holds styles of another network, or of another checkpoint of this run: give the network with "
                   "which they were made, or project the picture again",
                   path);
}

/* What the file is instead. */
static gt_status no_styles(const char *path, gt_file_kind kind) {
    gt_status st = gt_file_check_regular(path);
    if (st) return st; /* it is not there, or cannot be read */
    const char *what = gt_kind_text(kind);
    return gt_fail(GT_FORMAT, "'%s'%s%s%s holds no styles: a .npz with an array '%s', a .npy or HDF5 is needed", path,
                   *what ? " is " : "", what, *what ? " and" : "", ARRAY);
}

gt_status gt_projected_read(const char *path, const gt_generator *g, int64_t *n, float **ws) {
    const gt_model *m = gt_generator_model(g);
    wanted w = {.num_ws = m->num_ws, .w_dim = m->w_dim};
    gt_file_kind kind = gt_kind_of_file(path);
    gt_status st = kind == GT_KIND_HDF5    ? from_hdf5(&w, path)
                   : kind == GT_KIND_ZIP   ? from_npz(&w, path)
                   : kind == GT_KIND_NUMPY ? from_npy_file(&w, path)
                                           : no_styles(path, kind);
    if (!st) st = check_finite(&w, path);
    if (!st) st = check_network(&w, path, g);
    if (st) free(w.ws);
    *n = st ? 0 : w.n;
    *ws = st ? NULL : w.ws;
    return st;
}

/* ---- layers ---- */

/* The number at *text, at most 999; -1: none. Moves past it. */
static int next_number(const char **text) {
    int n = 0, digits = 0;
    for (; **text >= '0' && **text <= '9' && digits < 3; ++*text, digits++) n = 10 * n + (**text - '0');
    return digits ? n : -1;
}

/* One item of the list, "7", "0-6" or "8-" (*last -1); moves past it and the comma that follows. */
static bool next_layers(const char **text, int *first, int *last) {
    *first = *last = next_number(text);
    if (**text == '-') {
        ++*text;
        *last = next_number(text);
    }
    if (*first < 0 || (*last >= 0 && *last < *first)) return false;
    if (**text == ',') return *++*text != 0;
    return **text == 0;
}

gt_status gt_layers_check(const char *text) {
    int first, last;
    bool good = *text != 0;
    while (good && *text) good = next_layers(&text, &first, &last);
    return good ? GT_OK : gt_fail(GT_USAGE, "must be layers and ranges of them, such as 0-6, 8- or 0,2,5");
}

gt_status gt_layers_read(const char *text, int num_ws, bool *chosen) {
    int first, last;
    memset(chosen, 0, (size_t)num_ws * sizeof *chosen);
    gt_status st = gt_layers_check(text);
    for (const char *t = text; !st && *t && next_layers(&t, &first, &last);) {
        if (last < 0) last = first < num_ws ? num_ws - 1 : first;
        if (last >= num_ws) st = gt_fail(GT_USAGE, "the network has %d layers of styles, 0 to %d", num_ws, num_ws - 1);
        for (int i = first; !st && i <= last; i++) chosen[i] = true;
    }
    return st ? gt_wrap(st, "--styles=%.60s", text) : GT_OK;
}
