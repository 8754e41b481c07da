/* SPDX-License-Identifier: Apache-2.0
 * Subsets by a shuffled list. */
#include "data/subset.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/random.h"

static int by_index(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

gt_status gt_subset(int64_t **list, int64_t n, int64_t from, int64_t to, uint32_t seed) {
    gt_mt19937 *random = malloc(sizeof *random);
    int64_t *all = *list = malloc((size_t)(n ? n : 1) * sizeof *all);
    if (!random || !all) {
        free(random);
        return gt_fail(GT_NOMEM, "out of memory for a choice from %" PRId64 " images", n);
    }
    for (int64_t i = 0; i < n; i++) all[i] = i;
    gt_mt_seed(random, seed);
    gt_mt_shuffle(random, all, (size_t)n);
    free(random);
    memmove(all, all + from, (size_t)(to - from) * sizeof *all);
    qsort(all, (size_t)(to - from), sizeof *all, by_index);
    return GT_OK;
}
