/* SPDX-License-Identifier: Apache-2.0
 * report.html: whatever a run's directory holds, the page is there, complete and needs nothing from outside. With
 * GANTRY_KEEP=FILE the page of a made-up run is kept, to be looked at. */
#include "scratch.h"

#include <math.h>
#include <sys/resource.h>

#include "figures/door/figure.h"
#include "gantry/grid.h"
#include "features/report/report.h"
#include "run/door/ledger.h"
#include "run/door/rundir.h"
#include "run/door/runlog.h"

/* Whether the word stands in the page; pictures, as base64, may have any letters. */
static bool says(const char *page, const char *word) {
    static const char data[] = ";base64,";
    for (const char *end; page; page = end ? end + strcspn(end, "\"") : NULL) {
        end = strstr(page, data);
        const char *found = strstr(page, word);
        if (found && (!end || found < end)) return true;
    }
    return false;
}

static char *report(void) {
    size_t n;
    assert_ok(gt_report_write(scratch, NULL));
    char *page = get(at("report.html"), &n);
    assert_int_equal(strlen(page), n);
    assert_non_null(strstr(page, "</main></body></html>"));
    assert_false(says(page, "http")); /* nothing from outside */
    assert_false(says(page, "nan"));
    assert_false(says(page, "inf"));
    return page;
}

static int count(const char *page, const char *what) {
    int n = 0;
    for (const char *p = page; (p = strstr(p, what)); p++) n++;
    return n;
}

static void empty_run(void **state) {
    (void)state;
    assert_int_equal(gt_report_write(scratch, NULL), GT_FAILED); /* nothing says that it is a run */
    assert_message("is not a run's directory");
    assert_int_equal(access(at("report.html"), F_OK), -1);
    put(at("job.ini"), "seed = 1\n", 9);
    char *page = report();
    assert_int_equal(count(page, "<figure>"), 0);
    free(page);
    assert_int_equal(gt_report_write(at("none"), NULL), GT_FAILED);
    assert_message("none");
}

static void add_pictures(int64_t images, float phase) {
    enum { COLUMNS = 8, ROWS = 8, SIDE = 16, FLOATS = COLUMNS * ROWS * SIDE * SIDE * 3 };
    float *x = malloc(FLOATS * sizeof *x);
    char name[40];
    assert_non_null(x);
    for (int i = 0; i < FLOATS; i++)
        x[i] = sinf(phase * (float)(i % (SIDE * 3)) / 9 + (float)(i % 3) + (float)(i / (SIDE * SIDE * 3)));
    gt_grid_fakes_name(images, name);
    assert_ok(gt_grid_write(at(images ? name : "reals.png"), x, COLUMNS, ROWS, SIDE, SIDE, 3, -1, 1, NULL));
    free(x);
}

static void whole_run(void **state) {
    (void)state;
    gt_runlog *l = gt_runlog_open(scratch, 0, NULL);
    assert_non_null(l);
    for (int i = 1; i <= 300; i++) {
        double t = i / 300.0;
        const gt_stat_value values[] = {
            {"Loss/G/loss", 64, 0.7 + 0.9 * t + 0.1 * sin(i), 0.1},
            {"Loss/D/loss", 64, 1.4 - 0.5 * t + 0.1 * cos(1.7 * i), 0.1},
            {"Loss/scores/real", 64, t, 1},
            {"Loss/scores/fake", 64, -t * t, 1},
            {"Loss/signs/real", 64, 0.6 * t, 1},
            {"Progress/augment", 1, fmax(0, t - 0.3), 0},
            {"Timing/sec_per_kimg", 1, 20 + sin(i / 30.0), 0},
            {"Timing/total_sec", 1, 60.0 * i, 0},
            {"Loss/D/reg", 4, i % 10 ? 0.01 * (1 + sin(i * i)) : NAN, 0},
            {"Resources/cpu_mem_gb", 1, 1.5, 0},
            {"<b>&\"", 1, INFINITY, 0},
            {"Loss/once", 1, i == 150 ? 1 : NAN, 0},
        };
        gt_runlog_tick(l, i * 500, values, sizeof values / sizeof *values);
    }
    gt_runlog_close(l);
    assert_ok(gt_rundir_write(scratch, "job.ini", "# <script>alert(1)</script>\nbatch = 8\n"));
    add_pictures(0, 3);
    for (int i = 1; i <= 5; i++) add_pictures(i * 30000, (float)i);
    put(at("fakes000180000.png"), "", 0); /* damaged: shown as it is, the page stays whole */
    char *page = report();
    /* six charts, three other series; the infinite one has nothing to draw */
    assert_int_equal(count(page, "<svg "), 9);
    assert_int_equal(count(page, "<span>one value so far"), 1);
    /* reals, and the five before the latest, which is the empty file */
    assert_int_equal(count(page, "data:image/png;base64,iVBORw0KGgo"), 1 + 5);
    assert_true(count(page, ">Generated after 180 kimg<") == 1 && !count(page, ">After 180 kimg<"));
    assert_int_equal(count(page, ">After "), 5); /* the earlier ones */
    assert_false(says(page, "early to judge") || says(page, " two\" d="));
    assert_int_equal(count(page, "<script>"), 1); /* the page's own */
    assert_non_null(strstr(page, "&#60;script&#62;"));
    free(page);
    const char *keep = getenv("GANTRY_KEEP");
    if (keep) {
        assert_int_equal(unlink(at("fakes000180000.png")), 0);
        assert_ok(gt_report_write(scratch, keep));
    }
}

