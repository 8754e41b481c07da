/* SPDX-License-Identifier: Apache-2.0
 * The dataset tool and samples for which black and white are not where they usually are: declared, kept, carried along
 * by every transform, and gone where a depth is asked for. */
#include "converting.h"

#include "files/h5/door/h5.h"

enum { SIDE = 8, PIXELS = SIDE * SIDE, IMAGES = 3 };
#define LOW 100.0
#define HIGH 500.0

static float sample(size_t image, int k) {
    return (float)(LOW + (HIGH - LOW) * (double)((k + 7 * (int)image) % PIXELS) / (PIXELS - 1));
}
static double share(float x) { return ((double)x - LOW) / (HIGH - LOW); } /* between black and white */

/* An HDF5 file of grey float32 images; range NULL: it says nothing of one. */
static const char *float_file(const char *name, const double *range) {
    float images[IMAGES * PIXELS];
    const char *path = at(name);
    gt_h5_file f;
    for (int i = 0; i < IMAGES * PIXELS; i++) images[i] = sample((size_t)i / PIXELS, i % PIXELS);
    gt_status st = gt_h5_create(&f, path, false);
    if (!st) st = gt_h5_write(&f, &(gt_array){"images", GT_NUMBER_FLOAT, 4, {IMAGES, SIDE, SIDE, 1}, images});
    if (!st && range) st = gt_h5_attribute(&f, "images", &(gt_array){"range", GT_NUMBER_DOUBLE, 1, {2}, range});
    if (!st) st = gt_h5_finish(&f);
    if (st) fail_msg("%s", gt_message());
    gt_h5_close(&f);
    return path;
}

/* Image 1, its range in info->range. */
static gt_dataset_info second_image(const char *path, void *samples) {
    gt_dataset *ds = opened(path, NULL);
    gt_dataset_info info = *gt_dataset_get_info(ds);
    if (gt_dataset_read(ds, 1, samples)) fail_msg("%s", gt_message());
    gt_dataset_close(ds);
    return info;
}

static gt_convert_request declared(gt_transform t) {
    return (gt_convert_request){.has_range = true, .range = {LOW, HIGH}, .transform = t};
}

static void a_range_is_declared(void **state) {
    (void)state;
    static const double wrong[2] = {0, 1000};
    const double *const own[] = {NULL, wrong};
    for (int k = 0; k < 2; k++) {
        char source[600];
        float x[PIXELS], seen[PIXELS];
        snprintf(source, sizeof source, "%s", float_file("plain.h5", own[k]));
        packed(source, at("declared.h5"), declared((gt_transform){0}));
        gt_dataset_info info = second_image(at("declared.h5"), x);
        assert_true(info.type == GT_F32 && info.range[0] == LOW && info.range[1] == HIGH);
        gt_dataset_floats(&info, x, PIXELS, seen);
        for (int i = 0; i < PIXELS; i++)
            assert_true(x[i] == sample(1, i) && fabs((double)seen[i] - (2 * share(x[i]) - 1)) < 1e-6);
        packed(at("declared.h5"), at("copy.h5"), (gt_convert_request){0}); /* and kept */
        info = second_image(at("copy.h5"), x);
        assert_true(info.range[0] == LOW && info.range[1] == HIGH);
    }
}

/* Padding, channels and crops take black and white from it and keep it. */
static void transforms_keep_to_it(void **state) {
    (void)state;
    char source[600];
    float wide[SIDE][2 * SIDE], grey[PIXELS], rgba[PIXELS * 4], small[SIDE / 2 * SIDE / 2];
    snprintf(source, sizeof source, "%s", float_file("plain.h5", NULL));
    for (int white = 0; white < 2; white++) {
        packed(source, at("wide.h5"),
               declared((gt_transform){
                   .width = 2 * SIDE, .height = SIDE, .pad = true, .background = {white, white, white}}));
        assert_true(second_image(at("wide.h5"), wide).range[1] == HIGH);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < 2 * SIDE; x++) {
                bool inside = x >= SIDE / 2 && x < SIDE / 2 + SIDE;
                assert_true(fabs((double)wide[y][x] - (inside  ? (double)sample(1, y * SIDE + x - SIDE / 2)
                                                       : white ? HIGH
                                                               : LOW)) < 1e-3);
            }
    }
    packed(source, at("rgba.h5"), declared((gt_transform){.channels = 4}));
    gt_dataset_info info = second_image(at("rgba.h5"), rgba);
    assert_true(info.channels == 4 && info.range[0] == LOW);
    for (int i = 0; i < PIXELS * 4; i++)
        assert_true(fabs((double)rgba[i] - (i % 4 == 3 ? HIGH : (double)sample(1, i / 4))) <
                    1e-3); /* opaque is white */
    packed(at("rgba.h5"), at("grey.h5"), (gt_convert_request){.transform = {.channels = 1}});
    info = second_image(at("grey.h5"), grey);
    assert_true(info.channels == 1 && info.range[0] == LOW && info.range[1] == HIGH);
    for (int i = 0; i < PIXELS; i++) assert_true(fabs((double)grey[i] - (double)sample(1, i)) < 1e-2);
    packed(source, at("small.h5"),
           declared(
               (gt_transform){.width = SIDE / 2, .height = SIDE / 2, .filter = GT_FILTER_BOX, .crop = GT_CROP_CENTER}));
    info = second_image(at("small.h5"), small);
    assert_true(info.range[0] == LOW && info.range[1] == HIGH);
    assert_true(fabs((double)small[0] -
                     (double)(sample(1, 0) + sample(1, 1) + sample(1, SIDE) + sample(1, SIDE + 1)) / 4) < 1e-2);
    gt_convert_request squares = declared((gt_transform){0});
    squares.import.crops = SIDE / 2;
    squares.import.labels = GT_SOURCE_LABELS_NONE;
    packed(source, at("squares.h5"), squares);
    info = second_image(at("squares.h5"), small);
    assert_true(info.count == 4 * IMAGES && info.range[0] == LOW && small[0] == sample(0, SIDE / 2));
}

