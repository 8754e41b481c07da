/* SPDX-License-Identifier: Apache-2.0
 * Sliced Wasserstein distance of rows. Directions are shared out over the ranks; a rank projects the rows of all ranks,
 * as they come by, on a few of its directions at a time. */
#include "metrics/sliced.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "gantry/memory.h"
#include "gantry/progress.h"
#include "gantry/random.h"
#include "kernels/gemm.h"
#include "metrics/sort_floats.h"

enum { AT_ONCE = 16 /* directions */ };

void gt_sliced_directions(uint64_t seed, int level, int64_t n, int64_t d, float *directions) {
    for (int64_t i = 0; i < n; i++, directions += d) {
        gt_key key = {.seed = seed, .stream = gt_stream("swd/slices"), .step = (uint32_t)level, .sample = (uint32_t)i};
        gt_random_normal(key, directions, (size_t)d);
        double square = 0;
        for (int64_t k = 0; k < d; k++) square += (double)directions[k] * (double)directions[k];
        for (int64_t k = 0; k < d; k++) directions[k] = (float)((double)directions[k] / sqrt(square));
    }
}

/* ---- projections ---- */

typedef struct projection {
    const gt_team *team;
    const gt_rows *rows;
    const float *directions; /* [count,d] */
    int count;
    float *to[2]; /* [AT_ONCE,rows], of each set */
    int set;
    float *spare; /* [threads,rows] */
    void *workspace;
    double *each;
} projection;

static gt_gemm_args args_of(const projection *p, int64_t n) {
    return (gt_gemm_args){.kernels = p->team->kernels,
                          .m = p->count,
                          .n = n,
                          .k = p->rows->d,
                          .transpose_b = true,
                          .a = p->directions,
                          .lda = p->rows->d,
                          .ldb = p->rows->d,
                          .ldc = p->rows->count};
}

static void project(void *arg, int64_t first, int64_t n, const float *x) {
    const projection *p = arg;
    gt_gemm_args g = args_of(p, n);
    g.b = x;
    g.c = p->to[p->set] + first;
    if (p->count) gt_gemm(&g, p->team->pool, p->workspace);
}

static void compare(void *arg, int tile, int worker) {
    const projection *p = arg;
    size_t n = (size_t)p->rows->count;
    if (gt_team_stops(p->team)) return;
    float *a = p->to[0] + (size_t)tile * n, *b = p->to[1] + (size_t)tile * n, *spare = p->spare + (size_t)worker * n;
    gt_sort_floats(a, spare, n);
    gt_sort_floats(b, spare, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += fabs((double)a[i] - (double)b[i]);
    p->each[tile] = sum / (double)n;
}

gt_status gt_sliced_distance_all(const gt_team *team, const gt_rows *a, const gt_rows *b, const float *directions,
                                 int64_t n, double *each) {
    if (a->count != b->count || a->d != b->d)
        return gt_fail(GT_USAGE, "a sliced distance needs sets of one size, and these have %lld and %lld rows",
                       (long long)a->count, (long long)b->count);
    projection p = {.team = team, .rows = a, .count = AT_ONCE};
    int first, own, threads = gt_pool_threads(team->pool);
    gt_slice_range((int)n, team->comm->ranks, team->comm->rank, &first, &own);
    gt_gemm_args g = args_of(&p, GT_ROWS_AT_ONCE);
    size_t bytes = gt_gemm_workspace(&g, threads) + 1, list = (size_t)a->count * sizeof(float);
    double *mine = malloc((size_t)own * sizeof *mine + 1);
    p.workspace = gt_block_alloc(bytes, "projections");
    p.spare = malloc((size_t)threads * list);
    for (int i = 0; i < 2; i++) p.to[i] = malloc(AT_ONCE * list);
    gt_status st = mine && p.workspace && p.spare && p.to[0] && p.to[1]
                       ? GT_OK
                       : gt_fail(GT_NOMEM, "out of memory for projections of %lld rows", (long long)a->count);
    st = gt_comm_agree_all(team->comm, st);
    int turns = gt_comm_max_all(team->comm, (int)gt_pieces(own, AT_ONCE));
    for (int turn = 0; turn < turns && !st; turn++) {
        int done = (int)gt_least(own, turn * AT_ONCE);
        p.count = (int)gt_least(AT_ONCE, own - done);
        p.directions = directions + (int64_t)(first + done) * a->d;
        p.each = mine + done;
        for (p.set = 0; p.set < 2 && !st; p.set++) st = gt_rows_each_all(team, p.set ? b : a, project, &p);
        if (!st) gt_pool_run(team->pool, p.count, compare, &p);
        if (!st) st = gt_team_look_all(team);
        gt_tell(gt_least(n, (done + p.count) * team->comm->ranks));
    }
    if (!st) {
        gt_comm_gather_all(team->comm, mine, (size_t)own * sizeof *mine, each);
        gt_comm_broadcast_all(team->comm, each, (size_t)n * sizeof *each, 0);
    }
    free(mine);
    free(p.spare);
    for (int i = 0; i < 2; i++) free(p.to[i]);
    if (p.workspace) gt_block_free(p.workspace, bytes);
    return st;
}
