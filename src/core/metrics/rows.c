/* SPDX-License-Identifier: Apache-2.0
 * Sets of rows shared out over the ranks. */
#include "metrics/door/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/memory.h"
#include "base/door/pool.h"
#include "base/door/progress.h"

bool gt_team_stops(const gt_team *team) {
    gt_progress();
    return team->stop && team->stop();
}

gt_status gt_team_look_all(const gt_team *team) {
    bool stops = gt_team_stops(team);
    if (!team->stop || !gt_comm_max_all(team->comm, stops)) return GT_OK;
    return gt_fail(GT_STOPPED, "stopped");
}

gt_slices gt_rows_blocks(int64_t count) { return (gt_slices){(int)count, (int)gt_smallest(count, GT_ROW_BLOCKS)}; }

/* The items of a rank begin here and end where those of the next one begin. */
static int64_t begin_of(int64_t count, const gt_comm *comm, int rank) {
    gt_slices blocks = gt_rows_blocks(count);
    int first, n;
    if (rank == comm->ranks) return count;
    gt_slice_range(comm, blocks.count, rank, &first, &n);
    return first < blocks.count ? gt_slices_first(blocks, first) : count;
}

gt_rows gt_rows_share_of(int64_t count, int64_t together, int64_t d, const gt_comm *comm) {
    int64_t first = begin_of(count, comm, comm->rank), end = begin_of(count, comm, comm->rank + 1);
    return (gt_rows){.count = count * together,
                     .d = d,
                     .together = together,
                     .first = first * together,
                     .own = (end - first) * together};
}

gt_rows gt_rows_share(int64_t count, int64_t d, const gt_comm *comm) { return gt_rows_share_of(count, 1, d, comm); }

gt_status gt_rows_check_all(const gt_team *team, const gt_rows *rows, const char *what) {
    gt_status st = GT_OK;
    for (int64_t i = 0; i < rows->own * rows->d && !st; i++)
        if (!isfinite(rows->x[i]))
            st = gt_fail(GT_NONFINITE, "number %lld of row %lld of the %s is %s", (long long)(i % rows->d),
                         (long long)(rows->first + i / rows->d), what, isnan(rows->x[i]) ? "NaN" : "infinite");
    return gt_comm_agree_all(team->comm, st);
}

/* Rows of `items` items, `together` of each. */
static gt_status each_panel_all(const gt_team *team, int64_t items, int64_t together, size_t bytes, int64_t at_once,
                                const char *mine, gt_panel_of_bytes_fn *fn, void *arg) {
    gt_comm *c = team->comm;
    size_t most = (size_t)gt_smallest(at_once, items * together) * bytes;
    char *room = c->ranks > 1 ? gt_block_alloc(most, "rows of another rank") : NULL;
    gt_status st = gt_comm_agree_all(c, room || c->ranks == 1 ? GT_OK : GT_NOMEM);
    for (int rank = 0; rank < c->ranks && !st; rank++) {
        int64_t begin = begin_of(items, c, rank) * together, end = begin_of(items, c, rank + 1) * together;
        for (int64_t i = begin; i < end && !st; i += at_once) {
            int64_t n = gt_smallest(at_once, end - i);
            const char *x = rank == c->rank ? mine + (size_t)(i - begin) * bytes : room;
            if (room) {
                if (rank == c->rank) memcpy(room, x, (size_t)n * bytes);
                gt_comm_broadcast_all(c, room, (size_t)n * bytes, rank);
            }
            fn(arg, i, n, x);
            st = gt_team_look_all(team);
        }
    }
    if (room) gt_block_free(room, most);
    return st;
}

gt_status gt_bytes_each_all(const gt_team *team, int64_t count, size_t bytes, int64_t at_once, const void *mine,
                            gt_panel_of_bytes_fn *fn, void *arg) {
    return each_panel_all(team, count, 1, bytes, at_once, mine, fn, arg);
}

typedef struct of_floats {
    gt_panel_of_rows_fn *fn;
    void *arg;
} of_floats;

