/* SPDX-License-Identifier: Apache-2.0
 * PNG in memory and in files: what is written is read back exactly; what is damaged, absurd or of another kind is
 * refused. */
#include "base/door/file.h"
#include "data_files.h"

#include <png.h>
#include <zlib.h>

#include "files/codec/door/picture.h"

static gt_picture read_back(bytes b) {
    gt_picture p;
    if (gt_picture_decode(&p, b.data, b.n, 0)) fail_msg("%s", gt_message());
    return p;
}

static void round_trip_is_exact(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {8, 5}, {33, 70}};
    for (int s = 0; s < 3; s++) {
        for (int c = 1; c <= 4; c++) {
            int h = sizes[s][0], w = sizes[s][1], n = h * w * c;
            bytes b = picture(3, h, w, c);
            gt_png_info info;
            assert_int_equal(gt_png_head(b.data, b.n, &info), GT_OK);
            assert_int_equal(info.height, h);
            assert_int_equal(info.width, w);
            assert_int_equal(info.channels, c);
            assert_int_equal(info.bits, 8);
            assert_false(info.palette);
            uint8_t want[33 * 70 * 4];
            paint(3, h, w, c, want);
            gt_picture p = read_back(b);
            assert_true(p.height == h && p.width == w && p.channels == c && p.type == GT_U8 && p.alpha == (c % 2 == 0));
            assert_memory_equal(p.samples, want, n);
            gt_picture_free(&p);
            free(b.data);
        }
    }
}

static void append(png_structp png, png_bytep data, size_t n) {
    bytes *b = png_get_io_ptr(png);
    b->data = realloc(b->data, b->n + n);
    memcpy((char *)b->data + b->n, data, n);
    b->n += n;
}

/* An 8 x 8 picture written by libpng itself. */
static bytes foreign(int colour_type, int bits, int interlace) {
    bytes b = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_color palette[2] = {{255, 0, 0}, {0, 0, 255}};
    png_set_write_fn(png, &b, append, NULL);
    png_set_IHDR(png, info, 8, 8, bits, colour_type, interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (colour_type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 2);
    png_set_gAMA(png, info, 0.45455); /* must not change a sample */
    png_write_info(png, info);
    uint8_t rows[8][64];
    png_bytep row[8];
    paint(5, 8, 64, 1, rows[0]);
    for (int y = 0; y < 8; y++) {
        if (colour_type == PNG_COLOR_TYPE_PALETTE) memset(rows[y], y % 2, sizeof rows[y]);
        row[y] = rows[y];
    }
    png_write_image(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return b;
}

static void kinds_are_told_apart(void **state) {
    (void)state;
    static const struct {
        int colour_type, bits;
        const char *text;
    } cases[] = {{PNG_COLOR_TYPE_PALETTE, 8, "8-bit RGB"},
                 {PNG_COLOR_TYPE_PALETTE, 1, "8-bit RGB"},
                 {PNG_COLOR_TYPE_GRAY, 16, "16-bit grey"},
                 {PNG_COLOR_TYPE_GRAY, 2, "8-bit grey"},
                 {PNG_COLOR_TYPE_RGB, 16, "16-bit RGB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes b = foreign(cases[i].colour_type, cases[i].bits, PNG_INTERLACE_NONE);
        gt_picture_info info;
        char text[48];
        assert_int_equal(gt_picture_head(&info, b.data, b.n), GT_OK);
        assert_int_equal(info.bits, cases[i].bits);
        gt_picture p = read_back(b);
        assert_string_equal(gt_picture_describe(&p, text), cases[i].text);
        gt_picture_free(&p);
        free(b.data);
    }
}

static void interlaced_pictures_are_read(void **state) {
    (void)state;
    uint8_t want[8][64];
    bytes a = foreign(PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE),
          b = foreign(PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_ADAM7);
    gt_picture plain = read_back(a), interlaced = read_back(b);
    assert_memory_equal(plain.samples, interlaced.samples, 8 * 8 * 3);
    paint(5, 8, 64, 1, want[0]);
    for (int y = 0; y < 8; y++) assert_memory_equal((uint8_t *)plain.samples + 24 * y, want[y], 24);
    gt_picture_free(&plain);
    gt_picture_free(&interlaced);
    free(a.data);
    free(b.data);
}

static void refuse(const void *data, size_t n) {
    gt_picture p;
    assert_int_equal(gt_picture_decode(&p, data, n, 0), GT_FORMAT);
    assert_null(p.samples);
}

static void every_flipped_bit_is_found(void **state) {
    (void)state;
    bytes kinds[] = {picture(1, 8, 8, 3), foreign(PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_ADAM7)};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        bytes b = kinds[k];
        uint8_t *byte = b.data;
        for (size_t i = 0; i < 8 * b.n; i++) {
            byte[i / 8] ^= (uint8_t)(1 << i % 8);
            refuse(b.data, b.n);
            byte[i / 8] ^= (uint8_t)(1 << i % 8);
        }
        for (size_t n = 0; n < b.n; n++) refuse(b.data, n);
        gt_picture p = read_back(b);
        gt_picture_free(&p);
        free(b.data);
    }
}

static void put32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void absurd_sizes_are_refused(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{0, 8},          {8, 0},         {0x7fffffff, 0x7fffffff},
                                        {0xffffffff, 1}, {32768, 32768}, {40000, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bytes b = picture(1, 8, 8, 3);
        uint8_t *p = b.data;
        put32(p + 16, sizes[i][0]);
        put32(p + 20, sizes[i][1]);
        put32(p + 29, (uint32_t)crc32(0, p + 12, 17));
        gt_png_info info;
        assert_int_equal(gt_png_head(p, b.n, &info), GT_FORMAT);
        assert_non_null(strstr(gt_message(), "claims"));
        free(b.data);
    }
}

static void files_are_whole_or_not_there(void **state) {
    (void)state;
    uint8_t pixels[4 * 4], *found;
    size_t n;
    paint(2, 4, 4, 1, pixels);
    assert_int_equal(gt_png_write(at("a.png"), pixels, 4, 4, 1), GT_OK);
    found = get(at("a.png"), &n);
    assert_memory_equal(found, "\x89PNG", 4);
    free(found);
    assert_int_equal(gt_file_write(at("none/a.png"), "x", 1), GT_FAILED);
    assert_non_null(strstr(gt_message(), "none/a.png"));
    assert_int_equal(mkdir(at("taken"), 0777), 0);
    assert_int_equal(gt_file_write(at("taken"), "x", 1),
                     GT_FAILED); /* a file cannot replace a folder, and leaves nothing */
    char command[600];
    snprintf(command, sizeof command, "! ls %s | grep -q part", scratch);
    assert_int_equal(system(command), 0);

    void *all;
    assert_int_equal(gt_file_read(at("a.png"), 10, &all, &n), GT_FORMAT);
    assert_int_equal(gt_file_read(at("taken"), 10, &all, &n), GT_FORMAT);
    assert_int_equal(gt_file_read(at("nothing"), 10, &all, &n), GT_FAILED);
    assert_non_null(strstr(gt_message(), "nothing"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_is_exact),          cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(interlaced_pictures_are_read), cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(absurd_sizes_are_refused),     cmocka_unit_test(files_are_whole_or_not_there),
    };
    return cmocka_run_group_tests_name("png", tests, make_scratch, remove_scratch);
}
