/* SPDX-License-Identifier: Apache-2.0
 * Filters of up- and downsampling: from tensors of files of other programs to taps, and as texts of recipes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "files/codec/door/weights.h"
#include "networks/model/door/import.h"

/* Whole numbers in the same proportions, where there are some: 1,2,1 for 0.25,0.5,0.25. */
static void simplify(gt_resample_filter *f) {
    enum { MOST = 1000 };
    float least = 0;
    gt_resample_filter whole = *f;
    for (int i = 0; i < f->taps; i++)
        if (f->value[i] != 0 && !(fabsf(f->value[i]) >= fabsf(least) && least != 0)) least = f->value[i];
    for (int i = 0; i < f->taps; i++) {
        float ratio = f->value[i] / fabsf(least);
        whole.value[i] = rintf(ratio);
        if (!(fabsf(ratio - whole.value[i]) < 1e-4f) || fabsf(ratio) > MOST) return;
    }
    *f = whole;
}

/* The taps of a filter tensor, whose sum is 1: of one row, or of an outer product. */
static gt_status filter_of_tensor(const gt_weights *from, const gt_weight *w, size_t i, gt_resample_filter *out) {
    float taps[GT_MAX_FILTER_TAPS * GT_MAX_FILTER_TAPS], sum = 0;
    const int64_t *dims = w->dims;
    int n_dims = w->n_dims;
    for (; n_dims > 2 && *dims == 1; n_dims--) dims++;
    int64_t n = n_dims ? dims[0] : 0;
    bool square = n_dims == 2 && dims[1] == n;
    if ((n_dims != 1 && !square) || n < 1 || n > GT_MAX_FILTER_TAPS)
        return gt_fail(GT_FORMAT, "'%s' is not a filter of at most %d taps", w->name, GT_MAX_FILTER_TAPS);
    gt_status st = gt_weights_read(from, i, taps);
    if (st) return st;
    gt_resample_filter f = {.taps = (int)n};
    for (int64_t y = 0; y < n; y++)
        for (int64_t x = 0; x < (square ? n : 1); x++) f.value[y] += taps[square ? y * n + x : y];
    for (int64_t k = 0; k < n; k++) sum += f.value[k];
    if (!(fabsf(sum - 1) < 1e-4f)) return gt_fail(GT_FORMAT, "the taps of '%s' do not add up to 1", w->name);
    for (int64_t k = 0; square && k < n * n; k++)
        if (!(fabsf(taps[k] - f.value[k / n] * f.value[k % n]) < 1e-5f))
            return gt_fail(GT_FORMAT, "'%s' is not a product of a row and a column, so Gantry has no such filter",
                           w->name);
    simplify(&f);
    *out = f;
    return GT_OK;
}

bool gt_same_filter(const gt_resample_filter *a, const gt_resample_filter *b) {
    double sum_a = 0, sum_b = 0;
    for (int i = 0; i < a->taps; i++) sum_a += (double)a->value[i];
    for (int i = 0; i < b->taps; i++) sum_b += (double)b->value[i];
    bool same = a->taps == b->taps;
    for (int i = 0; i < a->taps && same; i++)
        same = fabs((double)a->value[i] / sum_a - (double)b->value[i] / sum_b) < 1e-6;
    return same;
}

gt_status gt_import_filter(const gt_imported *m, const char *prefix, gt_filter_uses *uses, const void *arg,
                           gt_resample_filter *out) {
    const gt_weights *w = m->from;
    gt_resample_filter found = {0};
    for (size_t i = 0; i < gt_weights_count(w); i++) {
        const gt_weight *t = gt_weights_at(w, i);
        gt_resample_filter this;
        if (strncmp(t->name, prefix, strlen(prefix)) || !gt_ends_with(t->name, ".resample_filter") ||
            !uses(arg, t->name + strlen(prefix)))
            continue;
        gt_status st = filter_of_tensor(w, t, i, &this);
        if (st) return st;
        if (found.taps && !gt_same_filter(&found, &this))
            return gt_fail(GT_FORMAT, "'%s' differs from the filters before: a network of Gantry has only one filter",
                           t->name);
        found = this;
    }
    if (found.taps && !gt_same_filter(&found, out)) *out = found;
    return GT_OK;
}

/* ---- texts ---- */

void gt_import_set_filter(gt_imported *m, const char *key, const gt_resample_filter *f) {
    char text[GT_MAX_FILTER_TAPS * 16] = "";
    for (int i = 0; i < f->taps; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.9g", i ? "," : "", (double)f->value[i]);
    gt_import_set(m, key, "%s", text);
}

gt_status gt_filter_of_text(const char *key, const char *text, gt_resample_filter *f) {
    if (!*text) return GT_OK;
    for (f->taps = 0; f->taps < GT_MAX_FILTER_TAPS; text++) {
        char *end;
        f->value[f->taps++] = strtof(text, &end);
        if (end == text || (*end && *end != ',') || !isfinite(f->value[f->taps - 1])) break;
        if (!*end) return GT_OK;
        text = end;
    }
    return gt_fail(GT_FORMAT, "%s = %s: these are not numbers with commas between them, or too many", key, text);
}
