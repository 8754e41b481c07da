/* SPDX-License-Identifier: Apache-2.0
 * Masks: the scenes that have them, masks in ZIPs and folders, what is wrong with masks, the loader's masks. */
#include "data_files.h"
#include <math.h>

#include "data/door/box.h"
#include "data/door/dataset.h"
#include "data/door/loader.h"

enum { SIDE = 64, PIXELS = SIDE * SIDE };

static gt_dataset *masked(const char *spec) {
    gt_dataset *ds;
    if (gt_dataset_open(&ds, spec, &(gt_dataset_options){.use_masks = true})) fail_msg("%s", gt_message());
    return ds;
}

/* The classes are shapes; one to four of them hang together each, and touch no other. */
static void scenes_have_masks(void **state) {
    (void)state;
    enum { MOST = 4 };
    static uint8_t mask[PIXELS], again[PIXELS], pixels[3 * PIXELS];
    gt_dataset *ds = masked("synth:scenes:n=60"), *more = masked("synth:scenes:n=100");
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_true(info->masks && info->mask_classes == 9 && info->label_kind == GT_LABELS_NONE);
    assert_string_equal(info->mask_name[0], "ground");
    assert_string_equal(info->mask_name[8], "diamond");
    int of_count[MOST + 1] = {0};
    bool seen[9] = {0};
    for (int i = 0; i < 60; i++) {
        gt_box *box;
        int n;
        assert_int_equal(gt_dataset_mask(ds, i, mask), GT_OK);
        assert_int_equal(gt_dataset_mask(more, i, again), GT_OK);
        assert_memory_equal(mask, again, PIXELS);
        assert_int_equal(gt_dataset_read(ds, i, pixels), GT_OK);
        assert_int_equal(gt_boxes_of_mask(mask, SIDE, SIDE, &box, &n), GT_OK);
        assert_true(n >= 1 && n <= MOST);
        of_count[n]++;
        for (int k = 0; k < n; k++) seen[box[k].class] = true;
        free(box);
    }
    for (int n = 1; n <= 3; n++) assert_true(of_count[n] > 0);
    for (int c = 1; c < 9; c++) assert_true(seen[c]);
    gt_dataset_close(ds);
    gt_dataset_close(more);
    ds = opened("synth:shapes", NULL);
    assert_false(gt_dataset_get_info(ds)->masks);
    gt_dataset_close(ds);
}

/* Objects hang together by corners; the ground, pixels without class and specks are not objects. */
static void boxes_of_masks(void **state) {
    (void)state;
    enum { HIGH = 9, WIDE = 12, N = 3 };
    static const char *const rows[HIGH] = {"11......2222", /* a step down to the right is one object */
                                           "11......2222", /* */
                                           "11....3.2222", /* 3: a speck */
                                           "..11....1111", /* touches the 2: another object */
                                           "..11....1111", /* */
                                           "..11....1111", /* */
                                           "....9999....", /* 9: no class */
                                           "....9999....", /* */
                                           "....9999...."};
    static const gt_box wanted[N] = {{1, 0, 0, 4, 6}, {2, 8, 0, 12, 3}, {1, 8, 3, 12, 6}};
    uint8_t mask[HIGH * WIDE];
    gt_box *box;
    int n;
    for (int i = 0; i < HIGH * WIDE; i++) {
        char c = rows[i / WIDE][i % WIDE];
        mask[i] = c == '.' ? 0 : c == '9' ? GT_MASK_IGNORE : (uint8_t)(c - '0');
    }
    assert_int_equal(gt_boxes_of_mask(mask, HIGH, WIDE, &box, &n), GT_OK);
    assert_int_equal(n, N);
    assert_memory_equal(box, wanted, sizeof wanted);
    free(box);
    memset(mask, 0, sizeof mask);
    assert_int_equal(gt_boxes_of_mask(mask, HIGH, WIDE, &box, &n), GT_OK);
    assert_true(n == 0 && !box);
    const gt_box a = {0, 0, 0, 4, 4}, b = {1, 2, 0, 6, 4}, apart = {0, 4, 0, 8, 4};
    assert_true(gt_box_overlap(&a, &a) == 1 && gt_box_overlap(&a, &apart) == 0);
    assert_true(fabs(gt_box_overlap(&a, &b) - 1.0 / 3) < 1e-12);
}

/* ---- files ---- */

enum { H = 3, W = 4 };

static bytes mask_of(int i, int most, int channels) {
    uint8_t class[H * W * 4];
    bytes b;
    for (int k = 0; k < H * W * channels; k++) class[k] = (uint8_t)(k == i ? GT_MASK_IGNORE : (k + i) % (most + 1));
    assert_int_equal(
        gt_png_encode(&(gt_picture){.height = H, .width = W, .channels = channels, .samples = class}, 6, &b.data, &b.n),
        GT_OK);
    return b;
}

