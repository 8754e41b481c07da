/* SPDX-License-Identifier: Apache-2.0
 * Ranges of a random search, and what is drawn from them. */
#include "features/search/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/mathfn.h"
#include "base/door/random.h"

static const struct {
    const char *name;
    gt_vary_kind kind;
} kinds[] = {{"log:", GT_VARY_LOG}, {"lin:", GT_VARY_LIN}, {"int:", GT_VARY_INT}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int kind_of(const char *value) {
    for (int i = 0; i < KINDS; i++)
        if (!strncmp(value, kinds[i].name, strlen(kinds[i].name))) return i;
    return -1;
}

bool gt_is_range(const char *value) { return value && (kind_of(value) >= 0 || strchr(value, '|')); }

const char *gt_drawn_text(const gt_drawn *d) { return d->choice ? d->choice : d->text; }

/* ---- reading ---- */

static gt_status check_may_vary(gt_options *o, const char *key, const gt_option **row) {
    static const char *const fixed[] = {"seed", "kimg", "epochs", "steps", "slices", "reduce"};
    *row = gt_options_find(o, key);
    if (!*row) return gt_options_set(o, key, NULL, NULL); /* fails, with the option that may be meant */
    bool may = (*row)->class == GT_RECIPE && ((*row)->group == NULL || strcmp((*row)->group, "data"));
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) may &= strcmp(key, fixed[i]) != 0;
    if (may) return GT_OK;
    return gt_fail(GT_USAGE,
                   "%s may not vary, because trials could not be compared: only options of networks and training may, "
                   "such as lrate, batch, model (seed=N chooses the draws)",
                   key);
}

/* The number between `text` and `end`. */
static bool read_number(const char *text, const char *end, double *out) {
    char copy[64], *rest;
    size_t n = (size_t)(end - text);
    if (!n || n >= sizeof copy) return false;
    memcpy(copy, text, n); /* strtod() would read "0." of "0..1" */
    copy[n] = 0;
    *out = strtod(copy, &rest);
    return !*rest && isfinite(*out);
}

static gt_status read_ends(gt_varied *v, const char *ends) {
    const char *dots = strstr(ends, "..");
    if (!dots || !read_number(ends, dots, &v->lo) || !read_number(dots + 2, ends + strlen(ends), &v->hi))
        return gt_fail(GT_USAGE, "%s=%s: a range is log:LO..HI, lin:LO..HI, int:LO..HI or a|b|c", v->key, v->text);
    if (v->kind == GT_VARY_LOG && !(v->lo > 0))
        return gt_fail(GT_USAGE, "%s=%s: a logarithmic range begins above 0", v->key, v->text);
    if (v->kind == GT_VARY_INT &&
        (floor(v->lo) != v->lo || floor(v->hi) != v->hi || fabs(v->lo) > 1e15 || fabs(v->hi) > 1e15))
        return gt_fail(GT_USAGE, "%s=%s: the ends of int: are whole numbers", v->key, v->text);
    if (!(v->lo < v->hi))
        return gt_fail(GT_USAGE, "%s=%s: the range is reversed or empty: the first end must be the smaller one", v->key,
                       v->text);
    return GT_OK;
}

static gt_status read_choices(gt_varied *v, gt_arena *a) {
    for (const char *text = v->text;; text++) {
        size_t n = strcspn(text, "|");
        if (v->n_choices == GT_VARY_CHOICES)
            return gt_fail(GT_USAGE, "%s: more than %d choices", v->key, GT_VARY_CHOICES);
        if (!(v->choices[v->n_choices++] = gt_arena_printf(a, "%.*s", (int)n, text))) return GT_NOMEM;
        text += n;
        if (!*text) return GT_OK;
    }
}

static gt_drawn number_of(const gt_varied *v, double lo, double hi, double x) {
    gt_drawn d = {0};
    if (v->kind == GT_VARY_INT) {
        snprintf(d.text, sizeof d.text, "%.0f", x);
    } else {
        snprintf(d.text, sizeof d.text, "%.4g", x);
        double rounded = strtod(d.text, NULL);
        if (rounded < lo || rounded > hi) gt_real_text(rounded < lo ? lo : hi, d.text);
    }
    d.number = strtod(d.text, NULL);
    return d;
}

