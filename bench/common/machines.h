/* SPDX-License-Identifier: Apache-2.0
 * Results of several machines as one table: a row for each machine and recipe. */
#ifndef BENCH_MACHINES_H
#define BENCH_MACHINES_H

#include "common/results.h"

/* file[i] is the number of the file of list[i]: hashes of a file hold for its machine. *out is to be freed. GT_USAGE:
 * there are no steps among the results. */
gt_status bench_machines(gt_results *const *list, const int *file, int n, gt_results **out);

#endif
