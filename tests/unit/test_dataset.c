/* SPDX-License-Identifier: Apache-2.0
 * ZIP and folder: order, pixels, subset, mirror, fingerprint, and everything that must be refused by
 * name. */
#include "data_files.h"
#include "data/door/dataset.h"

static void check_pictures(gt_dataset *ds, int n) {
    for (int i = 0; i < n; i++) {
        uint8_t want[8 * 8 * 3], got[8 * 8 * 3];
        paint(i, 8, 8, 3, want);
        if (gt_dataset_read(ds, i, got)) fail_msg("%s", gt_message());
        assert_memory_equal(got, want, sizeof want);
    }
}

static void a_zip_is_read(void **state) {
    (void)state;
    gt_dataset *ds = opened(simple_zip("plain.zip", 12, NULL), NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_string_equal(info->name, "plain");
    assert_string_equal(info->source, "zip");
    assert_int_equal(info->count, 12);
    assert_int_equal(info->stored, 12);
    assert_int_equal(info->height, 8);
    assert_int_equal(info->width, 8);
    assert_int_equal(info->channels, 3);
    assert_true(info->range[0] == 0 && info->range[1] == 255);
    check_pictures(ds, 12);
    uint8_t pixels[8 * 8 * 3];
    assert_int_equal(gt_dataset_read(ds, 12, pixels), GT_USAGE);
    assert_int_equal(gt_dataset_read(ds, -1, pixels), GT_USAGE);
    gt_dataset_close(ds);

    assert_int_equal(rename(at("plain.zip"), at("plain.data")), 0); /* recognised by its first bytes */
    ds = opened(at("plain.data"), NULL);
    check_pictures(ds, 12);
    gt_dataset_close(ds);
}

static void a_folder_is_read(void **state) {
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "mkdir -p %s/my.folder/b/c %s/my.folder/B", scratch, scratch);
    assert_int_equal(system(command), 0);
    put_picture(at("my.folder/b/c/x.png"), 3, 8, 8, 3); /* code points: 'B' < 'a' < 'b', "b/" < "b0" */
    put_picture(at("my.folder/b0.PNG"), 4, 8, 8, 3);
    put_picture(at("my.folder/a.png"), 1, 8, 8, 3);
    put_picture(at("my.folder/B/z.png"), 0, 8, 8, 3);
    put_picture(at("my.folder/b/1.png"), 2, 8, 8, 3);
    put(at("my.folder/notes.txt"), "x", 1);
    assert_int_equal(symlink("..", at("my.folder/b/round")), 0); /* a circle of links is not walked */
    gt_dataset *ds = opened(at("my.folder"), NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_string_equal(info->name, "my");
    assert_string_equal(info->source, "folder");
    assert_int_equal(info->count, 5);
    check_pictures(ds, 5);
    gt_dataset_close(ds);

    const char *json =
        "{\"labels\": [[\"B/z.png\", 0], [\"a.png\", 1], [\"b/1.png\", 2], [\"b/c/x.png\", 3], [\"b0.PNG\", 4]]}";
    put(at("my.folder/dataset.json"), json, strlen(json));
    ds = opened(at("my.folder/"), NULL);
    assert_string_equal(gt_dataset_get_info(ds)->name, "my");
    for (int i = 0; i < 5; i++) assert_int_equal(gt_dataset_class(ds, i), i);
    gt_dataset_close(ds);
}

static void a_subset_is_the_reference_tools(void **state) {
    (void)state;
    static const int want[] = {0, 2, 5, 8}; /* numpy: RandomState(7).shuffle(arange(10)), first four, sorted */
    const char *path = simple_zip("subset.zip", 10, NULL);
    gt_dataset *ds = opened(path, &(gt_dataset_options){.subset = 4, .subset_seed = 7, .mirror = true});
    assert_int_equal(gt_dataset_get_info(ds)->count, 8);
    assert_int_equal(gt_dataset_get_info(ds)->stored, 10);
    for (int i = 0; i < 8; i++) {
        uint8_t got[8][8][3], kept[8][8][3];
        paint(want[i % 4], 8, 8, 3, kept[0][0]);
        assert_int_equal(gt_dataset_read(ds, i, got[0][0]), GT_OK);
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++) assert_memory_equal(got[y][x], kept[y][i < 4 ? x : 7 - x], 3);
    }
    gt_dataset_close(ds);
    ds = opened(path, &(gt_dataset_options){.subset = 10});
    check_pictures(ds, 10);
    gt_dataset_close(ds);
    check_refused(path, &(gt_dataset_options){.subset = 11}, (const char *const[]){"--subset=11", "10 images", NULL});
}

