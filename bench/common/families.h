/* SPDX-License-Identifier: Apache-2.0
 * Ops by what they do. */
#ifndef BENCH_FAMILIES_H
#define BENCH_FAMILIES_H

#include "graph/op.h"

enum { BENCH_FAMILIES = 8 };
extern const char *const bench_families[BENCH_FAMILIES]; /* "convolution" ... */
int bench_family_of(const gt_node *n);

#endif