/* Most ticks have no pictures of their own: from one to the next that has some there is a line, and no row of dots. */
static void distances_are_a_line(void **state) {
    (void)state;
    gt_runlog *l = gt_runlog_open(scratch, 0, NULL);
    assert_non_null(l);
    for (int i = 1; i <= 300; i++) {
        bool pictured = i % 50 == 0, measured = i % 50 == 25;
        const gt_stat_value values[] = {{"Timing/total_sec", 1, 60.0 * i, 0},
                                        {"Loss/D/reg", measured, measured ? 300 - i : NAN, 0},
                                        {"Fakes/swd_avg", pictured, pictured ? 300 - i : NAN, 0}};
        gt_runlog_tick(l, i * 500, values, pictured ? 3 : 2);
    }
    gt_runlog_close(l);
    char *page = report(), *chart = strstr(page, ">Distance<");
    assert_non_null(chart);
    const char *other = strstr(page, "<path"); /* the text before names the folder, at random */
    assert_non_null(other);
    /* the other series: a value between gaps is a dot; in the script the text stands in quotes */
    assert_int_equal(count(other, "h0") - count(other, "\"h0\""), 6);
    char *line = strstr(chart, "<path"), *end = line ? strchr(line, '>') : NULL;
    assert_non_null(end);
    *end = 0;
    assert_int_equal(count(line, "L"), 5);
    free(page);
}

/* Pictures that do not pack well: the page stays small enough to be sent, and says what it leaves out. */
static void large_pictures(void **state) {
    (void)state;
    enum { SIDE = 1024, FILES = 9 };
    float *x = malloc(3 * SIDE * SIDE * sizeof *x);
    uint32_t bits = 1;
    assert_non_null(x);
    for (int i = 0; i < 3 * SIDE * SIDE; i++) x[i] = (float)((bits = 1664525 * bits + 1013904223) >> 8) / (1 << 23) - 1;
    assert_ok(gt_grid_write(at("reals.png"), x, 1, 1, SIDE, SIDE, 3, -1, 1, NULL));
    free(x);
    for (int i = 0; i < FILES; i++) {
        char name[40];
        gt_grid_fakes_name(1000 * i, name);
        assert_int_equal(link(at("reals.png"), at(name)), 0);
    }
    put(at("job.ini"), "", 0);
    char *page = report();
    assert_true(strlen(page) < 5000000);
    assert_int_equal(count(page, "data:image/webp;base64,"), 2 + 4);
    assert_int_equal(count(page, "4 of 8 earlier pictures; all pictures are in the run"), 1);
    assert_true(says(page, "times smaller for this page"));
    free(page);
}

static void tell(const gt_ledger_line *line) {
    gt_ledger *l = gt_ledger_open(scratch);
    assert_non_null(l);
    assert_ok(gt_ledger_add(l, line, false, NULL));
    gt_ledger_close(l);
}

static void start(int64_t images, const gt_start_fact *facts) {
    tell(&(gt_ledger_line){.event = GT_LEDGER_START, .images = images, .total = 4000, .facts = facts});
}

static void end(int64_t images, const char *state, const char *message, const char *hash) {
    tell(&(gt_ledger_line){.event = GT_LEDGER_END, .images = images, .ended = state, .message = message, .hash = hash});
}