static void fingerprint(const char *spec, char text[33]) {
    gt_hash128 h;
    gt_dataset *ds = opened(spec, NULL);
    if (gt_dataset_fingerprint(ds, &h)) fail_msg("%s", gt_message());
    gt_hash_hex(h, text);
    gt_dataset_close(ds);
}

/* Which of the painted pictures are in the dataset; each is there once at most. */
static void mark_pictures(gt_dataset *ds, int n, int *seen) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    for (int64_t i = 0; i < info->count; i++) {
        uint8_t want[8 * 8 * 3], got[8 * 8 * 3];
        int k = -1;
        if (gt_dataset_read(ds, i, got)) fail_msg("%s", gt_message());
        do {
            assert_true(++k < n);
            paint(k, 8, 8, 3, want);
        } while (memcmp(want, got, sizeof want));
        seen[k]++;
    }
}

static void what_is_held_out_is_not_trained_on(void **state) {
    (void)state;
    enum { N = 20, HELD = 5 };
    const char *path = simple_zip("held.zip", N, NULL);
    int chosen[2][N] = {{0}};
    for (uint32_t seed = 0; seed < 2; seed++) {
        gt_dataset_options held = {.held_out = 0.25, .held_out_only = true, .subset_seed = seed},
                           rest = {.held_out = 0.25, .subset_seed = seed}, all = {.subset = 8, .subset_seed = seed},
                           some = all, few = all;
        int in_rest[N] = {0}, in_all[N] = {0}, in_parts[N] = {0};
        some.held_out = few.held_out = 0.25;
        few.held_out_only = true;
        gt_dataset *a = opened(path, &held), *b = opened(path, &rest), *c = opened(path, &all),
                   *d = opened(path, &some), *e = opened(path, &few);
        assert_int_equal(gt_dataset_get_info(a)->count, HELD);
        assert_int_equal(gt_dataset_get_info(b)->count, N - HELD);
        assert_int_equal(gt_dataset_get_info(c)->count, 8);
        assert_int_equal(gt_dataset_get_info(d)->count, 6);
        assert_int_equal(gt_dataset_get_info(e)->count, 2);
        mark_pictures(a, N, chosen[seed]);
        mark_pictures(b, N, in_rest);
        mark_pictures(c, N, in_all);
        mark_pictures(d, N, in_parts);
        mark_pictures(e, N, in_parts);
        for (int i = 0; i < N; i++) {
            assert_int_equal(chosen[seed][i] + in_rest[i], 1);
            assert_int_equal(in_parts[i], in_all[i]); /* the parts of the subset */
        }
        gt_dataset_close(a), gt_dataset_close(b), gt_dataset_close(c), gt_dataset_close(d), gt_dataset_close(e);
    }
    assert_memory_not_equal(chosen[0], chosen[1], sizeof chosen[0]);
    gt_dataset *few = opened(path, &(gt_dataset_options){.held_out = 0.25, .most = 4});
    int in_few[N] = {0};
    assert_int_equal(gt_dataset_get_info(few)->count, 4);
    mark_pictures(few, N, in_few);
    for (int i = 0; i < N; i++) assert_true(in_few[i] + chosen[0][i] <= 1);
    gt_dataset_close(few);
    check_refused(path, &(gt_dataset_options){.held_out = 0.01, .held_out_only = true},
                  (const char *const[]){"--validation=0.01", "20 images", "none for validation", NULL});
    check_refused(path, &(gt_dataset_options){.held_out = 0.99},
                  (const char *const[]){"--validation=0.99", "none for training", NULL});
    check_refused(path, &(gt_dataset_options){.held_out = 0.25, .subset = 21},
                  (const char *const[]){"--subset=21", "20 images", NULL});
}

