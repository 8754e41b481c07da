/* SPDX-License-Identifier: Apache-2.0
 * Runs of other benchmark programs, under a launcher or side by side, and their results. */
#ifndef BENCH_POINTS_H
#define BENCH_POINTS_H

#include "common/results.h"

/* `launch` starts ranks: a command line in which %r stands for the number of ranks, %t for the threads of each and %n
 * for the nodes that they fill, as in "mpirun -n %r" or "srun --mpi=pmix -N %n -n %r -c %t". One rank is started
 * without it. `arguments` follow the program's name and --json. NULL: see gt_message(). */
gt_results *bench_point(const char *launch, int nodes, int ranks, int threads, const char *program,
                        const char *arguments);

/* The same program `n` times at once, knowing nothing of each other. list[n]; on an error none is left. */
gt_status bench_independent(int n, const char *program, const char *arguments, gt_results **list);

#endif
