/* SPDX-License-Identifier: Apache-2.0
 * Mean and covariance of n rows x:
 *
 *   mean = sum of x / n,  covariance = sum of x x^T / n - mean mean^T
 *
 * The lower triangle of the second sum is cut into TILE x TILE tiles for the threads. score/scoring_*.c pass the
 * features of pictures; wavelet_distance.c makes the sums of its many nodes by gt_gram_add(). */
#include "features/score/distances/gaussian.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "gantry/memory.h"
#include "base/door/progress.h"
#include "kernels/door/lapack.h"

enum { PIECE = 256 /* rows that are added at once */, TILE = 256 /* columns */ };

void gt_gaussian_free(gt_gaussian *g) {
    free(g->mean);
    free(g->covariance);
    free(g->rows);
    *g = (gt_gaussian){0};
}

/* ---- sums ---- */

typedef struct gram {
    size_t d, n;
    const double *x;
    double *gram;
} gram;

/* Tile number `tile` of the lower triangle: row 0 has one, row 1 has two, ... */
static void add_tile(void *arg, int tile, int worker) {
    (void)worker;
    const gram *g = arg;
    size_t row = 0, column = (size_t)tile;
    while (column > row) column -= ++row;
    size_t i = row * TILE, j = column * TILE;
    gt_add_product_of_columns((size_t)gt_smallest(TILE, (int64_t)(g->d - i)),
                              (size_t)gt_smallest(TILE, (int64_t)(g->d - j)), g->n, g->x + i, g->d, g->x + j, g->d,
                              g->gram + i * g->d + j, g->d);
}

/* Of the lower triangle. */
static int tiles_of(int64_t d) {
    int side = (int)gt_pieces(d, TILE);
    return side * (side + 1) / 2;
}

void gt_gram_add(gt_pool *pool, int64_t d, int64_t n, const double *x, double *sum, double *to) {
    gram g = {(size_t)d, (size_t)n, x, to};
    for (size_t i = 0; i < g.n; i++)
        for (size_t k = 0; k < g.d; k++) sum[k] += x[i * g.d + k];
    gt_pool_run(pool, tiles_of(d), add_tile, &g);
}

void gt_gram_finish(int64_t d, int64_t count, double *sum, double *to) {
    double n = (double)count;
    for (int64_t i = 0; i < d; i++) sum[i] /= n;
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++) to[i * d + j] = to[j * d + i] = to[i * d + j] / n - sum[i] * sum[j];
}

void gt_rows_centre(int64_t d, int64_t count, double *rows, double *mean) {
    memset(mean, 0, (size_t)d * sizeof *mean);
    for (int64_t i = 0; i < count * d; i++) mean[i % d] += rows[i];
    for (int64_t k = 0; k < d; k++) mean[k] /= (double)count;
    for (int64_t i = 0; i < count * d; i++) rows[i] -= mean[i % d];
}

/* ---- streams of rows ---- */

struct gt_row_moments {
    gt_team team;
    gt_rows rows;  /* what is shared out */
    int64_t added; /* of this rank's rows */
    bool keeps;
    float *kept;  /* [own,d] */
    int block;    /* the one that is being summed */
    int64_t left; /* rows of the block to come */
    int64_t waiting;
    double *piece; /* [PIECE,d]: rows of the block that wait for their turn */
    double *sum, *gram;
    double *packed; /* sum [d], lower triangle [d (d+1) / 2] */
    gt_tree_sum *tree;
};

static size_t packed_size(int64_t d) { return (size_t)(d + d * (d + 1) / 2); }

static void begin_block(gt_row_moments *m) {
    size_t d = (size_t)m->rows.d;
    gt_slices blocks = gt_rows_blocks(m->rows.count);
    m->left = m->block < blocks.count ? gt_slices_samples(blocks, m->block) : 0;
    memset(m->sum, 0, d * sizeof *m->sum);
    memset(m->gram, 0, d * d * sizeof *m->gram);
}

gt_row_moments *gt_row_moments_new(const gt_team *team, int64_t count, int64_t d) {
    gt_row_moments *m = calloc(1, sizeof *m);
    if (!m || count < 1 || count > INT32_MAX || d < 1) {
        gt_fail(m ? GT_USAGE : GT_NOMEM, m ? "%lld rows of %lld numbers have no covariance" : "out of memory",
                (long long)count, (long long)d);
        free(m);
        return NULL;
    }
    *m = (gt_row_moments){.team = *team, .rows = gt_rows_share(count, d, team->comm), .keeps = count < d};
    size_t columns = (size_t)d;
    if (!m->keeps && gt_lapack_begin(team->pool, tiles_of(d))) {
        free(m);
        return NULL;
    }
    if (m->keeps) {
        m->kept = malloc((size_t)m->rows.own * columns * sizeof *m->kept + 1);
    } else {
        gt_slices blocks = gt_rows_blocks(count);
        int own;
        gt_slice_range(team->comm, blocks.count, team->comm->rank, &m->block, &own);
        m->piece = malloc(PIECE * columns * sizeof *m->piece);
        m->sum = malloc(columns * sizeof *m->sum);
        m->gram = malloc(columns * columns * sizeof *m->gram);
        m->packed = malloc(packed_size(d) * sizeof *m->packed);
        m->tree = gt_tree_sum_new(team->comm, blocks.count, packed_size(d));
    }
    if (m->keeps ? m->kept != NULL : m->piece && m->sum && m->gram && m->packed && m->tree) {
        if (!m->keeps) begin_block(m);
        return m;
    }
    gt_fail(GT_NOMEM, "out of memory for the covariance of %lld numbers", (long long)d);
    gt_row_moments_free(m);
    return NULL;
}