static void add_mask(zip_t *z, const char *name, bytes b) {
    add_entry(z, name, b.data, b.n, ZIP_CM_STORE);
    free(b.data);
}

static void zip_of(const char *path, const char *second, bytes mask, const char *notes) {
    zip_t *z = begin_zip(path);
    add_picture(z, "00000/a.png", 0, H, W, 3);
    add_picture(z, "00000/b.png", 1, H, W, 3);
    add_mask(z, "masks/00000/a.png", mask_of(0, 2, 1));
    add_mask(z, second, mask);
    if (notes) add_entry(z, "dataset.json", notes, strlen(notes), ZIP_CM_STORE);
    end_zip(z);
}

static void zips_and_folders_agree(void **state) {
    (void)state;
    zip_of("m.zip", "masks/00000/b.png", mask_of(1, 2, 1), NULL);
    assert_int_equal(system("rm -rf m && mkdir m && cd m && unzip -q ../m.zip"), 0);
    gt_dataset *zip = masked("m.zip"), *folder = masked("m");
    const gt_dataset_info *info = gt_dataset_get_info(zip);
    assert_int_equal(info->count, 2);
    assert_int_equal(info->mask_classes, 3);
    assert_null(info->mask_name);
    for (int i = 0; i < 2; i++) {
        uint8_t a[H * W], b[H * W];
        assert_int_equal(gt_dataset_mask(zip, i, a), GT_OK);
        assert_int_equal(gt_dataset_mask(folder, i, b), GT_OK);
        assert_memory_equal(a, b, sizeof a);
        for (int k = 0; k < H * W; k++) assert_int_equal(a[k], k == i ? GT_MASK_IGNORE : (k + i) % 3);
    }
    gt_data_look one, two;
    assert_int_equal(gt_dataset_look(zip, NULL, &one), GT_OK);
    assert_int_equal(gt_dataset_look(folder, NULL, &two), GT_OK);
    assert_memory_equal(&one.pictures, &two.pictures, sizeof one.pictures);
    gt_dataset_close(folder);

    /* masks count in the fingerprint */
    gt_hash128 h, other;
    assert_int_equal(gt_dataset_fingerprint(zip, &h), GT_OK);
    gt_dataset_close(zip);
    zip_of("n.zip", "masks/00000/b.png", mask_of(2, 2, 1), NULL);
    zip = masked("n.zip");
    assert_int_equal(gt_dataset_fingerprint(zip, &other), GT_OK);
    assert_memory_not_equal(&h, &other, sizeof h);
    gt_dataset_close(zip);
}

/* Pictures without masks in a folder of that name are pictures as before. */
static void a_class_may_be_called_masks(void **state) {
    (void)state;
    zip_t *z = begin_zip("class.zip");
    add_picture(z, "faces/a.png", 0, H, W, 3);
    add_picture(z, "masks/b.png", 1, H, W, 3);
    end_zip(z);
    gt_dataset *ds = opened("class.zip", NULL);
    assert_int_equal(gt_dataset_get_info(ds)->count, 2);
    assert_false(gt_dataset_get_info(ds)->masks);
    gt_dataset_close(ds);
}

static void expect_refused(const char *path, const char *why) {
    gt_dataset *ds;
    if (!gt_dataset_open(&ds, path, &(gt_dataset_options){.use_masks = true})) {
        uint8_t mask[H * W];
        gt_status st = gt_dataset_mask(ds, 1, mask);
        gt_dataset_close(ds);
        if (!st) fail_msg("%s: taken", path);
    }
    if (!strstr(gt_message(), why)) fail_msg("'%s' is not said: %s", why, gt_message());
}

