/* SPDX-License-Identifier: Apache-2.0
 * Troubles of a run: each is seen in series that show it, once, with the tick it began; good series give none; a run
 * gone on with judges as one that was never stopped. */
#define _GNU_SOURCE
#include "expect.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>

#include "gantry/log.h"
#include "networks/model/door/family.h"
#include "job/door/job.h"
#include "train/ticks/warnings.h"

enum { MOST = 32, SEEN = 13, WARNINGS = 9 }; /* series: room, of a tick */

static const gt_watch any;         /* of no family */
static const double UNTRAINED = 5; /* the first pictures' spread */

typedef struct course { /* of a run: what the series are at a tick */
    double spread, reals, real, fake, p, loss, norm, wait, disk, slowest, imbalance;
} course;

static const course good = {.spread = 0.5,
                            .reals = 0.6,
                            .real = 0.6,
                            .fake = -0.6,
                            .p = 0.3,
                            .loss = 1,
                            .norm = 0.2,
                            .wait = 0.5,
                            .disk = 200,
                            .slowest = 1.1,
                            .imbalance = 1};

static int tick_of(gt_watch *w, int tick, course c, double lasts[WARNINGS]) {
    gt_stat_value v[MOST] = {
        {"Fakes/spread", 1, tick ? c.spread : UNTRAINED, 0},
        {"Reals/spread", 1, c.reals, 0},
        {"Loss/signs/real", 8, c.real, 0},
        {"Loss/signs/fake", 8, c.fake, 0},
        {"Progress/augment", 1, c.p, 0},
        {"Loss/G/loss", 8, c.loss, 0},
        {"Norms/G", 1, c.norm, 0},
        {"Ranks/most_wait_for_data_sec", 1, c.wait, 0},
        {"Timing/sec_per_tick", 1, 60, 0},
        {"Timing/checkpoint_mb_per_sec", 1, c.disk, 0},
        {"Ranks/slowest", 1, c.slowest, 0},
        {"Ranks/slowest_rank", 1, 3, 0},
        {"Ranks/imbalance", 1, c.imbalance, 0},
    };
    int n = SEEN, found = gt_watch_tick(w, tick, 4.0 * tick, v, &n);
    assert_int_equal(n, SEEN + WARNINGS);
    for (int k = 0; k < WARNINGS; k++) {
        char name[64];
        snprintf(name, sizeof name, "Trouble/%s", gt_warning_at(&any, k)->name);
        assert_string_equal(v[SEEN + k].name, name);
        lasts[k] = v[SEEN + k].mean;
    }
    return found;
}

static int index_of(const char *name) {
    for (int k = 0; k < WARNINGS; k++)
        if (!strcmp(gt_warning_at(&any, k)->name, name)) return k;
    fail_msg("there is no trouble '%s'", name);
    return -1;
}

static bool rises(const gt_tick_view *v) {
    snprintf(v->text, GT_WARNING_TEXT, "it rises");
    return v->values[0].mean > 1;
}

/* A family adds rows behind the general ones, and knows what helps its models. */
static void a_family_says(void) {
    static const gt_warning own[] = {{"rise", rises, 2, true, "lower it"}, {0}};
    static const gt_named advice[] = {{"norms", "a shorter stride"}, {0}};
    static const gt_family family = {.warnings = own, .advice = advice};
    gt_watch w = {.own = family.warnings, .advice = family.advice};
    assert_ptr_equal(gt_warning_at(&w, WARNINGS), own);
    assert_null(gt_warning_at(&w, WARNINGS + 1));
    for (int t = 0; t < 20; t++) {
        gt_stat_value v[MOST] = {{"Height", 1, t < 18 ? 1 : 2, 0}, {"Norms/G", 1, t < 10 ? 0.2 : 10, 0}};
        int n = 2, found = gt_watch_tick(&w, t, t, v, &n);
        assert_int_equal(n, 2 + WARNINGS + 1);
        assert_string_equal(v[2 + WARNINGS].name, "Trouble/rise");
        if (t == 19) assert_int_equal(found, WARNINGS);
    }
}

