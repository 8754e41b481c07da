/* SPDX-License-Identifier: Apache-2.0
 * Hashes of contents: the form is as its header says, what describes does not count, what counts changes the hash, and
 * differences are named. tests/e2e/hash.sh compares files of all kinds. */
#include "data_files.h"

#include <endian.h>

#include "graph/door/graph.h"
#include "files/h5/door/arrays.h"
#include "run/door/checkpoint.h"
#include "runner/contents/door/contents.h"
#include "base/door/file.h"
#include "base/door/sha256.h"
#include "gantry/log.h"

static gt_contents *open_read(const char *path) {
    gt_contents *c;
    assert_ok(gt_contents_open(&c, path, NULL));
    assert_ok(gt_contents_read(c, NULL, GT_CONTENTS_G1));
    return c;
}

static const char *hash_of(const char *path) {
    static char texts[4][GT_CONTENTS_HASH_BYTES];
    static int turn;
    gt_contents *c = open_read(path);
    const char *text = gt_contents_text(gt_contents_hash(c), texts[turn++ % 4]);
    gt_contents_close(c);
    return text;
}

static void no_hash(const char *path, gt_status status, const char *part) {
    gt_contents *c;
    gt_status st = gt_contents_open(&c, path, NULL);
    if (!st) st = gt_contents_read(c, NULL, GT_CONTENTS_G1);
    gt_contents_close(c);
    assert_int_equal(st, status);
    assert_message(part);
    assert_message(path);
}

static void difference(const char *a, const char *b, int parts, int all, const char *first) {
    gt_contents *x = open_read(a), *y = open_read(b);
    gt_contents_difference d;
    assert_ok(gt_contents_compare(x, y, &d));
    assert_int_equal(d.parts, parts);
    assert_int_equal(d.all, all);
    assert_string_equal(d.first, first);
    gt_contents_close(x);
    gt_contents_close(y);
}

/* ---- the form, written down once more ---- */

static void add_word(gt_buffer *b, uint64_t n) { gt_buffer_add(b, &(uint64_t){htole64(n)}, 8); }

static void add_array(gt_buffer *b, const char *name, const char *type, int n, const int *dims, const void *values,
                      size_t bytes) {
    add_word(b, strlen(name));
    gt_buffer_add(b, name, strlen(name));
    add_word(b, strlen(type));
    gt_buffer_add(b, type, strlen(type));
    add_word(b, (uint64_t)n);
    for (int i = 0; i < n; i++) add_word(b, (uint64_t)dims[i]);
    gt_buffer_add(b, values, bytes);
}

/* Adds the hash of what `part` holds, which becomes empty. */
static void add_part(gt_buffer *all, gt_buffer *part) {
    gt_hash128 h = gt_hash(part->data, part->n);
    gt_buffer_add(all, (uint64_t[]){htobe64(h.high), htobe64(h.low)}, 16);
    gt_buffer_free(part);
    *part = (gt_buffer){0};
}

static void expect_form(gt_buffer *all, const char *path) {
    char text[GT_CONTENTS_HASH_BYTES];
    assert_string_equal(hash_of(path), gt_contents_text(gt_hash(all->data, all->n), text));
    gt_buffer_free(all);
}

static void form_of_arrays(void **state) {
    (void)state;
    static const float w[] = {1, -2.5f, 3, 0, 5, 6e-30f};
    gt_buffer all = {0}, part = {0};
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){"dcgan", "avx2", "", "x = 1\n"});
    assert_non_null(c);
    gt_checkpoint_int(c, "/state/step", 7);
    gt_checkpoint_text(c, "/state/note", "late");
    gt_checkpoint_tensor(c, "/networks/G/w", &GT_SHAPE(2, 3), w);
    assert_ok(gt_checkpoint_write(c, at("c.h5")));
    gt_checkpoint_free(c);
    gt_buffer_add(&all, "arrays", 7);
    add_word(&all, 3);
    add_array(&part, "/networks/G/w", "float32", 2, (const int[]){2, 3}, w, sizeof w);
    add_part(&all, &part);
    add_array(&part, "/state/note", "uint8", 1, (const int[]){5}, "late", 5);
    add_part(&all, &part);
    add_array(&part, "/state/step", "int64", 0, NULL, &(uint64_t){htole64(7)}, 8);
    add_part(&all, &part);
    expect_form(&all, at("c.h5"));
}

