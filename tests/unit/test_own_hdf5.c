/* SPDX-License-Identifier: Apache-2.0
 * Gantry's own HDF5 files, made elsewhere: a file of a few kilobytes that claims gigabytes is refused before memory is
 * taken for them, and no file leads to another one. */
#include "scratch.h"

#include <hdf5.h>
#include <sys/resource.h>

#include "base/door/file.h"
#include "common/results.h"
#include "gantry/runlog.h"
#include "run/stats_line.h"

enum { ROWS = 1 << 24, WORD = 1 << 16 };

/* [n], in chunks of which none was written. */
static hid_t never_written(hid_t where, const char *name, hid_t type, hsize_t n, hsize_t chunk) {
    hid_t space = H5Screate_simple(1, &n, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 1, &chunk);
    hid_t set = H5Dcreate2(where, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(set >= 0);
    H5Pclose(list);
    H5Sclose(space);
    return set;
}

static hid_t word_type(size_t bytes) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    return type;
}

static void put_text(hid_t object, const char *name, const char *text) {
    hid_t type = word_type(strlen(text)), space = H5Screate(H5S_SCALAR),
          attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, text) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

static long peak_kib(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void metrics_of_millions_of_ticks(void **state) {
    (void)state;
    hid_t file = H5Fcreate(at("metrics.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(never_written(file, "images", H5T_NATIVE_INT64, ROWS, 1024));
    H5Dclose(never_written(file, "timestamp", H5T_NATIVE_DOUBLE, ROWS, 1024));
    H5Fclose(file);
    long before = peak_kib();
    bool other;
    assert_null(gt_metrics_read(at("metrics.h5"), &other));
    assert_message("metric log");
    assert_true(peak_kib() - before < 32 << 10);
}

static void results_of_gigabytes(void **state) {
    (void)state;
    hid_t file = H5Fcreate(at("results.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t document = H5Gcreate2(file, "000-x", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
          table = H5Gcreate2(document, "table00", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t type = word_type(WORD);
    H5Dclose(never_written(table, "words", type, 1 << 14, 16)); /* 1 GB */
    H5Tclose(type);
    put_text(file, "format", "gantry benchmark results 1");
    put_text(document, "bench", "x");
    put_text(table, "name", "x");
    H5Gclose(table);
    H5Gclose(document);
    H5Fclose(file);
    long before = peak_kib();
    gt_results *list[1];
    assert_int_equal(gt_results_read_h5(at("results.h5"), list, 1), -1);
    assert_message("damaged");
    assert_true(peak_kib() - before < 32 << 10);
}

/* A benchmark fails with it (bench/common/program.c). */
static void a_table_without_room_is_told(void **state) {
    (void)state;
    gt_results *r = gt_results_new("x");
    assert_non_null(r);
    gt_column columns[GT_RESULTS_COLUMNS + 1];
    for (int i = 0; i <= GT_RESULTS_COLUMNS; i++) columns[i] = (gt_column){"key", "title", 0};
    assert_non_null(gt_results_table(r, "full", columns, GT_RESULTS_COLUMNS));
    assert_null(r->lost);
    assert_null(gt_results_table(r, "wide", columns, GT_RESULTS_COLUMNS + 1));
    assert_string_equal(r->lost, "wide");
    gt_results_free(r);
}

/* The same in text: a line for each of a million ticks, and one with thousands of series. */
static void stats_of_gigabytes(void **state) {
    (void)state;
    enum { TICKS = 1 << 20, SERIES = 4000 };
    gt_buffer text = {0};
    for (int i = 0; i < SERIES; i++)
        gt_buffer_printf(&text, "%c\"%d\": {\"num\": 1, \"mean\": 1, \"std\": 0}", i ? ',' : '{', i);
    gt_buffer_printf(&text, ", \"images\": 8, \"timestamp\": 1}");
    for (int i = 0; i < TICKS; i++) gt_buffer_printf(&text, "\n{\"images\": 16}");
    put(at("stats.jsonl"), text.data, text.n);
    gt_buffer_free(&text);
    long before = peak_kib();
    assert_null(gt_stats_read_within(at("stats.jsonl"), 2 * TICKS));
    assert_message("is too large to load");
    assert_null(gt_stats_read_within(at("stats.jsonl"), TICKS));
    assert_message("too many");
    /* they were 134 GB; a sanitizer keeps up to 256 MB of what is freed */
    assert_true(peak_kib() - before < 320 << 10);
}

static void put_axes(const char *name, hid_t list) {
    static const int64_t images[] = {8, 16};
    static const double times[] = {1, 2};
    hsize_t n = 2;
    hid_t file = H5Fcreate(at(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), space = H5Screate_simple(1, &n, NULL);
    hid_t set = H5Dcreate2(file, "timestamp", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, times) >= 0);
    H5Dclose(set);
    if (list >= 0) {
        set = H5Dcreate2(file, "images", H5T_NATIVE_INT64, space, H5P_DEFAULT, list, H5P_DEFAULT);
        assert_true(H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, images) >= 0);
        H5Dclose(set);
    } else assert_true(H5Lcreate_external(at("whole.h5"), "/images", file, "images", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Sclose(space);
    H5Fclose(file);
}

static void metrics_in_other_files(void **state) {
    (void)state;
    bool other;
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_external(list, at("raw"), 0, 16) >= 0);
    put_axes("whole.h5", H5P_DEFAULT);
    put_axes("linked.h5", -1);
    put_axes("external.h5", list);
    H5Pclose(list);
    assert_true(exists("raw"));
    gt_stats *s = gt_metrics_read(at("whole.h5"), &other);
    assert_true(s && s->ticks == 2 && s->images[1] == 16);
    gt_stats_free(s);
    assert_null(gt_metrics_read(at("linked.h5"), &other));
    assert_null(gt_metrics_read(at("external.h5"), &other));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_in_other_files), cmocka_unit_test(metrics_of_millions_of_ticks),
        cmocka_unit_test(results_of_gigabytes), cmocka_unit_test(a_table_without_room_is_told),
        cmocka_unit_test(stats_of_gigabytes)};
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
