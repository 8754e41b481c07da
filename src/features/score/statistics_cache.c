/* SPDX-License-Identifier: Apache-2.0
 * Statistics of real pictures, kept from run to run (statistics_cache.h). An entry is a .npz file: `key`, the bytes of
 * the text; of a Gaussian `count`, `mean`, and `covariance` (divisor count) or `rows`; of features `shape`, rows and
 * numbers of a row, and panels of rows, `features000000` and so on. All numbers are those that were computed, bit for
 * bit. */
#include "features/score/statistics_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "files/codec/door/npz.h"
#include "base/door/hash.h"
#include "base/door/log.h"
#include "gantry/memory.h"

enum { MAX_KEY = 1 << 16, MAX_FEATURES = 1 << 24 /* numbers of a row */ };

/* ---- the folder ---- */

static char *join_and_free(char *dir, const char *name) {
    char *path = dir ? gt_path_join(dir, name) : NULL;
    free(dir);
    return path;
}

static char *folder(void) {
    char *dir = gt_cache_path("statistics");
    static pid_t cleared; /* by this process: not its parent */
    if (dir && cleared != getpid()) gt_halves_clear(dir);
    cleared = getpid();
    return dir;
}

static char *path_of(const char *key) {
    char name[33 + 4];
    gt_hash_hex(gt_hash(key, strlen(key)), name);
    strcat(name, ".npz");
    return join_and_free(folder(), name);
}

static void warn_unwritten(void) {
    gt_log_once(GT_WARNING,
                "statistics of real pictures are not kept, so each run computes them again: %s. To choose another "
                "folder, set the environment variable GT_CACHE",
                gt_message());
}

/* ---- reading ---- */

static gt_status check_key(gt_zip *z, const char *key) {
    gt_npy a;
    GT_FREED char *file = NULL;
    size_t n = strlen(key);
    gt_status st = gt_npz_read(z, "key", MAX_KEY, &a, &file);
    if (!st && (a.size != 1 || a.elements != n || memcmp(file + a.head, key, n)))
        st = gt_fail(GT_FORMAT, "they belong to another key");
    return st;
}

/* An entry that is damaged is as one that is not there. */
static gt_status forget_entry(gt_status st, const char *path) {
    if (st && st != GT_NOMEM)
        gt_warn("kept statistics of real pictures cannot be used and are computed again: '%s': %s", path, gt_message());
    return st == GT_NOMEM ? st : GT_OK;
}

/* The archive of the key; *z NULL: there is none. GT_NOMEM is the only error. */
static gt_status open_entry(const char *key, gt_zip **z, char **path) {
    *z = NULL;
    *path = path_of(key);
    if (!*path || access(*path, F_OK)) return GT_OK;
    gt_status st = gt_zip_open(z, *path);
    if (!st) st = check_key(*z, key);
    if (!st) return GT_OK;
    gt_zip_close(*z);
    *z = NULL;
    return forget_entry(st, *path);
}

/* An array of numbers that are kept as they are in memory: of this type and of these dimensions, any where they are -1.
 */
static gt_status read_array(gt_zip *z, const char *name, char type, size_t size, int n_dims, const int64_t *dims,
                            gt_npy *a, char **file) {
    uint64_t max_bytes = (uint64_t)MAX_FEATURES * sizeof(double) * (n_dims > 1 ? MAX_FEATURES : 1);
    gt_status st = gt_npz_read(z, name, max_bytes, a, file);
    bool fits = !st && a->type == type && (size_t)a->size == size && a->dimensions == n_dims && !a->fortran;
    for (int i = 0; i < n_dims && fits; i++) fits = dims[i] < 0 || a->shape[i] == (size_t)dims[i];
    if (!st && !fits) st = gt_fail(GT_FORMAT, "the array '%s' has another shape or type", name);
    if (st) {
        free(*file);
        *file = NULL;
    }
    return st;
}

/* Numbers of float64, which become the caller's. */
static double *read_doubles(gt_zip *z, const char *name, int n_dims, const int64_t *dims, gt_npy *a, gt_status *st) {
    GT_FREED char *file = NULL;
    double *x = NULL;
    if (!*st) *st = read_array(z, name, 'f', sizeof(double), n_dims, dims, a, &file);
    if (!*st) x = malloc(a->elements * sizeof *x + 1);
    if (!*st && !x) *st = gt_fail(GT_NOMEM, "out of memory for kept statistics");
    if (x) memcpy(x, file + a->head, a->elements * sizeof *x);
    return x;
}

static gt_status read_gaussian(gt_zip *z, gt_gaussian *g) {
    gt_npy a = {0};
    char *file = NULL;
    gt_status st = read_array(z, "count", 'i', sizeof(int64_t), 0, NULL, &a, &file);
    if (!st) g->count = gt_npy_integer(&a, file + a.head, 0);
    free(file);
    g->mean = read_doubles(z, "mean", 1, (int64_t[]){-1}, &a, &st);
    g->d = st ? 0 : (int64_t)a.elements;
    if (!st && (g->count < 0 || g->d < 1)) st = gt_fail(GT_FORMAT, "they are of no pictures");
    if (gt_zip_find(z, "rows.npy", NULL)) g->rows = read_doubles(z, "rows", 2, (int64_t[]){g->count, g->d}, &a, &st);
    else g->covariance = read_doubles(z, "covariance", 2, (int64_t[]){g->d, g->d}, &a, &st);
    return st;
}

gt_status gt_statistics_cache_get(const char *key, bool *found, gt_gaussian *out) {
    gt_zip *z;
    GT_FREED char *path = NULL;
    *found = false;
    *out = (gt_gaussian){0};
    gt_status st = open_entry(key, &z, &path);
    if (z) {
        st = read_gaussian(z, out);
        *found = !st;
        if (st) gt_gaussian_free(out);
        st = forget_entry(st, path);
    }
    gt_zip_close(z);
    return st;
}