static void form_of_samples(void **state) {
    (void)state;
    uint8_t pixels[8 * 8 * 3];
    gt_buffer all = {0}, part = {0};
    const char *zip = simple_zip("two.zip", 2,
                                 "{\"labels\": [[\"00000/img00000000.png\", 4], [\"00000/img00000001.png\", 0]]}");
    gt_buffer_add(&all, "samples", 7);
    add_word(&all, 2);
    for (int i = 0; i < 2; i++) {
        paint(i, 8, 8, 3, pixels);
        add_array(&part, "pixels", "uint8", 3, (const int[]){8, 8, 3}, pixels, sizeof pixels);
        add_array(&part, "label", "int64", 0, NULL, &(uint64_t){htole64(i ? 0 : 4)}, 8);
        add_part(&all, &part);
    }
    expect_form(&all, zip);
    put_picture(at("one.png"), 1, 8, 8, 3);
    gt_buffer_add(&all, "samples", 7);
    add_word(&all, 1);
    add_array(&part, "pixels", "uint8", 3, (const int[]){8, 8, 3}, pixels, sizeof pixels);
    add_part(&all, &part);
    expect_form(&all, at("one.png"));
}

/* ---- the form of SHA-256, written down once more ---- */

static gt_sha256 sha_of(const void *data, size_t bytes) {
    gt_sha256 h;
    assert_ok(gt_sha256_of(data, bytes, &h));
    return h;
}

/* RFC 6962, section 2.1. */
static gt_sha256 tree_of(const gt_sha256 *leaf, size_t n) {
    size_t left = 1;
    if (n < 2) return n ? *leaf : sha_of("", 0);
    while (2 * left < n) left *= 2;
    struct {
        uint8_t mark;
        gt_sha256 side[2];
    } node = {1, {tree_of(leaf, left), tree_of(leaf + left, n - left)}};
    return sha_of(&node, sizeof node);
}

static void sha_array(gt_buffer *b, const char *name, const char *type, int n, const int *dims, const void *values,
                      size_t bytes) {
    enum { MOST = 8 };
    gt_sha256 leaf[MOST], root;
    size_t blocks = 0;
    for (size_t at = 0; at < bytes; at += 1 << 20) {
        gt_buffer block = {0};
        gt_buffer_add(&block, "", 1);
        gt_buffer_add(&block, (const char *)values + at, bytes - at < 1 << 20 ? bytes - at : 1 << 20);
        leaf[blocks++] = sha_of(block.data, block.n);
        gt_buffer_free(&block);
    }
    root = tree_of(leaf, blocks);
    if (!b->n) gt_buffer_add(b, "", 1);
    add_array(b, name, type, n, dims, root.byte, sizeof root.byte);
}

/* Of what `part` holds, which becomes empty. */
static gt_sha256 sha_part(gt_buffer *part) {
    gt_sha256 h = sha_of(part->data, part->n);
    gt_buffer_free(part);
    *part = (gt_buffer){0};
    return h;
}

static void expect_root(const char *path, const gt_sha256 *leaf, size_t n) {
    gt_contents *c;
    gt_pool *pool = gt_pool_new(2);
    assert_ok(gt_contents_open(&c, path, NULL));
    assert_ok(gt_contents_read(c, pool, GT_CONTENTS_SHA256));
    assert_int_equal(gt_contents_parts(c), n);
    for (size_t i = 0; i < n; i++) {
        gt_sha256 h = gt_contents_leaf(c, (int64_t)i);
        assert_true(gt_sha256_equal(&h, &leaf[i]));
    }
    gt_sha256 root = gt_contents_root(c), expected = tree_of(leaf, n);
    assert_true(gt_sha256_equal(&root, &expected));
    gt_contents_close(c);
    gt_pool_free(pool);
}