void gt_row_moments_free(gt_row_moments *m) {
    if (!m) return;
    gt_tree_sum_free(m->tree);
    free(m->kept);
    free(m->piece);
    free(m->sum);
    free(m->gram);
    free(m->packed);
    free(m);
}

static void flush(gt_row_moments *m) {
    gt_gram_add(m->team.pool, m->rows.d, m->waiting, m->piece, m->sum, m->gram);
    m->waiting = 0;
}

static void end_block(gt_row_moments *m) {
    size_t d = (size_t)m->rows.d;
    flush(m);
    double *to = m->packed;
    memcpy(to, m->sum, d * sizeof *to);
    to += d;
    for (size_t i = 0; i < d; to += ++i) memcpy(to, m->gram + i * d, (i + 1) * sizeof *to);
    gt_tree_sum_add(m->tree, m->packed);
    m->block++;
    begin_block(m);
}

gt_status gt_row_moments_add(gt_row_moments *m, const float *x, int64_t n) {
    size_t d = (size_t)m->rows.d;
    if (m->added + n > m->rows.own)
        return gt_fail(GT_USAGE, "%lld rows are more than the %lld of this rank", (long long)(m->added + n),
                       (long long)m->rows.own);
    if (m->keeps) memcpy(m->kept + (size_t)m->added * d, x, (size_t)n * d * sizeof *x);
    m->added += n;
    for (int64_t i = 0; i < n && !m->keeps; i++, x += d) {
        double *row = m->piece + (size_t)m->waiting++ * d;
        for (size_t k = 0; k < d; k++) row[k] = (double)x[k];
        if (--m->left == 0) end_block(m);
        else if (m->waiting == PIECE) flush(m);
    }
    return GT_OK;
}

/* ---- results ---- */

static gt_status take_rows(gt_row_moments *m, gt_gaussian *g) {
    size_t values = (size_t)(m->rows.count * m->rows.d);
    GT_FREED float *all = NULL;
    if (!m->team.comm->rank) {
        all = malloc(values * sizeof *all);
        g->rows = malloc(values * sizeof *g->rows);
        g->mean = malloc((size_t)m->rows.d * sizeof *g->mean);
        if (!all || !g->rows || !g->mean) gt_comm_abort(m->team.comm, gt_fail(GT_NOMEM, "out of memory for rows"));
    }
    gt_comm_gather_all(m->team.comm, m->kept, (size_t)(m->rows.own * m->rows.d) * sizeof *all, all);
    if (all) {
        for (size_t i = 0; i < values; i++) g->rows[i] = (double)all[i];
        gt_rows_centre(m->rows.d, m->rows.count, g->rows, g->mean);
    }
    return GT_OK;
}

static gt_status take_sums(gt_row_moments *m, gt_gaussian *g) {
    size_t d = (size_t)m->rows.d;
    gt_status st = gt_tree_sum_finish_all(m->tree, m->packed);
    if (st || m->team.comm->rank) return st;
    memcpy(m->sum, m->packed, d * sizeof *m->sum);
    const double *from = m->packed + d;
    for (size_t i = 0; i < d; from += ++i) memcpy(m->gram + i * d, from, (i + 1) * sizeof *from);
    gt_gram_finish(m->rows.d, m->rows.count, m->sum, m->gram);
    g->mean = m->sum;
    g->covariance = m->gram;
    m->sum = m->gram = NULL;
    return GT_OK;
}

gt_status gt_row_moments_finish_all(gt_row_moments *m, gt_gaussian *out) {
    gt_comm *c = m->team.comm;
    *out = (gt_gaussian){.count = m->rows.count, .d = m->rows.d};
    gt_status st = m->added == m->rows.own ? GT_OK
                                           : gt_fail(GT_FAILED, "%lld of %lld rows were added", (long long)m->added,
                                                     (long long)m->rows.own);
    st = gt_comm_agree_all(c, st);
    if (!st) st = m->keeps ? take_rows(m, out) : take_sums(m, out);
    const double *covariance = out->covariance;
    for (int64_t k = 0; k < out->d && !st && !c->rank; k++)
        if (!isfinite(out->mean[k]) || (covariance && !isfinite(covariance[k * out->d + k])))
            st = gt_fail(GT_NONFINITE, "number %lld of some of the %lld rows is NaN or infinite", (long long)k,
                         (long long)out->count);
    st = gt_comm_agree_all(c, st);
    if (st) gt_gaussian_free(out);
    return st;
}

gt_status gt_gaussian_of_rows_all(const gt_team *team, const gt_rows *rows, gt_gaussian *out) {
    enum { AT_ONCE = 4 * PIECE };
    *out = (gt_gaussian){0};
    gt_row_moments *m = gt_row_moments_new(team, rows->count, rows->d);
    gt_status st = gt_comm_agree_all(team->comm, m ? GT_OK : GT_FAILED);
    if (!st) gt_tell_part("covariance", "images", rows->count);
    for (int64_t i = 0; i < rows->own && !st && !gt_team_stops(team); i += AT_ONCE) {
        int64_t n = gt_smallest(AT_ONCE, rows->own - i);
        st = gt_row_moments_add(m, rows->x + i * rows->d, n);
        gt_tell(gt_smallest(rows->count, (i + n) * team->comm->ranks));
    }
    st = gt_comm_agree_all(team->comm, st);
    if (!st) st = gt_team_look_all(team);
    if (!st) st = gt_row_moments_finish_all(m, out);
    gt_row_moments_free(m);
    return st;
}
