/* SPDX-License-Identifier: Apache-2.0
 * Jobs that go on with a run: what nobody gives comes from the record, what somebody gives is compared with it, and
 * what an older record does not say has the value with which all is as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/door/job.h"
#include "networks/model/door/family.h"

enum { SIZE = 32, CLASSES = 10, IMAGES = 1000 };

static gt_job *new_job(const char *model) {
    gt_job *j = gt_job_new();
    assert_non_null(j);
    assert_int_equal(gt_job_set(j, "data", "set.zip", NULL), GT_OK);
    if (model) assert_int_equal(gt_job_set(j, "model", model, NULL), GT_OK);
    return j;
}

static gt_status resolve(gt_job *j) {
    gt_status st = gt_job_check(j);
    return st ? st : gt_job_resolve(j, SIZE, SIZE, 3, CLASSES, IMAGES);
}

static void resolved(gt_job *j) {
    if (resolve(j)) fail_msg("%s", gt_message());
}

/* The job of the text with nothing given but the data; *differences as gt_job_adopt() has it. */
static void adopts(gt_job *j, const char *record, char **differences) {
    if (gt_job_adopt(j, record, "record", differences)) fail_msg("%s", gt_message());
}

/* Another value that may fit; NULL: there is none. */
static const char *other_value(const gt_option *row, const char *value, char text[64]) {
    const char *next;
    switch (row->type) {
    case GT_OPTION_BOOL: return *value == '1' ? "0" : "1";
    case GT_OPTION_INT: snprintf(text, 64, "%lld", 2 * atoll(value)); return text;
    case GT_OPTION_REAL: snprintf(text, 64, "%.6g", 0.5 * atof(value)); return text;
    case GT_OPTION_TEXT:
    case GT_OPTION_ENUM:
        if (!row->choices) return NULL;
        next = strstr(row->choices, value);
        if (!next || !(next = strchr(next, '|'))) next = row->choices - 1;
        snprintf(text, 64, "%.*s", (int)strcspn(next + 1, "|"), next + 1);
        return text;
    }
    return NULL;
}

/* Defaults and derived values are one thing, and what the run has recorded another: each option once with another value
 * than it has by itself. */
static void a_run_keeps_whatever_it_has_recorded(void **state) {
    (void)state;
    int tried = 0;
    for (const gt_family *const *f = gt_families(); *f; f++)
        for (const gt_family_model *m = (*f)->models; m->name; m++) {
            gt_job *plain = new_job(m->name);
            resolved(plain);
            for (int i = 0; i < plain->options.n; i++) {
                const gt_option *row = &plain->options.rows[i];
                const char *value = gt_options_effective(&plain->options, row);
                char text[64], *differences;
                const char *other = value && row->class == GT_RECIPE && strcmp(row->key, "model")
                                        ? other_value(row, value, text)
                                        : NULL;
                if (!other) continue;
                gt_job *run = new_job(m->name), *now = new_job(NULL);
                if (!gt_job_set(run, row->key, other, NULL) && !resolve(run)) {
                    char *record = gt_job_to_recipe_text(run);
                    adopts(now, record, &differences);
                    assert_null(differences);
                    if (resolve(now)) fail_msg("%s --%s=%s: %s", m->name, row->key, other, gt_message());
                    char *again = gt_job_to_recipe_text(now);
                    if (strcmp(record, again)) fail_msg("%s --%s=%s:\n%s\n%s", m->name, row->key, other, record, again);
                    assert_int_equal(gt_job_compare(run, "a", now, "b", NULL), 0);
                    free(record);
                    free(again);
                    tried++;
                }
                gt_job_free(run);
                gt_job_free(now);
            }
            gt_job_free(plain);
        }
    if (tried < 300) fail_msg("%d values only", tried);
}

static gt_job *dcgan_run(void) {
    gt_job *run = new_job("dcgan");
    assert_int_equal(gt_job_set(run, "batch", "16", NULL) | gt_job_set(run, "slices", "2", NULL) |
                         gt_job_set(run, "bn", "batch", NULL) | gt_job_set(run, "lrate", "0.003", NULL) |
                         gt_job_set(run, "kimg", "7", NULL) | gt_job_set(run, "keep", "9", NULL),
                     GT_OK);
    resolved(run);
    return run;
}

