/* SPDX-License-Identifier: Apache-2.0
 * Picture grids: exact pixels, tiles in their places, and the reference tool's choice of samples. */
#include "scratch.h"

#include <math.h>

#include "files/codec/door/grid.h"
#include "gantry/picture.h"

static void parse(void **state) {
    (void)state;
    gt_grid g;
    assert_ok(gt_grid_parse("8x4", &g));
    assert_true(g.columns == 8 && g.rows == 4 && !g.reference);
    gt_grid_fit(&g, 32, 32);
    assert_int_equal(g.columns, 8);
    assert_ok(gt_grid_parse("reference", &g));
    const int fits[][4] = {{32, 32, 32, 32}, {512, 256, 30, 8}, {1024, 1024, 7, 4}, {4096, 4096, 7, 4}};
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        gt_grid_fit(&g, fits[i][0], fits[i][1]);
        assert_true(g.columns == fits[i][2] && g.rows == fits[i][3]);
    }
    static const char *const bad[] = {
        "", "8", "8x", "x8", "0x8", "8x0", "-1x2", "8x8x8", "2000x2", "99999999999x1", "Reference"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(gt_grid_parse(bad[i], &g), GT_USAGE);
}

static void pixels(void **state) {
    (void)state;
    /* halves go to the even neighbour */
    const float x[] = {0, 255, 0.5f, 1.5f, 2.5f, 254.5f, -3, 300, NAN, -INFINITY, INFINITY};
    const uint8_t expected[] = {0, 255, 0, 2, 2, 254, 0, 255, 0, 0, 255};
    uint8_t out[256];
    gt_grid_pixels(x, sizeof x / sizeof *x, 0, 255, out);
    assert_memory_equal(out, expected, sizeof expected);
    float all[256];
    for (int i = 0; i < 256; i++) all[i] = (float)i;
    gt_grid_pixels(all, 256, 0, 255, out);
    for (int i = 0; i < 256; i++) assert_int_equal(out[i], i);
    for (int i = 0; i < 256; i++) all[i] = (float)i / 127.5f - 1; /* what the networks see of a byte comes back as it */
    gt_grid_pixels(all, 256, -1, 1, out);
    for (int i = 0; i < 256; i++) assert_int_equal(out[i], i);
}

static void check_tiles(int channels, int shown) {
    enum { COLUMNS = 3, ROWS = 2, H = 4, W = 5 };
    float images[COLUMNS * ROWS * H * W * 4];
    for (int i = 0; i < COLUMNS * ROWS * H * W * channels; i++) images[i] = (float)(i * 7 % 256);
    gt_grid_png picture;
    assert_ok(gt_grid_write(at("grid.png"), images, COLUMNS, ROWS, H, W, channels, 0, 255, &picture));
    size_t n;
    char *file = get(at("grid.png"), &n);
    assert_int_equal(n, picture.bytes);
    assert_memory_equal(file, picture.png, n);
    assert_true(picture.width == COLUMNS * W && picture.height == ROWS * H && picture.channels == shown);
    gt_picture p;
    assert_ok(gt_picture_decode(&p, file, n, 0));
    assert_true(p.width == picture.width && p.height == picture.height && p.channels == shown && p.type == GT_U8);
    const uint8_t *out = p.samples;
    for (int y = 0; y < ROWS * H; y++)
        for (int x = 0; x < COLUMNS * W; x++)
            for (int c = 0; c < shown; c++) {
                int image = y / H * COLUMNS + x / W;
                float expected = images[((image * H + y % H) * W + x % W) * channels + c];
                assert_int_equal(out[(y * COLUMNS * W + x) * shown + c], (int)expected);
            }
    gt_picture_free(&p);
    free(file);
    free(picture.png);
}

/* Two rows of three pictures: white ones end in a grey line, but not at the edge of the grid; others have all their
 * pixels. */
