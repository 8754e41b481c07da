/* SPDX-License-Identifier: Apache-2.0
 * Subsets by class: see classes.h. */
#include "dataset_tool/classes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/sampler.h"

/* The class of a name or a number; -1: there is none. */
static int find_class(const gt_source_info *info, const char *text) {
    for (int i = 0; i < info->class_names; i++)
        if (!strcmp(info->class_name[i], text)) return i;
    char *end;
    long number = strtol(text, &end, 10);
    return end != text && !*end && number >= 0 && number < info->label_width ? (int)number : -1;
}

/* `classes` as items->class_of; *n: how many there are. NULL: all, as they are. */
static gt_status read_classes(gt_items *items, const char *classes, int *n) {
    gt_source_info *info = &items->info;
    char name[256];
    *n = 0;
    items->class_of = malloc((size_t)info->label_width * sizeof *items->class_of);
    items->class_name = calloc((size_t)info->label_width, sizeof *items->class_name);
    if (!items->class_of || !items->class_name)
        return gt_fail(GT_NOMEM, "out of memory for %d classes", info->label_width);
    for (int i = 0; i < info->label_width; i++) items->class_of[i] = classes ? -1 : i;
    if (!classes) *n = info->label_width;
    for (const char *at = classes, *end; at; at = *end ? end + 1 : NULL) {
        end = at + strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)(end - at), at);
        int class = find_class(info, name);
        if (class < 0)
            return gt_fail(GT_USAGE, "--classes: there is no class '%s' (there are %d, numbered from 0)", name,
                           info->label_width);
        if (items->class_of[class] >= 0) return gt_fail(GT_USAGE, "--classes: '%s' is named twice", name);
        items->class_of[class] = (*n)++;
    }
    return GT_OK;
}

/* Names and numbers of the classes as the result has them. */
static void rename_classes(gt_items *items, int n) {
    gt_source_info *info = &items->info;
    for (int i = 0; i < info->class_names && i < info->label_width; i++)
        if (items->class_of[i] >= 0) items->class_name[items->class_of[i]] = info->class_name[i];
    info->class_name = items->class_name;
    info->class_names = info->class_names ? n : 0;
    info->label_width = n;
    info->unlabelled = 0;
}

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Leaves `wanted` of the n numbers of a list, by the seed, in their order. */
static gt_status thin_out(int64_t *list, int64_t n, int64_t wanted, uint32_t seed) {
    int64_t *kept = NULL;
    gt_status st = gt_subset(&kept, n, 0, wanted, seed);
    for (int64_t i = 0; i < wanted && !st; i++) list[i] = list[kept[i]]; /* kept[] is sorted: kept[i] >= i */
    free(kept);
    return st;
}

static gt_status collect(gt_items *items, const gt_convert_request *r, int classes) {
    int64_t n = items->count, found = 0;
    int64_t *list = items->chosen = malloc((size_t)n * sizeof *list);
    if (!list) return gt_fail(GT_NOMEM, "out of memory for a choice from %" PRId64 " images", n);
    items->chosen = NULL; /* for gt_items_class() */
    for (int class = 0; class < classes; class ++) {
        int64_t begin = found;
        for (int64_t i = 0; i < n; i++)
            if (gt_items_class(items, i) == class) list[found++] = i;
        gt_status st = GT_OK;
        if (found - begin < r->each || found == begin)
            st = gt_fail(GT_USAGE, "--%s: there are %" PRId64 " images of class %d of the result",
                         r->each ? "each" : "classes", found - begin, class);
        else if (r->each) {
            st = thin_out(list + begin, found - begin, r->each, r->seed);
            found = begin + r->each;
        }
        if (st) {
            free(list);
            return st;
        }
    }
    qsort(list, (size_t)found, sizeof *list, by_number);
    items->chosen = list;
    items->count = found;
    if (!r->amount) return GT_OK;
    if (r->amount > found)
        return gt_fail(GT_USAGE, "--count=%" PRId64 ": there are %" PRId64 " images", r->amount, found);
    items->count = r->amount;
    return thin_out(list, found, r->amount, r->seed);
}

gt_status gt_items_choose_classes(gt_items *items, const gt_convert_request *r) {
    int classes = 0;
    if (items->info.label_kind != GT_LABELS_CLASSES)
        return gt_fail(GT_USAGE, "--%s: '%s' has no classes", r->classes ? "classes" : "each", r->sources[0]);
    gt_status st = read_classes(items, r->classes, &classes);
    if (!st) st = collect(items, r, classes);
    if (!st) rename_classes(items, classes);
    return st;
}
