/* SPDX-License-Identifier: Apache-2.0
 * Warnings of classifiers: each is seen in series that show the trouble, and not in those of a good run or of a run
 * that only looks like trouble. */
#include "expect.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "gantry/text.h"
#include "networks/model/door/family.h"
#include "features/classifier/classifier.h"
#include "train/ticks/warnings.h"

enum { TICKS = 20, MOST = 64, SAMPLES = 1000 };

typedef struct tick { /* what a run logs */
    double train, validation, accuracy, dead;
} tick;

/* The tick at which the warning begins to be said; -1: never. All others are silent. */
static int said_at(const char *name, tick (*run)(int t), const char *judged) {
    gt_watch w = {.own = gt_classifier_warnings, .quiet = true, .guess_accuracy = 0.25, .guess_loss = log(4)};
    int at = -1;
    for (int t = 0; t < TICKS; t++) {
        tick now = run(t);
        gt_stat_value v[MOST] = {{"Loss/train", SAMPLES, now.train, 0},
                                 {judged, 1, now.validation, 0},
                                 {"Accuracy/train", SAMPLES, now.accuracy, 0},
                                 {"Dead/conv1", 1, 0.1, 0},
                                 {"Dead/conv2", 1, now.dead, 0}};
        int n = 5;
        gt_watch_tick(&w, t, t, v, &n);
        const gt_warning *r;
        for (int k = 0; (r = gt_warning_at(&w, k)); k++) {
            bool said = w.of[k].lasts >= r->ticks;
            if (strcmp(r->name, name)) assert_false(said);
            else if (said && at < 0) at = t;
        }
    }
    return at;
}

static tick all_at_once(int t) {
    (void)t;
    return (tick){1.4, 1.4, 0.25, 0.9};
}

/* Ticks that are shorter than a step's worth of learning: no verdict before 100 steps and one epoch. */
static void waits_for_an_epoch(void **state) {
    static const char *const names[] = {"stuck", "chance", "dead-units"};
    (void)state;
    for (int epoch = 1; epoch <= 4; epoch += 3) {
        gt_watch w = {.own = gt_classifier_warnings,
                      .quiet = true,
                      .guess_accuracy = 0.25,
                      .guess_loss = log(4),
                      .epoch = 1000 * epoch};
        for (int t = 0; t < TICKS; t++) { /* of 20 steps, 0.2 kimg */
            tick now = all_at_once(t);
            gt_stat_value v[MOST] = {{"Loss/train", SAMPLES, now.train, 0},
                                     {"Accuracy/train", SAMPLES, now.accuracy, 0},
                                     {"Dead/conv1", 1, now.dead, 0},
                                     {"Progress/step", 1, 20 * t, 0}};
            int n = 4;
            gt_watch_tick(&w, t, 0.2 * t, v, &n);
            for (int k = 0; k < 3; k++) {
                double lasts = gt_stat_mean(v, n, gt_text_of("Trouble/%s", names[k]).s);
                assert_true(lasts == (t < 5 * epoch ? 0 : t - 5 * epoch + 1));
            }
        }
    }
}

static int said_in(const char *name, tick (*run)(int t)) { return said_at(name, run, "Loss/validation"); }

static tick good(int t) {
    return (tick){1.4 * exp(-0.2 * t) + 0.01, 1.4 * exp(-0.15 * t) + 0.05, t ? 1 - 0.7 * exp(-0.2 * t) : 0.25, 0.3};
}

/* A loss of validation that only stops falling, and moves up and down. */
static tick level(int t) {
    tick now = good(t);
    if (t > 8) now.validation = 0.45 + (t % 2 ? 0.02 : -0.02);
    return now;
}

static tick learns_by_heart(int t) {
    tick now = good(t);
    if (t > 6) now.validation = 0.7 + 0.1 * (t - 6);
    return now;
}

/* Both losses rise: that is not over-fitting. */
static tick both_rise(int t) {
    tick now = good(t);
    if (t > 6) now.train = now.validation = 0.6 + 0.03 * (t - 6);
    return now;
}

static void over_fitting(void **state) {
    (void)state;
    assert_int_equal(said_in("over-fitting", learns_by_heart), 9); /* the third tick with it */
    assert_int_equal(said_at("over-fitting", learns_by_heart, "Loss/test"), 9);
    assert_int_equal(said_at("over-fitting", learns_by_heart, "Loss/other"), -1);
    assert_int_equal(said_in("over-fitting", level), -1);
    assert_int_equal(said_in("over-fitting", both_rise), -1);
}

static tick stays(int t) { return (tick){1.386 - 1e-5 * t, 1.386, 0.35, 0}; }
static tick falls_slowly(int t) { return (tick){1.386 - 0.01 * t, 1.386 - 0.01 * t, 0.35 + 0.01 * t, 0}; }
static tick stays_low(int t) { return t < 4 ? good(t) : (tick){0.6, 0.7, 0.75, 0}; }

static void stuck(void **state) {
    (void)state;
    assert_int_equal(said_in("stuck", stays), 5); /* the first tick is the measure of the next */
    assert_int_equal(said_in("stuck", falls_slowly), -1);
    assert_int_equal(said_in("stuck", stays_low), -1);
}

static tick guesses(int t) { return (tick){1.4 - 0.02 * t, 1.4 - 0.02 * t, 0.25 + (t % 3 - 1) * 0.01, 0}; }
static tick better_than_chance(int t) { return (tick){1.4 - 0.02 * t, 1.4 - 0.02 * t, t > 3 ? 0.31 : 0.25, 0}; }