/* What describes the checkpoint, and what came before it, does not count. */
static void root_of_arrays(void **state) {
    (void)state;
    enum { LONG = 600001 }; /* three blocks */
    float *w = calloc(LONG, sizeof *w);
    assert_non_null(w);
    for (int i = 0; i < LONG; i++) w[i] = (float)(i % 1000) - 3.5f;
    gt_buffer part = {0};
    gt_sha256 leaf[3];
    char before[GT_CONTENTS_HASH_BYTES];
    for (int chain = 0; chain < 2; chain++) {
        gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){"dcgan", "avx2", "", "x = 1\n"});
        assert_non_null(c);
        gt_checkpoint_int(c, "/state/step", 7);
        gt_checkpoint_tensor(c, "/networks/G/w", &GT_SHAPE(LONG), w);
        if (chain) gt_checkpoint_text(c, "/chain/head", "0123456789abcdef"), gt_checkpoint_int(c, "/chain/links", 3);
        gt_checkpoint_tensor(c, "/networks/G/b", &GT_SHAPE(2, 3), w);
        assert_ok(gt_checkpoint_write(c, at("c.h5")));
        gt_checkpoint_free(c);
        sha_array(&part, "/networks/G/b", "float32", 2, (const int[]){2, 3}, w, 24);
        leaf[0] = sha_part(&part);
        sha_array(&part, "/networks/G/w", "float32", 1, (const int[]){LONG}, w, LONG * sizeof *w);
        leaf[1] = sha_part(&part);
        sha_array(&part, "/state/step", "int64", 0, NULL, &(uint64_t){htole64(7)}, 8);
        leaf[2] = sha_part(&part);
        expect_root(at("c.h5"), leaf, 3);
        if (chain) assert_string_equal(hash_of(at("c.h5")), before);
        else snprintf(before, sizeof before, "%s", hash_of(at("c.h5")));
    }
    free(w);
}

static void root_of_samples(void **state) {
    (void)state;
    uint8_t pixels[8 * 8 * 3];
    gt_buffer part = {0};
    gt_sha256 leaf[5];
    const char *zip = simple_zip("five.zip", 5,
                                 "{\"labels\": [[\"00000/img00000000.png\", [1, 0.5]], "
                                 "[\"00000/img00000001.png\", [2, 0.1]], [\"00000/img00000002.png\", [3, -1]], "
                                 "[\"00000/img00000003.png\", [4, 7]], [\"00000/img00000004.png\", [5, 1e9]]]}");
    static const float second[] = {0.5f, 0.1f, -1, 7, 1e9f};
    for (int i = 0; i < 5; i++) {
        paint(i, 8, 8, 3, pixels);
        sha_array(&part, "pixels", "uint8", 3, (const int[]){8, 8, 3}, pixels, sizeof pixels);
        sha_array(&part, "label", "float32", 1, (const int[]){2}, (const float[]){(float)i + 1, second[i]}, 8);
        leaf[i] = sha_part(&part);
    }
    expect_root(zip, leaf, 5);
    put_picture(at("one.png"), 4, 8, 8, 3);
    sha_array(&part, "pixels", "uint8", 3, (const int[]){8, 8, 3}, pixels, sizeof pixels);
    leaf[0] = sha_part(&part);
    expect_root(at("one.png"), leaf, 1);
}

/* ---- checkpoints ---- */

typedef struct kind_of_checkpoint {
    const char *kernels, *recipe, *data;
    bool turned; /* entries in another order */
    float value;
    int64_t step;
    int rows;
    bool more; /* one tensor more */
} kind_of_checkpoint;

static const char *store(const char *name, kind_of_checkpoint k) {
    float w[12] = {0};
    w[5] = k.value;
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){"stylegan2", k.kernels, k.data, k.recipe});
    assert_non_null(c);
    if (*k.data) gt_checkpoint_put_data(c, &(gt_checkpoint_data){.channels = "R,G,B"});
    if (k.turned) gt_checkpoint_int(c, "/state/step", k.step);
    gt_checkpoint_tensor(c, "/networks/G/b", &GT_SHAPE(k.rows, 12 / k.rows), w);
    gt_checkpoint_tensor(c, "/networks/G/a", &GT_SCALAR, w + 1);
    if (k.more) gt_checkpoint_tensor(c, "/networks/G/c", &GT_SHAPE(4), w);
    if (!k.turned) gt_checkpoint_int(c, "/state/step", k.step);
    assert_ok(gt_checkpoint_write(c, at(name)));
    gt_checkpoint_free(c);
    return at(name);
}

