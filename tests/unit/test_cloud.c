/* SPDX-License-Identifier: Apache-2.0
 * Points from CSV and from arrays of HDF5 files. */
#include "mixtures.h"

#include <hdf5.h>

#include "files/codec/door/npy.h"
#include "gantry/text.h"

static void cloud_fails(const char *name, const char *text, gt_status expected, const char *message) {
    gt_cloud *c;
    double points[64];
    put(at(name), text, strlen(text));
    gt_status st = gt_cloud_open(&c, at(name), "");
    if (!st) st = gt_cloud_read(c, 0, gt_cloud_get_info(c).count, points);
    assert_failed(st, expected, message);
    gt_cloud_close(c);
}

static void csv_is_read_or_refused_by_line(void **state) {
    (void)state;
    gt_cloud *c;
    double x[6];
    static const char table[] = "height, width\n1,2\n\n3.5,-4e2\r\n5, 6 \n";
    put(at("good.csv"), table, sizeof table - 1);
    assert_ok(gt_cloud_open(&c, at("good.csv"), ""));
    assert_int_equal(gt_cloud_get_info(c).count, 3);
    assert_int_equal(gt_cloud_get_info(c).d, 2);
    assert_ok(gt_cloud_read(c, 1, 2, x));
    near(x[1], -400, 0);
    near(x[3], 6, 0);
    assert_ok(gt_cloud_read(c, 0, 1, x)); /* back */
    near(x[0], 1, 0);
    gt_cloud_close(c);
    cloud_fails("ragged.csv", "1,2\n3,4,5\n", GT_FORMAT, "line 2 has 3 numbers, the first line 2");
    cloud_fails("words.csv", "1,2\n3,four\n", GT_FORMAT, "line 2: 'four' is not a number");
    cloud_fails("nan.csv", "1,2\n3,nan\n", GT_NONFINITE, "number 1 of point 1 is nan");
    cloud_fails("empty.csv", "", GT_FORMAT, "no points");
    cloud_fails("heading.csv", "a,b\n", GT_FORMAT, "no points");
}

static void reads(const char *name, const char *text, const char *labels, int64_t count, int d, double last) {
    gt_cloud *c;
    double x[16];
    put(at(name), text, strlen(text));
    assert_ok(gt_cloud_open_labelled(&c, at(name), "", labels, ""));
    gt_cloud_info info = gt_cloud_get_info(c);
    assert_int_equal(info.count, count);
    assert_int_equal(info.d, d);
    assert_ok(gt_cloud_read(c, 0, count, x));
    near(x[count * d - 1], last, 0);
    gt_cloud_close(c);
}

static void separators_are_found_in_the_first_line(void **state) {
    (void)state;
    reads("semicolon.csv", "a;b\n1;2\n3;4\n", "", 2, 2, 4);
    reads("tab.tsv", "1\t2\n3\t4\n", "", 2, 2, 4);
    reads("quoted.csv", "\"a;b;c\",d\n1,2\n", "", 1, 2, 2);
    cloud_fails("decimal.csv", "a;b\n1,5;2,5\n", GT_FORMAT, "line 2: '1,5' is not a number: decimal points are needed");
    cloud_fails("plain.csv", "1,5;2,5\n1,5;2,5\n", GT_FORMAT,
                "line 2: '1,5' is not a number: decimal points are needed");
}

static void blanks_separate_where_nothing_else_does(void **state) {
    (void)state;
    reads("savetxt.txt", "1.5 2\n3 4\n", "", 2, 2, 4);
    reads("one.dat", "1 2", "", 1, 2, 2);
    reads("heading.csv", "x y\n1 2\n3 4\n", "", 2, 2, 4);
    reads("comment.csv", "# x y\n1 2\n# more\n\n   \n3 4\n", "", 2, 2, 4);
    reads("several.csv", "  1   2  \n 3\t4\r\n\t5 6\n", "", 3, 2, 6);
    reads("labels.csv", "x y kind\n1 2 rose\n3 4 iris\n", "kind", 2, 2, 4);
    reads("quoted.csv", "1 2 \"red rose\"\n3 4 iris\n", "2", 2, 2, 4);
    reads("words.csv", "sepal length\n1\n2\n", "", 2, 1, 2); /* one column */
    reads("number.csv", "feature 1\n1\n2\n", "", 2, 1, 2);
    reads("commas.csv", "a b, c d\n1, 2\n3, 4\n", "", 2, 2, 4);
    reads("spread.csv", "1 ;2\n3 ; 4\n", "", 2, 2, 4);
    cloud_fails("ragged.csv", "1 2\n3 4 5\n", GT_FORMAT, "line 2 has 3 numbers, the first line 2");
    cloud_fails("odd.csv", "1,5 2,5\n3,5 4,5\n", GT_FORMAT, "line 2: '3,5' is not a number: decimal points are needed");
}

