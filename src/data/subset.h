/* SPDX-License-Identifier: Apache-2.0
 * Which images a subset holds: the choice of the reference tool (spec, appendix A). */
#ifndef GANTRY_DATA_SUBSET_H
#define GANTRY_DATA_SUBSET_H

#include <stdint.h>

#include "gantry/status.h"

/* Places `from` up to `to` of the list 0 .. n-1 shuffled by numpy's legacy generator, in ascending order. *list is for the
 * caller to free, also after an error. 0 <= from <= to <= n. */
gt_status gt_subset(int64_t **list, int64_t n, int64_t from, int64_t to, uint32_t seed);

#endif