static void call_with_floats(void *arg, int64_t first, int64_t n, const void *rows) {
    const of_floats *f = arg;
    f->fn(f->arg, first, n, rows);
}

gt_status gt_rows_each_all(const gt_team *team, const gt_rows *rows, gt_panel_of_rows_fn *fn, void *arg) {
    return each_panel_all(team, rows->count / rows->together, rows->together, (size_t)rows->d * sizeof *rows->x,
                          GT_ROWS_AT_ONCE, (const char *)rows->x, call_with_floats, &(of_floats){fn, arg});
}

/* ---- some rows of a set ---- */

static void take_picked(void *arg, int64_t first, int64_t n, const float *x) {
    const gt_rows *to = arg;
    for (int64_t i = 0; i < to->own; i++) {
        int64_t row = to->number[to->first + i] - first;
        if (row >= 0 && row < n) memcpy((float *)to->x + i * to->d, x + row * to->d, (size_t)to->d * sizeof *x);
    }
}

gt_status gt_rows_pick_all(const gt_team *team, const gt_rows *rows, const int64_t *number, int64_t n, gt_rows *out) {
    *out = gt_rows_share(n, rows->d, team->comm);
    out->number = number;
    out->x = malloc((size_t)(out->own * out->d) * sizeof *out->x + 1);
    gt_status st = out->x ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld rows", (long long)n);
    st = gt_comm_agree_all(team->comm, st);
    return st ? st : gt_rows_each_all(team, rows, take_picked, out);
}

/* ---- sums ---- */

typedef struct sums {
    const gt_rows *rows;
    gt_slices blocks;
    int first; /* this rank's first block */
    int64_t m;
    gt_add_rows_fn *fn;
    void *arg;
    double *of; /* [own blocks][m] */
} sums;

static void sum_block(void *arg, int tile, int worker) {
    (void)worker;
    const sums *s = arg;
    int block = s->first + tile;
    int64_t first = gt_slices_first(s->blocks, block) * s->rows->together;
    s->fn(s->arg, first, gt_slices_samples(s->blocks, block) * s->rows->together,
          s->rows->x + (size_t)(first - s->rows->first) * (size_t)s->rows->d, s->of + (size_t)tile * (size_t)s->m);
}

gt_status gt_rows_sum_all(const gt_team *team, const gt_rows *rows, int64_t m, gt_add_rows_fn *fn, void *arg,
                          double *out) {
    gt_comm *c = team->comm;
    sums s = {rows, gt_rows_blocks(rows->count / rows->together), 0, m, fn, arg, NULL};
    int own;
    gt_slice_range(c, s.blocks.count, c->rank, &s.first, &own);
    s.of = calloc((size_t)own * (size_t)m + 1, sizeof *s.of);
    gt_status st = s.of ? GT_OK : gt_fail(GT_NOMEM, "out of memory for sums over %lld rows", (long long)rows->count);
    st = gt_comm_agree_all(c, st);
    if (!st) gt_pool_run(team->pool, own, sum_block, &s);
    if (!st) st = gt_comm_tree_sum_all(c, s.blocks.count, (size_t)m, s.of, out);
    free(s.of);
    return st;
}

static void add_rows(void *arg, int64_t first, int64_t n, const float *x, double *sums) {
    size_t d = (size_t) * (const int64_t *)arg;
    (void)first;
    for (int64_t i = 0; i < n; i++)
        for (size_t k = 0; k < d; k++) sums[k] += (double)*x++;
}

gt_status gt_rows_mean_all(const gt_team *team, const gt_rows *rows, double *mean) {
    gt_status st = gt_rows_sum_all(team, rows, rows->d, add_rows, (void *)&rows->d, mean);
    for (int64_t k = 0; k < rows->d && !st; k++) mean[k] /= (double)rows->count;
    return st;
}

void gt_rows_gather_all(const gt_team *team, const gt_rows *rows, const void *mine, size_t bytes, void *all) {
    gt_comm_gather_all(team->comm, mine, (size_t)rows->own * bytes, all);
    gt_comm_broadcast_all(team->comm, all, (size_t)rows->count * bytes, 0);
}