static void labels_are_a_column(void **state) {
    (void)state;
    gt_cloud *c;
    static const char table[] = "height,kind,width\n1,rose,2\n3,\"a, b\",4\n5,rose,6\n";
    reads("kind.csv", table, "kind", 3, 2, 6);
    reads("number.csv", "10,1\n9,2\n10,3\n", "0", 3, 1, 3);
    reads("bare.csv", "5,rose\n6,iris\n", "1", 2, 1, 6); /* no heading */
    put(at("kind.csv"), table, strlen(table));
    assert_ok(gt_cloud_open_labelled(&c, at("kind.csv"), "", "kind", ""));
    gt_cloud_labels l = gt_cloud_get_labels(c);
    assert_int_equal(l.classes, 2);
    assert_string_equal(l.name[0], "a, b"); /* in order */
    assert_int_equal(l.label[0] + 10 * l.label[1] + 100 * l.label[2], 101);
    assert_string_equal(gt_cloud_name(c, 1), "width");
    assert_null(gt_cloud_name(c, 2));
    gt_cloud_close(c);
    put(at("ten.csv"), "a,b\n1,10\n2,9\n", 13);
    assert_ok(gt_cloud_open_labelled(&c, at("ten.csv"), "", "b", ""));
    assert_string_equal(gt_cloud_get_labels(c).name[0], "9"); /* numbers are not sorted as texts */
    gt_cloud_close(c);
    assert_failed(gt_cloud_open_labelled(&c, at("kind.csv"), "", "sort", ""), GT_USAGE,
                  "no column 'sort' of labels; the columns are 0 to 2: 'height', 'kind', 'width'");
    assert_failed(gt_cloud_open_labelled(&c, at("kind.csv"), "", "3", ""), GT_USAGE, "no column '3'");
    cloud_fails("words.csv", "x,kind\n1,rose\n", GT_FORMAT,
                "'rose' is not a number: if it is a column of labels, name it with");
    cloud_fails("named.csv", "x,y\n1,nan\n", GT_NONFINITE, "number 1 'y' of point 0 is nan, counted from 0");
}

static void arrays_of_numpy_are_points(void **state) {
    (void)state;
    gt_cloud *c;
    char file[GT_NPY_MADE_MAX + 6 * sizeof(double)];
    double x[6] = {1, 2, 3, 4, 5, 6}, back[6];
    size_t head = gt_npy_make_head(file, "<f8", 2, (int64_t[]){3, 2});
    memcpy(file + head, x, sizeof x);
    put(at("points.npy"), file, head + sizeof x);
    assert_ok(gt_cloud_open(&c, at("points.npy"), ""));
    assert_int_equal(gt_cloud_get_info(c).count, 3);
    assert_ok(gt_cloud_read(c, 1, 2, back));
    near(back[3], 6, 0);
    gt_cloud_close(c);
    put(at("cut.npy"), file, head + sizeof x - 1);
    assert_failed(gt_cloud_open(&c, at("cut.npy"), ""), GT_FORMAT, "truncated");
    head = gt_npy_make_head(file, "<f8", 2, (int64_t[]){3, 0});
    put(at("none.npy"), file, head);
    assert_failed(gt_cloud_open(&c, at("none.npy"), ""), GT_FORMAT, "no points");
    put(at("text.npy"), "1,2", 3);
    assert_failed(gt_cloud_open(&c, at("text.npy"), ""), GT_FORMAT, "text.npy");
}

static void arrays_are_chosen_and_refused_by_name(void **state) {
    (void)state;
    gt_cloud *c;
    double x[4] = {1, 2, 3, INFINITY};
    gt_array arrays[] = {{"labels", GT_NUMBER_INT32, 1, {2}, (int32_t[]){0, 1}},
                         {"means", GT_NUMBER_DOUBLE, 2, {2, 2}, x},
                         {"latent", GT_NUMBER_DOUBLE, 2, {2, 2}, x}};
    assert_ok(gt_arrays_write(at("three.h5"), arrays, 3));
    assert_ok(gt_cloud_open(&c, at("three.h5"), ""));
    assert_int_equal(gt_cloud_get_info(c).d, 2);
    assert_failed(gt_cloud_read(c, 1, 1, x), GT_NONFINITE, "number 1 of point 1 is inf");
    gt_cloud_close(c);
    assert_ok(gt_arrays_write(at("two.h5"), arrays, 2));
    assert_failed(gt_cloud_open(&c, at("two.h5"), ""), GT_FORMAT, "choose one with --array=NAME: labels, means");
    assert_failed(gt_cloud_open(&c, at("two.h5"), "latent"), GT_FORMAT, "no array of numbers 'latent'");
    assert_ok(gt_cloud_open(&c, at("two.h5"), "labels"));
    assert_int_equal(gt_cloud_get_info(c).d, 1);
    gt_cloud_close(c);
}

/* Time grows with the number of names, not with its square. */
static void a_file_of_many_names(void **state) {
    (void)state;
    enum { NAMES = 6000 };
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(list, H5F_LIBVER_V18, H5F_LIBVER_V18);
    hid_t file = H5Fcreate(at("names.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, list),
          group = H5Gcreate2(file, "x", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < NAMES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        assert_true(H5Lcreate_hard(file, "x", file, name, H5P_DEFAULT, H5P_DEFAULT) >= 0);
    }
    H5Gclose(group);
    H5Fclose(file);
    H5Pclose(list);
    gt_cloud *c;
    double start = gt_clock_of(CLOCK_PROCESS_CPUTIME_ID);
    assert_failed(gt_cloud_open(&c, at("names.h5"), ""), GT_FORMAT, "no array of numbers");
    assert_true(gt_clock_of(CLOCK_PROCESS_CPUTIME_ID) - start < 5);
}

int main(void) {
    gt_status st;
    comm = gt_comm_start_all(1, &st);
    if (!comm) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_is_read_or_refused_by_line),
        cmocka_unit_test(separators_are_found_in_the_first_line),
        cmocka_unit_test(blanks_separate_where_nothing_else_does),
        cmocka_unit_test(labels_are_a_column),
        cmocka_unit_test(arrays_of_numpy_are_points),
        cmocka_unit_test(arrays_are_chosen_and_refused_by_name),
        cmocka_unit_test(a_file_of_many_names),
    };
    int failed = cmocka_run_group_tests(tests, make_scratch, remove_scratch);
    gt_comm_stop_all(comm);
    return failed;
}
