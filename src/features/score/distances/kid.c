/* SPDX-License-Identifier: Apache-2.0
 * Kernel distance (distances.h has the formula). Subsets are shared out over the ranks.
 * A rank collects the rows of a few subsets at a time from the rows of all ranks, as they come by.
 *
 * With 100 subsets and 2 ranks:
 *
 *   rank 0:  subsets 0 ... 49      turn 0: subsets 0 ... 7     turn 1: subsets 8 ... 15     ...
 *   rank 1:  subsets 50 ... 99     turn 0: subsets 50 ... 57   turn 1: subsets 58 ... 65    ...
 *
 * In each turn all fakes and then all reals pass by each rank, panel by panel, and each rank copies the rows of its
 * subsets. The kernel of all pairs of rows of a and b [size,d] follows from one product of matrices:
 *
 *   k(a_i, b_j) = ((a b^T)_ij / d + 1)^3        a b^T: float32 [size,size]; the kernel and its sums: float64 */
#include "features/score/distances/distances.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/memory.h"
#include "base/door/pool.h"
#include "base/door/progress.h"
#include "base/door/random.h"
#include "kernels/door/gemm.h"
#include "metrics/door/metric.h"
#include "metrics/door/metric_list.h"

enum { AT_ONCE = 8 /* subsets whose rows a rank holds */ };

typedef struct subsets {
    const gt_team *team;
    const gt_rows *sets[2]; /* fakes, reals */
    const int32_t *given[2];
    gt_kid_options o;
    int64_t size, d;
    int first, count; /* subsets that are being collected */
    int32_t *rows[2]; /* their row numbers [AT_ONCE,size] */
    float *x[2];      /* [AT_ONCE,size,d] */
    float *products;  /* [size,size] */
    int32_t *deck;    /* numbers of all rows of a set */
    int set;          /* whose rows come by */
} subsets;

/* `size` different numbers below count. */
static void draw_subset(const subsets *s, int set, int subset, int32_t *rows) {
    gt_key key = {.seed = s->o.seed, .stream = gt_stream(set ? "kid/reals" : "kid/fakes"), .step = (uint32_t)subset};
    int64_t count = s->sets[set]->count;
    for (int64_t i = 0; i < count; i++) s->deck[i] = (int32_t)i;
    for (int64_t i = 0; i < s->size; i++) {
        int64_t k = i + gt_random_below(key, (size_t)i, (uint32_t)(count - i));
        rows[i] = s->deck[k];
        s->deck[k] = s->deck[i];
    }
}

static void collect_rows(void *arg, int64_t first, int64_t n, const float *x) {
    const subsets *s = arg;
    const int32_t *rows = s->rows[s->set];
    for (int64_t i = 0; i < s->count * s->size; i++)
        if (rows[i] >= first && rows[i] < first + n)
            memcpy(s->x[s->set] + i * s->d, x + (rows[i] - first) * s->d, (size_t)s->d * sizeof *x);
}

/* The sum of k over pairs of rows of a and b, in the rows' order; where a and b are the same rows, without each row's
 * pair with itself. */
static double kernel_sum(const subsets *s, const float *a, const float *b, void *workspace) {
    gt_gemm(&(gt_gemm_args){.kernels = s->team->kernels,
                            .m = s->size,
                            .n = s->size,
                            .k = s->d,
                            .transpose_b = true,
                            .a = a,
                            .lda = s->d,
                            .b = b,
                            .ldb = s->d,
                            .c = s->products,
                            .ldc = s->size},
            s->team->pool, workspace);
    double total = 0;
    for (int64_t i = 0; i < s->size; i++) {
        double sum = 0;
        for (int64_t j = 0; j < s->size; j++) {
            double k = (double)s->products[i * s->size + j] / (double)s->d + 1;
            if (a != b || i != j) sum += k * k * k;
        }
        total += sum;
    }
    return total;
}

static size_t workspace_of(const subsets *s) {
    return gt_gemm_workspace(&(gt_gemm_args){.kernels = s->team->kernels,
                                             .m = s->size,
                                             .n = s->size,
                                             .k = s->d,
                                             .transpose_b = true,
                                             .lda = s->d,
                                             .ldb = s->d,
                                             .ldc = s->size},
                             gt_pool_threads(s->team->pool)) +
           1;
}

/* The estimate of the i-th of the subsets that were collected. */
static double estimate(const subsets *s, int i, void *workspace) {
    double m = (double)s->size;
    const float *x = s->x[0] + (int64_t)i * s->size * s->d, *y = s->x[1] + (int64_t)i * s->size * s->d;
    double within = kernel_sum(s, x, x, workspace) + kernel_sum(s, y, y, workspace);
    return within / (m * (m - 1)) - 2 * kernel_sum(s, x, y, workspace) / (m * m);
}

static gt_status check_subsets(const subsets *s) {
    for (int set = 0; set < 2; set++)
        for (int64_t i = 0; s->given[set] && i < s->o.subsets * s->size; i++)
            if (s->given[set][i] < 0 || s->given[set][i] >= s->sets[set]->count)
                return gt_fail(GT_USAGE, "a subset has row %d of %lld", (int)s->given[set][i],
                               (long long)s->sets[set]->count);
    if (s->sets[0]->d != s->sets[1]->d)
        return gt_fail(GT_USAGE, "rows of %lld numbers and of %lld numbers cannot be compared",
                       (long long)s->sets[0]->d, (long long)s->sets[1]->d);
    if (s->size < 2) return gt_fail(GT_USAGE, "a kernel distance needs two pictures of each set");
    return GT_OK;
}

