/* SPDX-License-Identifier: Apache-2.0
 * Labels of points: few different texts. */
#include <stdlib.h>
#include <string.h>

#include "base/door/memory.h"
#include "features/gmm/cloud.h"
#include "features/gmm/mixture.h"

static int find_label(const gt_name_list *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (!strcmp(gt_names_at(names, i), name)) return (int)i;
    return -1;
}

gt_status gt_cloud_add_label(gt_cloud *c, int64_t n, const char *name) {
    gt_name_list *names = &c->label_names;
    int label = find_label(names, name);
    if (label < 0 && names->count == GT_CLOUD_CLASSES_MAX)
        return gt_fail(GT_FORMAT, "the labels have more than %d different values", GT_CLOUD_CLASSES_MAX);
    gt_status st = label < 0 ? gt_names_add(names, name, strlen(name)) : GT_OK;
    if (!st) st = gt_grow(&c->labels.label, &c->label_room, (size_t)n + 1, sizeof *c->labels.label, "labels");
    if (!st) ((int32_t *)c->labels.label)[n] = label < 0 ? (int32_t)names->count - 1 : label;
    return st;
}

static int by_number(const char *a, const char *b) {
    double x = strtod(a, NULL), y = strtod(b, NULL);
    return x < y ? -1 : x > y ? 1 : strcmp(a, b);
}

/* From the numbers as the labels came to those in the order of their names. */
static gt_status sort_labels(gt_cloud *c) {
    gt_name_list *names = &c->label_names, old = {0};
    int32_t *place = gt_arena_array(c->arena, names->count + 1, sizeof *place), *label = (int32_t *)c->labels.label;
    bool numbers = true;
    gt_status st = place ? GT_OK : GT_NOMEM;
    for (size_t i = 0; i < names->count && !st; i++) {
        char *end;
        const char *name = gt_names_at(names, i);
        strtod(name, &end);
        numbers = numbers && end != name && !*end;
        st = gt_names_add(&old, name, strlen(name));
    }
    if (!st) gt_names_sort(names, numbers ? by_number : gt_by_code_points);
    for (size_t i = 0; i < names->count && !st; i++) place[i] = find_label(names, gt_names_at(&old, i));
    for (int64_t i = 0; i < c->info.count && !st; i++) label[i] = place[label[i]];
    gt_names_free(&old);
    return st;
}

gt_status gt_cloud_end_labels(gt_cloud *c, bool sorted) {
    const gt_name_list *names = &c->label_names;
    gt_status st = sorted ? sort_labels(c) : GT_OK;
    if (st) return st;
    c->label_name = gt_arena_array(c->arena, names->count + 1, sizeof *c->label_name);
    if (!c->label_name) return GT_NOMEM;
    for (size_t i = 0; i < names->count; i++) c->label_name[i] = gt_names_at(names, i);
    c->labels.classes = (int)names->count;
    c->labels.name = c->label_name;
    return GT_OK;
}