gt_status gt_varied_read(gt_varied *v, gt_options *o, const char *key, const char *text) {
    const gt_option *row;
    int kind = kind_of(text);
    *v = (gt_varied){.text = text, .kind = kind < 0 ? GT_VARY_CHOICE : kinds[kind].kind};
    gt_status st = check_may_vary(o, key, &row);
    if (st) return st;
    v->key = row->key;
    if (kind < 0) {
        st = read_choices(v, o->arena);
        for (int i = v->n_choices - 1; i >= 0 && !st; i--) st = gt_options_set(o, v->key, v->choices[i], NULL);
        return st;
    }
    if (row->type == GT_OPTION_BOOL || row->choices)
        return gt_fail(GT_USAGE, "%s=%s: this option takes no numbers; give its values as %s", v->key, text,
                       row->choices ? row->choices : "0|1");
    if (row->type == GT_OPTION_INT && v->kind != GT_VARY_INT)
        return gt_fail(GT_USAGE, "%s=%s: this option is a whole number: int:LO..HI", v->key, text);
    if ((st = read_ends(v, text + strlen(kinds[kind].name)))) return st;
    st = gt_options_set(o, v->key, number_of(v, v->hi, v->hi, v->hi).text, NULL);
    return st ? st : gt_options_set(o, v->key, number_of(v, v->lo, v->lo, v->lo).text, NULL);
}

/* ---- drawing ---- */

gt_vary_span gt_varied_whole(const gt_varied *v) {
    return (gt_vary_span){v->lo, v->hi, v->n_choices < 64 ? (UINT64_C(1) << v->n_choices) - 1 : UINT64_MAX};
}

gt_drawn gt_varied_draw(const gt_varied *v, const gt_vary_span *span, uint64_t seed, int trial) {
    char stream[128];
    uint32_t bits[2];
    snprintf(stream, sizeof stream, "search/%s", v->key);
    gt_random_bits((gt_key){.seed = seed, .stream = gt_stream(stream), .step = (uint32_t)trial}, bits, 2);
    double u = ((double)(bits[0] >> 5) * 67108864.0 + (double)(bits[1] >> 6)) / 9007199254740992.0; /* [0,1) */
    if (v->kind == GT_VARY_CHOICE) {
        int left = (int)(u * __builtin_popcountll(span->choices)), i = 0;
        while (!(span->choices >> i & 1) || left--) i++;
        return (gt_drawn){.number = i, .choice = v->choices[i]};
    }
    double x = v->kind == GT_VARY_LOG   ? gt_exp(gt_ln(span->lo) + u * (gt_ln(span->hi) - gt_ln(span->lo)))
               : v->kind == GT_VARY_INT ? span->lo + floor(u * (span->hi - span->lo + 1))
                                        : span->lo + u * (span->hi - span->lo);
    return number_of(v, span->lo, span->hi, x);
}

gt_vary_span gt_varied_narrow(const gt_varied *v, const gt_drawn *values, int n) {
    gt_vary_span s = {values[0].number, values[0].number, 0};
    for (int i = 0; i < n; i++) {
        s.lo = fmin(s.lo, values[i].number);
        s.hi = fmax(s.hi, values[i].number);
        if (v->kind == GT_VARY_CHOICE) s.choices |= UINT64_C(1) << (int)values[i].number;
    }
    return s;
}

/* ---- trials ---- */

int gt_search_quarter_begin(int quarter, int trials) {
    return (int)(((int64_t)quarter * trials + GT_SEARCH_QUARTERS - 1) / GT_SEARCH_QUARTERS);
}

int gt_search_quarter(int trial, int trials) {
    int quarter = GT_SEARCH_QUARTERS - 1;
    while (trial < gt_search_quarter_begin(quarter, trials)) quarter--;
    return quarter;
}

int gt_search_rank(const gt_trial *trials, int n, bool largest, int *order) {
    int done = 0;
    for (int i = 0; i < n; i++) {
        if (trials[i].state != GT_TRIAL_DONE) continue;
        int at = done++;
        for (; at > 0; at--) {
            double before = trials[order[at - 1]].value;
            if (largest ? before >= trials[i].value : before <= trials[i].value) break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
    return done;
}

int gt_search_best(const gt_trial *trials, const int *order, int done) {
    int best = done > 10 ? (done + 4) / 5 : 2;
    while (best < done && !(trials[order[best]].value < trials[order[best - 1]].value ||
                            trials[order[best]].value > trials[order[best - 1]].value))
        best++;
    return best < done ? best : 0;
}
