/* SPDX-License-Identifier: Apache-2.0
 * metrics.h5: see metrics_h5.h. */
#include "run/metrics_h5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "h5/h5.h"
#include "h5/h5_image.h"
#include "h5/h5_sink.h"

enum { CHUNK_ROWS = 256 };

typedef struct row {
    double num, mean, std;
} row;

struct metrics_h5 {
    char *dir, *path;
    bool swmr;
    h5_sink sink;    /* of the file: on the disk with SWMR, */
    h5_image image;  /* without in memory, and written as a whole */
    hid_t file, row_type;
    hid_t images, timestamp; /* datasets */
    int n;
    hid_t *sets;             /* one per series */
    char **names;
    hsize_t rows;
};

metrics_h5 *metrics_h5_new(const char *dir, bool swmr) {
    gt_h5_quiet();
    metrics_h5 *m = calloc(1, sizeof *m);
    if (m) *m = (metrics_h5){.swmr = swmr, .dir = strdup(dir), .path = gt_path_join(dir, "metrics.h5"), .file = -1, .row_type = -1, .images = -1, .timestamp = -1};
    if (m && m->dir && m->path) return m;
    metrics_h5_free(m);
    gt_fail(GT_NOMEM, "out of memory for metrics.h5");
    return NULL;
}

static void close_set(hid_t *set) {
    if (*set >= 0) H5Dclose(*set);
    *set = -1;
}

void metrics_h5_close(metrics_h5 *m) {
    for (int i = 0; i < m->n; i++) {
        close_set(&m->sets[i]);
        free(m->names[i]);
    }
    free(m->sets);
    free(m->names);
    m->sets = NULL;
    m->names = NULL;
    m->n = 0;
    m->rows = 0;
    close_set(&m->images);
    close_set(&m->timestamp);
    if (m->row_type >= 0) H5Tclose(m->row_type);
    if (m->file >= 0) H5Fclose(m->file);
    m->row_type = m->file = -1;
    free(m->image.data);
    m->image = (h5_image){0};
}

void metrics_h5_free(metrics_h5 *m) {
    if (!m) return;
    metrics_h5_close(m);
    free(m->dir);
    free(m->path);
    free(m);
}

/* ---- datasets ---- */

static hid_t make_row_type(void) {
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(row));
    if (type >= 0 &&
        (H5Tinsert(type, "num", offsetof(row, num), H5T_NATIVE_DOUBLE) < 0 || H5Tinsert(type, "mean", offsetof(row, mean), H5T_NATIVE_DOUBLE) < 0 ||
         H5Tinsert(type, "std", offsetof(row, std), H5T_NATIVE_DOUBLE) < 0)) {
        H5Tclose(type);
        type = -1;
    }
    return type;
}