/* What was run, how it ended, and what went wrong on the way. */
static void facts_and_warnings(void **state) {
    (void)state;
    const gt_start_fact facts[] = {{"data", "photos & more: 7 images"}, {"program", "caf\xe9"}, {0}};
    static const char log[] = "2026-11-22 20:06:43 gantry 0.1.0\n"
                              "2026-11-22 20:06:44 warning: slow <disk>\n"
                              "2026-11-22 20:07:44 warning: slow <disk>\n"
                              "2026-11-22 20:08:44 error: it ends\n"
                              "warning: no date\n";
    put(at("job.ini"), "", 0);
    put(at("log.txt"), log, sizeof log - 1);
    start(0, facts);
    char *page = report();
    assert_true(says(page, ">interrupted<") && says(page, "photos &#38; more: 7 images"));
    assert_true(says(page, "slow &#60;disk&#62; (2 times, last at 2026-11-22 20:07:44)") &&
                says(page, "error: it ends"));
    assert_false(says(page, "no date"));
    assert_true(says(page, "href=\"./log.txt\""));
    free(page);
    end(2000, "failed", "no <room>", "");
    page = report();
    assert_true(says(page, ">failed<") && says(page, "no &#60;room&#62;"));
    free(page);
    start(1000, facts);
    end(4000, "finished", "", "g1:0123");
    FILE *f = fopen(at("starts.jsonl"), "a");
    assert_true(f && fputs("{\"event\": \"start\", \"ti", f) >= 0 && fclose(f) == 0); /* half a line */
    page = report();
    assert_true(says(page, "<td>g1:0123</td>") && says(page, "<th>processors</th><td>unknown</td>"));
    assert_true(says(page, ">finished<") && says(page, "; 2 starts, the last one on ") && says(page, " at 1 kimg"));
    free(page);
}

static void write_log(const char *text) { put(at("log.txt"), text, strlen(text)); }

/* Of a run that ended by itself the commands that it has said last, else how it resumes. */
static void what_is_next(void **state) {
    (void)state;
    put(at("job.ini"), "", 0);
    write_log("2026-11-22 20:06:43 next:\n"
              "2026-11-22 20:06:43   gantry old run   of the start before\n"
              "2026-11-22 20:06:43 gantry 1.0.0\n"
              "2026-11-22 20:06:43   gantry is not a command here   of any list\n"
              "2026-11-22 20:06:43 next:\n"
              "2026-11-22 20:06:43   run/report.html: curves and pictures, for a browser\n"
              "2026-11-22 20:06:43   gantry generate 'a   <b>' --seeds=0                  pictures\n"
              "2026-11-22 20:06:43   gantry train --run=run   the run resumes\n"
              "2026-11-22 20:06:43 hash of it\n"
              "2026-11-22 20:06:43   gantry is not a command here   of any list\n");
    start(0, NULL);
    char *page = report();
    assert_true(says(page, "<code>gantry train --run=/") && !says(page, "<code>gantry generate")); /* interrupted */
    free(page);
    end(2000, "stopped", "", "");
    page = report();
    assert_true(says(page, "<code>gantry generate &#39;a   &#60;b&#62;&#39; --seeds=0</code></td><td>pictures</td>"));
    assert_true(says(page, "<code>gantry train --run=run</code></td><td>the run resumes</td>"));
    assert_int_equal(count(page, "<td><code>"), 2);
    free(page);
    write_log("");
    page = report();
    assert_true(says(page, "<code>gantry train --run=/"));
    free(page);
}

/* A young run says so, and two points are not a line. */
static void young_runs(void **state) {
    (void)state;
    for (int ticks = 2; ticks <= 12; ticks += 10) {
        gt_runlog *l = gt_runlog_open(scratch, 0, NULL);
        assert_non_null(l);
        for (int i = 0; i < ticks; i++)
            gt_runlog_tick(l, 8 * (i + 1),
                           (gt_stat_value[]){{"Loss/train", 1, i, 0}, {"Timing/total_sec", 1, 100 + i, 0}}, 2);
        gt_runlog_close(l);
        char *page = report();
        bool two = ticks == 2;
        assert_int_equal(says(page, "<p>1m 41s, 2 ticks: too early to judge by the curves</p>"), two);
        assert_int_equal(says(page, "<path class=\"l0 two\" d=\"M"), two);
        assert_int_equal(says(page, "too early to judge"), two);
        free(page);
        tell(&(gt_ledger_line){.event = GT_LEDGER_START, .total = 1000 * ticks});
        page = report();
        assert_true(says(page, "too early to judge")); /* less than a hundredth */
        free(page);
        end(16, "finished", "", "");
        page = report();
        assert_int_equal(says(page, "2 ticks: the run was too short to judge by its curves"), two);
        free(page);
        assert_true(!unlink(at("starts.jsonl")) && !unlink(at("stats.jsonl")));
        assert_true(!exists("metrics.h5") || !unlink(at("metrics.h5")));
    }
}

