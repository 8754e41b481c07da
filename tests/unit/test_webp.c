/* SPDX-License-Identifier: Apache-2.0
 * WebP that is written: stills come back, films are read by libwebp's own reader of animations, a film that is not
 * finished or does not fit leaves nothing. */
#include "data_files.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <webp/demux.h>

#include "base/door/file.h"
#include "files/codec/door/webp.h"

enum { H = 18, W = 25 };
static const gt_webp_options lossless = {.lossless = true};

static gt_picture painted(int i, int channels, uint8_t *pixels) {
    paint(i, H, W, channels, pixels);
    return (gt_picture){.height = H, .width = W, .channels = channels, .samples = pixels};
}

static void stills_come_back(void **state) {
    (void)state;
    for (int c = 1; c <= 4; c++) {
        uint8_t pixels[H * W * 4];
        gt_picture p = painted(3, c, pixels), again;
        void *bytes;
        size_t n;
        if (c == 2) {
            assert_int_equal(gt_webp_encode(&p, &lossless, &bytes, &n), GT_USAGE);
            assert_null(bytes);
            continue;
        }
        assert_ok(gt_webp_encode(&p, &lossless, &bytes, &n));
        assert_ok(gt_picture_decode(&again, bytes, n, 0));
        assert_int_equal(again.channels, c == 1 ? 3 : c);
        for (int k = 0; k < H * W; k++)
            for (int j = 0; j < again.channels; j++)
                assert_int_equal(((uint8_t *)again.samples)[k * again.channels + j], pixels[k * c + (c == 1 ? 0 : j)]);
        gt_picture_free(&again);
        free(bytes);
    }
}

static void quality_makes_files_larger_and_nearer(void **state) {
    (void)state;
    uint8_t pixels[H * W * 3];
    gt_picture p = painted(3, 3, pixels);
    size_t before = 0;
    for (int quality = 10; quality <= 90; quality += 40) {
        void *bytes;
        size_t n;
        assert_ok(gt_webp_encode(&p, &(gt_webp_options){.quality = quality}, &bytes, &n));
        assert_true(n > before);
        before = n;
        free(bytes);
    }
    void *bytes;
    assert_int_equal(gt_webp_encode(&p, &(gt_webp_options){.quality = 101}, &bytes, &before), GT_USAGE);
    assert_message("0 to 100");
    p.width = GT_WEBP_MAX_SIDE + 1;
    assert_int_equal(gt_webp_encode(&p, &lossless, &bytes, &before), GT_USAGE);
    assert_message("16383");
}

static void frames_last_as_long_as_the_rate_says(void **state) {
    (void)state;
    static const double rates[] = {1, 7, 24, 29.97, 30, 60};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        int64_t sum = 0;
        for (int i = 0; i < 300; i++) {
            sum += gt_webp_film_milliseconds(i, rates[r]);
            assert_true(llabs(sum - (int64_t)(1000 * (i + 1) / rates[r])) <= 1);
        }
    }
}

static void add(gt_webp_film *f, int i, int channels, const gt_webp_options *o) {
    uint8_t pixels[H * W * 4];
    gt_picture p = painted(i, channels, pixels);
    void *bytes;
    size_t n;
    assert_ok(gt_webp_encode(&p, o, &bytes, &n));
    assert_ok(gt_webp_film_add(f, bytes, n, 10 * (i + 1)));
    free(bytes);
}

static void films_are_read(void **state) {
    (void)state;
    for (int c = 1; c <= 4; c += c == 1 ? 2 : 1) {
        gt_webp_film *f;
        assert_ok(gt_webp_film_open(&f, at("film.webp"), H, W, 3, NULL));
        for (int i = 0; i < 5; i++) add(f, i, c, &lossless);
        assert_int_equal(halves(), 1); /* a film has its name when it is whole */
        assert_ok(gt_webp_film_finish(f));
        gt_webp_film_close(f);
        assert_int_equal(halves(), 0);

        size_t n;
        void *bytes = get(at("film.webp"), &n);
        WebPAnimDecoder *d = WebPAnimDecoderNew(&(WebPData){bytes, n}, NULL);
        assert_non_null(d);
        WebPAnimInfo info;
        assert_true(WebPAnimDecoderGetInfo(d, &info));
        assert_true(info.canvas_width == W && info.canvas_height == H && info.frame_count == 5 && info.loop_count == 3);
        for (int i = 0, end = 0; i < 5; i++) {
            uint8_t *shown, pixels[H * W * 4];
            int time;
            painted(i, c, pixels);
            assert_true(WebPAnimDecoderGetNext(d, &shown, &time));
            assert_int_equal(time, end += 10 * (i + 1));
            for (int k = 0; k < H * W; k++)
                for (int j = 0; j < 4; j++)
                    assert_int_equal(shown[4 * k + j], c == 4   ? pixels[4 * k + j]
                                                       : j == 3 ? 255
                                                                : pixels[c * k + (c == 1 ? 0 : j)]);
        }
        WebPAnimDecoderDelete(d);
        free(bytes);
    }
}

