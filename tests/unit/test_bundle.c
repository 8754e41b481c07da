/* SPDX-License-Identifier: Apache-2.0
 * Bundles of runs: what goes in comes out, equal files give equal bytes, and an archive from elsewhere leaves nothing
 * behind. The note for the model card. */
#include <sys/time.h>

#include "data_files.h"

#include "features/audit/internal.h"
#include "runner/contents/door/contents.h"
#include "run/door/checkpoint.h"

static void store(const char *name, int64_t images) {
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){"stylegan2", "avx2", "", "[gantry]\n"});
    gt_checkpoint_int(c, "/state/images", images);
    assert_ok(gt_checkpoint_write(c, at(name)));
    gt_checkpoint_free(c);
}

static const char ledger[] = "{\"event\":\"start\"}\n{\"event\":\"end\"}\n", job[] = "[data]\n";

/* A folder of temporary files of its own, so that it is seen what is left. */
static int make_run(void **state) {
    int st = make_scratch(state);
    mkdir(at("run"), 0755);
    mkdir(at("tmp"), 0755);
    setenv("TMPDIR", at("tmp"), 1);
    put(at("run/starts.jsonl"), ledger, strlen(ledger));
    put(at("run/job.ini"), job, strlen(job));
    store("run/checkpoint-000000100.h5", 100);
    store("run/checkpoint-000000200.h5", 200);
    return st;
}

static void assert_nothing_left(void) { assert_int_equal(rmdir(at("tmp")) | mkdir(at("tmp"), 0755), 0); }

static void assert_same(const char *one, const char *other) {
    size_t n, m;
    char *a = get(one, &n), *b = get(other, &m);
    assert_true(n == m && !memcmp(a, b, n));
    free(a);
    free(b);
}

static const char *const names[] = {"job.ini", "starts.jsonl", "checkpoint-000000200.h5", "data.sha256"};

/* The first n of the names are in the folder as in the run, and the folder goes. */
static void assert_unpacked(char *folder, int n) {
    char path[512];
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/run/%s", scratch, names[i]);
        char *copy = gt_path_join(folder, names[i]);
        assert_same(path, copy);
        free(copy);
    }
    gt_audit_bundle_close(folder);
}

static void in_and_out(void **state) {
    (void)state;
    for (int n = 3; n <= 4; n++) { /* without and with leaves of the data */
        char *folder;
        if (n == 4) put(at("run/data.sha256"), "0123456789abcdef0123456789abcdef", 32);
        assert_ok(gt_audit_bundle_write(at("run"), NULL, at("one.zip")));
        assert_true(gt_audit_bundle_is(at("one.zip")) && !gt_audit_bundle_is(at("run/job.ini")) &&
                    !gt_audit_bundle_is(at("run")));
        assert_ok(gt_audit_bundle_open(at("one.zip"), &folder));
        assert_int_equal(gt_folder_has(folder, "data.sha256"), n == 4);
        assert_unpacked(folder, n);
        assert_nothing_left();
    }
    for (int i = 0; i < 4; i++) { /* the same bytes at another time */
        char name[64];
        snprintf(name, sizeof name, "run/%s", names[i]);
        assert_int_equal(utimes(at(name), (struct timeval[2]){{1, 0}, {1, 0}}), 0);
    }
    assert_ok(gt_audit_bundle_write(at("run"), NULL, at("two.zip")));
    assert_same(at("one.zip"), at("two.zip"));
}

static void one_that_is_named(void **state) {
    (void)state;
    char *folder;
    assert_int_equal(symlink("checkpoint-000000100.h5", at("run/best")), 0);
    assert_ok(gt_audit_bundle_write(at("run"), at("run/best"), at("best.zip")));
    assert_ok(gt_audit_bundle_open(at("best.zip"), &folder));
    assert_true(gt_folder_has(folder, "checkpoint-000000100.h5") && !gt_folder_has(folder, "checkpoint-000000200.h5"));
    gt_audit_bundle_close(folder);
    store("mine.h5", 1);
    assert_int_equal(gt_audit_bundle_write(at("run"), at("mine.h5"), at("none.zip")), GT_USAGE);
    assert_message("mine.h5' has not the name");
    assert_int_equal(unlink(at("run/starts.jsonl")), 0);
    assert_int_equal(gt_audit_bundle_write(at("run"), NULL, at("none.zip")), GT_FAILED);
    assert_message("starts.jsonl");
    assert_false(exists("none.zip") || halves());
    put(at("run/starts.jsonl"), ledger, strlen(ledger));
}

