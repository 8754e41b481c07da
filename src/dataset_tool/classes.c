/* SPDX-License-Identifier: Apache-2.0
 * So many images of each class: see classes.h. */
#include "dataset_tool/classes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "gantry/sampler.h"

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

gt_status gt_items_choose_each(gt_items *items, const gt_convert_request *r) {
    int64_t n = items->count, found = 0;
    int classes = items->info.label_width;
    if (items->info.label_kind != GT_LABELS_CLASSES)
        return gt_fail(GT_USAGE, "--each: '%s' has no classes", r->sources[0]);
    int64_t *list = malloc((size_t)n * sizeof *list);
    if (!list) return gt_fail(GT_NOMEM, "out of memory for a choice from %" PRId64 " images", n);
    for (int class = 0; class < classes; class ++) {
        int64_t begin = found;
        for (int64_t i = 0; i < n; i++)
            if (gt_items_class(items, i) == class) list[found++] = i;
        gt_status st = found - begin < r->each
                           ? gt_fail(GT_USAGE, "--each: there are %" PRId64 " images of class %d of the result",
                                     found - begin, class)
                           : thin_out(list + begin, found - begin, r->each, r->seed);
        if (st) {
            free(list);
            return st;
        }
        found = begin + r->each;
    }
    qsort(list, (size_t)found, sizeof *list, by_number);
    items->chosen = list;
    items->count = found;
    items->info.unlabelled = 0;
    if (!r->amount) return GT_OK;
    if (r->amount > found)
        return gt_fail(GT_USAGE, "--count=%" PRId64 ": there are %" PRId64 " images", r->amount, found);
    items->count = r->amount;
    return thin_out(list, found, r->amount, r->seed);
}