static void what_counts(void **state) {
    (void)state;
    static const kind_of_checkpoint usual = {"avx2", "a = 1\n", "", false, 1.5f, 3, 4, false};
    kind_of_checkpoint k = usual;
    char first[GT_CONTENTS_HASH_BYTES];
    snprintf(first, sizeof first, "%s", hash_of(store("a.h5", k)));
    k = (kind_of_checkpoint){"avx512-7", "b = 2\n", "00112233445566778899aabbccddeeff", true, 1.5f, 3, 4, false};
    assert_string_equal(hash_of(store("b.h5", k)), first);
    difference(at("a.h5"), at("b.h5"), 0, 3, "");
    k = usual, k.value = 1.25f;
    assert_string_not_equal(hash_of(store("b.h5", k)), first);
    difference(at("a.h5"), at("b.h5"), 1, 3, "/networks/G/b: 1 of 12 values differ, by at most 0.25");
    k = usual, k.value = NAN;
    difference(at("a.h5"), store("b.h5", k), 1, 3, "/networks/G/b: 1 of 12 values differ, by at most inf");
    k = usual, k.step = 5;
    difference(at("a.h5"), store("b.h5", k), 1, 3, "/state/step: 1 of 1 values differ, by at most 2");
    k = usual, k.rows = 2;
    difference(at("a.h5"), store("b.h5", k), 1, 3, "/networks/G/b: float32 [4,3] against float32 [2,6]");
    k = usual, k.more = true, k.step = 5;
    char alone[512];
    store("b.h5", k);
    snprintf(alone, sizeof alone, "/networks/G/c: only in '%s'", at("b.h5"));
    difference(at("a.h5"), at("b.h5"), 2, 4, alone);
    difference(at("b.h5"), at("a.h5"), 2, 4, alone);
}

/* A run is its newest checkpoint; the numbers alone, in an HDF5 file of another make, are the checkpoint's. */
static void runs_and_plain_files(void **state) {
    (void)state;
    const kind_of_checkpoint k = {"avx2", "a = 1\n", "", false, 1.5f, 3, 4, false};
    assert_int_equal(mkdir(at("run"), 0755), 0);
    no_hash(at("run"), GT_FORMAT, "holds no pictures");
    store("run/checkpoint-000000008.h5", k);
    gt_contents *c = open_read(at("run"));
    assert_string_equal(gt_contents_path(c), at("run/checkpoint-000000008.h5"));
    assert_string_equal(gt_contents_kind(c), "checkpoint");
    gt_contents_close(c);
    float w[12] = {[5] = 1.5f};
    assert_ok(gt_arrays_write(at("plain.h5"),
                              (const gt_array[]){{"/state/step", GT_NUMBER_INT64, 0, {0}, &(int64_t){3}},
                                                 {"/networks/G/b", GT_NUMBER_FLOAT, 2, {4, 3}, w},
                                                 {"/recipe", GT_NUMBER_TEXT, 1, {4}, "abc"},
                                                 {"/networks/G/a", GT_NUMBER_FLOAT, 0, {0}, w + 1}},
                              4));
    assert_string_equal(hash_of(at("plain.h5")), hash_of(at("run")));
}

static void other_arrays(void **state) {
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 255};
    static const double statistic[] = {3, 0.5, 0.25};
    assert_ok(gt_arrays_write(at("a.h5"),
                              (const gt_array[]){{"points", GT_NUMBER_UINT8, 2, {2, 2}, bytes},
                                                 {"none", GT_NUMBER_DOUBLE, 2, {0, 3}, bytes},
                                                 {"names", GT_NUMBER_WORDS, 2, {2, 2}, "abc"},
                                                 {"one", GT_NUMBER_STATISTIC, 1, {1}, statistic}},
                              4));
    gt_contents *c = open_read(at("a.h5"));
    static const char *const texts[] = {"/names  uint8 [2,2]", "/none  float64 [0,3]", "/one  float64 [1,3]",
                                        "/points  uint8 [2,2]"};
    char text[GT_CONTENTS_NAME_BYTES];
    assert_int_equal(gt_contents_parts(c), 4);
    for (int i = 0; i < 4; i++) {
        assert_ok(gt_contents_part_text(c, i, text));
        assert_string_equal(text, texts[i]);
    }
    gt_contents_close(c);
}

/* ---- samples ---- */

