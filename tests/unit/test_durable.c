/* SPDX-License-Identifier: Apache-2.0
 * What is said to be written is on the disk: bytes are synced before a file gets its name, the folder after that, no
 * name is taken from anybody, and each descriptor is closed. A list of the calls shows it; a reader of the files could
 * not. */
#define _GNU_SOURCE
#include "interpose.h"
#include "scratch.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/door/file.h"
#include "features/dataset/tool.h"
#include "gantry/source.h"
#include "run/door/appender.h"

/* ---- the calls ---- */

enum { CALLS = 64 };
static struct {
    char what[CALLS][512]; /* "sync PATH BYTES", "folder PATH", "name PATH": of a file, of a folder, a new name */
    int n;
    bool close_fails;
} told;

static void tell(const char *kind, const char *path, long long bytes) {
    if (strncmp(path, scratch, strlen(scratch)) || told.n == CALLS) return;
    const char *name = path + strlen(scratch);
    char *to = told.what[told.n++];
    if (bytes < 0) snprintf(to, sizeof *told.what, "%s %.400s", kind, *name ? name + 1 : ".");
    else snprintf(to, sizeof *told.what, "%s %.400s %lld", kind, *name ? name + 1 : ".", bytes);
}

static void tell_sync(int fd) {
    char path[512];
    struct stat s;
    if (path_of_fd(fd, path, sizeof path) && !fstat(fd, &s))
        tell(S_ISDIR(s.st_mode) ? "folder" : "sync", path, S_ISDIR(s.st_mode) ? -1 : (long long)s.st_size);
}

int fsync(int fd) {
    tell_sync(fd);
    return REAL(fsync)(fd);
}
int fdatasync(int fd) {
    tell_sync(fd);
    return REAL(fdatasync)(fd);
}
int rename(const char *from, const char *to) {
    tell("name", to, -1);
    return REAL(rename)(from, to);
}
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    tell("name", to, -1);
    return REAL(renameat2)(from_dir, from, to_dir, to, flags);
}

/* As the kernel does: the file is closed, whatever is said. */
int close(int fd) {
    char path[512];
    bool fails = told.close_fails && path_of_fd(fd, path, sizeof path) && !strcmp(path, "/dev/null");
    int closed = REAL(close)(fd);
    if (!fails) return closed;
    errno = ENOSPC;
    return -1;
}

static void assert_told(int n, const char *const *what) {
    for (int i = 0; i < n || i < told.n; i++) {
        const char *is = i < told.n ? told.what[i] : "nothing", *wanted = i < n ? what[i] : "nothing";
        if (strcmp(is, wanted)) fail_msg("call %d is '%s' and not '%s'", i, is, wanted);
    }
    told.n = 0;
}
#define ASSERT_TOLD(...)                                               \
    do {                                                               \
        const char *const wanted_[] = {__VA_ARGS__};                   \
        assert_told((int)(sizeof wanted_ / sizeof *wanted_), wanted_); \
    } while (0)

static int open_files(void) {
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

/* ---- the cases ---- */

static void records(void **state) {
    (void)state;
    appender a;
    assert_ok(appender_open(&a, at("log"), 0));
    told.n = 0;
    gt_buffer_add(&a.pending, "one\n", 4);
    assert_ok(appender_flush(&a, false));
    assert_told(0, NULL);
    gt_buffer_add(&a.pending, "two\n", 4);
    assert_ok(appender_flush(&a, true));
    ASSERT_TOLD("sync log 8");
    appender_close(&a);
}

static void a_file_that_is_replaced(void **state) {
    (void)state;
    told.n = 0;
    for (int i = 0; i < 2; i++) {
        assert_ok(gt_file_write(at("file"), "twelve bytes", 12));
        assert_int_equal(told.n, 3);
        assert_int_equal(strncmp(told.what[0], "sync ", 5), 0); /* under a name that nobody else has */
        assert_non_null(strstr(told.what[0], " 12"));
        assert_string_equal(told.what[1], "name file");
        assert_string_equal(told.what[2], "folder .");
        told.n = 0;
    }
}

static void the_name_of_a_new_file(void **state) {
    (void)state;
    told.n = 0;
    assert_ok(gt_sync_parent(at("file")));
    ASSERT_TOLD("folder .");
}

static void a_finished_dataset(void **state) {
    (void)state;
    for (int replaces = 0; replaces < 2; replaces++) {
        gt_dest d = {.path = at("set"), .replaces = replaces};
        put(at("set.part"), "pictures", 8);
        told.n = 0;
        assert_ok(gt_part_finish(&d, at("set.part")));
        ASSERT_TOLD("sync set.part 8", "name set", "folder .");
    }
}

/* What came there while the dataset was made stays. */
static void a_name_that_is_taken(void **state) {
    (void)state;
    size_t n;
    gt_dest d = {.path = at("taken")};
    put(at("taken"), "mine", 4);
    put(at("taken.part"), "pictures", 8);
    assert_int_equal(gt_part_finish(&d, at("taken.part")), GT_USAGE);
    assert_true(exists("taken.part"));
    char *text = get(at("taken"), &n);
    assert_string_equal(text, "mine");
    free(text);
}

/* A device is written to and not replaced: what it says at the end counts. */
static void what_closing_says(void **state) {
    (void)state;
    assert_ok(gt_file_write("/dev/null", "text", 4));
    told.close_fails = true;
    gt_status st = gt_file_write("/dev/null", "text", 4);
    told.close_fails = false;
    assert_int_equal(st, GT_FAILED);
    assert_message("/dev/null");
}

static void no_descriptor_is_left(void **state) {
    (void)state;
    for (int round = 0, before = 0; round < 2; round++) { /* the first one opens what stays open */
        gt_source *s;
        appender a;
        gt_dest d = {.path = at("set"), .replaces = true};
        before = open_files();
        assert_ok(gt_file_write(at("pictures.txt"), "text", 4));
        assert_ok(gt_sync_parent(at("file")));
        put(at("set.part"), "pictures", 8);
        assert_ok(gt_part_finish(&d, at("set.part")));
        assert_ok(appender_open(&a, at("log"), 0));
        appender_close(&a);
        mkdir(at("pictures"), 0777);
        put(at("pictures/no-ending"), "P5 1 1 255\n0", 12); /* looked at, for its name does not say what it is */
        put(at("pictures/one.pgm"), "P5 1 1 255\n0", 12);
        assert_ok(gt_source_open(&s, at("pictures"), NULL));
        gt_source_close(s);
        if (round) assert_int_equal(open_files(), before);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records),
        cmocka_unit_test(a_file_that_is_replaced),
        cmocka_unit_test(the_name_of_a_new_file),
        cmocka_unit_test(a_finished_dataset),
        cmocka_unit_test(a_name_that_is_taken),
        cmocka_unit_test(what_closing_says),
        cmocka_unit_test(no_descriptor_is_left),
    };
    return cmocka_run_group_tests_name("durable", tests, make_scratch, remove_scratch);
}