/* Whoever asks for a depth gets its usual range, whatever the samples were: also where they were of that depth. */
static void a_depth_has_its_usual_range(void **state) {
    (void)state;
    char source[600];
    float x[PIXELS];
    uint8_t bytes[PIXELS];
    uint16_t words[PIXELS];
    snprintf(source, sizeof source, "%s", float_file("plain.h5", NULL));
    packed(source, at("usual.h5"), declared((gt_transform){.depth = GT_DEPTH_F32}));
    gt_dataset_info info = second_image(at("usual.h5"), x);
    assert_true(info.type == GT_F32 && info.range[0] == -1 && info.range[1] == 1);
    for (int i = 0; i < PIXELS; i++) assert_true(fabs((double)x[i] - (2 * share(sample(1, i)) - 1)) < 1e-6);
    packed(source, at("bytes.zip"), declared((gt_transform){.depth = GT_DEPTH_U8}));
    info = second_image(at("bytes.zip"), bytes);
    assert_true(info.range[0] == 0 && info.range[1] == 255);
    for (int i = 0; i < PIXELS; i++) assert_true(fabs(bytes[i] - 255 * share(sample(1, i))) <= 0.5 + 1e-3);
    packed(source, at("words.zip"), declared((gt_transform){.depth = GT_DEPTH_U16}));
    packed(at("words.zip"), at("twelve.h5"),
           (gt_convert_request){.has_range = true, .range = {0, 4095}}); /* of whole numbers, too */
    info = second_image(at("twelve.h5"), words);
    assert_true(info.type == GT_U16 && info.range[1] == 4095);
    packed(at("twelve.h5"), at("twelve16.h5"), (gt_convert_request){.transform = {.depth = GT_DEPTH_U16}});
    uint16_t full[PIXELS];
    info = second_image(at("twelve16.h5"), full);
    assert_true(info.type == GT_U16 && info.range[0] == 0 && info.range[1] == 65535);
    for (int i = 0; i < PIXELS; i++)
        assert_int_equal(full[i], words[i] >= 4095 ? 65535 : lrint(words[i] / 4095.0 * 65535));
}

static void what_is_no_range(void **state) {
    (void)state;
    static const double wrong[][2] = {{1, 1}, {2, 1}, {NAN, 1}, {0, INFINITY}, {-INFINITY, 0}};
    char source[600], other[600];
    gt_convert_result result;
    snprintf(source, sizeof source, "%s", float_file("plain.h5", NULL));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        gt_convert_request r = {.has_range = true, .range = {wrong[i][0], wrong[i][1]}};
        assert_int_equal(pack(source, at("no.h5"), r, &result), GT_USAGE);
        assert_message("two finite numbers, the smaller one first");
    }
    assert_int_equal(pack("synth:shapes:n=5,size=8", at("no.h5"), declared((gt_transform){0}), &result),
                     GT_USAGE); /* bytes end at 255 */
    assert_message("between 0 and 255");
    assert_int_equal(pack(source, at("no.zip"), declared((gt_transform){0}), &result), GT_USAGE);
    assert_message("FILE.h5");
    assert_false(exists("no.h5") || exists("no.zip"));
    /* Another range is another result, and two sources need one */
    packed(source, at("one.h5"), declared((gt_transform){0}));
    assert_int_equal(
        pack(source, at("one.h5"), (gt_convert_request){.has_range = true, .range = {LOW, HIGH + 1}}, &result),
        GT_USAGE);
    assert_message("range differs");
    snprintf(other, sizeof other, "%s", at("one.h5"));
    const char *sources[2] = {source, other};
    gt_convert_request both = {.n_sources = 2, .sources = sources};
    assert_int_equal(pack(NULL, at("both.h5"), both, &result), GT_USAGE);
    assert_message("--range=LO,HI");
    both.has_range = true, both.range[0] = LOW, both.range[1] = HIGH;
    packed(NULL, at("both.h5"), both);
    float x[PIXELS];
    assert_true(second_image(at("both.h5"), x).range[1] == HIGH);
}

int main(void) {
    gt_log_setup(0, 1, GT_ERROR);
    comm = gt_comm_start_all(2, NULL);
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_range_is_declared), cmocka_unit_test(transforms_keep_to_it),
                                       cmocka_unit_test(a_depth_has_its_usual_range),
                                       cmocka_unit_test(what_is_no_range)};
    int failed = cmocka_run_group_tests_name("pack_range", tests, make_scratch, remove_scratch);
    gt_comm_stop_all(comm);
    return failed;
}
