/* SPDX-License-Identifier: Apache-2.0
 * A look at some of the images of a dataset: their fingerprint is of pixels and labels, not of files; ends of the
 * samples; images that cannot be read; classes without images. */
#include "data_files.h"
#include "data/door/dataset.h"

enum { N = 600, LOOKS = 256 };

static const char *name_of(int i) {
    static char name[64];
    snprintf(name, sizeof name, "set/%03d.png", i);
    return at(name);
}

static void put_at(int place, int i, int level) {
    uint8_t pixels[8 * 8 * 3];
    void *data;
    size_t n;
    paint(i, 8, 8, 3, pixels);
    assert_ok(
        gt_png_encode(&(gt_picture){.height = 8, .width = 8, .channels = 3, .samples = pixels}, level, &data, &n));
    put(name_of(place), data, n);
    free(data);
}

static gt_data_look look_with(const char *spec, int threads) {
    gt_dataset *ds = opened(spec, NULL);
    gt_pool *pool = threads ? gt_pool_new(threads) : NULL;
    gt_data_look look;
    assert_ok(gt_dataset_look(ds, pool, &look));
    gt_pool_free(pool);
    gt_dataset_close(ds);
    return look;
}

static gt_hash128 pictures(void) {
    gt_data_look look = look_with(at("set"), 0);
    assert_int_equal(look.looks, LOOKS);
    assert_int_equal(look.unreadable, 0);
    return look.pictures;
}

#define assert_same(a, b) assert_true((a).high == (b).high && (a).low == (b).low)
#define assert_other(a, b) assert_false((a).high == (b).high && (a).low == (b).low)

static void of_pixels_and_not_of_files(void **state) {
    (void)state;
    assert_int_equal(mkdir(at("set"), 0777), 0);
    for (int i = 0; i < N; i++) put_at(i, i, 6);
    gt_hash128 first = pictures();
    for (int threads = 1; threads <= 3; threads++) assert_same(look_with(at("set"), threads).pictures, first);
    for (int i = 0; i < N; i++) put_at(i, i, i % 2);
    assert_same(pictures(), first); /* compressed again */
    put_at(1, 2, 6);
    assert_same(pictures(), first); /* not one of those looked at: 0, 2, 4, 7, ... */
    put_at(2, 1, 6);
    assert_other(pictures(), first);
    put_at(2, 4, 6);
    put_at(4, 2, 6);
    assert_other(pictures(), first); /* another order */
    put_at(2, 2, 6);
    put_at(4, 4, 6);
    assert_same(pictures(), first);
    const char *range = "{\"range\": [0, 200]}", *usual = "{\"range\": [0, 255], \"channels\": \"R,G,B\"}";
    put(at("set/dataset.json"), usual, strlen(usual));
    assert_same(pictures(), first);
    put(at("set/dataset.json"), range, strlen(range));
    assert_other(pictures(), first);
    unlink(at("set/dataset.json"));
}

static void of_labels(void **state) {
    (void)state;
    gt_hash128 none = look_with(simple_zip("a.zip", 2, NULL), 0).pictures;
    gt_hash128 zero =
        look_with(
            simple_zip("a.zip", 2, "{\"labels\": [[\"00000/img00000000.png\", 0], [\"00000/img00000001.png\", 1]]}"), 0)
            .pictures;
    gt_hash128 one =
        look_with(
            simple_zip("a.zip", 2, "{\"labels\": [[\"00000/img00000000.png\", 1], [\"00000/img00000001.png\", 1]]}"), 0)
            .pictures;
    assert_other(none, zero);
    assert_other(zero, one);
}

