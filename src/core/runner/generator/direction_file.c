/* SPDX-License-Identifier: Apache-2.0
 * Files of directions: see direction_file.h. */
#include "runner/generator/door/direction_file.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/npy.h"
#include "runner/generator/door/directions.h"
#include "base/door/memory.h"
#include "files/h5/door/h5.h"

enum { MOST_BYTES = 1 << 30 };

gt_status gt_direction_name_check(const char *text) {
    size_t n = strlen(text);
    bool good = n > 0 && n < GT_DIRECTION_NAME && isalpha((unsigned char)*text);
    for (size_t i = 0; i < n && good; i++) good = isalnum((unsigned char)text[i]) || text[i] == '-' || text[i] == '_';
    return good ? GT_OK
                : gt_fail(GT_USAGE, "must be a name of fewer than %d letters, digits, - and _, a letter first",
                          GT_DIRECTION_NAME);
}

/* Is it the file of a network that comes with Gantry? `name`: of the file. */
static bool is_shipped(const char *checkpoint, const char *name) {
    char stem[GT_NAME_BYTES], path[GT_PROGRAM_PATH_BYTES];
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(name, "."), name);
    return gt_shipped_find(GT_SHIPPED_NETWORKS, stem, path) && !strcmp(path, checkpoint);
}

const char *gt_directions_place(gt_arena *a, const char *checkpoint) {
    const char *name = strrchr(checkpoint, '/'), *dot;
    name = name ? name + 1 : checkpoint;
    if (is_shipped(checkpoint, name)) checkpoint = name; /* its folder is not the user's: they lie in the current one */
    int folder = (int)(name - checkpoint);
    if (!strncmp(name, "checkpoint-", 11) || !strcmp(name, "last") || !strcmp(name, "best"))
        return gt_arena_printf(a, "%.*sdirections.h5", folder, checkpoint);
    dot = strrchr(name, '.');
    return gt_arena_printf(a, "%.*s-directions.h5", dot ? (int)(dot - checkpoint) : (int)strlen(checkpoint),
                           checkpoint);
}

/* ---- in memory ---- */

gt_status gt_directions_new(gt_directions *d, int n, int num_ws, int w_dim) {
    size_t row, bytes;
    bool fits = !gt_mul_overflows((size_t)num_ws, (size_t)w_dim, &row) && !gt_mul_overflows(row, (size_t)n, &bytes) &&
                !gt_mul_overflows(bytes, sizeof(float), &bytes);
    *d = (gt_directions){.n = n, .num_ws = num_ws, .w_dim = w_dim};
    d->list = calloc((size_t)n + 1, sizeof *d->list);
    d->steps = fits ? calloc(bytes + 1, 1) : NULL;
    if (d->list && d->steps) return GT_OK;
    gt_directions_free(d);
    return gt_fail(GT_NOMEM, "out of memory for %d directions", n);
}

void gt_directions_free(gt_directions *d) {
    free(d->list);
    free(d->steps);
    *d = (gt_directions){0};
}

int gt_direction_find(const gt_directions *d, const char *name) {
    int i = 0;
    while (i < d->n && strcmp(d->list[i].name, name)) i++;
    return i < d->n ? i : -1;
}

gt_status gt_directions_share_all(gt_comm *comm, gt_directions *d) {
    gt_directions head = *d;
    gt_comm_broadcast_all(comm, &head, sizeof head, 0);
    gt_status st = comm->rank ? gt_directions_new(d, head.n, head.num_ws, head.w_dim) : GT_OK;
    if ((st = gt_comm_agree_all(comm, st))) return st;
    memcpy(d->network, head.network, sizeof d->network);
    gt_comm_broadcast_all(comm, d->list, (size_t)d->n * sizeof *d->list, 0);
    gt_comm_broadcast_all(comm, d->steps, (size_t)d->n * (size_t)d->num_ws * (size_t)d->w_dim * sizeof *d->steps, 0);
    return GT_OK;
}

/* ---- reading ---- */

