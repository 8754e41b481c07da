/* SPDX-License-Identifier: Apache-2.0
 * Resizing against Pillow, where python3-pil is here (the golden cases of the dataset tool hold it to Pillow
 * everywhere), and by what must hold without it; transforms of channels, alpha, depth, crops and borders. */
#include "scratch.h"
#include "without.h"

#include <math.h>

#include "files/codec/door/picture.h"
#include "data/door/resize.h"
#include "base/door/random.h"
#include "data/door/transform.h"

static void fill(uint8_t *samples, size_t n, uint32_t which) {
    uint32_t bits;
    for (size_t i = 0; i < n; i++) {
        if (i % 4 == 0) gt_random_bits((gt_key){.seed = 1, .stream = which, .sample = (uint32_t)(i / 4)}, &bits, 1);
        samples[i] = (uint8_t)(bits >> i % 4 * 8);
    }
}

static const struct size {
    int height, width, channels, to_height, to_width;
} sizes[] = {{64, 64, 3, 32, 32}, {43, 49, 3, 32, 32}, {7, 300, 1, 64, 5}, {200, 31, 3, 17, 64},
             {1, 1, 3, 8, 8},     {40, 48, 4, 16, 16}, {33, 5, 2, 33, 9},  {16, 90, 3, 5, 90}};

/* The program reads sizes and samples from stdin and answers with resized samples. */
static const char pillow[] = "import sys\n"
                             "from PIL import Image\n"
                             "data = sys.stdin.buffer\n"
                             "for line in iter(data.readline, b''):\n"
                             "    h, w, c, to_h, to_w, box = map(int, line.split())\n"
                             "    mode = {1: 'L', 2: 'LA', 3: 'RGB', 4: 'RGBA'}[c]\n"
                             "    image = Image.frombytes(mode, (w, h), data.read(h * w * c))\n"
                             "    image = image.resize((to_w, to_h), Image.BOX if box else Image.LANCZOS)\n"
                             "    sys.stdout.buffer.write(image.tobytes())\n";

static void resized_as_pillow_does(void **state) {
    (void)state;
    char command[900];
    put(at("resize.py"), pillow, sizeof pillow - 1);
    if (!have_tool("/usr/bin/python3 -c 'import PIL'", "python3-pil")) skip();
    FILE *questions = fopen(at("questions"), "wb");
    assert_non_null(questions);
    static uint8_t in[200 * 300 * 4];
    for (size_t k = 0; k < 2 * sizeof sizes / sizeof *sizes; k++) {
        const struct size *s = &sizes[k / 2];
        size_t n = (size_t)(s->height * s->width * s->channels);
        fill(in, n, (uint32_t)k);
        fprintf(questions, "%d %d %d %d %d %d\n", s->height, s->width, s->channels, s->to_height, s->to_width,
                (int)(k % 2));
        fwrite(in, 1, n, questions);
    }
    assert_int_equal(fclose(questions), 0);
    snprintf(command, sizeof command, "cd %s && /usr/bin/python3 resize.py <questions >answers", scratch);
    assert_int_equal(system(command), 0);
    size_t bytes, done = 0;
    uint8_t *answers = get(at("answers"), &bytes);
    for (size_t k = 0; k < 2 * sizeof sizes / sizeof *sizes; k++) {
        const struct size *s = &sizes[k / 2];
        gt_picture p;
        bool dropped;
        assert_int_equal(gt_picture_new(&p, s->height, s->width, s->channels, GT_U8), GT_OK);
        p.alpha = s->channels % 2 == 0;
        fill(p.samples, gt_picture_bytes(&p), (uint32_t)k);
        gt_transform t = {
            .height = s->to_height, .width = s->to_width, .filter = k % 2 ? GT_FILTER_BOX : GT_FILTER_LANCZOS};
        gt_transformer *w = gt_transformer_new(&t);
        if (gt_transformer_run(w, &p, &dropped)) fail_msg("%s", gt_message());
        size_t n = gt_picture_bytes(&p);
        assert_true(!dropped && done + n <= bytes);
        assert_memory_equal(p.samples, answers + done, n);
        done += n;
        gt_picture_free(&p);
        gt_transformer_free(w);
    }
    assert_int_equal(done, bytes);
    free(answers);
}

/* What averages whole pixels can be done by hand; floats follow bytes to within their rounding; a stride skips what is
 * beside. */