static void a_fingerprint_is_of_the_contents(void **state) {
    (void)state;
    char first[33], again[33], other[33];
    fingerprint(simple_zip("one.zip", 6, "{\"labels\": null}"), first);
    fingerprint(simple_zip("two.zip", 6, NULL), again); /* another path and time, the same pictures */
    assert_string_equal(first, again);
    fingerprint(simple_zip("one.zip", 5, NULL), other);
    assert_string_not_equal(first, other);
    fingerprint(simple_zip("one.zip", 1, "{\"labels\": [[\"00000/img00000000.png\", 1]]}"), first);
    fingerprint(simple_zip("one.zip", 1, "{\"labels\": [[\"00000/img00000000.png\", [0]]]}"), other);
    assert_string_not_equal(first, other);

    assert_int_equal(mkdir(at("f"), 0777), 0);
    put_picture(at("f/a.png"), 1, 8, 8, 3);
    fingerprint(at("f"), first);
    fingerprint(at("f"), again);
    assert_string_equal(first, again);
    put_picture(at("f/a.png"), 2, 8, 8, 3);
    fingerprint(at("f"), other);
    assert_string_not_equal(first, other);
    fingerprint("synth:shapes", first);
    fingerprint("synth:shapes:size=32,n=4096", again);
    assert_string_equal(first, again);
    fingerprint("synth:shapes:seed=1", other);
    assert_string_not_equal(first, other);
}

/* Of a set of one image, the bytes of which no library makes. */
static void fingerprint_with(const char *json, char text[33]) {
    static const char header[] = "P6 8 8 255\n";
    enum { HEADER = sizeof header - 1, BYTES = 8 * 8 * 3 };
    uint8_t file[HEADER + BYTES];
    memcpy(file, header, HEADER);
    paint(1, 8, 8, 3, file + HEADER);
    mkdir(at("meaning"), 0777);
    put(at("meaning/a.ppm"), file, sizeof file);
    if (json) put(at("meaning/dataset.json"), json, strlen(json));
    fingerprint(at("meaning"), text);
}

/* Checkpoints hold fingerprints: that of a set of the usual meaning must stay the number it is. */
static void a_fingerprint_is_of_the_meaning(void **state) {
    (void)state;
    static const char *const usual[] = {NULL, "{\"range\": [0, 255]}", "{\"channels\": \"R,G,B\"}",
                                        "{\"channels\": \"red, green, blue\"}"};
    static const char *const others[] = {"{\"range\": [0, 200]}", "{\"range\": [10, 255]}", "{\"channels\": \"B,G,R\"}",
                                         "{\"range\": [0, 200], \"channels\": \"B,G,R\"}"};
    enum { N = sizeof usual / sizeof *usual };
    char text[33], seen[N][33];
    for (int i = 0; i < N; i++) {
        fingerprint_with(usual[i], text);
        assert_string_equal(text, "e1cfdb1638cf906c4531ae4d4dcf1e61");
    }
    for (int i = 0; i < N; i++) {
        fingerprint_with(others[i], seen[i]);
        assert_string_not_equal(seen[i], text);
        for (int k = 0; k < i; k++) assert_string_not_equal(seen[i], seen[k]);
    }
}

static void odd_pictures_are_named(void **state) {
    (void)state;
    static const struct {
        int height, width, channels;
        const char *word;
    } odd[] = {
        {8, 16, 3, "16 x 8"}, {16, 8, 3, "8 x 16"}, {8, 8, 1, "grey"}, {8, 8, 4, "RGBA"}, {8, 8, 2, "grey + alpha"}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        zip_t *z = begin_zip(at("odd.zip"));
        add_picture(z, "a.png", 0, 8, 8, 3);
        add_picture(z, "m/odd.png", (int)i, odd[i].height, odd[i].width, odd[i].channels);
        add_picture(z, "z.png", 2, 8, 8, 3);
        end_zip(z);
        refused(at("odd.zip"), "odd.zip", "m/odd.png", odd[i].word);
    }
    zip_t *z = begin_zip(at("jpeg.zip"));
    add_picture(z, "a.png", 0, 8, 8, 3);
    add_entry(z, "b.HEIC", "x", 1, ZIP_CM_STORE);
    end_zip(z);
    refused(at("jpeg.zip"), "jpeg.zip", "b.HEIC", "convert");

    assert_int_equal(mkdir(at("odd"), 0777), 0);
    put_picture(at("odd/a.png"), 1, 8, 8, 1);
    put_picture(at("odd/b.png"), 1, 12, 8, 1);
    refused(at("odd"), "odd", "b.png", "8 x 12");
    put(at("odd/b.png"), "", 0);
    refused(at("odd"), "odd", "b.png", "empty");
    put(at("odd/b.png"), "GIF89a", 6);
    refused(at("odd"), "odd", "b.png", "truncated");
    put(at("odd/b.png"), "\x89PNG\r\n\x1a\n", 8);
    refused(at("odd"), "odd", "b.png", "truncated");
    unlink(at("odd/b.png"));
    assert_int_equal(symlink("nowhere", at("odd/b.png")), 0);
    refused(at("odd"), "odd", "b.png", "No such file");
}

