/* SPDX-License-Identifier: Apache-2.0
 * Which intervals an audit computes again: what it says of the probability that a forgery goes unseen is how often
 * forgeries go unseen, at each place, over many seeds. A place here is what lies between two neighbours of all links
 * and checkpoints: the choice of its intervals is not asked. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "features/audit/choice.h"

enum { MOST = 256, SEEDS = 6000 };
static const double tolerance = 0.026; /* four standard deviations of a share of so many seeds */

/* ---- runs ---- */

typedef struct layout {
    const char *name;
    int64_t place[8]; /* the first is 0, or where the chain begins; 0: no more */
    int64_t spacing;  /* of links */
} layout;

static const layout layouts[] = {
    {"equal", {0, 1024, 2048, 3072, 4096, 5120, 6144}, 1024},
    {"equal, of several intervals", {0, 4096, 8192, 12288, 16384, 20480}, 1024},
    {"one short, at the end", {0, 1024, 5120, 6144}, 1024},
    {"one long", {0, 102400}, 1024},
    {"one long, others short", {0, 2000, 70000, 72000, 74000}, 1024},
    {"checkpoints beside each other", {0, 16, 3000, 3016, 6000, 9000, 9016}, 1024},
    {"a chain that begins late", {4096, 8192, 9216}, 1024},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

typedef struct run {
    int64_t place[8], link[MOST], at[MOST]; /* at: ends of the places of a forgery, the first a beginning */
    int places, links, n;
    int64_t all; /* images of the run */
    int unseen[MOST];
    gt_arena *arena;
    audit_choice choice;
} run;

static void open_run(run *r, const layout *l) {
    *r = (run){.arena = gt_arena_new()};
    do r->place[r->places] = l->place[r->places];
    while (++r->places < 8 && l->place[r->places]);
    r->all = r->place[r->places - 1];
    for (int64_t at = l->spacing; at <= r->all; at += l->spacing) r->link[r->links++] = at;
    int link = 0;
    for (int i = 0; i < r->places; i++) {
        for (; link < r->links && r->link[link] < r->place[i]; link++)
            if (i) r->at[r->n++] = r->link[link];
        r->at[r->n++] = r->place[i];
        link += link < r->links && r->link[link] == r->place[i];
    }
    assert_int_equal(audit_choice_open(&r->choice, r->arena, r->place, r->places, r->link, r->links), GT_OK);
}

static void close_run(run *r) { gt_arena_free(r->arena); }

/* What the choice says is computed, one stretch after the other, as far as so many images go: which places are not?
 * Returns whether all of it was computed. */
static bool compute(run *r, double images) {
    bool seen[MOST] = {0};
    const audit_choice *c = &r->choice;
    bool whole = true;
    for (int i = 0; i < c->ordered; i++) {
        const audit_stretch *s = &c->stretch[c->order[i]];
        double end = fmin((double)s->target, (double)s->begin + images);
        images -= end - (double)s->begin;
        whole &= end >= (double)s->target;
        for (int k = 1; k < r->n; k++) seen[k] |= r->at[k - 1] >= s->begin && (double)r->at[k] <= end;
    }
    for (int k = 1; k < r->n; k++) r->unseen[k] += !seen[k];
    return whole;
}

/* Shares of the seeds: at the worst place, and with each image of the run alike. */
static void shares(const run *r, double *even, double *worst) {
    *even = (double)r->place[0] / (double)r->all; /* before the chain nothing is seen */
    *worst = r->place[0] > 0;
    for (int k = 1; k < r->n; k++) {
        double share = r->unseen[k] / (double)SEEDS;
        *even += share * (double)(r->at[k] - r->at[k - 1]) / (double)r->all;
        *worst = fmax(*worst, share);
    }
}

/* ---- what is said and what is found ---- */

static void draws(void **state) {
    (void)state;
    static const int numbers[] = {1, 3, 10};
    for (int l = 0; l < LAYOUTS; l++)
        for (int k = 0; k < 3; k++) {
            run r;
            double says_even, says_worst, even, worst;
            open_run(&r, &layouts[l]);
            r.choice.draws = numbers[k];
            for (uint64_t seed = 0; seed < SEEDS; seed++) {
                r.choice.seed = seed;
                audit_choice_make(&r.choice);
                assert_true(compute(&r, INFINITY));
            }
            audit_choice_unseen(&r.choice, &says_even, &says_worst);
            shares(&r, &even, &worst);
            if (!(fabs(even - says_even) < tolerance && fabs(worst - says_worst) < tolerance))
                fail_msg("%s, %d draws: unseen %.3f, at the worst place %.3f; it says %.3f and %.3f", layouts[l].name,
                         numbers[k], even, worst, says_even, says_worst);
            close_run(&r);
        }
}

/* In a time for so many images, by the speed of the first ones; `faster`: the others. What does not end in the time is
 * broken off. */
static void check_time(const layout *l, double share, double faster) {
    run r;
    double says_even = 0, says_worst = 0, even, worst;
    int whole = 0;
    open_run(&r, l);
    const audit_choice before = r.choice;
    double images = share * (double)(r.all - r.place[0]);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        double one_even, one_worst;
        for (int s = 0; s < r.choice.stretches; s++) r.choice.stretch[s].reach = r.place[r.choice.stretch[s].last];
        r.choice = before;
        r.choice.seed = seed;
        audit_choice_fit(&r.choice, images);
        audit_choice_make(&r.choice);
        bool all = compute(&r, images * faster);
        whole += all;
        if (!all || faster < 1) audit_choice_cut(&r.choice, images * faster);
        audit_choice_unseen(&r.choice, &one_even, &one_worst);
        says_even += one_even / SEEDS;
        says_worst += one_worst / SEEDS;
    }
    shares(&r, &even, &worst);
    close_run(&r);
    if (!(even < says_even + tolerance && worst < says_worst + tolerance))
        fail_msg("%s, time for %.2f: unseen %.3f, at the worst place %.3f; it says %.3f and %.3f", l->name, share, even,
                 worst, says_even, says_worst);
    if (faster < 1) return;
    if (whole < 0.94 * SEEDS) fail_msg("%s, time for %.2f: %d of %d end in time", l->name, share, whole, SEEDS);
    if (!(worst > says_worst - 0.05))
        fail_msg("%s, time for %.2f: it says %.3f, and it is %.3f", l->name, share, says_worst, worst);
}