static void chance(void **state) {
    (void)state;
    assert_int_equal(said_in("chance", guesses), 4);
    assert_int_equal(said_in("chance", better_than_chance), -1);
}

static tick dies(int t) {
    tick now = good(t);
    if (t > 4) now.dead = 0.7;
    return now;
}

static tick dead_for_a_moment(int t) {
    tick now = good(t);
    if (t == 5 || t == 6) now.dead = 0.9;
    return now;
}

static void dead_units(void **state) {
    (void)state;
    assert_int_equal(said_in("dead-units", dies), 7);
    assert_int_equal(said_in("dead-units", dead_for_a_moment), -1);
}

/* "key=value key=value" */
static void set_all(gt_job *job, const char *options) {
    char words[256], *rest = words, *key;
    snprintf(words, sizeof words, "%s", options);
    while ((key = strsep(&rest, " ")) && *key) {
        char *value = strchr(key, '=');
        *value++ = 0;
        assert_int_equal(gt_job_set(job, key, value, NULL), GT_OK);
    }
}

/* What is advised to a run of this model on this warning. */
static const char *advice_to(const char *model, const char *options, const char *name) {
    static char text[GT_WARNING_TEXT];
    gt_job *job = gt_job_new();
    set_all(job, "data=x");
    assert_int_equal(gt_job_set(job, "model", model, NULL), GT_OK);
    set_all(job, options);
    assert_int_equal(gt_job_resolve(job, 64, 64, 3, 10, 1000), GT_OK);
    gt_watch w = {.own = job->family->warnings, .advice = job->family->advice, .job = job};
    for (int k = 0; gt_warning_at(&w, k); k++)
        if (!strcmp(gt_warning_at(&w, k)->name, name)) gt_warning_advice(&w, gt_warning_at(&w, k), text);
    gt_job_free(job);
    return text;
}

/* Nothing that the network lacks, nor what the job does already. */
static void advice(void **state) {
    (void)state;
    assert_string_equal(advice_to("mlp", "", "dead-units"),
                        "a smaller --lrate, --init=he, --bn=slice or --activation=lrelu");
    assert_string_equal(advice_to("mlp", "activation=lrelu", "dead-units"),
                        "a smaller --lrate, --init=he or --bn=slice");
    assert_string_equal(advice_to("mlp", "bn=batch", "dead-units"),
                        "a smaller --lrate, --init=he or --activation=lrelu");
    assert_string_equal(advice_to("vgg11", "", "dead-units"), "a smaller --lrate, --init=he or --bn=slice");
    assert_string_equal(advice_to("resnet18", "", "dead-units"), "a smaller --lrate or --init=he");
    assert_string_equal(advice_to("deep-conv", "", "dead-units"), "a smaller --lrate or --init=he");
    assert_string_equal(advice_to("lenet", "init=he", "stuck"), "another --lrate (often a smaller one)");
    assert_string_equal(advice_to("lenet", "", "slow-rank"), "check what else runs there: gantry doctor under mpirun");
    assert_string_equal(advice_to("lenet", "validation=0.2", "over-fitting"),
                        "stop here (--early-stopping), more data, --weight-decay, --dropout, --random-crop or "
                        "--random-flip");
    assert_string_equal(advice_to("lenet", "validation=0.2 early-stopping=5 weight-decay=0.1 dropout=0.5 random-flip=1",
                                  "over-fitting"),
                        "more data or --random-crop");
    assert_string_equal(advice_to("stylegan2", "", "saturation"), "more data, --mirror or a larger --gamma");
    assert_string_equal(advice_to("stylegan2", "mirror=1 aug=noaug", "saturation"),
                        "more data, --aug=ada or a larger --gamma");
    assert_string_equal(advice_to("dcgan", "smoothing=one-sided flip=0.1", "saturation"),
                        "more data, --mirror, --aug=ada or a smaller --d-lrate");
    assert_string_equal(advice_to("vae", "", "divergence"),
                        "a smaller --lrate or an earlier checkpoint with another --seed");
}

/* Nor what the job's other options refuse. */
static void no_refused_advice(void **state) {
    (void)state;
    assert_string_equal(advice_to("mlp", "norm=layer", "dead-units"),
                        "a smaller --lrate, --init=he or --activation=lrelu");
    assert_string_equal(advice_to("vgg11", "norm=layer", "dead-units"), "a smaller --lrate or --init=he");
    assert_string_equal(advice_to("dcgan", "", "saturation"),
                        "more data, --mirror, --aug=ada, --smoothing, --flip or a smaller --d-lrate");
    assert_string_equal(advice_to("dcgan", "loss=wgan-gp bn=none", "saturation"),
                        "more data, --mirror or a smaller --d-lrate");
    assert_string_equal(advice_to("dcgan", "loss=wgan-gp bn=none", "collapse"),
                        "--instance-noise or go back to an earlier checkpoint with another --seed");
}

static void a_good_run(void **state) {
    (void)state;
    assert_int_equal(said_in("none", good), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(over_fitting),
                                       cmocka_unit_test(stuck),
                                       cmocka_unit_test(waits_for_an_epoch),
                                       cmocka_unit_test(chance),
                                       cmocka_unit_test(dead_units),
                                       cmocka_unit_test(a_good_run),
                                       cmocka_unit_test(advice),
                                       cmocka_unit_test(no_refused_advice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
