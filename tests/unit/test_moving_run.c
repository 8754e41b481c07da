/* SPDX-License-Identifier: Apache-2.0
 * Commands beside a training that writes checkpoints all the time: the one that was chosen, or that `last` pointed to,
 * is removed at the worst moment, by construction. */
#define _GNU_SOURCE
#include "interpose.h"
#include "scratch.h"
#include "without.h"

#include <errno.h>

#include "run/door/checkpoint.h"
#include "gantry/dist.h"
#include "gantry/log.h"

enum { FIRST = 100, SECOND = 200, THIRD = 300 };

static void store(int64_t images) {
    char name[40];
    gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){"stylegan2", "avx2", "", "[gantry]\n"});
    gt_checkpoint_int(c, "/state/images", images);
    gt_checkpoint_name(images, name);
    assert_ok(gt_checkpoint_write(c, at(name)));
    gt_checkpoint_free(c);
}

static void point_last_to(int64_t images) {
    char name[40];
    gt_checkpoint_name(images, name);
    assert_int_equal(symlink(name, at("last.part")), 0);
    assert_int_equal(rename(at("last.part"), at("last")), 0);
}

static void remove_one(int64_t images) {
    char name[40];
    gt_checkpoint_name(images, name);
    assert_int_equal(unlink(at(name)), 0);
}

/* What a training does between two looks at its directory: it writes the next checkpoint, lets `last` point there and
 * removes the one before. */
static void write_the_next(int64_t old, int64_t next) {
    store(next);
    point_last_to(next);
    remove_one(old);
}

/* While it is set, the opening of the first checkpoint comes too late: the file has just been removed. */
static bool armed;

static bool too_late(const char *path) {
    size_t n = strlen(path);
    bool first = n > 5 && (!strcmp(path + n - 5, "/last") || strstr(path, "checkpoint-000000100.h5"));
    if (!armed || !first) return false;
    armed = false;
    write_the_next(FIRST, SECOND);
    errno = ENOENT;
    return true;
}

#define TOO_LATE                                                      \
    do {                                                              \
        if (armed && !(flags & O_CREAT) && too_late(path)) return -1; \
    } while (0)
INTERPOSE_OPEN(open, TOO_LATE)
INTERPOSE_OPEN(open64, TOO_LATE)

static void assert_holds(gt_checkpoint_file *f, int64_t images) {
    int64_t found = 0;
    if (!f) fail_msg("%s", gt_message());
    assert_ok(gt_checkpoint_get_int(f, "/state/images", &found));
    assert_int_equal(found, images);
    gt_checkpoint_close(f);
}

static char last[384]; /* its path: at() has room for four paths only, and the training asks for more of them */

static void begin(void) {
    snprintf(last, sizeof last, "%s/last", scratch);
    store(FIRST);
    point_last_to(FIRST);
}

static void link_moves_while_it_is_opened(void **state) {
    (void)state;
    begin();
    armed = true;
    assert_holds(gt_checkpoint_open(last, NULL), SECOND);
    assert_false(armed);
}

static void link_moves_while_it_is_chosen(void **state) {
    (void)state;
    char *file;
    begin();
    armed = true;
    assert_ok(gt_checkpoint_choose(last, &file));
    assert_false(armed);
    assert_string_equal(file, at("checkpoint-000000200.h5"));
    free(file);
}

static void directory_moves_while_it_is_listed(void **state) {
    (void)state;
    begin();
    armed = true;
    assert_holds(gt_checkpoint_open(scratch, NULL), SECOND);
    assert_false(armed);
}

static void chosen_one_goes(const char *path) {
    char *file;
    begin();
    assert_ok(gt_checkpoint_choose(path, &file));
    assert_string_equal(file, at("checkpoint-000000100.h5"));
    write_the_next(FIRST, SECOND);
    assert_holds(gt_checkpoint_open(file, NULL), FIRST);
    write_the_next(SECOND, THIRD);
    assert_holds(gt_checkpoint_open(file, NULL), FIRST);
    free(file);
    assert_holds(gt_checkpoint_open(last, NULL), THIRD);
    remove_one(THIRD);
}

static void chosen_by_link_goes(void **state) {
    (void)state;
    chosen_one_goes(last);
}

static void chosen_by_directory_goes(void **state) {
    (void)state;
    chosen_one_goes(scratch);
}

static void gone_for_good(void **state) {
    (void)state;
    gt_status st;
    begin();
    remove_one(FIRST);
    point_last_to(SECOND); /* which nobody wrote */
    assert_null(gt_checkpoint_open(last, &st));
    assert_int_equal(st, GT_FAILED);
    assert_message("checkpoint-000000200.h5");
}

/* On several ranks: rank 0 chooses, and the others look when the file is gone. They must not wait for one that failed.
 */
static int on_ranks(void) {
    gt_comm *c = gt_comm_start_all(1, NULL);
    if (!c) return 1;
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    char path[512] = "", *file;
    if (c->rank == 0) {
        void *none;
        assert_int_equal(make_scratch(&none), 0);
        begin();
        assert_ok(gt_checkpoint_choose(last, &file));
        snprintf(path, sizeof path, "%s", file);
        free(file);
        write_the_next(FIRST, SECOND);
    }
    gt_comm_broadcast_all(c, path, sizeof path, 0);
    assert_ok(gt_checkpoint_hold_all(c, path));
    assert_holds(gt_checkpoint_open(path, NULL), FIRST);
    if (c->rank == 0) printf("%d ranks hold what is gone\n", c->ranks), remove_scratch(NULL);
    gt_comm_stop_all(c);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "ranks")) return on_ranks();
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {
        TEST(link_moves_while_it_is_opened),      TEST(link_moves_while_it_is_chosen),
        TEST(directory_moves_while_it_is_listed), TEST(chosen_by_link_goes),
        TEST(chosen_by_directory_goes),           TEST(gone_for_good),
    };
    gt_log_setup(0, 1, GT_ERROR);
    return test_status(cmocka_run_group_tests(tests, NULL, NULL));
}
