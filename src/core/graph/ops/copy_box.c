/* SPDX-License-Identifier: Apache-2.0
 * Copying boxes, cut into tiles for the threads; transpositions go panel by panel. */
#include "graph/ops/copy_box.h"

#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "kernels/door/gemm_product.h"

enum { TILE = 16384, PANEL = 16, PANEL_COLUMNS = 64 };

typedef struct copy_job {
    gt_box_copy b;
    const float *in;
    float *out;
    int64_t panel; /* rows that are copied together: those of a transposition lie side by side in the input */
    int64_t panels, panels_per_tile;
} copy_job;

static void merge_box(gt_box_copy *b) {
    int n = 0;
    for (int i = 0; i < b->n; i++) {
        if (b->d[i] == 1) continue;
        if (n && b->to[n - 1] == b->to[i] * b->d[i] && b->from[n - 1] == b->from[i] * b->d[i]) {
            b->d[n - 1] *= b->d[i];
            b->to[n - 1] = b->to[i];
            b->from[n - 1] = b->from[i];
            continue;
        }
        b->d[n] = b->d[i];
        b->to[n] = b->to[i];
        b->from[n++] = b->from[i];
    }
    if (n == 0) b->d[n] = b->to[n] = b->from[n] = 1, n = 1;
    b->n = n;
}

static void swap_dimensions(gt_box_copy *b, int i, int k) {
    int64_t *const all[] = {b->d, b->to, b->from};
    for (int a = 0; a < 3; a++) {
        int64_t kept = all[a][i];
        all[a][i] = all[a][k];
        all[a][k] = kept;
    }
}

/* If rows are strided in the input: put the dimension that is contiguous there next to the last. */
static bool find_transposition(gt_box_copy *b) {
    for (int i = 0; i < b->n - 1 && b->from[b->n - 1] != 1; i++)
        if (b->from[i] == 1) {
            swap_dimensions(b, i, b->n - 2);
            return true;
        }
    return false;
}

/* n floats whose strides are 1. Short rows are not worth a call. */
static void copy_floats(float *to, const float *from, int64_t n) {
    enum { LINE = 16, SHORT = 16 * LINE };
    if (n > SHORT || n % LINE) {
        memcpy(to, from, (size_t)n * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < n; i += LINE) memcpy(to + i, from + i, LINE * sizeof *to);
}

static void copy_row(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t n) {
    if (to_stride == 1 && from_stride == 1 && n >= 16) {
        copy_floats(to, from, n);
        return;
    }
    for (int64_t i = 0; i < n; i++) to[i * to_stride] = from[i * from_stride];
}

/* Some rows of the last two dimensions that lie side by side in the input: turned in a buffer, as the output's rows may
 * be a power of two apart and would push each other out of the cache. */
static void turn_panel(const gt_box_copy *b, float *to, const float *from, int64_t rows) {
    int last = b->n - 1;
    float buffer[PANEL * PANEL_COLUMNS];
    for (int64_t at = 0; at < b->d[last]; at += PANEL_COLUMNS) {
        int64_t n = b->d[last] - at < PANEL_COLUMNS ? b->d[last] - at : PANEL_COLUMNS;
        const float *x = from + at * b->from[last];
        for (int64_t i = 0; i < n; i++) __builtin_prefetch(x + i * b->from[last] + PANEL); /* the next panel's */
        gt_pack_transposed(x, b->from[last], (int)n, (int)n, rows, buffer);
        for (int64_t k = 0; k < rows; k++)
            copy_row(to + k * b->to[last - 1] + at * b->to[last], b->to[last], buffer + k * n, 1, n);
    }
}

/* Rows `begin` to end - 1 of the last two dimensions. */
static void copy_rows(const copy_job *job, float *to, const float *from, int64_t begin, int64_t end) {
    const gt_box_copy *b = &job->b;
    int last = b->n - 1;
    int64_t to_row = last > 0 ? b->to[last - 1] : 0, from_row = last > 0 ? b->from[last - 1] : 0;
    for (int64_t row = begin; row < end; row += job->panel) {
        float *y = to + row * to_row;
        const float *x = from + row * from_row;
        if (job->panel > 1) turn_panel(b, y, x, gt_smallest(PANEL, end - row));
        else copy_row(y, b->to[last], x, b->from[last], b->d[last]);
    }
}

static void copy_tile(void *arg, int tile, int worker) {
    (void)worker;
    const copy_job *job = arg;
    const gt_box_copy *b = &job->b;
    int last = b->n - 1;
    int64_t all_rows = last > 0 ? b->d[last - 1] : 1, across = gt_pieces(all_rows, job->panel);
    int64_t first = tile * job->panels_per_tile, end = gt_smallest(first + job->panels_per_tile, job->panels);
    for (int64_t k = first; k < end;) { /* as many panels as lie in one after the other */
        int64_t at = k % across, n = gt_smallest(across - at, end - k), rest = k / across, to = 0, from = 0;
        for (int i = last - 2; i >= 0; i--) {
            to += rest % b->d[i] * b->to[i];
            from += rest % b->d[i] * b->from[i];
            rest /= b->d[i];
        }
        copy_rows(job, job->out + to, job->in + from, at * job->panel, gt_smallest((at + n) * job->panel, all_rows));
        k += n;
    }
}

void gt_copy_box(gt_pool *pool, const gt_box_copy *b, const float *in, float *out) {
    copy_job job = {.b = *b, .in = in, .out = out, .panels = 1};
    merge_box(&job.b);
    job.panel = find_transposition(&job.b) ? PANEL : 1;
    int last = job.b.n - 1;
    for (int i = 0; i < last; i++) job.panels *= i == last - 1 ? gt_pieces(job.b.d[i], job.panel) : job.b.d[i];
    int64_t work = job.panel * job.b.d[last];
    job.panels_per_tile = work >= TILE ? 1 : TILE / work;
    gt_pool_run(pool, (int)gt_pieces(job.panels, job.panels_per_tile), copy_tile, &job);
}

typedef struct zero_job {
    float *out;
    int64_t n;
} zero_job;

static void zero_tile(void *arg, int tile, int worker) {
    (void)worker;
    const zero_job *job = arg;
    int64_t begin = (int64_t)tile * TILE, n = job->n - begin < TILE ? job->n - begin : TILE;
    memset(job->out + begin, 0, (size_t)n * sizeof *job->out);
}

void gt_fill_zero(gt_pool *pool, float *out, int64_t n) {
    zero_job job = {out, n};
    gt_pool_run(pool, (int)gt_pieces(n, TILE), zero_tile, &job);
}