/* A dataset that grows, with its first rows. */
static gt_status make_set(metrics_h5 *m, const char *name, hid_t type, const void *values, hsize_t rows, hid_t *set) {
    hsize_t most = H5S_UNLIMITED, chunk = CHUNK_ROWS;
    hid_t space = H5Screate_simple(1, &rows, &most), create = H5Pcreate(H5P_DATASET_CREATE), links = H5Pcreate(H5P_LINK_CREATE);
    *set = -1;
    if (space >= 0 && create >= 0 && links >= 0 && H5Pset_chunk(create, 1, &chunk) >= 0 && H5Pset_create_intermediate_group(links, 1) >= 0)
        *set = H5Dcreate2(m->file, name, type, space, links, create, H5P_DEFAULT);
    gt_status st = GT_OK;
    if (*set < 0 || (rows && H5Dwrite(*set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0))
        st = gt_h5_fail(GT_FAILED, "cannot make the series '%s' in '%s'", name, m->path);
    if (links >= 0) H5Pclose(links);
    if (create >= 0) H5Pclose(create);
    if (space >= 0) H5Sclose(space);
    return st;
}

static gt_status append_row(metrics_h5 *m, hid_t set, hid_t type, const void *value) {
    hsize_t rows = m->rows + 1, one = 1;
    hid_t space = H5Dset_extent(set, &rows) < 0 ? -1 : H5Dget_space(set), single = H5Screate_simple(1, &one, NULL);
    herr_t bad = space < 0 || single < 0 ? -1 : H5Sselect_hyperslab(space, H5S_SELECT_SET, &m->rows, NULL, &one, NULL);
    if (bad >= 0) bad = H5Dwrite(set, type, single, space, H5P_DEFAULT, value);
    if (bad >= 0) bad = H5Dflush(set);
    if (space >= 0) H5Sclose(space);
    if (single >= 0) H5Sclose(single);
    return bad < 0 ? gt_h5_fail(GT_FAILED, "cannot write '%s'", m->path) : GT_OK;
}

/* ---- the file ---- */

/* What HDF5 could not bring to the disk. */
static gt_status sunk(const metrics_h5 *m) {
    return m->sink.error ? gt_fail(GT_FAILED, "cannot write '%s': %s", m->path, strerror(m->sink.error)) : GT_OK;
}

static gt_status fill_series(metrics_h5 *m, const gt_stats *s, row *rows) {
    gt_status st = GT_OK;
    for (int i = 0; i < s->n_series && !st; i++) {
        for (int t = 0; t < s->ticks; t++) rows[t] = (row){s->series[i].values[t].num, s->series[i].values[t].mean, s->series[i].values[t].std};
        if (!(m->names[i] = strdup(s->series[i].name))) return gt_fail(GT_NOMEM, "out of memory for '%s'", m->path);
        m->sets[i] = -1;
        m->n = i + 1;
        st = make_set(m, m->names[i], m->row_type, rows, (hsize_t)s->ticks, &m->sets[i]);
    }
    return st;
}

static gt_status fill(metrics_h5 *m, const gt_stats *s, row *rows) {
    m->row_type = make_row_type();
    if (m->file < 0 || m->row_type < 0) return sunk(m) ? GT_FAILED : gt_h5_fail(GT_FAILED, "cannot create '%s'", m->path);
    gt_status st = fill_series(m, s, rows);
    if (!st) st = make_set(m, "timestamp", H5T_NATIVE_DOUBLE, s->timestamp, (hsize_t)s->ticks, &m->timestamp);
    if (!st) st = make_set(m, "images", H5T_NATIVE_INT64, s->images, (hsize_t)s->ticks, &m->images);
    m->rows = (hsize_t)s->ticks;
    return st;
}

/* Written under another name first; it stays open, and grows. */
static gt_status build_growing(metrics_h5 *m, const gt_stats *s, const char *part, row *rows) {
    m->file = gt_h5_sink_create(part, &m->sink);
    gt_status st = fill(m, s, rows);
    if (!st && (H5Fflush(m->file, H5F_SCOPE_GLOBAL) < 0 || H5Fstart_swmr_write(m->file) < 0)) st = gt_h5_fail(GT_FAILED, "cannot write '%s'", part);
    if (!st) st = sunk(m);
    int error = st ? 0 : gt_file_rename(part, m->path);
    if (error) st = gt_fail(GT_FAILED, "cannot rename '%s': %s", part, strerror(error));
    if (st) unlink(part);
    return st;
}

static gt_status build_whole(metrics_h5 *m, const gt_stats *s, row *rows) {
    m->file = gt_h5_image_create(&m->image);
    gt_status st = fill(m, s, rows);
    ssize_t bytes = st || H5Fflush(m->file, H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(m->file, NULL, 0);
    if (!st && (bytes <= 0 || (size_t)bytes > m->image.capacity)) st = gt_h5_fail(GT_FAILED, "cannot make '%s'", m->path);
    return st ? st : gt_file_write(m->path, m->image.data, (size_t)bytes);
}

gt_status metrics_h5_rebuild(metrics_h5 *m, const gt_stats *s) {
    metrics_h5_close(m);
    char *part = gt_path_join(m->dir, "metrics.h5.part");
    row *rows = calloc((size_t)s->ticks + 1, sizeof *rows);
    m->sets = calloc((size_t)s->n_series + 1, sizeof *m->sets);
    m->names = calloc((size_t)s->n_series + 1, sizeof *m->names);
    gt_status st = part && rows && m->sets && m->names ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", m->path);
    m->sink = (h5_sink){0};
    if (!st) st = m->swmr ? build_growing(m, s, part, rows) : build_whole(m, s, rows);
    if (st || !m->swmr) {
        char why[1024];
        snprintf(why, sizeof why, "%s", gt_message());
        metrics_h5_close(m);
        if (st) gt_fail(st, "%s", why);
    }
    free(rows);
    free(part);
    return st;
}

static int find(const metrics_h5 *m, const char *name, int near) {
    if (near < m->n && strcmp(m->names[near], name) == 0) return near;
    for (int i = 0; i < m->n; i++)
        if (strcmp(m->names[i], name) == 0) return i;
    return -1;
}

bool metrics_h5_ready(const metrics_h5 *m, const gt_stat_value *values, int n) {
    for (int i = 0; i < n; i++)
        if (find(m, values[i].name, i) < 0) return false;
    return m->file >= 0;
}

gt_status metrics_h5_append(metrics_h5 *m, int64_t images, double timestamp, const gt_stat_value *values, int n) {
    row *rows = malloc(((size_t)m->n + 1) * sizeof *rows);
    gt_status st = rows ? GT_OK : gt_fail(GT_NOMEM, "out of memory for '%s'", m->path);
    for (int i = 0; i < m->n && !st; i++) rows[i] = (row){0, NAN, NAN};
    for (int i = 0; i < n && !st; i++) rows[find(m, values[i].name, i)] = (row){values[i].num, values[i].mean, values[i].std};
    for (int i = 0; i < m->n && !st; i++) st = append_row(m, m->sets[i], m->row_type, &rows[i]);
    if (!st) st = append_row(m, m->timestamp, H5T_NATIVE_DOUBLE, &timestamp);
    if (!st) st = append_row(m, m->images, H5T_NATIVE_INT64, &images); /* last: its length says how far all the others are */
    m->rows++;
    free(rows);
    return st ? st : sunk(m);
}