static void ends_and_what_cannot_be_read(void **state) {
    (void)state;
    uint8_t pixels[8 * 8 * 3];
    int least = 255, most = 0;
    for (int i = 0; i < 2; i++) {
        paint(i, 8, 8, 3, pixels);
        for (size_t k = 0; k < sizeof pixels; k++) {
            least = pixels[k] < least ? pixels[k] : least;
            most = pixels[k] > most ? pixels[k] : most;
        }
    }
    gt_data_look look = look_with(simple_zip("a.zip", 2, NULL), 2);
    assert_int_equal(look.looks, 2);
    assert_true(look.least == least && look.most == most);
    put_at(7, 7, 6);
    assert_int_equal(truncate(name_of(7), 60), 0); /* its head is whole */
    look = look_with(at("set"), 3);
    assert_int_equal(look.unreadable, 1);
    assert_non_null(strstr(look.why, "007.png"));
    assert_true(look.least <= look.most);
    put_at(7, 7, 6);
}

static void put_colour(int place, uint8_t red, uint8_t last) {
    uint8_t pixels[8 * 8 * 3];
    void *data;
    size_t n;
    for (int i = 0; i < 8 * 8 * 3; i++) pixels[i] = i % 3 ? 7 : red;
    pixels[8 * 8 * 3 - 1] = last;
    assert_ok(gt_png_encode(&(gt_picture){.height = 8, .width = 8, .channels = 3, .samples = pixels}, 6, &data, &n));
    char name[64];
    snprintf(name, sizeof name, "colours/%d.png", place);
    put(at(name), data, n);
    free(data);
}

static void one_colour_and_equal_ones(void **state) {
    (void)state;
    assert_int_equal(mkdir(at("colours"), 0777), 0);
    for (int i = 0; i < 4; i++) put_colour(i, (uint8_t)(i / 2), i == 3 ? 8 : 7);
    gt_data_look look = look_with(at("colours"), 2);
    assert_int_equal(look.uniform, 3);
    assert_int_equal(look.equal, 2);
    for (int i = 0; i < 4; i++) put_colour(i, 9, 7);
    look = look_with(at("colours"), 0);
    assert_int_equal(look.uniform, 4);
    assert_int_equal(look.equal, 4);
}

static void outside_the_range(void **state) {
    (void)state;
    static const struct {
        gt_sample type;
        double low, high, least, most;
        bool may, does;
    } cases[] = {
        {GT_F32, -1, 1, -1, 1, true, false},
        {GT_F32, -1, 1, -1, 1.0000002, true, true},
        {GT_F32, 0.1, 0.7, (double)0.1f, (double)0.7f, true, false},
        {GT_F32, 100, 500, 100, 499, true, false},
        {GT_F32, 100, 500, 99.99, 499, true, true},
        {GT_U8, 0, 255, 0, 255, false, false},
        {GT_U8, 0, 200, 0, 201, true, true},
        {GT_U16, 0, 65535, 0, 65535, false, false},
        {GT_U16, 0, 255, 0, 65535, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gt_dataset_info info = {.type = cases[i].type, .range = {cases[i].low, cases[i].high}};
        assert_int_equal(gt_dataset_may_leave_range(&info), cases[i].may);
        assert_int_equal(gt_dataset_leaves_range(&info, cases[i].least, cases[i].most), cases[i].does);
    }
}

static void empty_classes(void **state) {
    (void)state;
    char text[128];
    const int64_t images[] = {3, 0, 1, 0, 0, 9};
    assert_true(gt_classes_empty(images, 6, text, sizeof text));
    assert_string_equal(text, "3 of 6 classes have no image, such as class 1");
    assert_false(gt_classes_empty(images, 1, text, sizeof text));
    assert_false(gt_classes_empty(images, 0, text, sizeof text));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_pixels_and_not_of_files),
        cmocka_unit_test(of_labels),
        cmocka_unit_test(ends_and_what_cannot_be_read),
        cmocka_unit_test(one_colour_and_equal_ones),
        cmocka_unit_test(outside_the_range),
        cmocka_unit_test(empty_classes),
    };
    return cmocka_run_group_tests_name("look", tests, make_scratch, remove_scratch);
}
