/* SPDX-License-Identifier: Apache-2.0
 * Reading metrics.h5, also while a run writes it: `images` says how many rows are complete. */
#include "run/metrics_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "gantry/memory.h"
#include "h5/h5.h"
#include "run/stats_line.h"

enum { MOST_ROWS = 1 << 24, MOST_SERIES = 4096 };

typedef struct reader {
    hid_t file, row_type;
    gt_stats *stats;
    bool failed; /* out of memory */
} reader;

/* Length of a series; -1: not one-dimensional, or longer than believable. */
static hssize_t rows_of(reader *r, hid_t set) {
    hid_t space = H5Dget_space(set);
    gt_status holds = gt_h5_holds(set);
    r->failed |= holds == GT_NOMEM;
    hssize_t n = space >= 0 && H5Sget_simple_extent_ndims(space) == 1 && !holds ? H5Sget_simple_extent_npoints(space) : -1;
    if (space >= 0) H5Sclose(space);
    return n > MOST_ROWS ? -1 : n;
}

/* The first n values of a dataset. */
static herr_t read_rows(hid_t set, hid_t type, hsize_t n, void *out) {
    hsize_t zero = 0;
    hid_t from = H5Dget_space(set), to = H5Screate_simple(1, &n, NULL);
    herr_t bad = from < 0 || to < 0 ? -1 : H5Sselect_hyperslab(from, H5S_SELECT_SET, &zero, NULL, &n, NULL);
    if (bad >= 0 && n) bad = H5Dread(set, type, to, from, H5P_DEFAULT, out);
    if (from >= 0) H5Sclose(from);
    if (to >= 0) H5Sclose(to);
    return bad;
}

/* H5Ovisit: every dataset of {num, mean, std} is a series. Others are passed over. */
static herr_t visit(hid_t root, const char *name, const H5O_info_t *info, void *arg) {
    reader *r = arg;
    gt_stats *s = r->stats;
    if (info->type != H5O_TYPE_DATASET || s->n_series == MOST_SERIES) return 0;
    hid_t set = H5Dopen2(root, name, H5P_DEFAULT); /* H5Ovisit goes along hard links alone */
    if (set < 0) return -1;
    hid_t type = H5Dget_type(set);
    bool is_series = type >= 0 && H5Tget_class(type) == H5T_COMPOUND && H5Tget_member_index(type, "mean") >= 0;
    if (type >= 0) H5Tclose(type);
    herr_t bad = 0;
    if (is_series) {
        hssize_t n = rows_of(r, set);
        gt_stats_series *series = &s->series[s->n_series];
        if (!gt_stats_has_room(s, s->ticks)) n = -1;
        series->name = gt_arena_printf(s->arena, "%s", name);
        series->values = n < 0 ? NULL : gt_arena_array(s->arena, (size_t)s->ticks + 1, sizeof *series->values);
        bad = !series->name || !series->values ? -1 : 0;
        for (int t = 0; t < s->ticks && !bad; t++) series->values[t] = (gt_stat_value){series->name, 0, NAN, NAN};
        if (n > s->ticks) n = s->ticks;
        if (!bad) bad = read_rows(set, r->row_type, (hsize_t)n, series->values);
        for (int t = 0; t < s->ticks && !bad; t++) series->values[t].name = series->name;
        s->n_series += !bad;
    }
    H5Dclose(set);
    return bad < 0 ? -1 : 0;
}

/* num, mean and std go straight into their places in gt_stat_value. */
static hid_t value_type(void) {
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(gt_stat_value));
    bool bad = type < 0 || H5Tinsert(type, "num", offsetof(gt_stat_value, num), H5T_NATIVE_DOUBLE) < 0 ||
               H5Tinsert(type, "mean", offsetof(gt_stat_value, mean), H5T_NATIVE_DOUBLE) < 0 ||
               H5Tinsert(type, "std", offsetof(gt_stat_value, std), H5T_NATIVE_DOUBLE) < 0;
    if (bad && type >= 0) H5Tclose(type);
    return bad ? -1 : type;
}

static bool read_axis(reader *r, const char *name, hid_t type, void *out) {
    hid_t set = gt_h5_open(r->file, name);
    bool fine = set >= 0 && rows_of(r, set) >= r->stats->ticks && read_rows(set, type, (hsize_t)r->stats->ticks, out) >= 0;
    if (set >= 0) H5Oclose(set);
    return fine;
}

static bool counts(const int64_t *images, int n) {
    for (int i = 0; i < n; i++)
        if (images[i] < 0) return false;
    return true;
}

static bool read_all(reader *r, gt_arena *a, hssize_t rows) {
    gt_stats *s = r->stats = gt_arena_alloc(a, sizeof *s);
    if (!s) return false;
    s->arena = a;
    s->ticks = (int)rows;
    s->all_ticks = rows;
    s->every = 1;
    s->images = gt_arena_array(a, (size_t)rows + 1, sizeof *s->images);
    s->timestamp = gt_arena_array(a, (size_t)rows + 1, sizeof *s->timestamp);
    s->series = gt_arena_array(a, MOST_SERIES, sizeof *s->series);
    if (!s->images || !s->timestamp || !s->series) return false;
    return read_axis(r, "images", H5T_NATIVE_INT64, s->images) && counts(s->images, s->ticks) && read_axis(r, "timestamp", H5T_NATIVE_DOUBLE, s->timestamp) &&
           H5Ovisit2(r->file, H5_INDEX_NAME, H5_ITER_INC, visit, r, H5O_INFO_BASIC) >= 0;
}

static hid_t open_file(const char *path) {
    gt_h5_quiet();
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0) return -1;
    H5Pset_file_locking(access, 0, 1);
    H5Pset_metadata_read_attempts(access, 10); /* each waits twice as long as the one before; the default of 100 takes hours over a damaged file */
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, access); /* while it is written, this is the only way in */
    if (file < 0) file = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    return file;
}

gt_stats *gt_metrics_read(const char *path, bool *other) {
    *other = false;
    int fd;
    off_t bytes;
    if (gt_file_open_regular(path, &fd, &bytes)) return NULL; /* libhdf5 would not say why, and wait for a pipe */
    close(fd);
    reader r = {.file = open_file(path), .row_type = value_type()};
    gt_arena *a = gt_arena_new();
    hid_t images = r.file >= 0 && H5Lexists(r.file, "timestamp", H5P_DEFAULT) > 0 ? gt_h5_open(r.file, "images") : -1;
    hssize_t rows = images >= 0 ? rows_of(&r, images) : -1;
    *other = r.file >= 0 && rows < 0 && !r.failed;
    bool fine = a && r.row_type >= 0 && rows >= 0 && read_all(&r, a, rows);
    if (!fine && (!a || r.failed || gt_arena_failed(a))) gt_fail(GT_NOMEM, "out of memory for the metric log '%s'", path);
    else if (!fine) gt_h5_fail(GT_FORMAT, "'%s' cannot be read as a metric log", path);
    if (images >= 0) H5Oclose(images);
    if (r.row_type >= 0) H5Tclose(r.row_type);
    if (r.file >= 0) H5Fclose(r.file);
    if (fine) return r.stats;
    gt_arena_free(a);
    return NULL;
}