static const char *said_by(void (*run)(void)) { /* on stderr */
    static char text[8192];
    int before = dup(STDERR_FILENO), memory = memfd_create("said", 0);
    dup2(memory, STDERR_FILENO);
    run();
    dup2(before, STDERR_FILENO);
    ssize_t n = pread(memory, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    close(before);
    close(memory);
    return text;
}

static const struct {
    const char *name;
    course bad;
    bool of_training;
} cases[] = {
    {"collapse", {.spread = 0.1}, true},    {"saturation", {.real = 1, .fake = -1}, true},
    {"ceiling", {.p = 0.8}, true},          {"divergence", {.loss = 40}, true},
    {"norms", {.norm = 10}, true},          {"slow-data", {.wait = 30}, false},
    {"slow-disk", {.disk = 2}, false},      {"slow-rank", {.slowest = 2}, false},
    {"imbalance", {.imbalance = 2}, false},
};
static int at_hand;

static course badly(const course *bad) { /* what is 0 there stays good */
    course c = good;
    for (size_t i = 0; i < sizeof c / sizeof(double); i++)
        if (((const double *)bad)[i] != 0) ((double *)&c)[i] = ((const double *)bad)[i];
    return c;
}

static void one_case(void) {
    enum { GOOD = 20, BAD = 15 };
    gt_watch w = {.p_max = 0.8};
    double lasts[WARNINGS];
    int k = index_of(cases[at_hand].name), told = 0;
    for (int t = 0; t < GOOD; t++) assert_int_equal(tick_of(&w, t, good, lasts), -1);
    for (int t = GOOD; t < GOOD + BAD; t++) {
        int found = tick_of(&w, t, badly(&cases[at_hand].bad), lasts);
        told += found == k;
        assert_true(found == k || found == -1);
        for (int j = 0; j < WARNINGS; j++) assert_true(lasts[j] == (j == k ? t - GOOD + 1 : 0));
    }
    assert_int_equal(told, cases[at_hand].of_training);
    assert_true(w.of[k].began_kimg == 4.0 * GOOD);
    tick_of(&w, GOOD + BAD, good, lasts);
    assert_true(lasts[k] == 0);
}

static void each_is_seen_once(void **state) {
    (void)state;
    for (at_hand = 0; at_hand < (int)(sizeof cases / sizeof *cases); at_hand++) {
        char expected[128];
        const char *text = said_by(one_case), *warning = strstr(text, "warning: ");
        snprintf(expected, sizeof expected, "%s since tick 20 (80.00 kimg)", cases[at_hand].name);
        if (!strstr(text, expected)) fail_msg("'%s' is not in '%s'", expected, text);
        assert_null(strstr(warning + 1, "warning: "));
        assert_non_null(strstr(text, "is over after 15 ticks"));
    }
}

static void good_run(void) { /* noise, slow growth, a short peak */
    gt_watch w = {.p_max = 0.8};
    double lasts[WARNINGS];
    for (int t = 0; t < 300; t++) {
        course c = good;
        c.spread *= t < 10 ? 0.02 + 0.1 * t : t == 150 ? 10 : 1 + 0.2 * sin(t); /* a burst of noise in the middle */
        c.loss *= 1 + 0.5 * sin(0.7 * t) + 0.01 * t;
        c.norm *= exp(0.01 * t) * (t % 50 == 20 ? 50 : 1);
        c.real = t < 6 ? 1 : 0.6;
        c.fake = t < 6 ? -1 : -0.6;
        assert_int_equal(tick_of(&w, t, c, lasts), -1);
    }
}

static void good_runs_are_quiet(void **state) {
    (void)state;
    assert_string_equal(said_by(good_run), "");
}

static void gone_on_with(void **state) {
    (void)state;
    enum { TICKS = 12 };
    double lasts[WARNINGS];
    gt_watch w = {0};
    for (int t = 0; t < TICKS; t++)
        gt_watch_replay(&w, 4000 * t,
                        (gt_stat_value[]){{"Norms/G", 1, t < 10 ? 0.2 : 10, 0},
                                          {"Trouble/norms", 1, 7, 0},
                                          {"Progress/tick", 1, t, 0}},
                        3);
    assert_int_equal(tick_of(&w, TICKS, badly(&(course){.norm = 10}), lasts), index_of("norms")); /* the third tick */
    assert_true(w.of[index_of("norms")].began_kimg == 40);
}

static void what_is_not_there(void **state) {
    (void)state;
    gt_watch w = {0};
    gt_stat_value v[MOST] = {{"Loss/E/loss", 1, NAN, 0}};
    for (int t = 0; t < 20; t++) {
        int n = 1;
        int found = gt_watch_tick(&w, t, t, v, &n);
        assert_int_equal(found, t == 2 ? index_of("divergence") : -1); /* not a number is a divergence */
    }
}

/* Pictures at every fourth tick alone: a collapse lasts, and is over, as if each tick said again what the latest were
 * like. */
static void pictures_rarer_than_ticks(void **state) {
    (void)state;
    gt_watch each = {.quiet = true}, rare = {.quiet = true};
    int collapse = index_of("collapse"), longest = 0;
    double spread = UNTRAINED;
    for (int t = 0; t < 40; t++) {
        bool fresh = t % 4 == 0;
        if (fresh && t) spread = t < 16 ? 0.5 : t < 28 ? 0 : 0.4;
        gt_stat_value all[MOST] = {{"Reals/spread", 1, 0.6, 0}, {"Fakes/spread", 1, spread, 0}},
                      some[MOST] = {{"Reals/spread", 1, 0.6, 0}, {"Fakes/spread", 1, spread, 0}};
        int n = 2, m = fresh ? 2 : 1, found = gt_watch_tick(&each, t, t, all, &n);
        assert_int_equal(gt_watch_tick(&rare, t, t, some, &m), found);
        assert_int_equal(found, t == 17 ? collapse : -1);
        assert_true(all[2 + collapse].mean == some[(fresh ? 2 : 1) + collapse].mean);
        if (all[2 + collapse].mean > longest) longest = (int)all[2 + collapse].mean;
    }
    assert_int_equal(longest, 12);
}

static void families_have_warnings_and_advice_of_their_own(void **state) {
    (void)state;
    const char *said = said_by(a_family_says);
    assert_non_null(strstr(said, "it rises; lower it"));
    assert_non_null(strstr(said, "a shorter stride"));
}

/* Images that have all been decoded are on no disk. */
static gt_watch of_slow_data;
static void slow_data(void) {
    double lasts[WARNINGS];
    for (int t = 0; t < 10; t++) tick_of(&of_slow_data, t, badly(&(course){.wait = 30}), lasts);
}

static void slow_data_in_memory(void **state) {
    (void)state;
    for (int read = 0; read < 2; read++) {
        of_slow_data = (gt_watch){.in_memory = true, .epoch = read ? 64 : 1 << 20};
        const char *said = said_by(slow_data);
        assert_non_null(strstr(said, read ? "images are in memory" : "stage the dataset"));
        assert_null(strstr(said, read ? "stage the dataset" : "images are in memory"));
    }
}

/* The few steps before a stop: neither a trouble nor the end of one, in the run and where it is read again. */
static void a_stop_is_no_tick(void **state) {
    (void)state;
    gt_job *job = gt_job_new();
    assert_int_equal(gt_job_set(job, "tick", "4", NULL), GT_OK);
    const int divergence = index_of("divergence");
    gt_watch live = {.job = job}, again = {.job = job}, without = {.job = job};
    for (int t = 0; t < 12; t++) {
        const double loss = t < 9 ? 1 : 1000, other = t % 2 ? 1000 : 1;
        gt_stat_value whole[MOST] = {{"Loss/G/loss", 8, loss, 0}},
                      part[MOST] = {{"Loss/G/loss", 1, other, 0}, {"Progress/stopped", 1, 1, 0}};
        gt_watch *const cut[] = {&live, &again};
        for (int k = 0; k < 2; k++) {
            int n = 2, m = 1;
            if (k) gt_watch_replay(cut[k], 4000 * t + 2000, part, n);
            else assert_int_equal(gt_watch_tick(cut[k], t, 4 * t + 2, part, &n), -1);
            assert_true(k || part[2 + divergence].mean == cut[k]->of[divergence].lasts);
            assert_int_equal(gt_watch_tick(cut[k], t, 4 * t + 4, whole, &m), t == 11 ? divergence : -1);
        }
        int n = 1;
        assert_int_equal(gt_watch_tick(&without, t, 4 * t + 4, whole, &n), t == 11 ? divergence : -1);
        for (int k = 0; k < 2; k++) assert_memory_equal(cut[k]->of, without.of, sizeof without.of);
    }
    gt_job_free(job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_have_warnings_and_advice_of_their_own),
        cmocka_unit_test(each_is_seen_once),
        cmocka_unit_test(slow_data_in_memory),
        cmocka_unit_test(good_runs_are_quiet),
        cmocka_unit_test(gone_on_with),
        cmocka_unit_test(a_stop_is_no_tick),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(pictures_rarer_than_ticks),
    };
    gt_log_setup(0, 1, GT_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
