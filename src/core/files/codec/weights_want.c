/* SPDX-License-Identifier: Apache-2.0
 * Finds the tensors of a network in a file of weights, and says which are missing or of other shapes. Training programs
 * write networks as parts of larger states: the names then have a prefix. */
#include <stdio.h>
#include <string.h>

#include "files/codec/door/weights.h"

enum { SHAPE_BYTES = 200 };

static const char *shape_text(int n, const int64_t *dims, char text[SHAPE_BYTES]) {
    size_t at = 0;
    strcpy(text, "scalar");
    for (int i = 0; i < n && at < SHAPE_BYTES; i++)
        at += (size_t)snprintf(text + at, SHAPE_BYTES - at, "%s%lld", i ? "x" : "", (long long)dims[i]);
    return text;
}

static bool has_shape(const gt_weight *w, const gt_weight_wanted *wanted) {
    int skip = 0;
    while (w->n_dims - skip > wanted->n_dims && w->dims[skip] == 1) skip++;
    bool same = w->n_dims - skip == wanted->n_dims;
    for (int i = 0; i < wanted->n_dims && same; i++) same = w->dims[i + skip] == wanted->dims[i];
    return same;
}

/* As many names as there is room for. */
static gt_status are_missing(const char *what, size_t n, const gt_weight_wanted *wanted, size_t missing) {
    char list[400] = "", shape[SHAPE_BYTES];
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const gt_weight_wanted *x = &wanted[i];
        if (x->place != GT_WEIGHT_NOWHERE || x->optional) continue;
        if (missing == 1)
            return gt_fail(GT_FORMAT, "there is no tensor '%s' (%s) of %s", x->name,
                           shape_text(x->n_dims, x->dims, shape), what);
        if (at < sizeof list) at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "", x->name);
    }
    if (at >= sizeof list) strcpy(list + sizeof list - 4, "...");
    return gt_fail(GT_FORMAT, "%zu of the %zu tensors of %s are missing: %s", missing, n, what, list);
}

static bool find_shape(const gt_weights *w, const gt_weight_wanted *x, const char *name, size_t *place) {
    char full[512];
    if (!name || snprintf(full, sizeof full, "%s%s", x->prefix ? x->prefix : "", name) >= (int)sizeof full)
        return false;
    return gt_weights_find(w, full, place);
}

bool gt_weights_prefix(const gt_weights *w, const char *name, char prefix[GT_WEIGHT_PREFIX_BYTES]) {
    size_t shortest = GT_WEIGHT_PREFIX_BYTES, m = strlen(name);
    for (size_t i = 0; i < gt_weights_count(w) && shortest; i++) {
        const char *at = gt_weights_at(w, i)->name;
        size_t n = strlen(at);
        if (n < m || n - m >= shortest || strcmp(at + n - m, name) || (n > m && at[n - m - 1] != '.')) continue;
        shortest = n - m;
        memcpy(prefix, at, shortest);
    }
    if (shortest == GT_WEIGHT_PREFIX_BYTES) return false;
    prefix[shortest] = 0;
    return true;
}

gt_status gt_weights_want(const gt_weights *w, const char *what, size_t n, gt_weight_wanted *wanted) {
    char here[SHAPE_BYTES], there[SHAPE_BYTES];
    size_t missing = 0;
    for (size_t i = 0; i < n; i++) {
        gt_weight_wanted *x = &wanted[i];
        bool found = find_shape(w, x, x->name, &x->place) || find_shape(w, x, x->other, &x->place);
        if (!found) x->place = GT_WEIGHT_NOWHERE;
        missing += !found && !x->optional;
    }
    if (missing) return are_missing(what, n, wanted, missing);
    for (size_t i = 0; i < n; i++) {
        const gt_weight_wanted *x = &wanted[i];
        const gt_weight *t = x->place == GT_WEIGHT_NOWHERE ? NULL : gt_weights_at(w, x->place);
        if (t && !has_shape(t, x))
            return gt_fail(GT_FORMAT, "'%s' has the shape %s, but %s is needed", t->name,
                           shape_text(t->n_dims, t->dims, there), shape_text(x->n_dims, x->dims, here));
    }
    return GT_OK;
}