/* Other kinds than PNG, named as anything; alpha and 16 bits. */
static void other_pictures_are_read(void **state) {
    (void)state;
    uint8_t got[4 * 4 * 8];
    assert_int_equal(mkdir(at("other"), 0777), 0);
    const char *ppm = "P5 4 4 255 abcdefghijklmnop";
    put(at("other/a.pgm"), ppm, strlen(ppm));
    put(at("other/b.png"), ppm, strlen(ppm));
    gt_dataset *ds = opened(at("other"), NULL);
    assert_int_equal(gt_dataset_get_info(ds)->channels, 1);
    assert_int_equal(gt_dataset_read(ds, 1, got), GT_OK);
    assert_memory_equal(got, "abcdefghijklmnop", 16);
    gt_dataset_close(ds);

    /* A TIFF with a text that is not there: its head leaves doubts, its pixels none. */
    static const uint16_t tiff[] = {0x4949,
                                    42,
                                    8,
                                    0,
                                    8, /* header, and how many tags: number, type, how many, value */
                                    256,
                                    3,
                                    1,
                                    0,
                                    4,
                                    0,
                                    257,
                                    3,
                                    1,
                                    0,
                                    4,
                                    0,
                                    258,
                                    3,
                                    1,
                                    0,
                                    8,
                                    0,
                                    262,
                                    3,
                                    1,
                                    0,
                                    1,
                                    0,
                                    270,
                                    2,
                                    64,
                                    0,
                                    9999,
                                    0,
                                    273,
                                    4,
                                    1,
                                    0,
                                    110,
                                    0,
                                    278,
                                    3,
                                    1,
                                    0,
                                    4,
                                    0,
                                    279,
                                    4,
                                    1,
                                    0,
                                    16,
                                    0,
                                    0,
                                    0,
                                    'a' | 'b' << 8,
                                    'c' | 'd' << 8,
                                    'e' | 'f' << 8,
                                    'g' | 'h' << 8,
                                    'i' | 'j' << 8,
                                    'k' | 'l' << 8,
                                    'm' | 'n' << 8,
                                    'o' | 'p' << 8};
    put(at("other/c.tif"), tiff, sizeof tiff);
    ds = opened(at("other"), NULL);
    assert_int_equal(gt_dataset_read(ds, 2, got), GT_OK);
    assert_memory_equal(got, "abcdefghijklmnop", 16);
    gt_dataset_close(ds);

    uint16_t deep[4 * 4 * 4];
    bytes b;
    for (int k = 0; k < 64; k++) deep[k] = (uint16_t)(1000 * k + 1);
    gt_picture p = {.height = 4, .width = 4, .channels = 4, .type = GT_U16, .samples = deep};
    assert_int_equal(gt_png_encode(&p, 6, &b.data, &b.n), GT_OK);
    zip_t *z = begin_zip(at("deep.zip"));
    add_entry(z, "a.png", b.data, b.n, ZIP_CM_STORE);
    end_zip(z);
    free(b.data);
    ds = opened(at("deep.zip"), NULL);
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    assert_int_equal(info->type, GT_U16);
    assert_int_equal(info->channels, 4);
    assert_string_equal(info->channel_names, "R,G,B,A");
    assert_int_equal(gt_dataset_colours(info), 3);
    assert_int_equal(gt_dataset_read(ds, 0, got), GT_OK);
    assert_memory_equal(got, deep, sizeof deep);
    gt_dataset_close(ds);
}

/* A palette's transparent colours may stand behind any amount of other things. */
static void transparency_far_behind(void **state) {
    (void)state;
    static const size_t texts[] = {2000, 70000};
    uint8_t got[8 * 8 * 4];
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        zip_t *z = begin_zip(at("palette.zip"));
        for (int i = 0; i < 2; i++) {
            bytes b = palette_picture(i, 8, 8, texts[k]);
            add_entry(z, i ? "b.png" : "a.png", b.data, b.n, ZIP_CM_STORE);
            free(b.data);
        }
        end_zip(z);
        gt_dataset *ds = opened(at("palette.zip"), NULL);
        assert_int_equal(gt_dataset_get_info(ds)->channels, 4);
        assert_int_equal(gt_dataset_read(ds, 1, got), GT_OK);
        assert_int_equal(got[3], 255 - got[0]);
        gt_dataset_close(ds);
    }
}