static void hairlines(void **state) {
    (void)state;
    enum { COLUMNS = 3, ROWS = 2, SIDE = 16, LINE = COLUMNS * SIDE };
    static float images[COLUMNS * ROWS][SIDE][SIDE];
    for (int i = 0; i < COLUMNS * ROWS; i++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) images[i][y][x] = i == 1 ? 100 : 255;
    for (int y = 0; y < SIDE; y++) images[3][y][SIDE - 1] = y < SIDE / 2 ? 0 : 255; /* half an edge: no line */
    images[4][2][SIDE - 1] = 0;                                                     /* a dot stays in the line */
    assert_ok(gt_grid_write(at("white.png"), &images[0][0][0], COLUMNS, ROWS, SIDE, SIDE, 1, 0, 255, NULL));
    size_t n;
    char *file = get(at("white.png"), &n);
    gt_picture p;
    assert_ok(gt_picture_decode(&p, file, n, 0));
    const uint8_t *out = p.samples;
    for (int y = 0; y < ROWS * SIDE; y++)
        for (int x = 0; x < LINE; x++) {
            int image = y / SIDE * COLUMNS + x / SIDE, expected = (int)images[image][y % SIDE][x % SIDE];
            bool right = x % SIDE == SIDE - 1 && x + 1 < LINE, below = y == SIDE - 1;
            if (expected == 255 && ((right && image != 3) || below)) expected = 208;
            assert_int_equal(out[y * LINE + x], expected);
        }
    gt_picture_free(&p);
    free(file);
}

static void tiles(void **state) {
    (void)state;
    check_tiles(1, 1);
    check_tiles(2, 1);
    check_tiles(3, 3);
    check_tiles(4, 3);
    float one = 0;
    assert_int_equal(gt_grid_write(at("x.png"), &one, 1 << 20, 1 << 20, 1024, 1024, 3, 0, 1, NULL), GT_USAGE);
    assert_message("too large for a PNG");
    assert_int_equal(gt_grid_write(at("none/x.png"), &one, 1, 1, 1, 1, 1, 0, 1, NULL), GT_FAILED);
    char name[40];
    gt_grid_fakes_name(200000, name);
    assert_string_equal(name, "fakes000200000.png");
}

/* ---- choice: expected values from numpy.random.RandomState(0).shuffle and docs/mathematics/seeds.md#grids ---- */

static void one_hot(void *arg, int64_t item, float *label) {
    const int *classes = arg;
    for (int i = 0; i < 3; i++) label[i] = classes[item] == i;
}

static void radius(void *arg, int64_t item, float *label) {
    (void)arg;
    label[0] = (float)item;
}

static void choice(void **state) {
    (void)state;
    int64_t items[16];
    const gt_grid g = {.columns = 4, .rows = 4};
    const int64_t ten[16] = {2, 8, 4, 9, 1, 6, 7, 3, 0, 5, 2, 8, 4, 9, 1, 6};
    assert_ok(gt_grid_choose(&g, 10, 0, NULL, NULL, items));
    assert_memory_equal(items, ten, sizeof ten);
    assert_ok(gt_grid_choose(&g, 10, 1, radius, NULL, items)); /* no two labels are equal: not classes */
    assert_memory_equal(items, ten, sizeof ten);
    /* classes 2 1 0 2 1 0 ...; 5 items each of 15: group 0 = {2,5,8,11,14}, 1 = {1,4,...}, 2 = {0,3,...} */
    int classes[15];
    for (int i = 0; i < 15; i++) classes[i] = 2 - i % 3;
    const int64_t by_class[16] = {8, 2, 5, 11, 1, 7, 4, 13, 3, 9, 12, 0, 14, 8, 2, 5};
    assert_ok(gt_grid_choose(&g, 15, 3, one_hot, classes, items));
    assert_memory_equal(items, by_class, sizeof by_class);
    assert_int_equal(gt_grid_choose(&g, 0, 0, NULL, NULL, items), GT_USAGE);
    assert_ok(gt_grid_choose(&g, 1, 0, NULL, NULL, items));
    for (int i = 0; i < 16; i++) assert_true(items[i] == 0);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {TEST(parse), TEST(pixels), TEST(tiles), TEST(hairlines), TEST(choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
