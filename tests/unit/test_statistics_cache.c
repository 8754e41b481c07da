/* SPDX-License-Identifier: Apache-2.0
 * Statistics that are kept from run to run: what comes back, what is damaged, what cannot be written, what killed
 * processes leave. */
#include "scratch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gantry/log.h"
#include "features/score/statistics_cache.h"

enum { D = 5, FEW = 3, ROWS = 700 };

static double mean[D], covariance[D * D], centred[FEW * D];
static float rows[ROWS * D];

static gt_gaussian many(void) { return (gt_gaussian){.count = ROWS, .d = D, .mean = mean, .covariance = covariance}; }
static gt_gaussian few(void) { return (gt_gaussian){.count = FEW, .d = D, .mean = mean, .rows = centred}; }

static void fill(void) {
    for (int i = 0; i < D; i++) mean[i] = 1.0 / (i + 1);
    for (int i = 0; i < D * D; i++) covariance[i] = i * 0.1 - 1;
    for (int i = 0; i < FEW * D; i++) centred[i] = i * 0.3;
    for (int i = 0; i < ROWS * D; i++) rows[i] = (float)i * 0.7f;
}

static int begin(void **state) {
    fill();
    gt_log_setup(0, 1, GT_INFO);
    if (make_scratch(state)) return -1;
    return setenv("GT_CACHE", at("cache"), 1);
}

/* The only file of the cache, or NULL. */
static const char *entry_path(void) {
    static char path[400];
    int n = 0;
    DIR *d = opendir(at("cache/statistics"));
    for (struct dirent *e; d && (e = readdir(d));)
        if (strstr(e->d_name, ".npz")) {
            snprintf(path, sizeof path, "%s/%s", at("cache/statistics"), e->d_name);
            n++;
        }
    if (d) closedir(d);
    assert_true(n <= 1);
    return n ? path : NULL;
}