/* What counts is the size as shown. */
static void turned_pictures_agree(void **state) {
    (void)state;
    for (turn how = TURN_FRONT; how < TURNS; how++)
        for (int first = 0; first < 2; first++) { /* does a turned picture come first, or one that stands upright? */
            zip_t *z = begin_zip(at("turned.zip"));
            bytes b = turned_picture(1, 16, 8, how);
            add_entry(z, "b.png", b.data, b.n, ZIP_CM_STORE);
            add_picture(z, first ? "c.png" : "a.png", 2, 16, 8, 3);
            end_zip(z);
            gt_dataset *ds = opened(at("turned.zip"), NULL);
            assert_true(gt_dataset_get_info(ds)->height == 16 && gt_dataset_get_info(ds)->width == 8);
            gt_dataset_close(ds);

            z = begin_zip(at("turned.zip"));
            add_entry(z, "b.png", b.data, b.n, ZIP_CM_STORE);
            add_picture(z, first ? "c.png" : "a.png", 2, 8, 16, 3);
            end_zip(z);
            free(b.data);
            refused(at("turned.zip"), "turned.zip", first ? "'c.png': 16 x 8" : "'b.png': 8 x 16");
        }
}

static void colours_have_names(void **state) {
    (void)state;
    static const struct {
        const char *names;
        int channels, want;
    } cases[] = {
        {NULL, 1, 0},      {NULL, 5, 0},   {"R,G,B", 3, 0},  {"r, g, b, nir", 4, 3}, {"Red,Green,Blue,A", 4, 3},
        {"R,G,Bx", 3, -1}, {"R,G", 2, -1}, {"grey,A", 2, 1}, {"T1,T2", 2, -1},       {"T1", 1, 0},
        {"x,y,z", 3, -1},  {"", 3, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            gt_dataset_colours(&(gt_dataset_info){.channel_names = cases[i].names, .channels = cases[i].channels}),
            cases[i].want);
    assert_true(gt_dataset_alpha(&(gt_dataset_info){.channel_names = "R,G,B,A", .channels = 4}));
    assert_true(gt_dataset_alpha(&(gt_dataset_info){.channel_names = "grey, Alpha", .channels = 2}));
    assert_false(gt_dataset_alpha(&(gt_dataset_info){.channel_names = "R,G,B,air", .channels = 4}));
    assert_false(gt_dataset_alpha(&(gt_dataset_info){.channels = 4}));
}

static void nothing_is_not_a_dataset(void **state) {
    (void)state;
    refused(at("missing.zip"), "missing.zip", "No such file");
    put(at("empty.zip"), "", 0);
    refused(at("empty.zip"), "empty.zip", "empty");
    put(at("empty"), "", 0);
    refused(at("empty"), "empty; a dataset is");
    put(at("text"), "hello", 5);
    refused(at("text"), "text", "a text file; a dataset is");
    zip_t *z = begin_zip(at("no-images.zip"));
    add_entry(z, "readme.txt", "x", 1, ZIP_CM_STORE);
    end_zip(z);
    refused(at("no-images.zip"), "no-images.zip", "no pictures");
    assert_int_equal(mkdir(at("bare"), 0777), 0);
    refused(at("bare"), "bare", "no pictures");
    refused("synth:cats", "synth:cats", "synth:shapes");
    refused("synth:", "synth:", "synth:shapes");
    refused("synth:shapes:", "key=value");
    refused("synth:shapes:n=5,", "key=value");
    refused("synth:shapes:n=0", "n must be");
    refused("synth:shapes:n=1x", "n must be");
    refused("synth:shapes:size=-8", "size must be");
    refused("synth:shapes:classes=9", "1 .. 8");
    refused("synth:shapes:colour=3", "colour", "n, size, classes, seed");
    refused("synth:circles:classes=2", "classes", "n, size, seed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zip_is_read),
        cmocka_unit_test(a_folder_is_read),
        cmocka_unit_test(a_subset_is_the_reference_tools),
        cmocka_unit_test(what_is_held_out_is_not_trained_on),
        cmocka_unit_test(a_fingerprint_is_of_the_contents),
        cmocka_unit_test(a_fingerprint_is_of_the_meaning),
        cmocka_unit_test(odd_pictures_are_named),
        cmocka_unit_test(other_pictures_are_read),
        cmocka_unit_test(transparency_far_behind),
        cmocka_unit_test(turned_pictures_agree),
        cmocka_unit_test(colours_have_names),
        cmocka_unit_test(nothing_is_not_a_dataset),
    };
    return cmocka_run_group_tests_name("dataset", tests, make_scratch, remove_scratch);
}
