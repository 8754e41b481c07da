/* SPDX-License-Identifier: Apache-2.0
 * Walks through a file from elsewhere: opens every object and every attribute, and reads samples of each set. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gantry/text.h"
#include "files/h5/h5_guard.h"

enum { ROWS = 64, CHUNKS = 16, RANK_MOST = 32, ATTRIBUTE_MOST = 64 << 20, ROW_MOST = 64 << 20 };

static herr_t no_memory(size_t bytes) {
    H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_RESOURCE, H5E_NOSPACE, "%zu bytes", bytes);
    return -1;
}

/* Reads the current selection of `space` (n points) of a dataset, or an attribute when space is < 0. */
static herr_t read_points(hid_t object, hid_t file_type, hid_t space, hsize_t n, size_t most) {
    hid_t type = H5Tget_native_type(file_type, H5T_DIR_DEFAULT);
    if (type < 0) return -1;
    herr_t result = 0;
    size_t size = H5Tget_size(type);
    if (n > 0 && size > 0 && n <= most / size) {
        hid_t block = H5Screate_simple(1, &n, NULL);
        GT_FREED void *memory = calloc((size_t)n, size);
        if (!memory) result = no_memory((size_t)n * size);
        else if (space < 0) result = H5Aread(object, type, memory);
        else result = H5Dread(object, type, block, space, H5P_DEFAULT, memory);
        if (result >= 0) H5Dvlen_reclaim(type, block, H5P_DEFAULT, memory);
        h5_release(block, -1, -1);
    }
    h5_release(type, -1, -1);
    return result;
}

static herr_t walk_attribute(hid_t object, const char *name, const H5A_info_t *info, void *unused) {
    (void)info, (void)unused;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) return -1;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    herr_t result = type < 0 || n < 0 ? -1 : read_points(attribute, type, -1, (hsize_t)n, ATTRIBUTE_MOST);
    h5_release(space, type, attribute);
    return result;
}

static herr_t is_of_filter(unsigned n, const H5E_error2_t *e, void *found) {
    (void)n;
    if (e->maj_num == H5E_PLINE) *(bool *)found = true;
    return 0;
}

/* A row whose chunk does not unpack is one damaged picture of many, for who reads that row (h5_guard.c); a disk, or
 * memory, that failed is not. */
static bool is_damaged_chunk(void) {
    bool of_filter = false;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, is_of_filter, &of_filter);
    return of_filter && gt_h5_fail(GT_FORMAT, "a chunk") == GT_FORMAT;
}

/* Some rows along the first axis. */
static herr_t walk_rows(hid_t dataset, hid_t type, hid_t space) {
    hsize_t dims[RANK_MOST] = {0}, start[RANK_MOST] = {0}, count[RANK_MOST] = {0}, row = 1;
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > RANK_MOST || H5Sget_simple_extent_dims(space, dims, NULL) < 0) return -1;
    if (rank == 0) return read_points(dataset, type, space, (hsize_t)H5Sget_simple_extent_npoints(space), ROW_MOST);
    for (int a = 1; a < rank; a++)
        if (__builtin_mul_overflow(row, dims[a], &row)) return 0; /* no row of this can be read at once */
    memcpy(count, dims, sizeof count);
    count[0] = 1;
    hsize_t looks = dims[0] < ROWS ? dims[0] : ROWS, size = H5Tget_size(type), bytes;
    if (__builtin_mul_overflow(row, size, &bytes)) return 0;
    if (bytes > ROW_MOST / looks) looks = bytes < ROW_MOST ? ROW_MOST / bytes : 1; /* large pictures take long */
    for (hsize_t k = 0; k < looks; k++) {
        start[0] = looks == dims[0] ? k : dims[0] / looks * k;
        if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0) return -1;
        if (read_points(dataset, type, space, row, ROW_MOST) < 0 && !is_damaged_chunk()) return -1;
    }
    return 0;
}

