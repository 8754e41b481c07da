/* SPDX-License-Identifier: Apache-2.0
 * The loader gives what reading directly gives, for any cut into ranks and ranges, mirrored or not, kept in memory or
 * not, in any order of steps; and an error met ahead comes out at its step, with the name. */
#define _GNU_SOURCE /* memmem */
#include "data_files.h"

#include <malloc.h>
#include <signal.h>

#include "data/door/dataset.h"
#include "data/door/sampler.h"
#include "data/door/loader.h"

enum { IMAGE = 8 * 8 * 3 };

static gt_loader *loading(gt_dataset *ds, gt_loader_plan plan) {
    gt_loader *l;
    if (gt_loader_new(&l, ds, &plan)) fail_msg("%s", gt_message());
    return l;
}

static void check_range(gt_loader *l, gt_dataset *ds, const gt_loader_plan *plan, uint64_t step, int range) {
    static float images[64 * IMAGE], labels[64 * 16];
    static uint8_t pixels[IMAGE];
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_sampler s = gt_sampler_make(plan->seed, info->count);
    if (gt_loader_step(l, step, range, images, labels)) fail_msg("%s", gt_message());
    for (int j = 0; j < plan->full.range[range].count; j++) {
        int64_t item = gt_sampler_item(&s,
                                       step * (uint64_t)plan->batch + (uint64_t)(plan->full.range[range].first + j));
        float label[16];
        assert_int_equal(gt_dataset_read(ds, item, pixels), GT_OK);
        gt_dataset_label(ds, item, label);
        for (int k = 0; k < IMAGE; k++) assert_true(images[j * IMAGE + k] == pixels[k] / 127.5f - 1);
        assert_memory_equal(labels + j * info->label_width, label, (size_t)info->label_width * sizeof(float));
    }
}

static const char *labelled(int n) {
    char *json = malloc((size_t)n * 64 + 64);
    size_t at_char = (size_t)sprintf(json, "{\"labels\": [");
    for (int i = 0; i < n; i++)
        at_char += (size_t)sprintf(json + at_char, "%s[\"00000/img%08d.png\", %d]", i ? ", " : "", i, i % 5);
    sprintf(json + at_char, "]}");
    const char *path = simple_zip("loader.zip", n, json);
    free(json);
    return path;
}

static void it_equals_reading(void **state) {
    (void)state;
    const char *path = labelled(23);
    static const gt_dataset_options options[] = {
        {.use_labels = true}, {.use_labels = true, .mirror = true, .subset = 9, .subset_seed = 3}, {.mirror = true}};
    static const size_t caches[] = {0, 100, GT_LOADER_CACHE};
    for (int o = 0; o < 3; o++) {
        for (int c = 0; c < 3; c++) {
            gt_dataset *ds = opened(path, &options[o]);
            gt_sample_range ranges[] = {{4, 2}, {6, 3}};
            gt_loader_plan plan = {
                .batch = 12, .full = {2, ranges}, .seed = 77, .start_step = 5, .cache_bytes = caches[c]};
            gt_loader *l = loading(ds, plan);
            for (uint64_t step = 5; step < 30; step++)
                for (int phase = 0; phase < 2; phase++) /* the same step again, as several phases ask for it */
                    for (int r = 0; r < 2; r++) check_range(l, ds, &plan, step, r);
            static const uint64_t jumps[] = {40, 3, 1000000007, 0, 1, 2, 1, UINT32_MAX + (uint64_t)5};
            for (size_t k = 0; k < sizeof jumps / sizeof *jumps; k++) check_range(l, ds, &plan, jumps[k], 1);
            gt_loader_free(l);
            gt_dataset_close(ds);
        }
    }
}

