/* SPDX-License-Identifier: Apache-2.0
 * The direction from one set of w to another: the difference of their means. Of few examples that is surer than the
 * normal of a plane between them (Shen et al., "Interpreting the Latent Space of GANs", CVPR 2020), which would have to
 * learn how w varies from the same examples, and a step along it stays where w are. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "networks/model/door/model.h"
#include "features/directions/directions.h"
#include "runner/generator/door/styles.h"
#include "runner/door/in_order.h"

typedef struct set {
    const gt_style_set *of;
    const char *option;
    int64_t n;
    float *rows;  /* rank 0's: [n,row] */
    float *label; /* of seeds; NULL: classes take turns, or there are none */
    double *mean; /* [row] */
} set;

typedef struct sets {
    gt_direction_work *w;
    set of[2];  /* with, without */
    size_t row; /* numbers of a w: w_dim of seeds, whose layers are equal; else layers x w_dim */
} sets;

static bool of_file(const gt_style_set *s) { return s->file && *s->file; }

/* ---- the w of both ---- */

static gt_status make_rows(void *arg, int64_t first, int n, gt_buffer *out) {
    sets *s = arg;
    gt_direction_work *w = s->w;
    enum { MOST = 64 };
    int64_t seeds[MOST];
    for (int i = 0; i < n; i++) {
        bool second = first + i >= s->of[0].n;
        const set *of = &s->of[second];
        seeds[i] = of->of->seeds[first + i - (second ? s->of[0].n : 0)];
        gt_direction_label(w, i, of->label, seeds[i]);
    }
    gt_status st = gt_direction_styles(w, w->generator, n, seeds);
    for (size_t i = 0; i < (size_t)n && !st; i++)
        gt_buffer_add(out, w->ws + i * (size_t)w->model->num_ws * s->row, s->row * sizeof *w->ws);
    return st;
}

static gt_status take_rows(void *arg, int64_t first, int n, const char *bytes, size_t size) {
    sets *s = arg;
    (void)size;
    for (int i = 0; i < n; i++) {
        bool second = first + i >= s->of[0].n;
        int64_t at = first + i - (second ? s->of[0].n : 0);
        memcpy(s->of[second].rows + (size_t)at * s->row, bytes + (size_t)i * s->row * sizeof(float),
               s->row * sizeof(float));
    }
    return GT_OK;
}

/* The label of a set of seeds. */
static gt_status read_label(gt_direction_work *w, set *s) {
    int dim = gt_generator_labels(w->generator);
    s->label = w->label;
    if (of_file(s->of) || !s->of->class || !*s->of->class) return GT_OK;
    if (!dim) return gt_fail(GT_USAGE, "--%s-class: the network knows no classes", s->option);
    s->label = gt_arena_array(w->arena, (size_t)dim, sizeof *s->label);
    if (!s->label) return GT_NOMEM;
    gt_status st = gt_generator_label(w->generator, &(gt_condition){.class = s->of->class}, s->label, NULL);
    return st ? gt_wrap(st, "--%s-class", s->option) : GT_OK;
}

static gt_status make_room(const sets *s, set *of) {
    of->n = of->of->n;
    of->rows = malloc((size_t)of->n * s->row * sizeof *of->rows + 1);
    return of->rows ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld w", (long long)of->n);
}

static gt_status read_sets(sets *s) {
    gt_direction_work *w = s->w;
    const gt_model *m = w->model;
    bool files = of_file(s->of[0].of);
    gt_status st = GT_OK;
    s->row = (size_t)m->w_dim * (files ? (size_t)m->num_ws : 1);
    for (int i = 0; i < 2 && !st; i++) {
        set *of = &s->of[i];
        if (files && !w->comm->rank) st = gt_projected_read(of->of->file, w->generator, &of->n, &of->rows);
        if (!files) st = read_label(w, of);
        if (!files && !st) st = make_room(s, of);
    }
    return st;
}

/* ---- the direction: rank 0 ---- */

