/* SPDX-License-Identifier: Apache-2.0
 * Names of scores: see score.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "gantry/option.h"
#include "metrics/score_list.h"

const gt_score *gt_score_at(int i) {
    static const gt_score *const files[] = {
#define X(name) gt_scores_of_##name,
        GT_SCORE_LIST(X)
#undef X
    };
    for (size_t k = 0; k < sizeof files / sizeof *files; k++)
        for (const gt_score *s = files[k]; s->name; s++)
            if (!i--) return s;
    return NULL;
}

/* Where the number of the name ends. */
static const char *end_of(const gt_score *s) { return strchr(s->name, '#') + 1; }

static const gt_score *with_plain_name(const char *word) {
    const gt_score *s;
    for (int i = 0; (s = gt_score_at(i)); i++)
        if (s->plain && !strcmp(s->plain, word)) return s;
    return NULL;
}

static void name_with_number(const gt_score *s, int64_t count, const char *first, char name[GT_SCORE_NAME]) {
    bool thousands = count % 1000 == 0;
    /* "pr512_3": 5123 would be read as a number */
    const char *gap = !thousands && isdigit((unsigned char)*end_of(s)) ? "_" : "";
    snprintf(name, GT_SCORE_NAME, "%.*s%s%lld%s%s%s", (int)(end_of(s) - 1 - s->name), s->name, first,
             (long long)(thousands ? count / 1000 : count), thousands ? "k" : "", gap, end_of(s));
}

void gt_score_name(const gt_score *s, int64_t count, char name[GT_SCORE_NAME]) {
    if (s->plain && count == s->count && s->network != GT_SCORE_INCEPTION && s->network != GT_SCORE_VGG16) {
        snprintf(name, GT_SCORE_NAME, "%s", s->plain);
        return;
    }
    name_with_number(s, count, "", name);
    if (with_plain_name(name)) name_with_number(s, count, "_", name); /* ppl#_wend of 2 is not ppl2_wend */
}

/* Is the word a name of this score, with a number? */
static bool has_number(const gt_score *s, const char *word, int64_t *count) {
    enum { MOST = 2000000000 };
    size_t before = (size_t)(end_of(s) - 1 - s->name);
    if (strncmp(word, s->name, before)) return false;
    const char *whole = word;
    if (word[before] == '_') word++; /* see gt_score_name() */
    if (!isdigit((unsigned char)word[before]) || !gt_ends_with(word, end_of(s))) return false;
    char middle[GT_SCORE_NAME], *end;
    size_t length = strlen(word + before), after = strlen(end_of(s));
    if (length <= after || length - after >= sizeof middle) return false;
    snprintf(middle, length - after + 1, "%s", word + before);
    long long n = strtoll(middle, &end, 10);
    if (n < 1 || n > MOST) return false;
    if (*end == 'k') {
        n *= 1000;
        end++;
    } else if (*end == '_' && isdigit((unsigned char)*end_of(s))) {
        end++;
    }
    *count = n;
    if (*end || n > MOST) return false;
    if (word == whole) return true;
    gt_score_name(s, n, middle);
    return !strcmp(middle, whole);
}

/* The score of this name; *count: the number in the name, 0 without one. Plain names come first: "ppl2_wend" is one. */
static const gt_score *find(const char *word, int64_t *count) {
    const gt_score *s = with_plain_name(word);
    *count = 0;
    if (s) return s;
    for (int i = 0; (s = gt_score_at(i)); i++)
        if (has_number(s, word, count)) return s;
    return NULL;
}

static gt_status unknown(const char *word) {
    enum { MOST = 64 };
    char names[MOST][GT_SCORE_NAME];
    gt_option rows[MOST];
    int n = 0;
    for (const gt_score *s; n < MOST && (s = gt_score_at(n)); n++) {
        gt_score_name(s, s->count, names[n]);
        rows[n] = (gt_option){.key = names[n]};
    }
    const char *near = gt_options_nearest(&(gt_options){.rows = rows, .n = n}, word);
    return gt_fail(GT_USAGE, "--metrics: there is no metric '%.60s'%s%s%s; `gantry metrics --metrics=help` lists all",
                   word, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static gt_status add(const char *word, int64_t count, bool all, gt_score_request *out, int *n) {
    int64_t number;
    const gt_score *s = find(word, &number);
    if (!s) return unknown(word);
    if (*n == GT_SCORES_MOST) return gt_fail(GT_USAGE, "--metrics: more than %d metrics", GT_SCORES_MOST);
    gt_score_request *r = &out[*n];
    *r = (gt_score_request){.score = s, .count = count ? count : number ? number : all ? 0 : s->count};
    if (r->count) gt_score_name(s, r->count, r->metric);
    else snprintf(r->metric, sizeof r->metric, "%s", s->plain);
    for (int k = 0; k < *n; k++)
        if (!strcmp(out[k].metric, r->metric)) return gt_fail(GT_USAGE, "--metrics: '%s' is named twice", r->metric);
    ++*n;
    return GT_OK;
}

gt_status gt_scores_parse(const char *list, int64_t count, bool all, gt_score_request out[GT_SCORES_MOST], int *n) {
    *n = 0;
    if (!list || !*list || !strcmp(list, "none")) return GT_OK;
    gt_status st = GT_OK;
    while (!st && *list) {
        size_t length = strcspn(list, ",");
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), list);
        if (length) st = add(word, count, all, out, n);
        list += length + (list[length] == ',');
    }
    return st;
}

const gt_score *gt_score_of_key(const char *key, bool *more) {
    gt_score_request one[GT_SCORES_MOST];
    const gt_score *s;
    for (int i = 0; (s = gt_score_at(i)); i++)
        for (int k = 0; k < GT_SCORE_MOST_KEYS && s->keys[k]; k++) {
            char name[2 * GT_SCORE_NAME];
            int n;
            if (strlen(key) >= sizeof name || !gt_ends_with(key, s->keys[k])) continue;
            snprintf(name, sizeof name, "%.*s", (int)(strlen(key) - strlen(s->keys[k])), key);
            *more = s->more_is_better && strcmp(s->keys[k], "_std") != 0;
            if (!gt_scores_parse(name, 0, false, one, &n) && n == 1 && one[0].score == s) return s;
        }
    return NULL;
}