static void bad_masks(void **state) {
    (void)state;
    bytes large = picture(0, H + 1, W, 1);
    zip_of("x.zip", "masks/00000/b.png", large, NULL);
    expect_refused("x.zip", "'masks/00000/b.png': 4 x 4 pixels, but its picture has 4 x 3");
    zip_of("x.zip", "masks/00000/c.png", mask_of(1, 2, 1), NULL);
    expect_refused("x.zip", "1 of 2 pictures have no mask, the first is '00000/b.png'");
    zip_of("x.zip", "masks/00000/b.png", mask_of(1, 2, 3), NULL);
    expect_refused("x.zip", "8-bit RGB; a mask must be an 8-bit grey PNG");
    zip_of("x.zip", "masks/00000/b.png", mask_of(1, 2, 1), "{\"mask_classes\": [\"ground\", \"dog\"]}");
    expect_refused("x.zip", "has the class 2; there are 2");
    zip_of("x.zip", "masks/00000/b.png", mask_of(1, 2, 1), "{\"mask_classes\": [1]}");
    expect_refused("x.zip", "mask_classes: element 0 is not text");
    bytes png = mask_of(1, 2, 1); /* the same as a palette: colour type 3, and the checksum of the head anew */
    uint8_t *p = png.data;
    p[25] = 3;
    uint32_t crc = htonl(gt_crc32(0, p + 12, 17));
    memcpy(p + 29, &crc, 4);
    zip_of("x.zip", "masks/00000/b.png", png, NULL);
    expect_refused("x.zip", "8-bit palette; a mask must be");
    zip_t *z = begin_zip("x.zip");
    add_picture(z, "a.png", 0, H, W, 3);
    end_zip(z);
    expect_refused("x.zip", "has no masks");
}

/* ---- loader ---- */

static void the_loader_gives_masks(void **state) {
    (void)state;
    static float images[6][3 * PIXELS];
    static uint8_t masks[6][PIXELS], wanted[PIXELS];
    for (int cached = 0; cached < 2; cached++) {
        gt_dataset *ds;
        assert_int_equal(
            gt_dataset_open(&ds, "synth:scenes:n=5", &(gt_dataset_options){.use_masks = true, .mirror = true}), GT_OK);
        gt_loader_plan plan = {.batch = 6,
                               .full = {2, (gt_sample_range[]){{0, 2}, {2, 4}}},
                               .seed = 3,
                               .masks = true,
                               .cache_bytes = cached ? GT_LOADER_CACHE : 0};
        gt_loader *l;
        assert_int_equal(gt_loader_new(&l, ds, &plan), GT_OK);
        gt_sampler sampler = gt_sampler_make(3, 10);
        for (unsigned step = 0; step < 5; step++)
            for (int r = 0; r < 2; r++) {
                int n = r ? 4 : 2;
                assert_int_equal(gt_loader_step(l, step, r, images[0], NULL), GT_OK);
                assert_int_equal(gt_loader_masks(l, step, r, masks[0]), GT_OK);
                for (int k = 0; k < n; k++) {
                    assert_int_equal(
                        gt_dataset_mask(ds, gt_sampler_item(&sampler, 6 * step + (unsigned)(2 * r + k)), wanted),
                        GT_OK);
                    assert_memory_equal(masks[k], wanted, PIXELS);
                }
            }
        gt_loader_free(l);
        gt_dataset_close(ds);
    }
}

/* Mirrored items have mirrored masks. */
static void mirrored_masks(void **state) {
    (void)state;
    static uint8_t mask[PIXELS], other[PIXELS];
    gt_dataset *ds;
    assert_int_equal(gt_dataset_open(&ds, "synth:scenes:n=5", &(gt_dataset_options){.mirror = true}), GT_OK);
    assert_int_equal(gt_dataset_mask(ds, 1, mask), GT_OK);
    assert_int_equal(gt_dataset_mask(ds, 6, other), GT_OK);
    for (int p = 0; p < PIXELS; p++) assert_int_equal(mask[p], other[p / SIDE * SIDE + SIDE - 1 - p % SIDE]);
    gt_dataset_close(ds);
}

/* As they were before there were masks: works that were begun then go on. */
static void fingerprints_without_masks_stay(void **state) {
    (void)state;
    static const char *const known[][2] = {{"synth:shapes:n=100", "4e3aec779b2481e6c64ccccc83afbec8"},
                                           {"synth:circles:n=100", "50a81cecd280e15948b1bb5e252bd9e9"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        gt_dataset *ds = opened(known[i][0], NULL);
        gt_hash128 h;
        char hex[33];
        assert_int_equal(gt_dataset_fingerprint(ds, &h), GT_OK);
        gt_hash_hex(h, hex);
        assert_string_equal(hex, known[i][1]);
        gt_dataset_close(ds);
    }
}

static int enter(void **state) { return make_scratch(state) || chdir(scratch); }

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(scenes_have_masks),
                                       cmocka_unit_test(boxes_of_masks),
                                       cmocka_unit_test(zips_and_folders_agree),
                                       cmocka_unit_test(a_class_may_be_called_masks),
                                       cmocka_unit_test(bad_masks),
                                       cmocka_unit_test(the_loader_gives_masks),
                                       cmocka_unit_test(mirrored_masks),
                                       cmocka_unit_test(fingerprints_without_masks_stay)};
    return cmocka_run_group_tests_name("masks", tests, enter, remove_scratch);
}
