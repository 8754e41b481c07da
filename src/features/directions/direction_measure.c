/* SPDX-License-Identifier: Apache-2.0
 * The covariance of w: see directions.h. Sums are made by rank 0, in the order of the seeds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/door/symmetric.h"
#include "networks/model/door/model.h"
#include "features/directions/directions.h"
#include "runner/door/in_order.h"

typedef struct sums {
    gt_direction_work *w;
    int groups;     /* classes that take turns; else 1 */
    int64_t *count; /* [groups] */
    double *sum;    /* [groups,w_dim] */
    double *row;    /* [w_dim] */
} sums;

void gt_direction_label(gt_direction_work *w, int i, const float *label, int64_t seed) {
    size_t dim = (size_t)gt_generator_labels(w->generator);
    float *to = w->labels + (size_t)i * dim;
    if (label) memcpy(to, label, dim * sizeof *to);
    else
        for (size_t k = 0; k < dim; k++) to[k] = (size_t)seed % dim == k;
}

gt_status gt_direction_styles(gt_direction_work *w, gt_generator *g, int n, const int64_t *seeds) {
    int z_dim = w->model->z_dim;
    for (int i = 0; i < n; i++) gt_seed_latent((uint32_t)seeds[i], z_dim, w->z + (size_t)i * (size_t)z_dim);
    return gt_generator_styles(g, w->z, w->labels, w->ws);
}

static gt_status make_rows(void *arg, int64_t first, int n, gt_buffer *out) {
    gt_direction_work *w = ((sums *)arg)->w;
    size_t dim = (size_t)w->model->w_dim, layers = (size_t)w->model->num_ws;
    enum { MOST = 64 };
    int64_t seeds[MOST];
    for (int i = 0; i < n; i++) {
        seeds[i] = first + i;
        gt_direction_label(w, i, w->label, first + i);
    }
    gt_status st = gt_direction_styles(w, w->generator, n, seeds);
    for (size_t i = 0; i < (size_t)n && !st; i++) /* all layers have the same w */
        gt_buffer_add(out, w->ws + i * layers * dim, dim * sizeof *w->ws);
    return st;
}

static gt_status take_rows(void *arg, int64_t first, int n, const char *bytes, size_t size) {
    sums *s = arg;
    size_t dim = (size_t)s->w->model->w_dim;
    (void)size;
    for (int i = 0; i < n; i++) {
        size_t group = (size_t)((first + i) % s->groups);
        double *sum = s->sum + group * dim;
        for (size_t k = 0; k < dim; k++) {
            float x;
            memcpy(&x, bytes + ((size_t)i * dim + k) * sizeof x, sizeof x);
            if (!isfinite(x))
                return gt_fail(GT_NONFINITE, "'%s': the mapping network gives styles that are not numbers",
                               s->w->request->checkpoint);
            s->row[k] = (double)x;
            sum[k] += (double)x;
        }
        s->count[group]++;
        gt_add_products(dim, 1, s->row, s->w->covariance);
    }
    return GT_OK;
}

/* Sums of products become the covariance around the mean of each group. */
static void finish(sums *s) {
    size_t dim = (size_t)s->w->model->w_dim;
    double *c = s->w->covariance, scale = 1 / (double)(s->w->request->samples - s->groups);
    for (int g = 0; g < s->groups; g++) {
        const double *sum = s->sum + (size_t)g * dim;
        for (size_t i = 0; i < dim && s->count[g]; i++)
            for (size_t j = 0; j <= i; j++) c[i * dim + j] -= sum[i] * sum[j] / (double)s->count[g];
    }
    for (size_t i = 0; i < dim; i++)
        for (size_t j = 0; j <= i; j++) c[j * dim + i] = c[i * dim + j] *= scale;
}

gt_status gt_directions_measure_all(gt_direction_work *w) {
    int labels = gt_generator_labels(w->generator);
    size_t dim = (size_t)w->model->w_dim;
    sums s = {.w = w, .groups = labels && !w->label ? labels : 1};
    gt_status st = GT_OK;
    if (w->request->samples <= s.groups)
        st = gt_fail(GT_USAGE, "--samples=%lld: more than %d are needed, a class each", (long long)w->request->samples,
                     s.groups);
    if (!st && !w->comm->rank) {
        s.count = gt_arena_array(w->arena, (size_t)s.groups, sizeof *s.count);
        s.sum = gt_arena_array(w->arena, (size_t)s.groups, dim * sizeof *s.sum);
        s.row = gt_arena_array(w->arena, dim, sizeof *s.row);
        w->covariance = gt_arena_array(w->arena, dim, dim * sizeof *w->covariance);
        if (gt_arena_failed(w->arena)) st = GT_NOMEM;
    }
    st = gt_comm_agree_all(w->comm, st);
    if (!st)
        st = gt_in_order_all(&(gt_in_order){.comm = w->comm,
                                            .count = w->request->samples,
                                            .batch = gt_generator_batch(w->generator),
                                            .doing = "measuring w",
                                            .of = "seeds",
                                            .make = make_rows,
                                            .take = take_rows,
                                            .stop = w->request->stop,
                                            .arg = &s});
    if (!st && !w->comm->rank) finish(&s);
    return st;
}

double gt_direction_deviation(const gt_direction_work *w, const double *v) {
    size_t dim = (size_t)w->model->w_dim;
    double sum = 0;
    for (size_t i = 0; i < dim; i++) {
        double along = 0;
        for (size_t j = 0; j < dim; j++) along += w->covariance[i * dim + j] * v[j];
        sum += along * v[i];
    }
    return sum > 0 ? sqrt(sum) : 0;
}

void gt_direction_put(gt_direction_work *w, int i, double factor, const double *from, size_t step) {
    size_t dim = (size_t)w->model->w_dim, layers = (size_t)w->model->num_ws;
    float *to = w->found.steps + (size_t)i * layers * dim;
    for (size_t layer = 0; layer < layers; layer++)
        for (size_t k = 0; k < dim && w->chosen[layer]; k++)
            to[layer * dim + k] = (float)(factor * from[layer * step + k]);
}