/* Lossy frames with transparency have more chunks, of which one is not the film's. */
static void lossy_films_with_transparency_are_whole(void **state) {
    (void)state;
    gt_webp_film *f;
    assert_ok(gt_webp_film_open(&f, at("lossy.webp"), H, W, 0, NULL));
    for (int i = 0; i < 3; i++) add(f, i, 4, &(gt_webp_options){.quality = 80});
    assert_ok(gt_webp_film_finish(f));
    gt_webp_film_close(f);
    size_t n;
    void *bytes = get(at("lossy.webp"), &n);
    WebPDemuxer *d = WebPDemux(&(WebPData){bytes, n});
    assert_non_null(d);
    assert_int_equal(WebPDemuxGetI(d, WEBP_FF_FRAME_COUNT), 3);
    assert_true(WebPDemuxGetI(d, WEBP_FF_FORMAT_FLAGS) & ALPHA_FLAG);
    WebPIterator frame;
    for (int i = 1; i <= 3; i++) {
        assert_true(WebPDemuxGetFrame(d, i, &frame));
        assert_true(frame.has_alpha && frame.complete);
        WebPDemuxReleaseIterator(&frame);
    }
    WebPDemuxDelete(d);
    free(bytes);
}

static void frames_that_do_not_fit_are_refused(void **state) {
    (void)state;
    gt_webp_film *f;
    uint8_t pixels[H * W * 4];
    gt_picture p = painted(0, 3, pixels);
    p.height--;
    void *bytes;
    size_t n;
    assert_ok(gt_webp_encode(&p, &lossless, &bytes, &n));
    assert_ok(gt_webp_film_open(&f, at("odd.webp"), H, W, 0, NULL));
    assert_int_equal(gt_webp_film_add(f, bytes, n, 10), GT_FAILED);
    assert_message("25x17");
    assert_int_equal(gt_webp_film_add(f, "no picture at all, but many words", 33, 10), GT_FAILED);
    gt_webp_film_close(f);
    free(bytes);
    assert_true(!exists("odd.webp") && halves() == 0);
    assert_int_equal(gt_webp_film_open(&f, at("large.webp"), 4, GT_WEBP_MAX_SIDE + 1, 0, NULL), GT_USAGE);
    assert_int_equal(gt_webp_film_open(&f, scratch, H, W, 0, NULL), GT_USAGE);
    assert_message("folder");
    assert_int_equal(halves(), 0);
}

/* A disk that is full: the old film stays, and nothing of the new one. */
static void a_full_disk_leaves_the_old_film(void **state) {
    (void)state;
    put(at("full.webp"), "old", 3);
    gt_webp_film *f;
    assert_ok(gt_webp_film_open(&f, at("full.webp"), H, W, 0, NULL));
    add(f, 0, 3, &lossless);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    uint8_t pixels[H * W * 4];
    gt_picture p = painted(1, 4, pixels);
    void *bytes;
    size_t n;
    assert_ok(gt_webp_encode(&p, &lossless, &bytes, &n));
    small.rlim_cur = 2 * n;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    gt_status st = GT_OK;
    for (int i = 0; i < 4 && !st; i++) st = gt_webp_film_add(f, bytes, n, 10);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(st, GT_FAILED);
    assert_message("full.webp");
    assert_int_equal(gt_webp_film_finish(f), GT_FAILED);
    gt_webp_film_close(f);
    free(bytes);
    assert_int_equal(halves(), 0);
    char *old = get(at("full.webp"), &n);
    assert_string_equal(old, "old");
    free(old);
}

static void growing_files_follow_links(void **state) {
    (void)state;
    put(at("target"), "old", 3);
    assert_int_equal(symlink("target", at("link")), 0);
    gt_growing_file f;
    assert_ok(gt_growing_open(&f, at("link")));
    assert_ok(gt_growing_add(&f, "abcdef", 6));
    assert_ok(gt_growing_put(&f, 1, "X", 1));
    assert_ok(gt_growing_add(&f, "g", 1));
    assert_ok(gt_growing_finish(&f));
    gt_growing_close(&f);
    size_t n;
    char *text = get(at("target"), &n);
    assert_string_equal(text, "aXcdefg");
    free(text);
    assert_int_equal(gt_growing_open(&f, "/dev/null"), GT_USAGE);
    gt_growing_close(&f);
    assert_int_equal(gt_growing_open(&f, at("none/file")), GT_FAILED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stills_come_back),
        cmocka_unit_test(quality_makes_files_larger_and_nearer),
        cmocka_unit_test(frames_last_as_long_as_the_rate_says),
        cmocka_unit_test(films_are_read),
        cmocka_unit_test(lossy_films_with_transparency_are_whole),
        cmocka_unit_test(frames_that_do_not_fit_are_refused),
        cmocka_unit_test(a_full_disk_leaves_the_old_film),
        cmocka_unit_test(growing_files_follow_links),
    };
    return cmocka_run_group_tests_name("webp", tests, make_scratch, remove_scratch);
}