static void resized_by_hand(void **state) {
    (void)state;
    enum { H = 12, W = 20, TO_H = 6, TO_W = 5 };
    gt_resizer r = {0};
    uint8_t in[H][W + 3], out[TO_H][TO_W];
    float reals[H][W + 3], real[TO_H][TO_W];
    fill(in[0], sizeof in, 9);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W + 3; x++) reals[y][x] = in[y][x];
    gt_resize_job job = {.filter = GT_FILTER_BOX,
                         .in_height = H,
                         .in_width = W,
                         .height = TO_H,
                         .width = TO_W,
                         .channels = 1,
                         .in_stride = W + 3};
    assert_int_equal(gt_resize(&r, &job, GT_U8, in[0], out[0]), GT_OK);
    for (int y = 0; y < TO_H; y++)
        for (int x = 0; x < TO_W; x++) {
            double column[2] = {0, 0}; /* two rows of four, each rounded first */
            for (int k = 0; k < 8; k++) column[k / 4] += in[2 * y + k / 4][4 * x + k % 4] / 4.0;
            assert_int_equal(out[y][x], (int)floor((floor(column[0] + 0.5) + floor(column[1] + 0.5)) / 2 + 0.5));
        }
    for (int f = 0; f < 2; f++) {
        job.filter = f ? GT_FILTER_LANCZOS : GT_FILTER_BOX;
        assert_int_equal(gt_resize(&r, &job, GT_U8, in[0], out[0]), GT_OK);
        assert_int_equal(gt_resize(&r, &job, GT_F32, reals[0], real[0]), GT_OK);
        /* half a level per pass, and what the second pass makes of the first one's */
        for (int i = 0, x = 0, y = 0; i < TO_H * TO_W; i++, x = i % TO_W, y = i / TO_W)
            assert_true(fabsf(fminf(fmaxf(real[y][x], 0), 255) - out[y][x]) < 1.5f);
    }
    gt_resizer_free(&r);
}

/* ---- transforms ---- */

static gt_picture picture(int height, int width, int channels, gt_sample type, bool alpha, const double *samples) {
    gt_picture p;
    assert_int_equal(gt_picture_new(&p, height, width, channels, type), GT_OK);
    p.alpha = alpha;
    for (int i = 0; i < height * width * channels; i++) {
        if (type == GT_U8) ((uint8_t *)p.samples)[i] = (uint8_t)samples[i];
        else if (type == GT_U16) ((uint16_t *)p.samples)[i] = (uint16_t)samples[i];
        else ((float *)p.samples)[i] = (float)samples[i];
    }
    return p;
}

/* The transform gives a picture of this shape and these samples. */
static void gives(gt_transform t, gt_picture p, gt_picture want, const double *samples) {
    bool dropped;
    gt_transformed made;
    gt_transformer *w = gt_transformer_new(&t);
    assert_int_equal(gt_transform_check(&t), GT_OK);
    assert_int_equal(gt_transform_shape(&t, &p, &made), GT_OK);
    if (gt_transformer_run(w, &p, &dropped)) fail_msg("%s", gt_message());
    assert_false(dropped);
    assert_true(p.height == want.height && p.width == want.width && p.channels == want.channels &&
                p.type == want.type && p.alpha == want.alpha);
    gt_picture shape = made.shape;
    assert_true(shape.height == p.height && shape.width == p.width && shape.channels == p.channels &&
                shape.type == p.type && shape.alpha == p.alpha);
    for (int i = 0; i < p.height * p.width * p.channels; i++) {
        double got = p.type == GT_U8    ? ((uint8_t *)p.samples)[i]
                     : p.type == GT_U16 ? ((uint16_t *)p.samples)[i]
                                        : (double)((float *)p.samples)[i];
        if (!(fabs(got - samples[i]) <= 1e-5)) fail_msg("sample %d is %g instead of %g", i, got, samples[i]);
    }
    gt_picture_free(&p);
    gt_transformer_free(w);
}

#define SHAPE(h, w, c, t, a) ((gt_picture){.height = h, .width = w, .channels = c, .type = t, .alpha = a})
#define LIST(...) ((const double[]){__VA_ARGS__})

