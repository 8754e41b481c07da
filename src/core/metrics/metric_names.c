/* SPDX-License-Identifier: Apache-2.0
 * The table of metrics, and their names: see gantry/metric.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "gantry/option.h"
#include "metrics/door/metric.h"
#include "metrics/door/metric_list.h"

/* The first row of all files behind `before` rows that are of the kind; NULL: there is none. */
static const gt_metric *row_at(int before, bool with_name) {
    for (const gt_metric *const *file = gt_metric_files; *file; file++)
        for (const gt_metric *m = *file; m->name || m->series; m++)
            if ((m->name || !with_name) && !before--) return m;
    return NULL;
}

const gt_metric *gt_metric_at(int i) { return row_at(i, false); }
const gt_metric *gt_metric_named_at(int i) { return row_at(i, true); }

const gt_metric *gt_metric_of_series(const char *series) {
    const gt_metric *m;
    for (int i = 0; (m = gt_metric_at(i)); i++)
        if (m->series && !strcmp(m->series, series)) return m;
    return NULL;
}

bool gt_metric_of_fakes(const char *series) {
    const gt_metric *m = gt_metric_of_series(series);
    return m && !m->of_data;
}

const char *gt_metric_series_now(const char *series) {
    const gt_metric *m;
    for (int i = 0; (m = gt_metric_at(i)); i++)
        if (m->before && !strcmp(m->before, series)) return m->series;
    return series;
}

bool gt_is_pixels(const char *detector) {
    static const char name[] = "pixels";
    size_t n = sizeof name - 1;
    return detector && !strncmp(detector, name, n) && (!detector[n] || detector[n] == ':');
}

/* ---- names ---- */

/* Where the number of the name ends. */
static const char *end_of(const gt_metric *m) { return strchr(m->name, '#') + 1; }

static const gt_metric *with_plain_name(const char *word) {
    const gt_metric *m;
    for (int i = 0; (m = gt_metric_named_at(i)); i++)
        if (m->plain && !strcmp(m->plain, word)) return m;
    return NULL;
}

static void name_with_number(const gt_metric *m, int64_t count, const char *first, char name[GT_METRIC_NAME_BYTES]) {
    bool thousands = count % 1000 == 0;
    /* "pr512_3": 5123 would be read as a number */
    const char *gap = !thousands && isdigit((unsigned char)*end_of(m)) ? "_" : "";
    snprintf(name, GT_METRIC_NAME_BYTES, "%.*s%s%lld%s%s%s", (int)(end_of(m) - 1 - m->name), m->name, first,
             (long long)(thousands ? count / 1000 : count), thousands ? "k" : "", gap, end_of(m));
}

void gt_metric_name(const gt_metric *m, int64_t count, char name[GT_METRIC_NAME_BYTES]) {
    if (m->plain && count == m->count && m->network != GT_METRIC_INCEPTION && m->network != GT_METRIC_VGG16) {
        snprintf(name, GT_METRIC_NAME_BYTES, "%s", m->plain);
        return;
    }
    name_with_number(m, count, "", name);
    if (with_plain_name(name)) name_with_number(m, count, "_", name); /* ppl#_wend of 2 is not ppl2_wend */
}

/* Is the word a name of this metric, with a number? */
static bool has_number(const gt_metric *m, const char *word, int64_t *count) {
    enum { MOST = 2000000000 };
    size_t before = (size_t)(end_of(m) - 1 - m->name);
    if (strncmp(word, m->name, before)) return false;
    const char *whole = word;
    if (word[before] == '_') word++; /* see gt_metric_name() */
    if (!isdigit((unsigned char)word[before]) || !gt_ends_with(word, end_of(m))) return false;
    char middle[GT_METRIC_NAME_BYTES], *end;
    size_t length = strlen(word + before), after = strlen(end_of(m));
    if (length <= after || length - after >= sizeof middle) return false;
    snprintf(middle, length - after + 1, "%s", word + before);
    long long n = strtoll(middle, &end, 10);
    if (n < 1 || n > MOST) return false;
    if (*end == 'k') {
        n *= 1000;
        end++;
    } else if (*end == '_' && isdigit((unsigned char)*end_of(m))) {
        end++;
    }
    *count = n;
    if (*end || n > MOST) return false;
    if (word == whole) return true;
    gt_metric_name(m, n, middle);
    return !strcmp(middle, whole);
}

/* The metric of this name; *count: the number in the name, 0 without one. Plain names come first: "ppl2_wend" is one.
 */
static const gt_metric *find_name(const char *word, int64_t *count) {
    const gt_metric *m = with_plain_name(word);
    *count = 0;
    if (m) return m;
    for (int i = 0; (m = gt_metric_named_at(i)); i++)
        if (has_number(m, word, count)) return m;
    return NULL;
}

