/* SPDX-License-Identifier: Apache-2.0
 * What control groups grant, as files say it: both hierarchies, groups within groups, containers that see a part. And
 * the limit of open files. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/door/machine.h"
#include "base/door/file.h"
#include "dist/door/dist.h"
#include "scratch.h"

static void put_text(const char *name, const char *text) {
    char folder[512];
    snprintf(folder, sizeof folder, "%s", at(name));
    *strrchr(folder, '/') = 0;
    assert_int_equal(gt_make_directories(folder), GT_OK);
    assert_int_equal(gt_file_write(at(name), text, strlen(text)), GT_OK);
}

static gt_machine look(const char *groups) {
    gt_machine m = {.memory = 1000, .available = 800};
    put_text("groups/own", groups);
    gt_machine_limits(&m, at("groups/own"), at("root"));
    return m;
}

static void is(gt_machine m, double quota, size_t memory, size_t available) {
    assert_float_equal(m.quota, quota, 1e-9);
    assert_int_equal(m.memory, memory);
    assert_int_equal(m.available, available);
}

static void the_least_of_all_groups_above_counts(void **state) {
    (void)state;
    put_text("root/cpu.max", "max 100000\n");
    put_text("root/a/cpu.max", "150000 100000\n");
    put_text("root/a/memory.max", "500\n");
    put_text("root/a/memory.current", "100\n");
    put_text("root/a/b/cpu.max", "300000 100000\n");
    put_text("root/a/b/memory.max", "max\n");
    is(look("0::/a/b\n"), 1.5, 500, 400);
    is(look("0::/\n"), 0, 1000, 800);
    is(look("0::/docker/names/of/the/host\n"), 0, 1000, 800); /* a container: what is there counts */
    is(look("nonsense\n"), 0, 1000, 800);
}

static void the_older_hierarchy_has_a_folder_for_each_controller(void **state) {
    (void)state;
    put_text("root/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    put_text("root/cpu,cpuacct/job/cpu.cfs_quota_us", "50000\n");
    put_text("root/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    put_text("root/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put_text("root/memory/job/memory.limit_in_bytes", "700\n");
    put_text("root/memory/job/memory.usage_in_bytes", "800\n");
    is(look("4:memory:/job\n2:cpu,cpuacct:/job\n0::/\n"), 0.5, 700, 0);
    is(look("4:memory:/\n2:cpu,cpuacct:/\n"), 0, 1000, 800);
}

/* A process of its own, since a hard limit cannot be raised again: is there room for so many ranks on other hosts? */
static int exit_with_files(rlim_t soft, rlim_t hard, int elsewhere, rlim_t after) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit files = {.rlim_cur = soft, .rlim_max = hard};
        if (setrlimit(RLIMIT_NOFILE, &files)) _exit(3);
        gt_status st = gt_mpi_open_files(elsewhere);
        if (st && !strstr(gt_message(), "ulimit -n")) _exit(4);
        _exit(getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur != after ? 5 : st == GT_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void open_files_are_raised_to_the_hard_limit(void **state) {
    (void)state;
    assert_int_equal(exit_with_files(40, 500, 0, 500), 0);
    assert_int_equal(exit_with_files(40, 500, 400, 500), 0);
    assert_int_equal(exit_with_files(40, 500, 401, 500), 1);
    assert_int_equal(exit_with_files(30, 30, 0, 30), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(open_files_are_raised_to_the_hard_limit),
                                       cmocka_unit_test(the_least_of_all_groups_above_counts),
                                       cmocka_unit_test(the_older_hierarchy_has_a_folder_for_each_controller)};
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
