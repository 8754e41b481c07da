/* SPDX-License-Identifier: Apache-2.0
 * Names with a ~, and where they come from: options, job files, words. */
#include "expect.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/file.h"
#include "gantry/job.h"
#include "networks/model/door/family.h"

static void expands(gt_arena *a, const char *path, const char *to) {
    const char *got = gt_path_expand(a, path);
    assert_non_null(got);
    assert_string_equal(got, to);
}

static void names_are_expanded_as_by_a_shell(void **unused) {
    (void)unused;
    gt_arena *a = gt_arena_new();
    const struct passwd *me = getpwuid(getuid());
    setenv("HOME", "/home/somebody", 1);
    expands(a, "~", "/home/somebody");
    expands(a, "~/x y.zip", "/home/somebody/x y.zip");
    expands(a, "~/", "/home/somebody/");
    setenv("HOME", "/home/slash/", 1);
    expands(a, "~/x", "/home/slash/x");
    setenv("HOME", "/", 1);
    expands(a, "~/x", "/x");
    expands(a, "~", "/");
    /* no path of ours, or none that begins so */
    expands(a, "./~x", "./~x");
    expands(a, "/a/~/b", "/a/~/b");
    expands(a, "x~", "x~");
    expands(a, "", "");
    expands(a, "synth:shapes:n=4", "synth:shapes:n=4");
    expands(a, "~nobody-of-this-name/x", "~nobody-of-this-name/x");
    expands(a, "~backup.zip", "~backup.zip");
    for (int unset = 0; me && unset < 2; unset++) {
        char want[4096], name[4096];
        if (unset) unsetenv("HOME");
        else setenv("HOME", "", 1);
        snprintf(want, sizeof want, "%s/x", me->pw_dir);
        expands(a, "~/x", want);
        snprintf(name, sizeof name, "~%s/x", me->pw_name);
        expands(a, name, want);
    }
    gt_arena_free(a);
}

static void options_that_are_paths_are_expanded(void **unused) {
    (void)unused;
    setenv("HOME", "/home/somebody", 1);
    gt_job *job = gt_job_new();
    assert_non_null(job);
    assert_ok(gt_job_set(job, "data", "~/x.zip", NULL));
    assert_ok(gt_job_read_text(job, "outdir = ~/runs\nresume = \"~/old run\"\nbest = ~/kept\n", "a.ini"));
    assert_string_equal(job->data, "/home/somebody/x.zip");
    assert_string_equal(job->outdir, "/home/somebody/runs");
    assert_string_equal(job->resume, "/home/somebody/old run");
    assert_string_equal(job->best, "~/kept"); /* a series */
    int n;
    const gt_option *rows = gt_job_table(&n);
    for (int i = 0; i < n; i++) /* so no recipe of a checkpoint has another text on another machine */
        if (rows[i].path) assert_int_not_equal(rows[i].class, GT_RECIPE);
    gt_job_free(job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_expanded_as_by_a_shell),
        cmocka_unit_test(options_that_are_paths_are_expanded),
    };
    return cmocka_run_group_tests_name("tilde", tests, NULL, NULL);
}