static gt_status fail_of_name(const char *word) {
    enum { MOST = 64 };
    char names[MOST][GT_METRIC_NAME_BYTES];
    gt_option rows[MOST];
    int n = 0;
    for (const gt_metric *m; n < MOST && (m = gt_metric_named_at(n)); n++) {
        gt_metric_name(m, m->count, names[n]);
        rows[n] = (gt_option){.key = names[n]};
    }
    const char *near = gt_options_nearest(&(gt_options){.rows = rows, .n = n}, word);
    return gt_fail(GT_USAGE, "there is no metric '%.60s'%s%s%s; `gantry metrics --metrics=help` lists all", word,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static gt_status add_request(const char *word, int64_t count, bool all, gt_metric_request *out, int *n) {
    int64_t number;
    const gt_metric *m = find_name(word, &number);
    if (!m) return fail_of_name(word);
    if (*n == GT_METRICS_MAX) return gt_fail(GT_USAGE, "more than %d metrics", GT_METRICS_MAX);
    gt_metric_request *r = &out[*n];
    *r = (gt_metric_request){.row = m, .count = count ? count : number ? number : all ? 0 : m->count};
    if (r->count) gt_metric_name(m, r->count, r->metric);
    else snprintf(r->metric, sizeof r->metric, "%s", m->plain);
    for (int k = 0; k < *n; k++)
        if (!strcmp(out[k].metric, r->metric)) return gt_fail(GT_USAGE, "'%s' is named twice", r->metric);
    ++*n;
    return GT_OK;
}

gt_status gt_metrics_parse(const char *list, int64_t count, bool all, gt_metric_request out[GT_METRICS_MAX], int *n) {
    *n = 0;
    if (!list || !*list || !strcmp(list, "none")) return GT_OK;
    gt_status st = GT_OK;
    while (!st && *list) {
        size_t length = strcspn(list, ",");
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), list);
        if (length) st = add_request(word, count, all, out, n);
        list += length + (list[length] == ',');
    }
    return st;
}

gt_status gt_metrics_check(const gt_option *o, const char *value) {
    gt_metric_request asked[GT_METRICS_MAX];
    int n;
    (void)o;
    return gt_metrics_parse(value, 0, false, asked, &n);
}

/* Does one of the metrics take what the option of this key names? */
static bool take(const gt_metric_request *asked, int n, const char *key, bool detector) {
    for (int i = 0; i < n; i++) {
        gt_metric_source from = asked[i].row->network;
        bool published = from == GT_METRIC_INCEPTION || from == GT_METRIC_VGG16, lpips = from == GT_METRIC_LPIPS;
        if (!strcmp(key, "detector") && from != GT_METRIC_NO_NETWORK && !lpips) return true;
        if (!strcmp(key, "inception") && from == GT_METRIC_INCEPTION && !detector) return true;
        if (!strcmp(key, "vgg16") && (lpips || (from == GT_METRIC_VGG16 && !detector))) return true;
        if (!strcmp(key, "lpips") && lpips) return true;
        if (!strcmp(key, "resize") && published && !detector) return true;
    }
    return false;
}

gt_status gt_metrics_check_takes(const gt_options *o, const gt_metric_request *asked, int n) {
    static const char *const keys[] = {"detector", "inception", "vgg16", "lpips", "resize"};
    bool detector = gt_options_state(o, "detector") == GT_OPTION_GIVEN,
         nearest = gt_options_state(o, "nearest") == GT_OPTION_GIVEN; /* whose picture takes the detector, too */
    for (size_t i = nearest; i < sizeof keys / sizeof *keys; i++)
        if (gt_options_state(o, keys[i]) == GT_OPTION_GIVEN && !take(asked, n, keys[i], detector))
            return gt_fail(GT_USAGE, "--%s has no effect with these --metrics%s", keys[i],
                           take(asked, n, keys[i], false) ? " and --detector" : "");
    return GT_OK;
}

const gt_metric *gt_metric_of_key(const char *key, bool *more) {
    gt_metric_request one[GT_METRICS_MAX];
    const gt_metric *m;
    for (int i = 0; (m = gt_metric_named_at(i)); i++)
        for (int k = 0; k < GT_METRIC_MAX_KEYS && m->keys[k]; k++) {
            char name[2 * GT_METRIC_NAME_BYTES];
            int n;
            if (strlen(key) >= sizeof name || !gt_ends_with(key, m->keys[k])) continue;
            snprintf(name, sizeof name, "%.*s", (int)(strlen(key) - strlen(m->keys[k])), key);
            *more = m->more_is_better && strcmp(m->keys[k], "_std") != 0;
            if (!gt_metrics_parse(name, 0, false, one, &n) && n == 1 && one[0].row == m) return m;
        }
    return NULL;
}