static void only_what_is_given_is_compared(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *file;
        const char *named; /* in the table; NULL: the run goes on */
    } cases[] = {
        {"slices", "2", NULL, NULL},
        {"slices", "8", NULL, "slices           2                    8\n"},
        {"slices", "2", "[recipe]\nlrate = 0.003\n", NULL},
        {"slices", "2", "[recipe]\nlrate = 0.004\n", "lrate            0.003                0.004\n"},
        {"bn", "slice", "[recipe]\nlrate = 0.003\n", "bn               batch                slice\n"},
        {"model", "dcgan", NULL, NULL},
        {"model", "vae", NULL, "model            dcgan                vae\n"},
        {"threads", "3", NULL, NULL},
    };
    gt_job *run = dcgan_run();
    char *record = gt_job_to_recipe_text(run);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *table;
        gt_job *now = new_job(NULL);
        if (cases[i].file) assert_int_equal(gt_job_read_text(now, cases[i].file, "a.ini"), GT_OK);
        assert_int_equal(gt_job_set(now, cases[i].key, cases[i].value, NULL), GT_OK);
        adopts(now, record, &table);
        if (!cases[i].named) {
            assert_null(table);
            resolved(now);
            assert_int_equal(gt_job_compare(run, "a", now, "b", NULL), 0);
        } else {
            assert_non_null(strstr(table, "the run"));
            if (!strstr(table, cases[i].named)) fail_msg("'%s' is not in:\n%s", cases[i].named, table);
            assert_int_equal(strchr(strchr(table, '\n') + 1, '\n')[1], 0); /* one line, below the heading */
        }
        free(table);
        gt_job_free(now);
    }
    free(record);
    gt_job_free(run);
}

/* How long, where and what is written may change from start to start: these values are today's. */
static void options_that_may_change_stay_as_they_are(void **state) {
    (void)state;
    gt_job *run = dcgan_run(), *now = new_job(NULL), *plain = new_job("dcgan");
    char *table, *record = gt_job_to_text(run); /* as in job.ini, which has all of them */
    adopts(now, record, &table);
    assert_null(table);
    resolved(now);
    resolved(plain);
    assert_true(now->batch == 16 && now->slices == 2 && now->lrate == 0.003 && now->bn == GT_BN_BATCH);
    assert_true(run->kimg == 7 && now->kimg == plain->kimg && now->keep == plain->keep);
    free(record);
    gt_job_free(run);
    gt_job_free(now);
    gt_job_free(plain);
}

/* A check before the record was known has derived values of another model. */
static void a_check_before_does_no_harm(void **state) {
    (void)state;
    gt_job *run = dcgan_run(), *now = new_job(NULL);
    char *table, *record = gt_job_to_recipe_text(run);
    assert_int_equal(gt_job_check(now), GT_OK);
    assert_string_equal(now->model, "stylegan2");
    adopts(now, record, &table);
    resolved(now);
    assert_int_equal(gt_job_compare(run, "a", now, "b", NULL), 0);
    free(record);
    gt_job_free(run);
    gt_job_free(now);
}

/* What is found in the data stands beside what was recorded: other data are another job. */
static void the_shape_is_that_of_the_data(void **state) {
    (void)state;
    gt_job *run = dcgan_run(), *now = new_job(NULL);
    char *table, *record = gt_job_to_recipe_text(run);
    adopts(now, record, &table);
    assert_null(table);
    assert_int_equal(gt_job_check(now), GT_OK);
    assert_int_equal(gt_job_resolve(now, 2 * SIZE, 2 * SIZE, 3, CLASSES, IMAGES), GT_OK);
    assert_int_equal(gt_job_compare(run, "a", now, "b", NULL), 2); /* height and width, but not cbase */
    free(record);
    gt_job_free(run);
    gt_job_free(now);
}

/* A run with a batch above 8 of a version whose recipe cpu did not follow the batch: its record has no decay. */
static void an_older_run_keeps_its_decay(void **state) {
    (void)state;
    gt_job *run = new_job("stylegan2"), *now = new_job(NULL);
    assert_int_equal(gt_job_set(run, "batch", "32", NULL) | gt_job_set(run, "lrate", "0.0025", NULL) |
                         gt_job_set(run, "ema-kimg", "2.5", NULL) | gt_job_set(run, "ada-interval", "4", NULL),
                     GT_OK);
    resolved(run);
    char *table, *record = gt_job_to_recipe_text(run);
    assert_null(strstr(record, "beta2"));
    assert_int_equal(gt_job_set(now, "batch", "32", NULL), GT_OK); /* the command that began the run */
    adopts(now, record, &table);
    assert_null(table);
    resolved(now);
    char *again = gt_job_to_recipe_text(now);
    assert_string_equal(record, again);
    free(record);
    free(again);
    gt_job_free(run);
    gt_job_free(now);
}

