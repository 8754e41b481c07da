/* SPDX-License-Identifier: Apache-2.0
 * The root of the data of a run: the one that `gantry hash --sha256` prints, on any number of ranks (dist.sh), and what
 * comes of hashes that are there already. */
#include "data_files.h"

#include "data/door/parts.h"
#include "features/dataset/tool.h"
#include "runner/contents/door/contents.h"
#include "gantry/job.h"
#include "gantry/log.h"
#include "train/journal/journal.h"

static gt_comm *comm;

static gt_job *job_of(const char *data) {
    gt_job *job = gt_job_new();
    assert_non_null(job);
    const char *const keys[][2] = {{"data", data}, {"batch", "8"}, {"mbstd", "4"}, {"cbase", "1024"}, {"cmax", "32"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) assert_ok(gt_job_set(job, keys[i][0], keys[i][1], NULL));
    return job;
}

static gt_sha256 root_of_file(const char *data) {
    gt_contents *c;
    assert_ok(gt_contents_open(&c, data, NULL));
    assert_ok(gt_contents_read(c, NULL, GT_CONTENTS_SHA256));
    gt_sha256 root = gt_contents_root(c);
    gt_contents_close(c);
    return root;
}

/* key NULL: none. j NULL: all is computed. */
static gt_sha256 root_of(const char *data, const char *key, const char *value, bool resumed, gt_journal *j) {
    gt_engine e;
    gt_sha256 root = {{0}};
    gt_job *job = job_of(data);
    if (key) assert_ok(gt_job_set(job, key, value, NULL));
    assert_ok(gt_engine_open_all(&e, comm, job));
    e.resumed = resumed;
    assert_ok(gt_data_root_all(&e, j, &root));
    gt_engine_close_all(&e);
    gt_job_free(job);
    return root;
}

static void expect_root(const char *data, const gt_sha256 *root) {
    gt_sha256 expected = root_of_file(data);
    assert_true(gt_sha256_equal(root, &expected));
}

static void all_ranks_have_it(void **state) {
    (void)state;
    static const char *const specs[] = {"synth:shapes:n=2500,size=8", "synth:scenes:n=3,size=8"};
    for (int i = 0; i < 2; i++) {
        gt_sha256 root = root_of(specs[i], NULL, NULL, false, NULL);
        expect_root(specs[i], &root);
    }
}

/* What the job chooses to train on does not count, but for classes. */
static void options_of_the_job(void **state) {
    (void)state;
    static const char data[] = "synth:shapes:n=40,size=8";
    static const char *const other[][2] = {{"mirror", "1"}, {"subset", "20"}, {"cond", "1"}};
    for (int i = 0; i < 3; i++) {
        gt_sha256 root = root_of(data, other[i][0], other[i][1], false, NULL);
        expect_root(data, &root);
    }
    gt_sha256 two = root_of(data, "classes", "0,1", false, NULL), all = root_of_file(data);
    assert_false(gt_sha256_equal(&two, &all));
}

static void convert(const char *from, const char *to) {
    gt_convert_result result;
    gt_convert_request r = {.n_sources = 1, .sources = &from, .dest = to, .transform = {.background = {255, 255, 255}}};
    assert_ok(gt_convert_all(comm, &r, &result));
    gt_convert_result_free(&result);
}

static void change_byte(const char *path, size_t offset) {
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, (long)offset, SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, (long)offset, SEEK_SET), 0);
    fputc(c ^ 1, f);
    assert_int_equal(fclose(f), 0);
}