static herr_t walk_chunks(hid_t dataset, hid_t space) {
    hsize_t chunks = 0;
    if (H5Dget_num_chunks(dataset, space, &chunks) < 0) return -1;
    hsize_t looks = chunks < CHUNKS ? chunks : CHUNKS;
    for (hsize_t k = 0; k < looks; k++) {
        hsize_t offset[RANK_MOST], size;
        unsigned filters;
        haddr_t address;
        if (H5Dget_chunk_info(dataset, space, chunks / looks * k, offset, &filters, &address, &size) < 0) return -1;
    }
    return 0;
}

/* Sets that are packed by filters from elsewhere, or stored in other files, which are not opened, are refused by who
 * needs them (h5_guard.c), and are not damaged. */
static bool is_read_here(hid_t plist) {
    int n = H5Pget_nfilters(plist);
    if (H5Pget_external_count(plist) != 0 || H5Pget_layout(plist) == H5D_VIRTUAL) return false;
    for (int i = 0; i < n; i++) {
        size_t values = 0;
        unsigned flags;
        H5Z_filter_t filter = H5Pget_filter2(plist, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL);
        if (filter > H5Z_FILTER_RESERVED && filter != H5_FILTER_LZF) return false;
    }
    return true;
}

static herr_t walk_dataset(hid_t dataset) {
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), plist = H5Dget_create_plist(dataset);
    herr_t result = type < 0 || space < 0 || plist < 0 ? -1 : 0;
    if (result >= 0 && H5Pget_layout(plist) == H5D_CHUNKED) result = walk_chunks(dataset, space);
    if (result >= 0 && H5Sget_simple_extent_npoints(space) > 0 && is_read_here(plist))
        result = walk_rows(dataset, type, space);
    h5_release(plist, space, type);
    return result;
}

static herr_t walk_object(hid_t file, const char *name, const H5O_info_t *info, void *told) { /* told: gt_status */
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    herr_t result = object < 0 ? -1 : H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, walk_attribute, NULL);
    if (result >= 0 && info->type == H5O_TYPE_DATASET) result = walk_dataset(object);
    /* now: closing the object clears the reason */
    if (result < 0) *(gt_status *)told = gt_h5_fail(GT_FORMAT, "%s", name);
    if (object >= 0) H5Oclose(object);
    return result;
}

gt_status gt_h5_walk(const char *path) {
    gt_h5_file f;
    gt_status told = GT_OK, st = gt_h5_open(&f, path);
    if (st) return st;
    if (H5Ovisit2(f.id, H5_INDEX_NAME, H5_ITER_NATIVE, walk_object, &told, H5O_INFO_BASIC) < 0)
        st = gt_wrap(told ? told : gt_h5_fail(GT_FORMAT, "damaged"), "'%s'", path);
    gt_h5_close(&f);
    return st;
}

/* ---- in the process of the check ---- */

/* Lowers a limit; a limit that is lower already stays. */
static void lower(__rlimit_resource_t what, rlim_t soft, rlim_t hard) {
    struct rlimit now;
    if (getrlimit(what, &now)) return;
    now.rlim_max = now.rlim_max < hard ? now.rlim_max : hard;
    now.rlim_cur = now.rlim_cur < soft ? now.rlim_cur : soft;
    setrlimit(what, &now);
}

/* A process that is out of time gets SIGXCPU; SIGKILL always comes from elsewhere. The time is that of the processor:
 * on a busy host the walk through a sound file takes long, too. */
int gt_h5_check_here(const char *path) {
    lower(RLIMIT_CORE, 0, 0);
    lower(RLIMIT_CPU, H5_CHECK_SECONDS, H5_CHECK_SECONDS + 5);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory is larger than any limit */
    lower(RLIMIT_AS, H5_CHECK_MEMORY, H5_CHECK_MEMORY);
#endif
    signal(SIGALRM, SIG_DFL);
    alarm(H5_CHECK_PATIENCE);
    gt_status st = gt_h5_walk(path);
    if (st) gt_print_to(stderr, "%s\n", gt_message());
    return st == GT_NOMEM ? GT_H5_NO_MEMORY : st != GT_OK;
}