static int files_of_cache(void) {
    int n = 0;
    DIR *d = opendir(at("cache/statistics"));
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

static bool there(const char *key, gt_gaussian *g) {
    bool found;
    assert_ok(gt_statistics_cache_get(key, &found, g));
    return found;
}

static void gaussians_come_back(void **unused) {
    (void)unused;
    gt_gaussian g, a = many(), b = few();
    assert_false(there("a", &g));
    assert_false(exists("cache")); /* who only looks makes no folder */
    gt_statistics_cache_put("a", &a);
    gt_statistics_cache_put("b", &b);
    assert_true(there("a", &g));
    assert_int_equal(g.count, ROWS);
    assert_int_equal(g.d, D);
    assert_null(g.rows);
    assert_memory_equal(g.mean, mean, sizeof mean);
    assert_memory_equal(g.covariance, covariance, sizeof covariance);
    gt_gaussian_free(&g);
    assert_true(there("b", &g));
    assert_null(g.covariance);
    assert_memory_equal(g.rows, centred, sizeof centred);
    gt_gaussian_free(&g);
    assert_false(there("c", &g));
    /* an entry of one kind is not an entry of another */
    assert_null(gt_cached_rows_open("a", ROWS, D));
}

static gt_cached_rows *write_rows(const char *key, int n) {
    gt_cached_rows *r = gt_cached_rows_create(key, ROWS, D);
    assert_non_null(r);
    for (int i = 0; i < n; i += 100) assert_ok(gt_cached_rows_append(r, 100, rows + i * D));
    return r;
}

static void rows_come_back_in_parts(void **unused) {
    (void)unused;
    static float some[GT_ROWS_AT_ONCE * D];
    int64_t n;
    gt_gaussian g;
    gt_cached_rows *writer = write_rows("rows", ROWS);
    assert_int_equal(gt_cached_rows_append(writer, 1, rows), GT_USAGE);
    assert_null(gt_cached_rows_open("rows", ROWS, D)); /* not yet */
    gt_cached_rows_close(writer);
    gt_cached_rows *a = gt_cached_rows_open("rows", ROWS, D), *b = gt_cached_rows_open("rows", ROWS, D);
    assert_non_null(a);
    assert_non_null(b);
    gt_cached_rows_close(write_rows("rows", ROWS)); /* replaced while it is read */
    for (int first = 0; first < ROWS; first += 100) {
        if (first < ROWS / 2) assert_ok(gt_cached_rows_next(a, &n, some));
        assert_ok(gt_cached_rows_next(b, &n, some));
        assert_int_equal(n, 100);
        assert_memory_equal(some, rows + first * D, 100 * D * sizeof *some);
    }
    assert_int_equal(gt_cached_rows_next(b, &n, some), GT_USAGE);
    gt_cached_rows_close(a);
    gt_cached_rows_close(b);
    assert_null(gt_cached_rows_open("rows", ROWS - 1, D));
    assert_null(gt_cached_rows_open("rows", ROWS, D + 1));
    assert_false(there("rows", &g));
}

static void rows_that_are_not_all_there_vanish(void **unused) {
    (void)unused;
    gt_cached_rows_close(write_rows("rows", ROWS - 100));
    assert_int_equal(files_of_cache(), 0);
    gt_cached_rows_close(NULL);
}

/* Not there, or with the numbers that were kept: some bytes of an archive mean nothing to us. */
static void not_there_or_right(const char *key) {
    gt_gaussian g;
    if (!there(key, &g)) return;
    assert_true(g.count == ROWS && g.d == D);
    assert_memory_equal(g.mean, mean, sizeof mean);
    assert_memory_equal(g.covariance, covariance, sizeof covariance);
    gt_gaussian_free(&g);
}

/* Whatever byte changes, and wherever the file ends: no wrong number, and the next entry is whole again. */
static void damaged_entries_are_made_anew(void **unused) {
    (void)unused;
    gt_log_setup(0, 1, GT_ERROR); /* a warning for each of them */
    gt_gaussian a = many(), g;
    gt_statistics_cache_put("a key", &a);
    size_t n;
    char *whole = get(entry_path(), &n);
    for (size_t i = 0; i < n; i++) {
        whole[i] ^= 0x41;
        put(entry_path(), whole, n);
        not_there_or_right("a key");
        whole[i] ^= 0x41;
    }
    for (size_t i = 0; i < n; i += 7) {
        put(entry_path(), whole, i);
        assert_false(there("a key", &g));
    }
    char *longer = calloc(1, n + 8);
    memcpy(longer, whole, n);
    put(entry_path(), longer, n + 8);
    not_there_or_right("a key");
    free(longer);
    gt_statistics_cache_put("a key", &a);
    assert_true(there("a key", &g));
    gt_gaussian_free(&g);
    free(whole);
}

static void damaged_rows_are_not_read(void **unused) {
    (void)unused;
    static float some[GT_ROWS_AT_ONCE * D];
    int64_t read, all = 0;
    gt_log_setup(0, 1, GT_ERROR);
    gt_cached_rows_close(write_rows("rows", ROWS));
    size_t n;
    char *whole = get(entry_path(), &n);
    whole[n / 2] ^= 1;
    put(entry_path(), whole, n);
    gt_cached_rows *r = gt_cached_rows_open("rows", ROWS, D);
    assert_non_null(r);
    while (!gt_cached_rows_next(r, &read, some)) all += read;
    assert_true(all < ROWS);
    gt_cached_rows_close(r);
    gt_cached_rows_close(write_rows("rows", ROWS));
    r = gt_cached_rows_open("rows", ROWS, D);
    assert_non_null(r);
    for (all = 0; all < ROWS; all += read) assert_ok(gt_cached_rows_next(r, &read, some));
    gt_cached_rows_close(r);
    free(whole);
}

/* The entry of another key under this name, as after a collision of hashes. */
static void an_entry_of_another_key_is_not_taken(void **unused) {
    (void)unused;
    gt_log_setup(0, 1, GT_ERROR);
    gt_gaussian a = many(), g;
    char first[400], second[400];
    gt_statistics_cache_put("first", &a);
    strcpy(first, entry_path());
    assert_int_equal(rename(first, at("kept")), 0);
    gt_statistics_cache_put("other", &a);
    strcpy(second, entry_path());
    assert_int_equal(rename(at("kept"), second), 0);
    assert_false(there("other", &g));
}

/* In processes of their own: the warning comes once in a process. */
static int in_a_child(void (*work)(void)) {
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        work();
        fflush(NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void write_twice(void) {
    gt_gaussian a = many();
    if (!freopen(at("said"), "w", stderr)) _exit(1);
    gt_statistics_cache_put("a", &a);
    gt_statistics_cache_put("b", &a);
    gt_cached_rows *r = gt_cached_rows_create("c", ROWS, D);
    if (r) _exit(1);
}

static void a_folder_that_cannot_be_written_is_one_warning(void **unused) {
    (void)unused;
    size_t n;
    put(at("cache"), "a file", 6); /* also the superuser cannot make a folder in it */
    assert_int_equal(in_a_child(write_twice), 0);
    char *said = get(at("said"), &n);
    const char *first = strstr(said, "are not kept");
    assert_non_null(first);
    assert_non_null(strstr(said, "GT_CACHE"));
    assert_non_null(strstr(said, at("cache")));
    assert_null(strstr(first + 1, "are not kept"));
    free(said);
}

static void die_in_the_middle(void) {
    write_rows("rows", ROWS - 100);
    raise(SIGKILL);
}

static void look(void) {
    gt_gaussian g;
    bool found;
    if (gt_statistics_cache_get("other", &found, &g) || found) _exit(1);
}

static void the_next_process_removes_what_a_killed_one_left(void **unused) {
    (void)unused;
    assert_true(WIFSIGNALED(in_a_child(die_in_the_middle)));
    assert_int_equal(files_of_cache(), 1);
    assert_int_equal(in_a_child(look), 0);
    assert_int_equal(files_of_cache(), 0);
}

static void in_home(void) {
    gt_gaussian a = many();
    unsetenv("GT_CACHE");
    setenv("XDG_CACHE_HOME", "relative", 1); /* counts as not set, by its specification */
    setenv("HOME", at("home"), 1);
    gt_statistics_cache_put("a", &a);
    setenv("XDG_CACHE_HOME", at("xdg"), 1);
    gt_statistics_cache_put("a", &a);
}

static void the_folder_is_the_users(void **unused) {
    (void)unused;
    assert_int_equal(in_a_child(in_home), 0);
    assert_true(exists("home/.cache/gantry/statistics"));
    assert_true(exists("xdg/gantry/statistics"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, remove_scratch)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(gaussians_come_back),
        CASE(rows_come_back_in_parts),
        CASE(rows_that_are_not_all_there_vanish),
        CASE(damaged_entries_are_made_anew),
        CASE(damaged_rows_are_not_read),
        CASE(an_entry_of_another_key_is_not_taken),
        CASE(a_folder_that_cannot_be_written_is_one_warning),
        CASE(the_next_process_removes_what_a_killed_one_left),
        CASE(the_folder_is_the_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