/* --tensorboard-step is newer than version 0.1, whose runs have images. */
static void an_older_record_means_what_was_before_the_option(void **state) {
    (void)state;
    gt_job *run = dcgan_run();
    char *record = gt_job_to_text(run), *line = strstr(record, "tensorboard-step = kimg\n");
    assert_non_null(line);
    static const struct {
        bool of_a_run, older;
        gt_event_step step;
    } cases[] = {{true, false, GT_EVENTS_BY_KIMG}, {true, true, GT_EVENTS_BY_IMAGES}, {false, true, GT_EVENTS_BY_KIMG}};
    for (int i = 0; i < 3; i++) {
        *line = cases[i].older ? '#' : 't';
        const char *text = cases[i].of_a_run ? record : strchr(record, '\n') + 1; /* without its first line */
        gt_job *j = gt_job_new();
        if (gt_job_read_text(j, text, "job.ini")) fail_msg("%s", gt_message());
        assert_int_equal(j->tensorboard_step, cases[i].step);
        assert_false(gt_job_given(j, "tensorboard-step") && cases[i].older);
        assert_int_equal(gt_job_set(j, "tensorboard-step", "kimg", NULL), GT_OK);
        assert_int_equal(j->tensorboard_step, GT_EVENTS_BY_KIMG);
        gt_job_free(j);
    }
    free(record);
    gt_job_free(run);
}

static void a_record_of_a_newer_version_is_named(void **state) {
    (void)state;
    gt_job *now = new_job(NULL);
    char *table;
    assert_int_equal(gt_job_adopt(now, "[recipe]\nmodel = dcgan\nbatches = 3\n", "newer.h5", &table), GT_FORMAT);
    assert_non_null(strstr(gt_message(), "newer.h5:3"));
    assert_non_null(strstr(gt_message(), "this version has no option 'batches'"));
    gt_job_free(now);
}

/* A network of edm, "cond" and "label-dropout" as given; NULL: not given. */
static gt_job *edm_job(const char *cfg, const char *cond, const char *dropout) {
    gt_job *j = new_job("edm");
    assert_int_equal(gt_job_set(j, "cfg", cfg, NULL) | gt_job_set(j, "cond", cond, NULL), GT_OK);
    if (dropout) assert_int_equal(gt_job_set(j, "label-dropout", dropout, NULL), GT_OK);
    return j;
}

static void assert_dropout(gt_job *j, const char *wanted) {
    resolved(j);
    assert_string_equal(gt_job_value(j, "label-dropout"), wanted);
}

static void labels_are_hidden_by_default_except_in_the_published_recipe(void **state) {
    (void)state;
    static const struct {
        const char *cfg, *cond, *given, *wanted;
    } cases[] = {{"cpu", "0", NULL, "0"},    {"cpu", "1", NULL, "0.1"},   {"cpu", "1", "0", "0"},
                 {"cpu", "1", "0.2", "0.2"}, {"cifar10", "1", NULL, "0"}, {"cifar10", "1", "0.1", "0.1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gt_job *j = edm_job(cases[i].cfg, cases[i].cond, cases[i].given);
        assert_dropout(j, cases[i].wanted);
        gt_job_free(j);
    }
}

/* A run that was begun when the default was 0, and networks that a run begins with: without labels a value there says
 * nothing. */
static void label_dropout_is_that_of_the_network(void **state) {
    (void)state;
    static const struct {
        const char *cond, *before, *given, *wanted;
    } cases[] = {{"1", "0", NULL, "0"},      {"1", "0.2", NULL, "0.2"}, {"0", NULL, NULL, "0.1"},
                 {"1", "0.2", "0.3", "0.3"}, {"1", "0.2", "0", "0"},    {"1", "0", "0.1", "0.1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gt_job *before = edm_job("cpu", cases[i].cond, cases[i].before), *now = edm_job("cpu", "1", cases[i].given);
        resolved(before);
        if (gt_job_check(now) || gt_job_inherit(now, before, 3)) fail_msg("%s", gt_message());
        assert_dropout(now, cases[i].wanted);
        gt_job_free(now);
        gt_job_free(before);
    }
    char *table;
    gt_job *before = edm_job("cpu", "1", "0"), *now = new_job(NULL);
    resolved(before);
    char *record = gt_job_to_recipe_text(before);
    adopts(now, record, &table);
    assert_dropout(now, "0");
    free(record);
    gt_job_free(now);
    gt_job_free(before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_keeps_whatever_it_has_recorded),
        cmocka_unit_test(only_what_is_given_is_compared),
        cmocka_unit_test(options_that_may_change_stay_as_they_are),
        cmocka_unit_test(a_check_before_does_no_harm),
        cmocka_unit_test(the_shape_is_that_of_the_data),
        cmocka_unit_test(an_older_run_keeps_its_decay),
        cmocka_unit_test(an_older_record_means_what_was_before_the_option),
        cmocka_unit_test(a_record_of_a_newer_version_is_named),
        cmocka_unit_test(labels_are_hidden_by_default_except_in_the_published_recipe),
        cmocka_unit_test(label_dropout_is_that_of_the_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