/* A short last batch: other ranges, and the next epoch begins with a full batch. */
static void an_epoch_ends_with_what_is_left(void **state) {
    (void)state;
    enum { N = 23, BATCH = 10, REST = 3 };
    static float images[BATCH * IMAGE];
    static uint8_t pixels[IMAGE];
    gt_dataset *ds = opened(labelled(N), NULL);
    gt_sample_range full[] = {{0, 5}, {5, 5}}, rest[] = {{0, REST}};
    gt_loader_plan plan = {.batch = BATCH,
                           .epoch_end = GT_EPOCH_SHORT,
                           .full = {2, full},
                           .rest = {1, rest},
                           .seed = 6,
                           .cache_bytes = GT_LOADER_CACHE};
    gt_loader *l = loading(ds, plan);
    gt_sampler s = gt_sampler_make(plan.seed, N);
    uint64_t position = 0;
    for (uint64_t step = 0; step < 9; step++)
        for (int r = 0; r < (step % 3 == 2 ? 1 : 2); r++) {
            if (gt_loader_step(l, step, r, images, NULL)) fail_msg("%s", gt_message());
            for (int j = 0; j < (step % 3 == 2 ? REST : 5); j++, position++) {
                assert_int_equal(gt_dataset_read(ds, gt_sampler_item(&s, position), pixels), GT_OK);
                for (int k = 0; k < IMAGE; k++) assert_true(images[j * IMAGE + k] == pixels[k] / 127.5f - 1);
            }
        }
    assert_int_equal(position, 3 * N);
    assert_int_equal(gt_loader_step(l, 2, 1, images, NULL), GT_USAGE);
    gt_loader_free(l);
    plan = (gt_loader_plan){.batch = 24, .epoch_end = GT_EPOCH_DROPPED, .full = {1, &(gt_sample_range){0, 24}}};
    assert_int_equal(gt_loader_new(&l, ds, &plan), GT_USAGE); /* no step would ever come */
    gt_dataset_close(ds);
}

/* Ranks of any number see, together, each image once per epoch. */
static void ranks_see_each_image_once(void **state) {
    (void)state;
    enum { N = 24, BATCH = 12 };
    gt_dataset *ds = opened(labelled(N), NULL);
    for (int ranks = 1; ranks <= 4; ranks++) {
        int seen[N] = {0};
        for (int rank = 0; rank < ranks; rank++) {
            gt_sample_range range = {rank * BATCH / ranks, BATCH / ranks};
            gt_loader_plan plan = {.batch = BATCH, .full = {1, &range}, .seed = 1, .cache_bytes = GT_LOADER_CACHE};
            gt_loader *l = loading(ds, plan);
            for (uint64_t step = 0; step < 2 * N / BATCH; step++) {
                static float images[BATCH * IMAGE];
                assert_int_equal(gt_loader_step(l, step, 0, images, NULL), GT_OK);
                for (int j = 0; j < range.count; j++) {
                    uint8_t pixels[IMAGE], want[IMAGE];
                    int found = -1;
                    for (int k = 0; k < IMAGE; k++) pixels[k] = (uint8_t)lroundf((images[j * IMAGE + k] + 1) * 127.5f);
                    for (int i = 0; i < N && found < 0; i++) {
                        paint(i, 8, 8, 3, want);
                        if (!memcmp(pixels, want, IMAGE)) found = i;
                    }
                    assert_in_range(found, 0, N - 1);
                    seen[found]++;
                }
            }
            gt_loader_free(l);
        }
        for (int i = 0; i < N; i++) assert_int_equal(seen[i], 2);
    }
    gt_dataset_close(ds);
}

/* One bit of a picture in a ZIP is another one: behind its IHDR, which is checked when the set is opened. */
static void damage_picture(const char *path, int picture) {
    char name[32];
    size_t n, length = (size_t)snprintf(name, sizeof name, "img%08d", picture);
    uint8_t *file = get(path, &n), *p = NULL;
    for (size_t i = 0; i + 30 < n && !p; i++)
        if (!memcmp(file + i, "PK\3\4", 4) && memmem(file + i + 30, 22, name, length)) p = file + i + 30 + 100;
    assert_non_null(p);
    *p ^= 1;
    put(path, file, n);
    free(file);
}

static void a_bad_picture_is_named_at_its_step(void **state) {
    (void)state;
    enum { N = 16, BATCH = 4, BAD = 9 };
    const char *path = simple_zip("bad.zip", N, NULL);
    damage_picture(path, BAD);
    gt_dataset *ds = opened(path, NULL);

    gt_sampler s = gt_sampler_make(4, N);
    gt_loader_plan plan = {
        .batch = BATCH, .full = {1, (gt_sample_range[]){{0, BATCH}}}, .seed = 4, .cache_bytes = GT_LOADER_CACHE};
    gt_loader *l = loading(ds, plan);
    for (uint64_t step = 0; step < 3 * N / BATCH; step++) {
        static float images[BATCH * IMAGE];
        bool bad = false;
        for (int j = 0; j < BATCH; j++) bad |= gt_sampler_item(&s, step * BATCH + (uint64_t)j) == BAD;
        gt_status st = gt_loader_step(l, step, 0, images, NULL);
        assert_int_equal(st, bad ? GT_FORMAT : GT_OK);
        if (bad) assert_non_null(strstr(gt_message(), "bad.zip': '00000/img00000009.png'"));
    }
    gt_loader_free(l);
    gt_dataset_close(ds);
}

