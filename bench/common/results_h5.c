/* SPDX-License-Identifier: Apache-2.0
 * Results of many benchmark runs in one HDF5 file: see results.h. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "h5/h5.h"
#include "h5/h5_image.h"
#include "common/results.h"

enum { MOST_ROWS = 1 << 16, MOST_TEXT = 1 << 16 };
static const size_t most_file = (size_t)256 << 20;

/* ---- writing ---- */

static hid_t text_type(size_t bytes) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes ? bytes : 1);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

static bool write_text(hid_t object, const char *name, const char *text) {
    hid_t type = text_type(strlen(text)), space = H5Screate(H5S_SCALAR);
    hid_t a = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool fine = a >= 0 && H5Awrite(a, type, *text ? text : "") >= 0;
    if (a >= 0) H5Aclose(a);
    H5Sclose(space);
    H5Tclose(type);
    return fine;
}

/* Words become fixed-size strings as long as the longest. */
static bool write_column(hid_t group, const gt_table *t, int c) {
    bool words = t->columns[c].digits < 0;
    size_t size = sizeof(double);
    for (int r = 0; words && r < t->n_rows; r++) {
        size_t n = strlen(t->cells[r * t->n_columns + c].text);
        if (n > size) size = n;
    }
    char *data = calloc((size_t)t->n_rows + 1, size);
    for (int r = 0; data && r < t->n_rows; r++) {
        const gt_cell *cell = &t->cells[r * t->n_columns + c];
        memcpy(data + (size_t)r * size, words ? (const void *)cell->text : &cell->number, words ? strlen(cell->text) : size);
    }
    hsize_t n = (hsize_t)t->n_rows;
    hid_t type = words ? text_type(size) : H5Tcopy(H5T_NATIVE_DOUBLE), space = H5Screate_simple(1, &n, NULL);
    hid_t set = H5Dcreate2(group, t->columns[c].key, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    char digits[16];
    snprintf(digits, sizeof digits, "%d", t->columns[c].digits);
    bool fine = data && set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0 && write_text(set, "title", t->columns[c].title) &&
                write_text(set, "digits", digits);
    if (set >= 0) H5Dclose(set);
    H5Sclose(space);
    H5Tclose(type);
    free(data);
    return fine;
}

static hid_t make_group(hid_t parent, const char *name) {
    hid_t list = gt_h5_untimed(H5P_GROUP_CREATE); /* members in the order of creation */
    hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, list, H5P_DEFAULT);
    if (list >= 0) H5Pclose(list);
    return group;
}

static bool write_document(hid_t file, const gt_results *r, int index) {
    char name[128], key[16];
    snprintf(name, sizeof name, "%03d-%s", index, r->bench);
    hid_t group = make_group(file, name);
    bool fine = group >= 0 && write_text(group, "bench", r->bench);
    for (int i = 0; i < r->n_conditions && fine; i++) {
        gt_buffer line = {0};
        gt_buffer_printf(&line, "%s: %s", r->what[i], r->said[i]);
        snprintf(key, sizeof key, "condition%02d", i);
        gt_buffer_add(&line, "", 1);
        fine = !line.failed && write_text(group, key, line.data);
        gt_buffer_free(&line);
    }
    for (int k = 0; k < r->n_tables && fine; k++) {
        snprintf(key, sizeof key, "table%02d", k); /* its name is a sentence, and may hold a slash */
        hid_t table = make_group(group, key);
        fine = table >= 0 && write_text(table, "name", r->tables[k].name);
        for (int c = 0; c < r->tables[k].n_columns && fine; c++) fine = write_column(table, &r->tables[k], c);
        if (table >= 0) H5Gclose(table);
    }
    if (group >= 0) H5Gclose(group);
    return fine;
}

gt_status gt_results_write_h5(gt_results *const *list, int n, const char *path) {
    gt_h5_quiet();
    h5_image image = {0};
    hid_t file = gt_h5_image_create(&image);
    bool fine = file >= 0;
    for (int i = 0; i < n && fine; i++) fine = write_document(file, list[i], i);
    if (fine) fine = write_text(file, "format", "gantry benchmark results 1") && H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0;
    gt_status st = fine ? GT_OK : gt_h5_fail(GT_FAILED, "%s: cannot be made", path);
    ssize_t bytes = fine ? H5Fget_file_image(file, NULL, 0) : 0;
    if (file >= 0) H5Fclose(file);
    if (image.failed) st = gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    if (!st && bytes <= 0) st = gt_h5_fail(GT_FAILED, "%s: cannot be made", path);
    if (!st) st = gt_file_replace(path, &(struct iovec){.iov_base = image.data, .iov_len = (size_t)bytes}, 1);
    free(image.data);
    return st;
}

/* ---- reading ---- */

static char *read_text(gt_arena *a, hid_t object, const char *name) { return gt_h5_text(a, object, name, MOST_TEXT); }

typedef struct column { /* as read: n rows of doubles, or of words of `size` bytes */
    gt_column about;
    hsize_t n;
    size_t size;
    char *data;
} column;