static bool allocate(subsets *s, gt_arena *a, int own, double **mine, double **all) {
    size_t rows = (size_t)(gt_smallest(own, AT_ONCE) * s->size);
    *mine = gt_arena_array(a, (size_t)own + 1, sizeof **mine);
    *all = gt_arena_array(a, (size_t)s->o.subsets, sizeof **all);
    s->deck = gt_arena_array(a, (size_t)gt_largest(s->sets[0]->count, s->sets[1]->count), sizeof *s->deck);
    s->products = gt_arena_array(a, (size_t)(s->size * s->size), sizeof *s->products);
    for (int set = 0; set < 2; set++) {
        s->rows[set] = gt_arena_array(a, rows + 1, sizeof **s->rows);
        s->x[set] = gt_arena_array(a, rows * (size_t)s->d + 1, sizeof **s->x);
    }
    return !gt_arena_failed(a);
}

/* The estimates of this rank's subsets, first ... first + own - 1, into `mine`. Turn by turn, AT_ONCE subsets: their
 * row numbers are drawn or copied from what the caller gave, their rows are collected, their estimates computed. Rows
 * are collected by all ranks together, so each rank takes as many turns as the rank with the most subsets. */
static gt_status take_turns(subsets *s, int first, int own, void *workspace, double *mine) {
    int turns = gt_comm_max_all(s->team->comm, (int)gt_pieces(own, AT_ONCE));
    gt_status st = GT_OK;
    gt_tell_part("", "subsets", s->o.subsets);
    for (int turn = 0; turn < turns && !st; turn++) {
        s->first = first + (int)gt_smallest(own, turn * AT_ONCE);
        s->count = (int)gt_smallest(AT_ONCE, first + own - s->first);
        for (s->set = 0; s->set < 2 && !st; s->set++) {
            for (int i = 0; i < s->count; i++) {
                int32_t *rows = s->rows[s->set] + i * s->size;
                const int32_t *given = s->given[s->set];
                if (given) memcpy(rows, given + (s->first + i) * s->size, (size_t)s->size * sizeof *rows);
                else draw_subset(s, s->set, s->first + i, rows);
            }
            st = gt_rows_each_all(s->team, s->sets[s->set], collect_rows, s);
        }
        for (int i = 0; i < s->count && !st && !gt_team_stops(s->team); i++) {
            int done = s->first - first + i;
            mine[done] = estimate(s, i, workspace);
            gt_tell(gt_smallest(s->o.subsets, (done + 1) * s->team->comm->ranks));
        }
        if (!st) st = gt_team_look_all(s->team);
    }
    return st;
}

gt_status gt_kid_all(const gt_team *team, const gt_rows *fakes, const gt_rows *reals, const gt_kid_options *o,
                     double *kid, double *each) {
    subsets s = {.team = team, .sets = {fakes, reals}, .given = {o->fakes, o->reals}, .o = *o, .d = fakes->d};
    if (!s.o.subsets) s.o.subsets = GT_KID_SUBSETS;
    int64_t most = gt_smallest(fakes->count, reals->count);
    s.size = s.o.size ? s.o.size : gt_smallest(most, GT_KID_SIZE);
    if (s.size > most)
        return gt_fail(GT_USAGE, "subsets of %lld pictures need at least this number in both sets", (long long)s.size);
    gt_status st = check_subsets(&s);
    if (st) return st;
    int first, own;
    gt_slice_range(team->comm, s.o.subsets, team->comm->rank, &first, &own);
    size_t bytes = workspace_of(&s);
    double *mine = NULL, *all = NULL;
    GT_ARENA gt_arena *a = gt_arena_new();
    void *workspace = gt_block_alloc(bytes, "a kernel distance");
    bool good = workspace && a && allocate(&s, a, own, &mine, &all);
    st = gt_comm_agree_all(team->comm, good ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a kernel distance"));
    if (!st) st = take_turns(&s, first, own, workspace, mine);
    if (!st) {
        gt_comm_gather_all(team->comm, mine, (size_t)own * sizeof *mine, all);
        gt_comm_broadcast_all(team->comm, all, (size_t)s.o.subsets * sizeof *all, 0);
        double sum = 0;
        for (int i = 0; i < s.o.subsets; i++) sum += all[i];
        *kid = sum / s.o.subsets;
        if (each) memcpy(each, all, (size_t)s.o.subsets * sizeof *each);
    }
    if (workspace) gt_block_free(workspace, bytes);
    return st;
}

/* ---- the metric ---- */

enum { MOST_REALS = 1000000 };

static gt_status kid_all(const gt_metric_input *in) {
    double kid;
    gt_status st = gt_kid_all(in->team, &in->fakes.rows, &in->reals.rows, &(gt_kid_options){.seed = in->seed}, &kid,
                              NULL);
    if (!st) in->put(in->arg, "", kid);
    return st;
}

#define KID                                                                                                  \
    .count = 50000, .network = GT_METRIC_INCEPTION, .needs = GT_METRIC_REALS | GT_METRIC_ROWS, .keys = {""}, \
    .recipe = "100 subsets", .compute_all = kid_all

const gt_metric gt_metrics_of_kid[] = {
    {.name = "kid#_full",
     .plain = "kid_full",
     .most_reals = MOST_REALS,
     .full = true,
     .help = "Kernel distance of features, against all reals; without bias, so it may be below 0",
     KID},
    {.name = "kid#",
     .plain = "kid",
     .help = "Kernel distance of features, against as many reals; without bias, so it may be below 0",
     KID},
    {0},
};