/* ---- writing ---- */

/* A new entry with its key, in a folder that is there; a failure was said. */
static bool begin_entry(gt_npz *w, const char *key) {
    GT_FREED char *dir = folder(), *path = NULL;
    const int64_t length = (int64_t)strlen(key);
    if (dir && !gt_make_directories(dir)) path = path_of(key);
    gt_status st = path ? gt_npz_begin(w, path) : GT_FAILED;
    if (!st) {
        st = gt_npz_add(w, "key", "|u1", 1, &length, key, (size_t)length);
        if (st) gt_npz_close(w);
    }
    if (st) warn_unwritten();
    return !st;
}

static gt_status add_gaussian(gt_npz *w, const gt_gaussian *g) {
    const size_t d = (size_t)g->d, rows = g->rows ? (size_t)g->count : d;
    const int64_t dims[] = {(int64_t)rows, g->d};
    gt_status st = gt_npz_add(w, "count", "<i8", 0, NULL, &g->count, sizeof g->count);
    if (!st) st = gt_npz_add(w, "mean", "<f8", 1, &g->d, g->mean, d * sizeof *g->mean);
    return st ? st
              : gt_npz_add(w, g->rows ? "rows" : "covariance", "<f8", 2, dims, g->rows ? g->rows : g->covariance,
                           rows * d * sizeof *g->mean);
}

void gt_statistics_cache_put(const char *key, const gt_gaussian *g) {
    gt_npz w;
    if (!g->mean || (!g->rows && !g->covariance) || !begin_entry(&w, key)) return;
    gt_status st = add_gaussian(&w, g);
    if (!st) st = gt_npz_finish(&w);
    if (st) warn_unwritten();
    gt_npz_close(&w);
}

/* ---- rows ---- */

struct gt_cached_rows {
    gt_zip *zip; /* that is read; NULL: the entry is written */
    char *path;
    gt_npz writer;
    int64_t count, d, done; /* rows; numbers of a row; rows that were read or written */
    int panels;             /* that were read or written */
    gt_status status;       /* of writing */
};

static void panel_name(const gt_cached_rows *r, char name[32]) { snprintf(name, 32, "features%06d", r->panels); }

gt_cached_rows *gt_cached_rows_open(const char *key, int64_t count, int64_t d) {
    gt_cached_rows *r = calloc(1, sizeof *r);
    gt_npy a = {0};
    GT_FREED char *file = NULL;
    if (!r) return NULL;
    *r = (gt_cached_rows){.count = count, .d = d, .writer.file.fd = -1};
    gt_status st = open_entry(key, &r->zip, &r->path);
    if (r->zip) st = read_array(r->zip, "shape", 'i', sizeof(int64_t), 1, (int64_t[]){2}, &a, &file);
    bool fits = r->zip && !st && gt_npy_integer(&a, file + a.head, 0) == count &&
                gt_npy_integer(&a, file + a.head, 1) == d;
    if (r->zip) forget_entry(st, r->path);
    if (fits) return r;
    gt_cached_rows_close(r);
    return NULL;
}

gt_status gt_cached_rows_next(gt_cached_rows *r, int64_t *n, float *x) {
    gt_npy a = {0};
    char name[32], *file;
    *n = 0;
    if (!r->zip || r->done == r->count) return gt_fail(GT_USAGE, "there are no more kept rows to read");
    panel_name(r, name);
    gt_status st = read_array(r->zip, name, 'f', sizeof *x, 2, (int64_t[]){-1, r->d}, &a, &file);
    if (!st && (!a.shape[0] || a.shape[0] > GT_ROWS_AT_ONCE || (int64_t)a.shape[0] > r->count - r->done))
        st = gt_fail(GT_FORMAT, "the array '%s' has too many rows", name);
    if (!st) {
        *n = (int64_t)a.shape[0];
        memcpy(x, file + a.head, a.elements * sizeof *x);
        r->done += *n;
        r->panels++;
    } else forget_entry(st, r->path);
    free(file);
    return st;
}

gt_cached_rows *gt_cached_rows_create(const char *key, int64_t count, int64_t d) {
    gt_cached_rows *r = calloc(1, sizeof *r);
    const int64_t shape[] = {count, d}, two = 2;
    if (!r) return NULL;
    *r = (gt_cached_rows){.count = count, .d = d};
    if (!begin_entry(&r->writer, key)) {
        free(r);
        return NULL;
    }
    r->status = gt_npz_add(&r->writer, "shape", "<i8", 1, &two, shape, sizeof shape);
    return r;
}

gt_status gt_cached_rows_append(gt_cached_rows *r, int64_t n, const float *x) {
    const int64_t dims[] = {n, r->d};
    char name[32];
    if (r->zip || n < 1 || n > GT_ROWS_AT_ONCE || n > r->count - r->done)
        return gt_fail(GT_USAGE, "%lld kept rows cannot be added to %lld of %lld", (long long)n, (long long)r->done,
                       (long long)r->count);
    panel_name(r, name);
    if (!r->status) r->status = gt_npz_add(&r->writer, name, "<f4", 2, dims, x, (size_t)n * (size_t)r->d * sizeof *x);
    if (r->status && r->status != GT_USAGE) warn_unwritten();
    r->done += n;
    r->panels++;
    return GT_OK;
}

void gt_cached_rows_close(gt_cached_rows *r) {
    if (!r) return;
    if (!r->zip && r->writer.file.fd >= 0 && !r->status && r->done == r->count && gt_npz_finish(&r->writer))
        warn_unwritten();
    gt_npz_close(&r->writer);
    gt_zip_close(r->zip);
    free(r->path);
    free(r);
}
