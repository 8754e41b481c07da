/* SPDX-License-Identifier: Apache-2.0
 * The ranks of a test that runs alone and, by tests/e2e/dist.sh, on 2 to 8 ranks. */
#ifndef TESTS_RANKS_H
#define TESTS_RANKS_H

#include "expect.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/door/pool.h"
#include "dist/door/dist.h"
#include "gantry/log.h"

static gt_comm *comm;
static gt_pool *pool;

/* false: it has said why. */
static inline bool begin_ranks(int threads) {
    gt_comm_end_by(_exit);
    comm = gt_comm_start_all(threads, NULL);
    if (!comm) return printf("%s\n", gt_message()), false;
    gt_log_setup(comm->rank, comm->ranks, GT_INFO);
    return true;
}

/* Before a group of tests. */
static inline int begin_pool(void **state) {
    (void)state;
    if (comm->ranks > 1) setenv("CMOCKA_TEST_ABORT", "1", 1); /* a rank that fails must not leave the others waiting */
    pool = gt_pool_new(comm->threads);
    gt_pool_spin(pool, !comm->oversubscribed);
    if (comm->rank == 0) printf("%s\n", comm->description);
    return 0;
}

/* The exit status. */
static inline int end_ranks(int failed) {
    gt_pool_free(pool);
    gt_comm_stop_all(comm);
    return failed != 0;
}

#endif