static void labels_and_masks(void **state) {
    (void)state;
    static const char classes[] = "{\"labels\": [[\"00000/img00000000.png\", 4], [\"00000/img00000001.png\", %s]]}";
    char json[256];
    const char *plain = simple_zip("plain.zip", 2, NULL);
    snprintf(json, sizeof json, classes, "1");
    const char *one = simple_zip("one.zip", 2, json);
    snprintf(json, sizeof json, classes, "3");
    const char *three = simple_zip("three.zip", 2, json);
    difference(one, three, 1, 2, "sample 1 00000/img00000001.png: label: 1 of 1 values differ, by at most 2");
    difference(plain, three, 2, 2, "sample 0 00000/img00000000.png: only one of them has a label");
    gt_contents *c = open_read("synth:scenes:n=3,size=16"), *d = open_read("synth:scenes:n=4,size=16");
    gt_contents_difference diff;
    assert_ok(gt_contents_compare(c, d, &diff));
    assert_int_equal(diff.parts, 1);
    assert_int_equal(diff.all, 4);
    assert_non_null(strstr(diff.first, "only in 'synth:scenes:n=4,size=16'"));
    gt_contents_close(d);
    d = open_read(at("one.zip"));
    assert_ok(gt_contents_compare(c, d, &diff));
    assert_int_equal(diff.parts, 3);
    assert_non_null(strstr(diff.first, "pixels: uint8 [16,16,3] against uint8 [8,8,3]"));
    gt_contents_close(d);
    d = open_read(store("a.h5", (kind_of_checkpoint){"avx2", "", "", false, 1, 3, 4, false}));
    assert_int_equal(gt_contents_compare(c, d, &diff), GT_USAGE);
    assert_message("tensors can only be compared with tensors");
    gt_contents_close(c);
    gt_contents_close(d);
}

static void threads_change_nothing(void **state) {
    (void)state;
    static const char spec[] = "synth:shapes:n=2500,size=8";
    gt_pool *pool = gt_pool_new(3);
    gt_contents *c;
    char text[GT_CONTENTS_HASH_BYTES];
    assert_ok(gt_contents_open(&c, spec, NULL));
    assert_ok(gt_contents_read(c, pool, GT_CONTENTS_G1));
    assert_string_equal(gt_contents_text(gt_contents_hash(c), text), hash_of(spec));
    gt_contents_close(c);
    gt_pool_free(pool);
}

/* ---- what cannot be read ---- */

static void refusals(void **state) {
    (void)state;
    bytes b = picture(0, 8, 8, 3);
    zip_t *z = begin_zip(at("half.zip"));
    add_picture(z, "a.png", 1, 8, 8, 3);
    add_entry(z, "b.png", b.data, b.n / 2, ZIP_CM_STORE);
    end_zip(z);
    free(b.data);
    no_hash(at("half.zip"), GT_FORMAT, "b.png");
    no_hash(at("missing.h5"), GT_FAILED, "No such file");
    no_hash("/dev/null", GT_FAILED, "neither a regular file nor a folder");
    put(at("empty.png"), "", 0);
    no_hash(at("empty.png"), GT_FORMAT, "is empty");
    put(at("text.txt"), "words\n", 6);
    no_hash(at("text.txt"), GT_FORMAT, "a text file");
    size_t n;
    char *bytes = get(store("a.h5", (kind_of_checkpoint){"avx2", "", "", false, 1, 3, 4, false}), &n);
    put(at("cut.h5"), bytes, n / 2);
    no_hash(at("cut.h5"), GT_FORMAT, "truncated");
    bytes[n / 2] ^= 1;
    put(at("bad.h5"), bytes, n);
    no_hash(at("bad.h5"), GT_FORMAT, "damaged");
    put(at("plain.h5"), bytes + 512, n / 2);
    no_hash(at("plain.h5"), GT_FORMAT, "damaged");
    free(bytes);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {
        TEST(form_of_arrays),  TEST(form_of_samples),  TEST(root_of_arrays),
        TEST(root_of_samples), TEST(what_counts),      TEST(runs_and_plain_files),
        TEST(other_arrays),    TEST(labels_and_masks), TEST(threads_change_nothing),
        TEST(refusals),
    };
    gt_log_setup(0, 1, GT_ERROR);
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
