/* SPDX-License-Identifier: Apache-2.0
 * Floats in ascending order: for sliced distances, which sort much and small. */
#ifndef GANTRY_METRICS_SORT_FLOATS_H
#define GANTRY_METRICS_SORT_FLOATS_H

#include <stddef.h>

/* x [n]; `other` [n] is room for the work. A NaN with its sign bit set comes first, one without it last. */
void gt_sort_floats(float *x, float *other, size_t n);

#endif