/* A picture that is not shown: the page says why. */
static void pictures_not_shown(void **state) {
    (void)state;
    put(at("job.ini"), "", 0);
    put(at("reals.png"), "", 0);
    assert_int_equal(truncate(at("reals.png"), (16 << 20) + 1), 0);
    char *page = report();
    assert_int_equal(count(page, "16.8 MB: too large for this page"), 1);
    free(page);
    assert_int_equal(unlink(at("reals.png")), 0);
    assert_int_equal(mkdir(at("reals.png"), 0755), 0); /* what root cannot read either */
    page = report();
    assert_int_equal(count(page, "too large"), 0);
    assert_int_equal(count(page, "Not shown: "), 1);
    assert_int_equal(count(page, "is not a regular file"), 1);
    free(page);
}

static void one_tick(void **state) {
    (void)state;
    gt_runlog *l = gt_runlog_open(scratch, 0, NULL);
    assert_non_null(l);
    gt_runlog_tick(l, 32,
                   (gt_stat_value[]){{"Loss/G/loss", 1, 0, 0}, {"Loss/D/loss", 1, 1e300, 0}, {"x", 1, -1e-300, 0}}, 3);
    gt_runlog_close(l);
    char *page = report();
    assert_int_equal(count(page, "<circle"), 3);
    free(page);
}

/* Numbers that a computer hardly tells apart, or can hardly hold: the page is there in no time. */
static void hard_numbers(void **state) {
    (void)state;
    static const double pairs[][2] = {{0.1, 0.10000000000000002}, {1e16, 1e16 + 2}, {0, 1.7e308}, {0, 5e-324},
                                      {-1.7e308, 1.7e308},        {1e-310, 2e-310}, {7, 7}};
    enum { PAIRS = sizeof pairs / sizeof *pairs };
    gt_runlog *l = gt_runlog_open(scratch, 0, &(gt_runlog_options){.swmr = GT_SWMR_OFF});
    assert_non_null(l);
    for (int t = 0; t < 2; t++) {
        char names[PAIRS][8];
        gt_stat_value values[PAIRS];
        for (int i = 0; i < PAIRS; i++) {
            snprintf(names[i], sizeof names[i], "x%d", i);
            values[i] = (gt_stat_value){names[i], 1, pairs[i][t], 0};
        }
        gt_runlog_tick(l, 8 * (t + 1), values, PAIRS);
    }
    gt_runlog_close(l);
    alarm(30);
    char *page = report();
    alarm(0);
    assert_int_equal(count(page, "<svg "), PAIRS - 2);
    free(page);

    static const char order[] = "{\"images\": 100, \"timestamp\": 1, \"x\": {\"num\": 1, \"mean\": 1, \"std\": 0}}\n"
                                "{\"images\": 10, \"timestamp\": 2, \"x\": {\"num\": 1, \"mean\": 2, \"std\": 0}}\n";
    put(at("stats.jsonl"), order, sizeof order - 1); /* of nobody's run */
    page = report();
    assert_int_equal(count(page, "<svg "), 1);
    free(page);
}

static void figures_are_whole_or_as_before(void **state) {
    (void)state;
    double x[] = {0, 1, 2}, y[] = {1, 3, 2};
    gt_curve curve = {.n = 3, .x = x, .y = y};
    gt_panel p = {.title = "a curve", .n_curves = 1, .curves = &curve};
    struct rlimit before, small;
    size_t n, m;
    assert_ok(gt_figure_write(at("figure"), &p, 1, 1));
    char *svg = get(at("figure.svg"), &n), *png = get(at("figure.png"), &m);
    assert_non_null(strstr(svg, "</svg>"));
    assert_memory_equal(png, "\x89PNG", 4);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    gt_status st = gt_figure_write(at("figure"), &p, 1, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(st, GT_FAILED);
    assert_message("figure.svg': File too large");
    size_t again;
    char *now = get(at("figure.svg"), &again);
    assert_int_equal(again, n);
    assert_memory_equal(now, svg, n);
    free(svg);
    free(png);
    free(now);
    assert_int_equal(gt_figure_write(at("none/figure"), &p, 1, 1), GT_FAILED);
    assert_message("No such file");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_scratch, remove_scratch)
    const struct CMUnitTest tests[] = {TEST(empty_run),
                                       TEST(whole_run),
                                       TEST(distances_are_a_line),
                                       TEST(large_pictures),
                                       TEST(facts_and_warnings),
                                       TEST(pictures_not_shown),
                                       TEST(what_is_next),
                                       TEST(young_runs),
                                       TEST(one_tick),
                                       TEST(hard_numbers),
                                       TEST(figures_are_whole_or_as_before)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
