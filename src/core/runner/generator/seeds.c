/* SPDX-License-Identifier: Apache-2.0
 * Seeds as users list them: the names of their pictures, and those that stand in a list more than once. */
#include <stdio.h>
#include <stdlib.h>

#include "base/door/log.h"
#include "runner/generator/door/generator.h"

const char *gt_generated_name(bool projected, int64_t number, char name[GT_GENERATED_NAME]) {
    snprintf(name, GT_GENERATED_NAME, projected ? "proj%02lld" : "seed%04lld", (long long)number);
    return name;
}

const char *gt_generated_of_class(int64_t seed, int class, char name[GT_GENERATED_NAME]) {
    if (class < 0) return gt_generated_name(false, seed, name);
    snprintf(name, GT_GENERATED_NAME, "seed%04lld-class%d", (long long)seed, class);
    return name;
}

typedef struct listed {
    int64_t seed, at;
} listed;

static int by_seed(const void *a, const void *b) {
    const listed *x = a, *y = b;
    int order = (x->seed > y->seed) - (x->seed < y->seed);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

gt_status gt_seeds_repeated(gt_arena *a, const char *option, int64_t n, const int64_t *seeds, bool **again) {
    int64_t rising = 1, repeated = 0, first = n;
    *again = NULL;
    while (rising < n && seeds[rising] > seeds[rising - 1]) rising++;
    if (rising >= n) return GT_OK;
    listed *list = malloc((size_t)n * sizeof *list);
    *again = list ? gt_arena_array(a, (size_t)n, sizeof **again) : NULL;
    if (!*again) {
        free(list);
        return gt_fail(GT_NOMEM, "out of memory for %lld seeds", (long long)n);
    }
    for (int64_t i = 0; i < n; i++) list[i] = (listed){seeds[i], i};
    qsort(list, (size_t)n, sizeof *list, by_seed);
    for (int64_t i = 1; i < n; i++) {
        if (list[i].seed != list[i - 1].seed) continue;
        (*again)[list[i].at] = true;
        repeated++;
        if (list[i].at < first) first = list[i].at;
    }
    free(list);
    if (repeated == 1) gt_info("%s: the seed %lld is given twice", option, (long long)seeds[first]);
    else if (repeated)
        gt_info("%s: %lld of %lld seeds are given again, the first is %lld", option, (long long)repeated, (long long)n,
                (long long)seeds[first]);
    return GT_OK;
}