static void times(void **state) {
    (void)state;
    static const double time[] = {0.05, 0.3, 0.55, 0.9, 2};
    for (int l = 0; l < LAYOUTS; l++)
        for (int k = 0; k < 5; k++) {
            check_time(&layouts[l], time[k], 1);
            check_time(&layouts[l], time[k], 0.6);
        }
}

/* What no time reaches has the probability 1; what always fits is computed as a whole. */
static void ends(void **state) {
    (void)state;
    run r;
    double even, worst;
    open_run(&r, &layouts[3]);
    audit_choice_fit(&r.choice, 0.25 * (double)r.all);
    audit_choice_unseen(&r.choice, &even, &worst);
    assert_true(fabs(even - 0.75) < 1e-9 && worst == 1);
    audit_choice_fit(&r.choice, 10);
    audit_choice_unseen(&r.choice, &even, &worst);
    assert_true(even == 1 && worst == 1);
    close_run(&r);
    open_run(&r, &layouts[0]);
    audit_choice_fit(&r.choice, 6144);
    audit_choice_make(&r.choice);
    audit_choice_unseen(&r.choice, &even, &worst);
    assert_true(r.choice.ordered == 6 && even == 0 && worst == 0);
    audit_choice_cut(&r.choice, 5000);
    audit_choice_unseen(&r.choice, &even, &worst);
    assert_true(r.choice.draws == 4 && fabs(worst - pow(5 / 6.0, 4)) < 1e-9);
    close_run(&r);
}

/* Each place is drawn as often as a whole interval between links at least, whichever checkpoints are kept. */
static void no_place_is_small(void **state) {
    (void)state;
    for (int l = 0; l < LAYOUTS; l++) {
        run r;
        double even, worst;
        open_run(&r, &layouts[l]);
        r.choice.draws = 1;
        audit_choice_unseen(&r.choice, &even, &worst);
        if (!r.place[0]) assert_true(worst <= 1 - (double)layouts[l].spacing / (double)r.all + 1e-9);
        for (int i = 0; i < r.choice.n; i++)
            assert_int_equal(r.choice.interval[i].begin, i ? r.choice.interval[i - 1].end : r.place[0]);
        assert_int_equal(r.choice.interval[r.choice.n - 1].end, r.all);
        close_run(&r);
    }
}

/* Images beyond 32 bits, runs without an image, and such without a link. */
static void extremes(void **state) {
    (void)state;
    static const int64_t huge[] = {0, INT64_MAX / 2, INT64_MAX}, none[] = {0, 0}, small[] = {0, 16, 32};
    gt_arena *arena = gt_arena_new();
    audit_choice c = {.draws = 1};
    double even, worst;
    assert_int_equal(audit_choice_open(&c, arena, huge, 3, huge + 1, 2), GT_OK);
    int first = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        c.seed = seed;
        first += audit_choice_draw(&c, 0) == c.interval;
    }
    assert_true(c.n == 2 && fabs(first / (double)SEEDS - 0.5) < tolerance);
    assert_int_equal(audit_choice_open(&c, arena, none, 2, NULL, 0), GT_OK);
    audit_choice_fit(&c, 100);
    audit_choice_make(&c);
    audit_choice_unseen(&c, &even, &worst);
    assert_true(c.n == 0 && even == 1 && worst == 1);
    assert_int_equal(audit_choice_open(&c, arena, small, 3, NULL, 0), GT_OK);
    assert_true(c.n == 1 && c.stretches == 1 && c.interval[0].end == 32 && c.stretch[0].last == 2);
    gt_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws),    cmocka_unit_test(times),
        cmocka_unit_test(ends),     cmocka_unit_test(no_place_is_small),
        cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
