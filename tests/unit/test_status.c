/* SPDX-License-Identifier: Apache-2.0
 * The numbers that `gantry status` shows of a run, of a log that the test has written. */
#define _GNU_SOURCE
#include "scratch.h"

#include <sys/mman.h>

#include "cli/cli.h"
#include "run/door/ledger.h"

static const char *status_of_run(void) {
    static char text[4096];
    bool lost = true;
    int before = dup(STDOUT_FILENO), memory = memfd_create("said", 0);
    fflush(stdout);
    dup2(memory, STDOUT_FILENO);
    gt_status st = cli_print_status(scratch, &lost);
    dup2(before, STDOUT_FILENO);
    ssize_t n = pread(memory, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    close(before);
    close(memory);
    assert_ok(st);
    assert_false(lost);
    return text;
}

static void has(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("no '%s' in: %s", part, text);
}

/* Five ticks of as many images, at 10, 30, 10, 30 and 15 a second, take as long as at 15. Ticks before those do not
 * count, nor does the first one, in which memory is touched for the first time. */
static void the_speed_is_of_the_latest_ticks(void **state) {
    (void)state;
    static const double rates[] = {1, 500, 10, 30, 10, 30, 15};
    enum { TICKS = sizeof rates / sizeof *rates };
    char log[4096];
    int n = 0;
    for (int t = 0; t < TICKS; t++)
        n += snprintf(
            log + n, sizeof log - (size_t)n,
            "{\"Progress/tick\": {\"num\": 1, \"mean\": %d, \"std\": 0}, \"Progress/images_per_sec\": "
            "{\"num\": 1, \"mean\": %g, \"std\": 0}, \"Timing/total_sec\": {\"num\": 1, \"mean\": %d, \"std\": "
            "0}, \"Loss/train\": {\"num\": 4, \"mean\": 0.125, \"std\": 0}, \"images\": %d, \"timestamp\": 1}\n",
            t, rates[t], 60 * t, 1000 * (t + 1));
    put(at("stats.jsonl"), log, (size_t)n);
    put(at("job.ini"), "seed = 1\n", 9);
    gt_ledger *l = gt_ledger_open(scratch);
    assert_non_null(l);
    const gt_start_fact facts[] = {{"data", "pictures: 7 images"}, {0}};
    assert_ok(
        gt_ledger_add(l, &(gt_ledger_line){.event = GT_LEDGER_START, .total = 28000, .facts = facts}, false, NULL));
    assert_ok(
        gt_ledger_add(l, &(gt_ledger_line){.event = GT_LEDGER_END, .images = 7000, .ended = "stopped"}, false, NULL));
    gt_ledger_close(l);
    const char *said = status_of_run();
    has(said, ": stopped, 25.0% (7 of 28 kimg)\n");
    has(said, "  speed        15 images/s, 6m 00s so far\n");
    has(said, "  last tick    number 6, ");
    has(said, "Loss/train 0.125");
    has(said, "  data         pictures: 7 images\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_speed_is_of_the_latest_ticks)};
    return cmocka_run_group_tests_name("status", tests, make_scratch, remove_scratch);
}
