/* SPDX-License-Identifier: Apache-2.0
 * Sizes of networks, and what they expect of their input, from another job: for transfer learning. */
#include <stdlib.h>

#include "job/internal.h"
#include "job/door/job.h"
#include "gantry/text.h"
#include "networks/model/door/family.h"

enum { WORD = 64 };

static uint8_t *state_of(gt_job *job, const gt_option *row) { return &job->state[row - job->options.rows]; }

const char *gt_job_stands_for(const gt_job *job, const gt_option *row) {
    const char *value = job->family->stands_for ? job->family->stands_for(job, row->key) : NULL;
    return value ? value : gt_options_effective(&job->options, row);
}

/* The value of `from` for a job that has none from anybody. `only`: no other value than this; NULL: any. */
static gt_status inherit_row(gt_job *job, const gt_job *from, const gt_option *row, const char *only) {
    gt_options mine = job->options;
    const char *value = gt_job_stands_for(from, row);
    if (!value || gt_job_given(job, row->key) || (only && !gt_is(value, only))) return GT_OK;
    if (!gt_options_have_effect(&from->options, row)) return GT_OK;
    mine.shapes = true;
    gt_status st = gt_options_set(&mine, row->key, value, NULL);
    *state_of(job, row) = GT_OPTION_DERIVED;
    return st;
}

/* "key", "key=value" or "key|key|key" */
static gt_status inherit_word(gt_job *job, const gt_job *from, char *word) {
    char *only = strchr(word, '='), *key, *rest = word;
    gt_status st = GT_OK;
    if (only) *only++ = 0;
    char keys[WORD];
    snprintf(keys, sizeof keys, "%s", word);
    for (char *all = keys; (key = strsep(&all, "|"));)
        if (strchr(word, '|') && gt_job_given(job, key)) return GT_OK;
    while (!st && (key = strsep(&rest, "|"))) st = inherit_row(job, from, gt_options_find(&job->options, key), only);
    return st;
}

static gt_status inherit_words(gt_job *job, const gt_job *from, const char *list) {
    gt_status st = GT_OK;
    for (; list && *list && !st; list += strspn(list, " ")) {
        char word[WORD];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(list, " "), list);
        st = inherit_word(job, from, word);
        list += strcspn(list, " ");
    }
    return st;
}

gt_status gt_job_inherit_found(gt_job *job, const gt_job *from) {
    gt_status st = GT_OK;
    gt_job_find_family(job);
    for (int i = 0; i < job->options.n && !st && job->family == from->family; i++) {
        const gt_option *row = &job->options.rows[i];
        if (row->class == GT_SHAPE && row->only && gt_family_has(job->family, row))
            st = inherit_row(job, from, row, NULL);
    }
    return st;
}

gt_status gt_job_inherit(gt_job *job, const gt_job *from, int64_t channels) {
    const char *base = gt_job_adds_to(job);
    if (base && !gt_is(job->model, from->model) && !gt_is(base, from->model)) return GT_OK;
    if (!base && !gt_is(job->model, from->model)) return GT_OK;
    if (from->label_dim && !job->cond && !job->goes_on && job->family->without_labels)
        gt_job_derive(job, "resume-classes", GT_CLASSES_MEAN);
    gt_status st = inherit_words(job, from, job->family->sizes);
    if (!st && channels == from->channels) st = inherit_words(job, from, job->family->input);
    if (!st && base) st = inherit_words(job, from, job->family->kept);
    return st ? st : gt_job_inherit_found(job, from);
}

/* ---- the input ---- */

/* "0.5:0.25" is "0.50:0.25". */
static bool same_value(const char *a, const char *b) {
    while (*a && *b) {
        char *after_a, *after_b;
        double x = strtod(a, &after_a), y = strtod(b, &after_b);
        bool numbers = after_a > a && after_b > b;
        if (numbers ? x < y || x > y : *a != *b) return false;
        a = numbers ? after_a : a + 1;
        b = numbers ? after_b : b + 1;
    }
    return *a == *b;
}

/* Values that are found in the data ("data") are numbers in resolved jobs, but for files of other programs: there the
 * value is what somebody gave. */
static gt_status check_input(const gt_job *job, const gt_job *from, const char *key, const char *path, FILE *said) {
    const gt_option *row = gt_options_find(&job->options, key);
    const char *mine = gt_options_effective(&job->options, row), *theirs = gt_options_effective(&from->options, row);
    if (!mine || !theirs || gt_is(theirs, "data")) return GT_OK;
    if (!same_value(mine, theirs))
        return gt_fail(GT_USAGE,
                       "--%s=%s: the network of %s was trained with --%s=%s. Leave out the option to keep this value; "
                       "with another value the network would see numbers it was not trained on",
                       key, mine, path, key, theirs);
    bool follows = gt_options_state(&job->options, key) == GT_OPTION_DERIVED;
    if (follows && !gt_is(theirs, row->standard)) gt_print_to(said, "--%s=%s comes with the network\n", key, theirs);
    return GT_OK;
}

gt_status gt_job_check_input(const gt_job *job, const gt_job *from, const char *path, FILE *said) {
    gt_status st = GT_OK;
    for (const char *list = job->family->input; list && *list && !st; list += strspn(list, " ")) {
        char key[WORD];
        snprintf(key, sizeof key, "%.*s", (int)strcspn(list, " "), list);
        st = check_input(job, from, key, path, said);
        list += strcspn(list, " ");
    }
    return st;
}
