/* SPDX-License-Identifier: Apache-2.0
 * Sizes of networks from another job: for transfer learning. */
#include "gantry/job.h"

enum { WORD = 64 };

static uint8_t *state_of(gt_job *job, const gt_option *row) { return &job->state[row - job->options.rows]; }

/* The value of `from` for a job that has none from anybody. `only`: no other value than this; NULL: any. */
static gt_status inherit_row(gt_job *job, const gt_job *from, const gt_option *row, const char *only) {
    gt_options mine = job->options, theirs = from->options;
    const char *value = gt_options_effective(&theirs, row);
    if (!value || gt_job_given(job, row->key) || (only && !gt_is(value, only))) return GT_OK;
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

gt_status gt_job_inherit(gt_job *job, const gt_job *from) {
    const char *base = gt_job_adds_to(job);
    if (base && !gt_is(job->model, from->model) && !gt_is(base, from->model)) return GT_OK;
    if (!base && !gt_is(job->model, from->model)) return GT_OK;
    gt_status st = inherit_words(job, from, job->family->sizes);
    if (!st && base) st = inherit_words(job, from, job->family->kept);
    /* what no option says */
    for (int i = 0; i < job->options.n && !st; i++) {
        const gt_option *row = &job->options.rows[i];
        if (row->class == GT_SHAPE && row->only && gt_family_has(job->family, row))
            st = inherit_row(job, from, row, NULL);
    }
    return st;
}