/* Archives from elsewhere: all is refused, with the reason, and nothing is left. */
static void foreign_archives(void **state) {
    (void)state;
    static const struct {
        const char *name, *message;
    } more[] = {
        {"../starts.jsonl", "'../starts.jsonl' does not belong"},
        {"/etc/passwd", "does not belong"},
        {"run/checkpoint-000000100.h5", "does not belong"},
        {"checkpoint-100.h5", "does not belong"},
        {"last", "does not belong"},
        {"checkpoint-000000200.h5", "2 checkpoints, a bundle has one"},
    };
    enum { BOMB = 1 << 20 };
    char *zeros = calloc(1, BOMB), *folder;
    for (size_t i = 0; i < sizeof more / sizeof *more + 4; i++) {
        bool bomb = i == 0, no_ledger = i == 1, no_checkpoint = i == 2, good = i == 3, named = i > 3;
        zip_t *z = begin_zip(at("x.zip"));
        if (!no_ledger) add_entry(z, "starts.jsonl", ledger, strlen(ledger), ZIP_CM_STORE);
        add_entry(z, "job.ini", bomb ? zeros : job, bomb ? BOMB : strlen(job), bomb ? ZIP_CM_DEFLATE : ZIP_CM_STORE);
        if (!no_checkpoint) add_entry(z, "checkpoint-000000100.h5", "x", 1, ZIP_CM_STORE);
        if (named) add_entry(z, more[i - 4].name, "x", 1, ZIP_CM_STORE);
        end_zip(z);
        assert_int_equal(gt_audit_bundle_open(at("x.zip"), &folder), good ? GT_OK : GT_FORMAT);
        if (!good)
            assert_message(bomb            ? "'job.ini' would unpack to more bytes"
                           : no_ledger     ? "there is no starts.jsonl in it"
                           : no_checkpoint ? "0 checkpoints"
                                           : more[i - 4].message);
        gt_audit_bundle_close(folder);
        assert_nothing_left();
    }
    free(zeros);
}

/* One byte after the other is altered, and the archive is cut: what can be opened has the bytes of the original. */
static void damaged(void **state) {
    (void)state;
    size_t n;
    char *bytes, *folder;
    assert_ok(gt_audit_bundle_write(at("run"), NULL, at("good.zip")));
    bytes = get(at("good.zip"), &n);
    for (size_t i = 0; i < n; i += 1 + n / 97) {
        bytes[i] ^= 0x55;
        put(at("bad.zip"), bytes, n);
        bytes[i] ^= 0x55;
        if (gt_audit_bundle_open(at("bad.zip"), &folder)) assert_null(folder);
        else assert_unpacked(folder, 4);
        put(at("bad.zip"), bytes, i);
        assert_int_equal(gt_audit_bundle_open(at("bad.zip"), &folder), GT_FORMAT);
        assert_nothing_left();
    }
    free(bytes);
    assert_int_equal(setenv("TMPDIR", at("nowhere"), 1), 0);
    assert_int_equal(gt_audit_bundle_open(at("good.zip"), &folder), GT_FAILED);
    assert_message("TMPDIR names another");
    assert_int_equal(setenv("TMPDIR", at("tmp"), 1), 0);
}

static void note_for_the_card(void **state) {
    (void)state;
    char files[2][384], hash[GT_CONTENTS_HASH_BYTES];
    size_t n;
    snprintf(files[0], sizeof *files, "%s", at("run/checkpoint-000000100.h5"));
    snprintf(files[1], sizeof *files, "%s", at("run/checkpoint-000000200.h5"));
    assert_ok(audit_note(at("run"), "a \"line\"", (const char *const[]){files[0], files[1]}, 2));
    char *text = get(at("run/audit.json"), &n);
    assert_non_null(strstr(text, "\"line\": \"a \\\"line\\\"\""));
    for (int i = 0; i < 2; i++) {
        assert_ok(gt_contents_hash_file(files[i], NULL, hash));
        assert_non_null(strstr(text, hash));
    }
    free(text);
    assert_int_equal(audit_note(at("run"), "x", (const char *const[]){"nowhere.h5"}, 1), GT_FAILED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_and_out), cmocka_unit_test(one_that_is_named), cmocka_unit_test(foreign_archives),
        cmocka_unit_test(damaged),    cmocka_unit_test(note_for_the_card),
    };
    return cmocka_run_group_tests(tests, make_run, remove_scratch);
}
