/* SPDX-License-Identifier: Apache-2.0
 * The built-in sets: documented geometry and statistics, images that depend on name, keys and index alone. With an
 * argument, writes a 3 x 3 grid of synth:shapes there, to be looked at. */
#include "data_files.h"

enum { CIRCLE = 28, SHAPE = 32 };

static void circles_have_the_documented_sum(void **state) {
    (void)state;
    gt_dataset *ds = opened("synth:circles", NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_string_equal(info->name, "circles");
    assert_int_equal(info->count, 1000);
    assert_int_equal(info->channels, 1);
    assert_int_equal(info->label_kind, GT_LABELS_VECTORS);
    assert_int_equal(info->label_width, 1);
    double total = 0, least = 99, most = 0, mean = 0;
    for (int i = 0; i < 1000; i++) {
        uint8_t pixels[CIRCLE][CIRCLE];
        float radius;
        gt_dataset_label(ds, i, &radius);
        assert_int_equal(gt_dataset_read(ds, i, pixels[0]), GT_OK);
        double dark = 0, x0 = 0, y0 = 0, moment = 0, sum = 0, w = 0.92;
        for (int y = 0; y < CIRCLE; y++) {
            for (int x = 0; x < CIRCLE; x++) {
                double v = pixels[y][x] / 255.0, ink = 1 - v;
                sum += v * v;
                dark += ink;
                x0 += ink * (x + 0.5);
                y0 += ink * (y + 0.5);
            }
        }
        x0 /= dark;
        y0 /= dark;
        for (int y = 0; y < CIRCLE; y++)
            for (int x = 0; x < CIRCLE; x++) moment += (1 - pixels[y][x] / 255.0) * hypot(x + 0.5 - x0, y + 0.5 - y0);
        /* the middle, right of and above the image's; the ink lies at the radius: sampling at pixel centres shifts its
         * mean by little, most for the smallest circles */
        assert_true(x0 > 13.9 && x0 < 14.75 && y0 > 13.25 && y0 < 14.1);
        assert_true(fabs(moment / dark - radius) < 0.35);
        assert_true(fabs(sum - (784 - 2 * M_PI * radius * (2 * w - w * w + w * w * w / 3))) < 4);
        total += sum;
        mean += radius;
        least = fmin(least, radius);
        most = fmax(most, radius);
    }
    assert_true(least >= 0.65f && least < 0.75 && most > 10.1 && most < 10.2f);
    assert_true(fabs(mean / 1000 - 5.425) < 0.3); /* standard deviation 9.55 / sqrt(12 * 1000) = 0.09 */
    assert_true(fabs(total / 1000 - 741.3) < 2);  /* 2 pi 1.253 times that: 0.7 */
    gt_dataset_close(ds);
}

static void images_depend_on_the_keys_alone(void **state) {
    (void)state;
    static uint8_t a[SHAPE * SHAPE * 3], b[SHAPE * SHAPE * 3];
    gt_dataset *small = opened("synth:shapes:n=10", NULL),
               *large = opened("synth:shapes:classes=8,seed=0,n=5000,size=32", NULL),
               *other = opened("synth:shapes:seed=18446744073709551615", NULL);
    for (int i = 9; i >= 0; i--) {
        assert_int_equal(gt_dataset_read(small, i, a), GT_OK);
        assert_int_equal(gt_dataset_read(large, i, b), GT_OK);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(gt_dataset_read(other, i, b), GT_OK);
        assert_memory_not_equal(a, b, sizeof a);
    }
    gt_dataset_close(small);
    gt_dataset_close(large);
    gt_dataset_close(other);
}

static void shapes_have_classes_and_names(void **state) {
    (void)state;
    static const char *const names[] = {"disc", "ring", "square", "triangle", "cross", "half disc", "star", "diamond"};
    gt_dataset *ds = opened("synth:shapes", NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_int_equal(info->count, 4096);
    assert_int_equal(info->channels, 3);
    assert_int_equal(info->label_width, 8);
    for (int c = 0; c < 8; c++) assert_string_equal(info->class_name[c], names[c]);
    for (int i = 0; i < 20; i++) assert_int_equal(gt_dataset_class(ds, i), i % 8);
    gt_dataset_close(ds);
    ds = opened("synth:shapes:classes=3,size=64,n=6", NULL);
    assert_int_equal(gt_dataset_get_info(ds)->label_width, 3);
    assert_int_equal(gt_dataset_get_info(ds)->height, 64);
    gt_dataset_close(ds);
}

/* A shape stands out from its ground everywhere, and most of the picture is one or the other. */
static void shapes_are_clear(void **state) {
    (void)state;
    gt_dataset *ds = opened("synth:shapes:n=400", NULL);
    for (int i = 0; i < 400; i++) {
        uint8_t p[SHAPE * SHAPE][3];
        assert_int_equal(gt_dataset_read(ds, i, p[0]), GT_OK);
        assert_memory_equal(p[0], p[SHAPE * SHAPE - 1], 3); /* corners are ground */
        assert_memory_equal(p[SHAPE - 1], p[SHAPE * SHAPE - SHAPE], 3);
        int most = 0, shape = 0;
        for (int k = 0; k < SHAPE * SHAPE; k++) {
            int d = 0;
            for (int c = 0; c < 3; c++) d += abs(p[k][c] - p[0][c]);
            if (d > most) most = d;
            shape += d > 0;
        }
        assert_true(most > 120);
        assert_true(shape > SHAPE * SHAPE / 14 && shape < SHAPE * SHAPE / 2);
    }
    gt_dataset_close(ds);
}

/* The same picture at twice the size, seen through a 2 x 2 mean, is nearly the picture: geometry scales with size. */
static void shapes_scale(void **state) {
    (void)state;
    gt_dataset *small = opened("synth:shapes:n=16", NULL), *large = opened("synth:shapes:n=16,size=64", NULL);
    for (int i = 0; i < 16; i++) {
        static uint8_t a[SHAPE][SHAPE][3], b[2 * SHAPE][2 * SHAPE][3];
        assert_int_equal(gt_dataset_read(small, i, a[0][0]), GT_OK);
        assert_int_equal(gt_dataset_read(large, i, b[0][0]), GT_OK);
        double sum = 0;
        for (int y = 0; y < SHAPE; y++)
            for (int x = 0; x < SHAPE; x++)
                for (int c = 0; c < 3; c++)
                    sum += fabs(a[y][x][c] - (b[2 * y][2 * x][c] + b[2 * y][2 * x + 1][c] + b[2 * y + 1][2 * x][c] +
                                              b[2 * y + 1][2 * x + 1][c]) /
                                                 4.0);
        assert_true(sum / (SHAPE * SHAPE * 3) < 2.5);
    }
    gt_dataset_close(small);
    gt_dataset_close(large);
}

static int write_grid(const char *path, const char *spec) {
    enum { CELLS = 3 };
    gt_dataset *ds = opened(spec, NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    size_t side = (size_t)info->height, row = side * (size_t)info->channels;
    uint8_t *grid = malloc(CELLS * CELLS * side * row), *one = malloc(side * row);
    for (size_t i = 0; i < CELLS * CELLS; i++) {
        gt_dataset_read(ds, (int64_t)i, one);
        for (size_t y = 0; y < side; y++)
            memcpy(grid + ((i / CELLS * side + y) * CELLS + i % CELLS) * row, one + y * row, row);
    }
    gt_status st = gt_png_write(path, grid, (int)(CELLS * side), (int)(CELLS * side), info->channels);
    free(one);
    free(grid);
    gt_dataset_close(ds);
    return st ? 1 : 0;
}

int main(int argc, char **argv) {
    if (argc > 1) return write_grid(argv[1], argc > 2 ? argv[2] : "synth:shapes");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circles_have_the_documented_sum),
        cmocka_unit_test(images_depend_on_the_keys_alone),
        cmocka_unit_test(shapes_have_classes_and_names),
        cmocka_unit_test(shapes_are_clear),
        cmocka_unit_test(shapes_scale),
    };
    return cmocka_run_group_tests_name("synth", tests, NULL, NULL);
}
