/* SPDX-License-Identifier: Apache-2.0
 * How two files differ: which part is the first that does, and by how much. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/contents/contents.h"
#include "base/door/file.h"

/* ---- a part in memory ---- */

enum { MOST_ARRAYS = 3 /* pixels, label, mask */ };

typedef struct part {
    int n;
    struct {
        gt_part_array head;
        int64_t dims[GT_PART_MOST_DIMS];
        gt_buffer values;
    } of[MOST_ARRAYS];
} part;

static gt_status keep_head(void *arg, const gt_part_array *a) {
    part *p = arg;
    p->of[p->n].head = *a;
    p->of[p->n].head.dims = p->of[p->n].dims;
    if (a->n_dims) memcpy(p->of[p->n].dims, a->dims, (size_t)a->n_dims * sizeof *a->dims);
    p->n++;
    return GT_OK;
}

static gt_status keep_values(void *arg, const void *bytes, size_t n) {
    part *p = arg;
    gt_buffer *b = &p->of[p->n - 1].values;
    gt_buffer_add(b, bytes, n);
    return b->failed ? gt_fail(GT_NOMEM, "out of memory for values to compare") : GT_OK;
}

static gt_status keep_part(part *p, const gt_contents *c, int64_t i) {
    return contents_pour(c, i, &(gt_part_sink){keep_head, keep_values, p});
}

static void free_part(part *p) {
    for (int i = 0; i < MOST_ARRAYS; i++) gt_buffer_free(&p->of[i].values);
}

/* ---- two arrays ---- */

static bool same_shape(const part *a, const part *b, int i) {
    const gt_part_array *x = &a->of[i].head, *y = &b->of[i].head;
    return x->type == y->type && x->n_dims == y->n_dims &&
           !memcmp(x->dims, y->dims, (size_t)x->n_dims * sizeof *x->dims);
}

/* NaN against a number counts as an infinite difference. */
static void count_values(const part *a, const part *b, int i, char *text, size_t room) {
    gt_weight_type type = a->of[i].head.type;
    size_t bytes = gt_weight_type_bytes(type), n = a->of[i].values.n / bytes, differ = 0;
    const uint8_t *x = (const uint8_t *)a->of[i].values.data, *y = (const uint8_t *)b->of[i].values.data;
    double most = 0;
    for (size_t k = 0; k < n; k++) {
        if (!memcmp(x + k * bytes, y + k * bytes, bytes)) continue;
        double d = fabs(gt_weight_number(type, x + k * bytes) - gt_weight_number(type, y + k * bytes));
        most = fmax(most, isnan(d) ? (double)INFINITY : d);
        differ++;
    }
    snprintf(text, room, "%zu of %zu values differ, by at most %.9g", differ, n, most);
}

static void describe_difference(const part *a, const part *b, char *text, size_t room) {
    int i = 0;
    while (i < a->n && i < b->n && !strcmp(a->of[i].head.name, b->of[i].head.name) && same_shape(a, b, i) &&
           a->of[i].values.n == b->of[i].values.n &&
           (!a->of[i].values.n || !memcmp(a->of[i].values.data, b->of[i].values.data, a->of[i].values.n)))
        i++;
    if (i == a->n || i == b->n || strcmp(a->of[i].head.name, b->of[i].head.name)) {
        snprintf(text, room, "only one of them has a %s", i < a->n ? a->of[i].head.name : b->of[i].head.name);
        return;
    }
    size_t n = a->n > 1 || b->n > 1 ? (size_t)snprintf(text, room, "%s: ", a->of[i].head.name) : 0;
    char mine[256], other[256];
    contents_shape_text(&a->of[i].head, mine, sizeof mine);
    contents_shape_text(&b->of[i].head, other, sizeof other);
    if (!same_shape(a, b, i)) snprintf(text + n, room - n, "%s against %s", mine, other);
    else count_values(a, b, i, text + n, room - n);
}

/* ---- two files ---- */

/* The name alone. */
static void name_part(const gt_contents *c, int64_t i, char text[GT_CONTENTS_NAME_BYTES]) {
    if (gt_contents_part_text(c, i, text)) snprintf(text, GT_CONTENTS_NAME_BYTES, "%" PRId64, i);
    char *end = strstr(text, "  ");
    if (end) *end = 0;
}

/* i, k: -1 where the part is in the other file alone. */
static gt_status tell_first(const gt_contents *a, int64_t i, const gt_contents *b, int64_t k,
                            gt_contents_difference *out) {
    char name[GT_CONTENTS_NAME_BYTES], how[GT_CONTENTS_NAME_BYTES];
    GT_FREED part *parts = calloc(2, sizeof *parts);
    gt_status st = parts ? GT_OK : gt_fail(GT_NOMEM, "out of memory for values to compare");
    name_part(i >= 0 ? a : b, i >= 0 ? i : k, name);
    if (i < 0 || k < 0) snprintf(how, sizeof how, "only in '%.3000s'", i >= 0 ? a->path : b->path);
    else {
        if (!st) st = keep_part(&parts[0], a, i);
        if (!st) st = keep_part(&parts[1], b, k);
        if (!st) describe_difference(&parts[0], &parts[1], how, sizeof how);
    }
    if (!st) snprintf(out->first, sizeof out->first, "%s%.4000s: %.600s", a->arrays ? "" : "sample ", name, how);
    for (int n = 0; parts && n < 2; n++) free_part(&parts[n]);
    return st;
}

/* Which of the parts i and k comes first; 0: they are a pair. */
static int order(const gt_contents *a, int64_t i, const gt_contents *b, int64_t k) {
    if (i == a->count || k == b->count) return i == a->count ? 1 : -1;
    return a->arrays ? strcmp(a->arrays[i].name, b->arrays[k].name) : 0;
}

static bool equal_parts(const gt_contents *a, int64_t i, const gt_contents *b, int64_t k) {
    if (a->form == GT_CONTENTS_SHA256) return gt_sha256_equal(&a->leaves[i], &b->leaves[k]);
    return !memcmp(&a->hashes[i], &b->hashes[k], sizeof *a->hashes);
}

gt_status gt_contents_compare(const gt_contents *a, const gt_contents *b, gt_contents_difference *out) {
    gt_status st = GT_OK;
    *out = (gt_contents_difference){0};
    if (!a->arrays != !b->arrays)
        return gt_fail(
            GT_USAGE,
            "'%s' is a %s and '%s' is a %s: tensors can only be compared with tensors, and samples with samples",
            a->path, a->kind, b->path, b->kind);
    for (int64_t i = 0, k = 0; (i < a->count || k < b->count) && !st; out->all++) {
        int o = order(a, i, b, k);
        bool differs = o || !equal_parts(a, i, b, k);
        if (differs && !out->parts++) st = tell_first(a, o <= 0 ? i : -1, b, o >= 0 ? k : -1, out);
        i += o <= 0;
        k += o >= 0;
    }
    return st;
}