static void channels_and_alpha(void **state) {
    (void)state;
    gt_transform white = {.alpha = GT_ALPHA_FLATTEN, .background = {1, 1, 1}};
    const double *rgba = LIST(200, 100, 0, 255, 200, 100, 0, 51); /* opaque; a fifth */
    gives((gt_transform){0}, picture(1, 2, 4, GT_U8, true, rgba), SHAPE(1, 2, 4, GT_U8, true), rgba);
    gives(white, picture(1, 2, 4, GT_U8, true, rgba), SHAPE(1, 2, 3, GT_U8, false), LIST(200, 100, 0, 244, 224, 204));
    gives((gt_transform){.channels = 3}, picture(1, 2, 4, GT_U8, true, rgba), SHAPE(1, 2, 3, GT_U8, false),
          LIST(200, 100, 0, 244, 224, 204)); /* white where nobody says a colour */
    gives((gt_transform){.channels = 3, .alpha = GT_ALPHA_FLATTEN}, picture(1, 2, 4, GT_U8, true, rgba),
          SHAPE(1, 2, 3, GT_U8, false), LIST(200, 100, 0, 40, 20, 0));
    gives((gt_transform){.channels = 1}, picture(1, 1, 3, GT_U8, false, LIST(200, 100, 0)),
          SHAPE(1, 1, 1, GT_U8, false), LIST(118)); /* 0.299, 0.587: 118.4998 */
    gives((gt_transform){.channels = 3}, picture(1, 1, 1, GT_U16, false, LIST(40000)), SHAPE(1, 1, 3, GT_U16, false),
          LIST(40000, 40000, 40000));
    gives((gt_transform){.channels = 4}, picture(1, 1, 3, GT_U8, false, LIST(1, 2, 3)), SHAPE(1, 1, 4, GT_U8, true),
          LIST(1, 2, 3, 255));
    gives((gt_transform){.channels = 4}, picture(1, 1, 2, GT_U8, true, LIST(9, 77)), SHAPE(1, 1, 4, GT_U8, true),
          LIST(9, 9, 9, 77));
    gives((gt_transform){0}, picture(1, 1, 5, GT_F32, false, LIST(1, 2, 3, 4, 5)), SHAPE(1, 1, 5, GT_F32, false),
          LIST(1, 2, 3, 4, 5));
    gt_picture five = SHAPE(1, 1, 5, GT_U8, false);
    gt_transformed made;
    assert_int_equal(gt_transform_shape(&(gt_transform){.channels = 3}, &five, &made), GT_FORMAT);
    assert_message("from 5");
}

static void depths(void **state) {
    (void)state;
    gives((gt_transform){.depth = GT_DEPTH_U8}, picture(1, 3, 1, GT_U16, false, LIST(0, 128, 65535)),
          SHAPE(1, 3, 1, GT_U8, false), LIST(0, 0, 255));
    gives((gt_transform){.depth = GT_DEPTH_U16}, picture(1, 2, 1, GT_U8, false, LIST(1, 255)),
          SHAPE(1, 2, 1, GT_U16, false), LIST(257, 65535));
    gives((gt_transform){.depth = GT_DEPTH_F32}, picture(1, 2, 1, GT_U8, false, LIST(0, 255)),
          SHAPE(1, 2, 1, GT_F32, false), LIST(-1, 1));
    gives((gt_transform){.depth = GT_DEPTH_U8, .range = {2, 4}}, picture(1, 4, 1, GT_F32, false, LIST(1, 2, 3, 9)),
          SHAPE(1, 4, 1, GT_U8, false), LIST(0, 0, 128, 255));
}

static void crops_and_borders(void **state) {
    (void)state;
    const double *wide = LIST(1, 2, 3, 4, 5, 6, 7, 8);
    gives((gt_transform){.crop = GT_CROP_CENTER, .width = 2, .height = 2}, picture(2, 4, 1, GT_U8, false, wide),
          SHAPE(2, 2, 1, GT_U8, false), LIST(2, 3, 6, 7));
    gives((gt_transform){.pad = true, .width = 4, .height = 4, .background = {1, 1, 1}},
          picture(2, 4, 1, GT_U8, false, wide), SHAPE(4, 4, 1, GT_U8, false),
          LIST(255, 255, 255, 255, 1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255, 255));
    gives((gt_transform){.crop = GT_CROP_CENTER_WIDE, .width = 4, .height = 2, .background = {1, 1, 1}},
          picture(2, 4, 1, GT_U8, false, wide), SHAPE(4, 4, 1, GT_U8, false),
          LIST(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0));
    gt_picture small = SHAPE(2, 3, 1, GT_U8, false);
    gt_transformed made;
    assert_int_equal(
        gt_transform_shape(&(gt_transform){.crop = GT_CROP_CENTER_WIDE, .width = 4, .height = 2}, &small, &made),
        GT_OK);
    assert_true(made.dropped && !made.enlarged);
    assert_int_equal(gt_transform_shape(&(gt_transform){.width = 4, .height = 2}, &small, &made), GT_OK);
    assert_true(made.enlarged && !made.laid);
    assert_int_equal(gt_transform_check(&(gt_transform){.crop = GT_CROP_CENTER, .width = 4}), GT_USAGE);
    assert_int_equal(gt_transform_check(&(gt_transform){.crop = GT_CROP_CENTER_WIDE, .width = 4, .height = 8}),
                     GT_USAGE);
    assert_int_equal(gt_transform_check(&(gt_transform){.pad = true}), GT_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resized_as_pillow_does), cmocka_unit_test(resized_by_hand),
        cmocka_unit_test(channels_and_alpha),     cmocka_unit_test(depths),
        cmocka_unit_test(crops_and_borders),
    };
    return test_status(cmocka_run_group_tests_name("resize", tests, make_scratch, remove_scratch));
}
