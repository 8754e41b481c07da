/* SPDX-License-Identifier: Apache-2.0
 * The words that start ranks, and what is said where a program cannot be started. Nothing is started here. */
#define _GNU_SOURCE
#include "expect.h"

#include <stdlib.h>

#include "command/launch/door/launch.h"

static const char *const command[] = {"train", "--run=run", NULL};

static bool has_words(const gt_launch *l, const char *first, const char *second) {
    for (int i = 0; i + 1 < l->n; i++)
        if (!strcmp(l->words[i], first) && (!second || !strcmp(l->words[i + 1], second))) return true;
    return false;
}

/* As many slots on each host as the ranks need; what the user says of a host stays. */
static void hosts_have_slots_for_all_ranks(void **state) {
    (void)state;
    static const struct {
        int64_t ranks;
        const char *given, *hosts;
    } rows[] = {{4, "a,b", "a:2,b:2"}, {3, "a,b", "a:2,b:2"}, {5, "a,b:2,c", "a:2,b:2,c:2"}, {2, "a:2", "a:2"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gt_arena *a = gt_arena_new();
        gt_launch l;
        assert_non_null(a);
        assert_ok(gt_launch_plan(a,
                                 &(gt_launch_options){.ranks = rows[i].ranks,
                                                      .hosts = rows[i].given,
                                                      .hostfile = "",
                                                      .launcher = GT_LAUNCHER_MPIRUN,
                                                      .options = "",
                                                      .command = command,
                                                      .alone = "--ranks=1"},
                                 &l));
        assert_string_equal(l.words[0], "mpirun");
        if (!has_words(&l, "--host", rows[i].hosts)) {
            gt_launch_print(&l, stdout);
            fail_msg("not for %s", rows[i].hosts);
        }
        assert_true(has_words(&l, "train", "--run=run"));
        gt_arena_free(a);
    }
}

/* A word may have 128 KB. */
static void what_cannot_be_started_is_named(void **state) {
    (void)state;
    enum { MUCH = 1 << 18 };
    char *word = malloc(MUCH);
    assert_non_null(word);
    memset(word, 'x', MUCH - 1);
    word[MUCH - 1] = 0;
    const char *words[] = {"gantry", word, NULL};
    int status;
    const gt_launch l = {.words = words, .n = 2, .here = true, .hostfile = ""};
    assert_int_equal(gt_launch_start(&l, &(gt_launch_stop){.words = ""}, &status), GT_FAILED);
    assert_string_equal(gt_message(), "gantry cannot be started");
    free(word);
}

int main(void) {
    static const char *const of_others[] = {"SLURM_JOB_ID", "PBS_NODEFILE", "LSB_JOBID", "PE_HOSTFILE"};
    for (size_t i = 0; i < sizeof of_others / sizeof *of_others; i++) unsetenv(of_others[i]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_have_slots_for_all_ranks),
        cmocka_unit_test(what_cannot_be_started_is_named),
    };
    return cmocka_run_group_tests_name("launch", tests, NULL, NULL);
}