/* ---- damaged pictures whose places others take ---- */

/* The item that takes the place of a damaged one, or the item. Classes are i mod 5 of the pictures' numbers. */
static int64_t in_place_of(gt_dataset *ds, int64_t item, const int *bad, int n_bad) {
    int64_t all = gt_dataset_get_info(ds)->count, half = all / 2; /* all are mirrored */
    char name[GT_ITEM_NAME_BYTES];
    for (int64_t k = 0, next = item; k < half; k++, next = item / half * half + (next + 1) % half) {
        int number = atoi(strstr(gt_dataset_name(ds, next, name), "img") + 3);
        bool damaged = false;
        for (int i = 0; i < n_bad; i++) damaged |= number == bad[i];
        if (!damaged && gt_dataset_class(ds, next) == gt_dataset_class(ds, item)) return next;
    }
    fail_msg("no item of its class");
    return -1;
}

static void check_places(gt_dataset *ds, size_t cache, const int *bad, int n_bad) {
    enum { BATCH = 6 };
    static float images[BATCH * IMAGE], labels[BATCH * 5];
    gt_loader_plan plan = {
        .batch = BATCH, .full = {1, (gt_sample_range[]){{0, BATCH}}}, .seed = 4, .cache_bytes = cache};
    gt_sampler s = gt_sampler_make(4, gt_dataset_get_info(ds)->count);
    gt_loader *l = loading(ds, plan);
    int replaced = 0;
    for (uint64_t step = 0; step < 74; step++) {
        gt_loader_damage damage;
        int others = 0;
        assert_int_equal(gt_loader_ready(l, step, &damage), GT_OK);
        assert_int_equal(gt_loader_step(l, step, 0, images, labels), GT_OK);
        for (int j = 0; j < BATCH; j++) {
            int64_t item = gt_sampler_item(&s, step * BATCH + (uint64_t)j), want = in_place_of(ds, item, bad, n_bad);
            uint8_t pixels[IMAGE];
            float label[5];
            assert_int_equal(gt_dataset_read(ds, want, pixels), GT_OK);
            gt_dataset_label(ds, want, label);
            for (int k = 0; k < IMAGE; k++) assert_true(images[j * IMAGE + k] == pixels[k] / 127.5f - 1);
            assert_memory_equal(labels + j * 5, label, sizeof label);
            others += want != item;
            int64_t taken = item;
            assert_int_equal(gt_dataset_take(ds, &taken, pixels, NULL), GT_OK);
            assert_int_equal(taken, want);
        }
        assert_int_equal(damage.replaced, others);
        assert_true((damage.n > 0) == (others > 0));
        replaced += others;
    }
    assert_int_equal(replaced, 4); /* 444 samples of 440 items, two pictures and their mirror images */
    gt_loader_free(l);
}

static void the_next_of_its_class_takes_its_place(void **state) {
    (void)state;
    enum { N = 220 };
    static const int bad[] = {7, 12}; /* of one class, one after the other */
    const char *path = labelled(N);
    for (int i = 0; i < 2; i++) damage_picture(path, bad[i]);
    static const size_t caches[] = {0, GT_LOADER_CACHE};
    gt_dataset_options options = {.use_labels = true, .mirror = true, .skip_damaged = true};
    for (int c = 0; c < 2; c++) {
        gt_dataset *ds = opened(path, &options);
        check_places(ds, caches[c], bad, 2);
        gt_dataset_close(ds);
    }
    options.subset = 100; /* what is not chosen takes no place */
    for (options.subset_seed = 0; options.subset_seed < 3; options.subset_seed++) {
        gt_dataset *ds = opened(path, &options);
        uint8_t pixels[IMAGE];
        for (int64_t i = 0; i < 200; i++) {
            int64_t item = i;
            gt_status st = gt_dataset_take(ds, &item, pixels, NULL);
            if (st) assert_message("more than the 1 %"); /* both may be among the hundred */
            else assert_int_equal(item, in_place_of(ds, i, bad, 2));
        }
        gt_dataset_close(ds);
    }
}