static void hashes_that_are_there(void **state) {
    (void)state;
    static const char *const names[] = {"d", "d.zip", "d.h5"};
    gt_journal j = {.dir = strdup(at("run"))};
    char kept[256];
    assert_int_equal(mkdir(j.dir, 0755), 0);
    snprintf(kept, sizeof kept, "%s", at("run/data.sha256"));
    for (int i = 0; i < 3; i++) {
        char data[256];
        snprintf(data, sizeof data, "%s", at(names[i]));
        convert("synth:shapes:n=100,size=8", data);
        gt_sha256 root = root_of(data, NULL, NULL, false, &j);
        assert_true(j.leaves_stored);
        expect_root(data, &root);
        root = root_of(data, "classes", "0,1", false, &j); /* not the stored samples */
        assert_false(j.leaves_stored);
        root = root_of(data, NULL, NULL, false, &j);
        expect_root("synth:shapes:n=100,size=8", &root);
        gt_sha256 *leaf;
        size_t n;
        char *bytes = get(kept, &n);
        gt_dataset *ds = opened(data, NULL);
        assert_ok(gt_source_stored_leaves(gt_dataset_source(ds), &leaf));
        assert_int_equal(n, 100 * sizeof *leaf);
        assert_memory_equal(bytes, leaf, n);
        gt_dataset_close(ds);
        free(leaf);
        free(bytes);
    }
    /* hashes of the folder that belong to other samples */
    change_byte(at("d/samples.sha256"), 0);
    gt_sha256 root = root_of(at("d"), NULL, NULL, false, &j);
    assert_false(j.leaves_stored);
    expect_root(at("d"), &root);
    /* those that the run has kept */
    assert_int_equal(unlink(at("d/samples.sha256")), 0);
    root = root_of(at("d"), NULL, NULL, true, &j);
    assert_true(j.leaves_stored);
    expect_root(at("d"), &root);
    change_byte(kept, 0);
    root = root_of(at("d"), NULL, NULL, true, &j);
    assert_false(j.leaves_stored);
    expect_root(at("d"), &root);
    snprintf(j.files_before, sizeof j.files_before, "%s", "0123"); /* other files: not used */
    root = root_of(at("d"), NULL, NULL, true, &j);
    assert_false(j.leaves_stored);
    free(j.dir);
}

/* A picture that does not decode counts by its label. */
static void damaged_pictures(void **state) {
    (void)state;
    char data[256];
    snprintf(data, sizeof data, "%s", at("d"));
    convert("synth:shapes:n=9,size=8", data);
    gt_sha256 before = root_of_file(data), leaf[9], label;
    change_byte(at("d/00000/img00000004.png"), 60);
    gt_sha256 root = root_of(data, "on-error", "skip", false, NULL);
    assert_false(gt_sha256_equal(&root, &before));
    gt_dataset *ds = opened(data, &(gt_dataset_options){.skip_damaged = true});
    assert_ok(gt_source_leaves(gt_dataset_source(ds), NULL, 0, 9, leaf));
    gt_part_hash *h = gt_part_hash_new();
    const gt_part_sink to = gt_part_hash_sink(h);
    assert_ok(gt_sample_pour(&(gt_sample_parts){.class = 4}, &to));
    assert_ok(gt_part_hash_take(h, &label));
    gt_part_hash_free(h);
    assert_true(gt_sha256_equal(&leaf[4], &label));
    gt_merkle tree = {0};
    for (int i = 0; i < 9; i++) gt_merkle_add(&tree, &leaf[i]);
    assert_ok(gt_merkle_root(&tree, &before));
    assert_true(gt_sha256_equal(&root, &before));
    gt_dataset_close(ds);
}

int main(int argc, char **argv) {
    (void)argv;
    comm = gt_comm_start_all(argc > 1 ? 0 : 2, NULL);
    if (!comm) return printf("%s\n", gt_message()), 1;
    gt_log_setup(comm->rank, comm->ranks, GT_ERROR);
    if (comm->ranks > 1) setenv("CMOCKA_TEST_ABORT", "1", 1); /* a rank that fails must not leave the others waiting */
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {TEST(hashes_that_are_there), TEST(damaged_pictures)};
    const struct CMUnitTest of_ranks[] = {cmocka_unit_test(all_ranks_have_it), cmocka_unit_test(options_of_the_job)};
    int failed = cmocka_run_group_tests_name("data root of ranks", of_ranks, NULL, NULL);
    if (argc == 1) failed |= cmocka_run_group_tests_name("data root", tests, NULL, NULL);
    gt_comm_stop_all(comm);
    return failed;
}