static bool read_column(gt_arena *a, hid_t group, const char *key, column *out) {
    hid_t set = gt_h5_open(group, key), type = set >= 0 ? H5Dget_type(set) : -1, space = set >= 0 ? H5Dget_space(set) : -1;
    bool fine = type >= 0 && space >= 0 && H5Sget_simple_extent_ndims(space) == 1 && H5Sget_simple_extent_dims(space, &out->n, NULL) == 1 && out->n <= MOST_ROWS;
    bool words = fine && H5Tget_class(type) == H5T_STRING;
    fine = fine && (words ? !H5Tis_variable_str(type) : H5Tget_class(type) == H5T_FLOAT);
    out->size = words ? H5Tget_size(type) : sizeof(double);
    fine = fine && out->size <= MOST_TEXT && !gt_h5_holds(set);
    out->data = fine ? gt_arena_array(a, (size_t)out->n + 1, out->size) : NULL;
    fine = out->data && (!out->n || H5Dread(set, words ? type : H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out->data) >= 0);
    const char *title = fine ? read_text(a, set, "title") : NULL, *digits = fine ? read_text(a, set, "digits") : NULL;
    int d = digits ? atoi(digits) : 2;
    out->about = (gt_column){gt_arena_printf(a, "%s", key), title ? title : key, words ? GT_COLUMN_TEXT : d < 0 || d > 9 ? 2 : d};
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    if (set >= 0) H5Oclose(set);
    return fine && out->about.key;
}

/* Name of the i-th member in the order of creation. */
static char *member(gt_arena *a, hid_t group, hsize_t i) {
    char name[256];
    ssize_t n = H5Lget_name_by_idx(group, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);
    if (n < 0) n = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);
    return n > 0 && n < (ssize_t)sizeof name ? gt_arena_printf(a, "%s", name) : NULL;
}

static hsize_t members(hid_t group) {
    H5G_info_t info;
    return group >= 0 && H5Gget_info(group, &info) >= 0 ? info.nlinks : 0;
}

static bool read_table(gt_results *r, hid_t document, const char *member_name) {
    hid_t group = gt_h5_open(document, member_name);
    hsize_t n = members(group);
    column columns[GT_RESULTS_COLUMNS];
    gt_column about[GT_RESULTS_COLUMNS];
    bool fine = n >= 1 && n <= GT_RESULTS_COLUMNS;
    for (hsize_t c = 0; c < n && fine; c++) {
        const char *key = member(r->arena, group, c);
        fine = key && read_column(r->arena, group, key, &columns[c]) && columns[c].n == columns[0].n;
        about[c] = columns[c].about;
    }
    const char *title = fine ? read_text(r->arena, group, "name") : NULL;
    if (group >= 0) H5Oclose(group);
    gt_table *t = title ? gt_results_table(r, title, about, (int)n) : NULL;
    for (hsize_t row = 0; t && row < columns[0].n; row++) {
        gt_cell cells[GT_RESULTS_COLUMNS];
        for (hsize_t c = 0; c < n; c++) {
            const char *at = columns[c].data + row * columns[c].size;
            if (about[c].digits < 0) cells[c].text = gt_arena_printf(r->arena, "%.*s", (int)columns[c].size, at);
            else memcpy(&cells[c].number, at, sizeof(double));
        }
        gt_table_cells(t, cells);
    }
    return t != NULL;
}

static gt_results *read_document(hid_t file, const char *name) {
    hid_t group = gt_h5_open(file, name);
    gt_results *r = group >= 0 ? gt_results_new(name) : NULL;
    bool fine = r != NULL;
    if (r) {
        char *bench = read_text(r->arena, group, "bench"), key[16];
        if (bench) r->bench = bench;
        for (int i = 0; i < GT_RESULTS_CONDITIONS; i++) {
            snprintf(key, sizeof key, "condition%02d", i);
            char *line = read_text(r->arena, group, key), *colon = line ? strstr(line, ": ") : NULL;
            if (!colon) break;
            *colon = 0;
            gt_results_say(r, line, "%s", colon + 2);
        }
        for (hsize_t k = 0, n = members(group); k < n && fine; k++) {
            char *table = member(r->arena, group, k);
            fine = table && read_table(r, group, table);
        }
    }
    if (group >= 0) H5Oclose(group);
    if (fine) return r;
    gt_results_free(r);
    return NULL;
}

int gt_results_read_h5(const char *path, gt_results **list, int room) {
    gt_h5_quiet();
    h5_image image = {0};
    if (gt_file_read(path, most_file, &image.data, &image.capacity)) return -1;
    hid_t file = gt_h5_image_open(&image);
    gt_arena *a = gt_arena_new();
    char *format = file >= 0 && a ? read_text(a, file, "format") : NULL;
    int n = 0;
    bool fine = format && !strcmp(format, "gantry benchmark results 1");
    if (!fine) gt_fail(GT_FORMAT, "%s: not a file of benchmark results", path);
    for (hsize_t i = 0, all = members(file); fine && i < all && n < room; i++) {
        char *name = member(a, file, i);
        list[n] = name ? read_document(file, name) : NULL;
        if (!(fine = list[n] != NULL)) gt_fail(GT_FORMAT, "%s: '%s' is damaged", path, name ? name : "?");
        else n++;
    }
    while (!fine && n > 0) gt_results_free(list[--n]);
    gt_arena_free(a);
    if (file >= 0) H5Fclose(file);
    free(image.data);
    return fine ? n : -1;
}