static void only_what_does_not_decode_is_left_out(void **state) {
    (void)state;
    uint8_t pixels[IMAGE];
    gt_dataset_options skip = {.skip_damaged = true};
    char folder[384];
    snprintf(folder, sizeof folder, "%s", at("mixed"));
    mkdir(folder, 0777);
    for (int i = 0; i < 12; i++) {
        char name[32];
        snprintf(name, sizeof name, "mixed/%02d.png", i);
        put_picture(at(name), i, 8, 8, 3);
    }
    put(at("mixed/00.png"), "", 0); /* what all are to be like comes from the first that can be read */
    refused(folder, "00.png");
    gt_dataset *ds = opened(folder, &skip);
    int64_t item = 0;
    assert_int_equal(gt_dataset_take(ds, &item, pixels, NULL), GT_OK);
    assert_int_equal(item, 1);
    assert_int_equal(unlink(at("mixed/05.png")), 0); /* not damaged: gone */
    assert_int_equal(gt_dataset_read(ds, 5, pixels), GT_FAILED);
    put_picture(at("mixed/05.png"), 5, 8, 9, 3); /* nor is one of another shape */
    assert_int_equal(gt_dataset_read(ds, 5, pixels), GT_FORMAT);
    assert_message("all must be alike");
    put(at("mixed/05.png"), "", 0); /* of so few pictures one */
    assert_int_equal(gt_dataset_read(ds, 5, pixels), GT_FORMAT);
    assert_message("2 of 12 pictures");
    gt_dataset_close(ds);
    check_refused(folder, &skip, (const char *const[]){"2 of 12 pictures", "more than the 1 %", NULL});
}

static void the_only_one_of_its_class_is_left_out_too(void **state) {
    (void)state;
    uint8_t pixels[IMAGE];
    const char *path = simple_zip("lone.zip", 4,
                                  "{\"labels\": [[\"00000/img00000000.png\", 0], [\"00000/img00000001.png\", 1], "
                                  "[\"00000/img00000002.png\", 0], [\"00000/img00000003.png\", 2]]}");
    damage_picture(path, 3);
    gt_dataset *ds = opened(path, &(gt_dataset_options){.use_labels = true, .skip_damaged = true});
    int64_t item = 3;
    assert_int_equal(gt_dataset_take(ds, &item, pixels, NULL), GT_OK);
    assert_int_equal(item, 0);
    gt_dataset_close(ds);
}

/* Nothing is allocated by the caller's thread in a step; waiting is measured. */
static void steps_do_not_allocate(void **state) {
    (void)state;
    gt_dataset *ds = opened("synth:shapes:n=64,size=8", NULL);
    gt_loader_plan plan = {
        .batch = 16, .full = {1, (gt_sample_range[]){{0, 16}}}, .seed = 1, .cache_bytes = GT_LOADER_CACHE};
    gt_loader *l = loading(ds, plan);
    static float images[16 * IMAGE], labels[16 * 8];
    assert_int_equal(gt_loader_step(l, 0, 0, images, labels), GT_OK);
    struct mallinfo2 before = mallinfo2();
    for (uint64_t step = 0; step < 50; step++) assert_int_equal(gt_loader_step(l, step, 0, images, labels), GT_OK);
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(before.uordblks, after.uordblks);
    double waited = gt_loader_wait_seconds(l);
    assert_true(waited > 0 && waited < 10);
    assert_true(gt_loader_wait_seconds(l) == 0);
    gt_loader_free(l);
    gt_dataset_close(ds);
}

static void plans_that_do_not_fit_are_refused(void **state) {
    (void)state;
    gt_dataset *ds = opened("synth:shapes:n=64,size=8", NULL);
    static const gt_sample_range bad[] = {{-1, 2}, {0, 0}, {7, 2}, {0, 9}, {INT32_MAX, 1}};
    gt_loader *l;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(gt_loader_new(&l, ds, &(gt_loader_plan){.batch = 8, .full = {1, &bad[i]}}), GT_USAGE);
    assert_int_equal(gt_loader_new(&l, ds, &(gt_loader_plan){.batch = 0}), GT_USAGE);
    l = loading(ds, (gt_loader_plan){.batch = 8, .full = {1, (gt_sample_range[]){{0, 8}}}});
    float image;
    assert_int_equal(gt_loader_step(l, 0, 1, &image, NULL), GT_USAGE);
    gt_loader_free(l);
    gt_dataset_close(ds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_equals_reading),
        cmocka_unit_test(an_epoch_ends_with_what_is_left),
        cmocka_unit_test(ranks_see_each_image_once),
        cmocka_unit_test(a_bad_picture_is_named_at_its_step),
        cmocka_unit_test(the_next_of_its_class_takes_its_place),
        cmocka_unit_test(only_what_does_not_decode_is_left_out),
        cmocka_unit_test(the_only_one_of_its_class_is_left_out_too),
        cmocka_unit_test(steps_do_not_allocate),
        cmocka_unit_test(plans_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests_name("loader", tests, make_scratch, remove_scratch);
}