static gt_status other_network(const int64_t *shape, int axes, int num_ws, int w_dim) {
    char text[128] = "";
    for (int i = 0; i < axes; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lld", i ? "," : "", (long long)shape[i]);
    return gt_fail(GT_USAGE,
                   "directions of the shape [%s], but this network takes [K,%d,%d]: they belong to another network",
                   text, num_ws, w_dim);
}

/* How many directions an array of .npy holds, and whether each has a vector for each layer; 0: none. */
static int64_t count_of(const gt_npy *a, int num_ws, int w_dim, bool *each_layer) {
    const size_t *s = a->shape, layers = (size_t)num_ws, dim = (size_t)w_dim;
    *each_layer = a->dimensions == 3 || (a->dimensions == 2 && s[0] == layers && layers > 1);
    if (a->dimensions < 1 || a->dimensions > 3 || s[a->dimensions - 1] != dim) return 0;
    if (a->dimensions == 3) return s[1] == layers ? (int64_t)s[0] : 0;
    return a->dimensions == 1 || *each_layer ? 1 : (int64_t)s[0];
}

static gt_status from_npy(gt_directions *d, const void *bytes, size_t n, int num_ws, int w_dim) {
    gt_npy a;
    bool each_layer;
    gt_status st = gt_npy_head(&a, bytes, n);
    if (st) return st;
    int64_t count = count_of(&a, num_ws, w_dim, &each_layer), shape[GT_NPY_DIMENSIONS_ANY];
    for (int i = 0; i < a.dimensions; i++) shape[i] = (int64_t)a.shape[i];
    if (!count) return other_network(shape, a.dimensions, num_ws, w_dim);
    if (count > GT_DIRECTIONS_MAX) return gt_fail(GT_USAGE, "more than %d directions", GT_DIRECTIONS_MAX);
    if (a.elements > (n - a.head) / (size_t)a.size) return gt_fail(GT_FORMAT, "damaged or truncated: %zu bytes", n);
    if ((st = gt_directions_new(d, (int)count, num_ws, w_dim))) return st;
    size_t row = (size_t)num_ws * (size_t)w_dim, dim = (size_t)w_dim;
    for (size_t i = 0; i < (size_t)count * row; i++) {
        size_t from = each_layer ? i : i / row * dim + i % dim;
        d->steps[i] = (float)gt_npy_number(&a, (const char *)bytes + a.head, from);
    }
    for (int i = 0; i < d->n; i++) {
        snprintf(d->list[i].name, sizeof d->list[i].name, "d%d", i);
        snprintf(d->list[i].how, sizeof d->list[i].how, "from an array");
    }
    return GT_OK;
}

static gt_status from_npy_file(gt_directions *d, const char *path, int num_ws, int w_dim) {
    GT_FREED void *bytes = NULL;
    size_t n;
    gt_status st = gt_file_read(path, MOST_BYTES, &bytes, &n);
    return st ? st : from_npy(d, bytes, n, num_ws, w_dim);
}

static gt_status read_rest(gt_directions *d, const gt_h5_file *f) {
    gt_h5_set *s;
    double *sigma = calloc((size_t)d->n, sizeof *sigma);
    gt_status st = sigma ? gt_h5_set_open(&s, f, "sigma") : gt_fail(GT_NOMEM, "out of memory for directions");
    if (!st && (s->n_dims != 1 || s->rows != d->n))
        st = gt_fail(GT_FORMAT, "'sigma' is not a list of %d numbers", d->n);
    if (!st) st = gt_h5_set_read(s, 0, d->n, GT_NUMBER_DOUBLE, sigma);
    for (int i = 0; i < d->n && !st; i++) d->list[i].sigma = sigma[i];
    if (sigma) gt_h5_set_close(s);
    free(sigma);
    if (!st) st = gt_h5_read_texts(f, "names", (size_t)d->n, d->list->name, sizeof *d->list, sizeof d->list->name);
    if (!st) st = gt_h5_read_texts(f, "how", (size_t)d->n, d->list->how, sizeof *d->list, sizeof d->list->how);
    if (!st) st = gt_h5_read_texts(f, "network", 1, d->network, 0, sizeof d->network);
    for (int i = 0; i < d->n && !st; i++)
        if (gt_direction_name_check(d->list[i].name) || gt_direction_find(d, d->list[i].name) != i)
            st = gt_fail(GT_FORMAT, "name %d of 'names' is invalid or occurs twice", i);
    return st;
}

static gt_status from_hdf5(gt_directions *d, const char *path, int num_ws, int w_dim) {
    gt_h5_file f;
    gt_h5_set *s = NULL;
    gt_status st = gt_h5_open(&f, path);
    if (st) return st;
    if (!gt_h5_has(&f, "directions")) st = gt_fail(GT_FORMAT, "no array 'directions', as gantry directions writes it");
    if (!st) st = gt_h5_set_open(&s, &f, "directions");
    if (!st && (s->n_dims != 3 || s->dims[1] != num_ws || s->dims[2] != w_dim))
        st = other_network(s->dims, s->n_dims, num_ws, w_dim);
    if (!st && (s->rows < 1 || s->rows > GT_DIRECTIONS_MAX))
        st = gt_fail(GT_FORMAT, "%lld directions, of 1 to %d", (long long)s->rows, GT_DIRECTIONS_MAX);
    if (!st) st = gt_directions_new(d, (int)s->rows, num_ws, w_dim);
    if (!st) st = gt_h5_set_read(s, 0, d->n, GT_NUMBER_FLOAT, d->steps);
    gt_h5_set_close(s);
    if (!st) st = read_rest(d, &f);
    gt_h5_close(&f);
    return st;
}

/* What the file is instead. */
static gt_status no_directions(const char *path, gt_file_kind kind) {
    gt_status st = gt_file_check_regular(path);
    if (st) return st; /* it is not there, or cannot be read */
    const char *what = gt_kind_text(kind);
    return gt_fail(GT_FORMAT, "%s%snot a file of directions: a .h5 from gantry directions or a .npy is needed", what,
                   *what ? " and " : "");
}

static gt_status check_finite(const gt_directions *d) {
    size_t row = (size_t)d->num_ws * (size_t)d->w_dim;
    for (size_t i = 0; i < (size_t)d->n * row; i++)
        if (!isfinite(d->steps[i]))
            return gt_fail(GT_NONFINITE, "numbers that are not finite, the first in direction %zu", i / row);
    return GT_OK;
}

gt_status gt_directions_read(gt_directions *d, const char *path, int num_ws, int w_dim) {
    gt_file_kind kind = gt_kind_of_file(path);
    *d = (gt_directions){0};
    gt_status st = kind == GT_KIND_HDF5    ? from_hdf5(d, path, num_ws, w_dim)
                   : kind == GT_KIND_NUMPY ? from_npy_file(d, path, num_ws, w_dim)
                                           : no_directions(path, kind);
    if (!st) st = check_finite(d);
    if (!st) return GT_OK;
    gt_directions_free(d);
    return gt_wrap(st, "'%s'", path);
}

/* ---- writing ---- */

static bool moves(const gt_directions *d, size_t layer) {
    const float *step = d->steps + layer * (size_t)d->w_dim;
    int k = 0;
    while (k < d->w_dim && step[k] == 0) k++;
    return k < d->w_dim;
}

static gt_status write_hdf5(const gt_directions *d, const char *path) {
    size_t n = (size_t)d->n, layers = n * (size_t)d->num_ws;
    GT_FREED char *names = calloc(n, GT_DIRECTION_NAME), *how = calloc(n, GT_DIRECTION_HOW);
    GT_FREED uint8_t *moved = calloc(layers, 1);
    GT_FREED double *sigma = calloc(n, sizeof *sigma);
    gt_status st = names && how && moved && sigma ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    for (size_t i = 0; i < n && !st; i++) {
        memcpy(names + i * GT_DIRECTION_NAME, d->list[i].name, GT_DIRECTION_NAME);
        memcpy(how + i * GT_DIRECTION_HOW, d->list[i].how, GT_DIRECTION_HOW);
        sigma[i] = d->list[i].sigma;
    }
    for (size_t i = 0; i < layers && !st; i++) moved[i] = moves(d, i);
    const gt_array arrays[] = {
        {"directions", GT_NUMBER_FLOAT, 3, {d->n, d->num_ws, d->w_dim}, d->steps},
        {"names", GT_NUMBER_TEXT, 2, {d->n, GT_DIRECTION_NAME}, names},
        {"sigma", GT_NUMBER_DOUBLE, 1, {d->n}, sigma},
        {"layers", GT_NUMBER_UINT8, 2, {d->n, d->num_ws}, moved},
        {"how", GT_NUMBER_TEXT, 2, {d->n, GT_DIRECTION_HOW}, how},
        {"network", GT_NUMBER_TEXT, 2, {1, sizeof d->network}, d->network},
    };
    return st ? st : gt_arrays_write(path, arrays, sizeof arrays / sizeof *arrays);
}

gt_status gt_directions_write(const gt_directions *d, const char *path) {
    return gt_ends_with(path, ".npy") ? gt_npy_write(path, d->steps, d->n, d->num_ws, d->w_dim) : write_hdf5(d, path);
}