static gt_status find_mean(sets *s, set *of) {
    of->mean = gt_arena_array(s->w->arena, s->row, sizeof *of->mean);
    if (!of->mean) return GT_NOMEM;
    for (size_t i = 0; i < (size_t)of->n; i++)
        for (size_t k = 0; k < s->row; k++) of->mean[k] += (double)of->rows[i * s->row + k];
    for (size_t k = 0; k < s->row; k++) {
        of->mean[k] /= (double)of->n;
        if (!isfinite(of->mean[k])) return gt_fail(GT_NONFINITE, "--%s: some w are not finite", of->option);
    }
    return GT_OK;
}

/* How many of the set's w are nearer to its mean than to the other's, each judged by the others. */
static int64_t count_own(const sets *s, int which) {
    const set *of = &s->of[which], *other = &s->of[!which];
    double n = (double)of->n;
    int64_t own = 0;
    for (size_t i = 0; i < (size_t)of->n && of->n > 1; i++) {
        double side = 0;
        for (size_t k = 0; k < s->row; k++) {
            double x = (double)of->rows[i * s->row + k], mean = (n * of->mean[k] - x) / (n - 1);
            side += (mean - other->mean[k]) * (x - 0.5 * (mean + other->mean[k]));
        }
        own += side > 0;
    }
    return own;
}

static gt_status find_direction(sets *s) {
    gt_direction_work *w = s->w;
    size_t dim = (size_t)w->model->w_dim, layers = s->row / dim, used = 0;
    const double *with = s->of[0].mean, *without = s->of[1].mean;
    double *apart = gt_arena_array(w->arena, s->row, sizeof *apart),
           *mean = gt_arena_array(w->arena, dim, sizeof *mean), square = 0;
    if (!apart || !mean) return GT_NOMEM;
    for (size_t k = 0; k < s->row; k++) apart[k] = with[k] - without[k];
    for (size_t layer = 0; layer < layers; layer++) {
        bool counts = layers == 1 || w->chosen[layer];
        used += counts;
        for (size_t k = 0; k < dim && counts; k++) mean[k] += apart[layer * dim + k];
    }
    for (size_t k = 0; k < dim; k++) mean[k] /= (double)used, square += mean[k] * mean[k];
    double deviation = gt_direction_deviation(w, mean);
    if (!(square > 0 && deviation > 0)) return gt_fail(GT_USAGE, "both sets have the same mean w: no direction");
    gt_status st = gt_directions_new(&w->found, 1, w->model->num_ws, w->model->w_dim);
    if (st) return st;
    gt_direction_put(w, 0, deviation / square, apart, layers == 1 ? 0 : dim);
    gt_direction *d = w->found.list;
    snprintf(d->name, sizeof d->name, "%s", w->request->name);
    d->sigma = deviation / sqrt(square);
    int64_t judged = (s->of[0].n > 1 ? s->of[0].n : 0) + (s->of[1].n > 1 ? s->of[1].n : 0);
    snprintf(d->how, sizeof d->how,
             "difference of means of %lld and %lld w, %.2f sigma apart; %lld of %lld nearer to "
             "their own, judged by the others",
             (long long)s->of[0].n, (long long)s->of[1].n, square / deviation,
             (long long)(count_own(s, 0) + count_own(s, 1)), (long long)judged);
    return GT_OK;
}

gt_status gt_directions_between_all(gt_direction_work *w) {
    const gt_directions_request *r = w->request;
    sets s = {.w = w, .of = {{.of = &r->with, .option = "with"}, {.of = &r->without, .option = "without"}}};
    gt_status st = gt_comm_agree_all(w->comm, read_sets(&s));
    if (!st && !of_file(&r->with))
        st = gt_in_order_all(&(gt_in_order){.comm = w->comm,
                                            .count = s.of[0].n + s.of[1].n,
                                            .batch = gt_generator_batch(w->generator),
                                            .doing = "mapping",
                                            .of = "seeds",
                                            .make = make_rows,
                                            .take = take_rows,
                                            .stop = r->stop,
                                            .arg = &s});
    for (int i = 0; i < 2 && !st && !w->comm->rank; i++) st = find_mean(&s, &s.of[i]);
    if (!st && !w->comm->rank) st = find_direction(&s);
    st = gt_comm_agree_all(w->comm, st);
    for (int i = 0; i < 2; i++) free(s.of[i].rows);
    return st;
}
