/* SPDX-License-Identifier: Apache-2.0
 * EM as two halves that push the same bound. For shares q_nc of the points in the components (sum over c: 1) and a
 * mixture with p_c(x) = weight_c times the density of component c at x, per sample:
 *
 *   ELBO(q, p)       = sum over n, c of q_nc (ln p_c(x_n) - ln q_nc) / N
 *   KL(q || p(c|x))  = sum over n, c of q_nc (ln q_nc - ln (p_c(x_n) / sum over c of p_c(x_n))) / N
 *   ELBO + KL        = ln p(x), the log-likelihood
 *
 * The E step makes q the shares under the mixture as it is: KL becomes 0, and the ELBO rises to the log-likelihood. The
 * M step moves the mixture and leaves q: the ELBO rises, the log-likelihood by more, and KL is what lies between
 * (R. M. Neal, G. E. Hinton, "A View of the EM Algorithm that Justifies Incremental, Sparse, and Other Variants",
 * 1998, equations 3 to 7). KL is summed by itself, so that small ones do not cancel. */
#include <stdio.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/pool.h"
#include "features/gmm/mixture.h"
#include "figures/door/figure.h"
#include "features/gmm/mixture_view.h"
#include "features/gmm/density.h"

enum { ITERATIONS_SHOWN = 10, SUMS = 3 };
static const double NOBODY = 1e-100; /* a component with shares of nobody may lose its weight (maximise.c) */

typedef struct half_step {
    double elbo, kl, log_likelihood; /* per sample */
} half_step;

typedef struct telling {
    gt_blocks *blocks;
    gt_arena *arena;
    gt_density density[2]; /* of the mixtures of even and of odd iterations */
    const gt_density *before, *now;
    double *centre; /* [d] */
    size_t worker_doubles;
    double *work;     /* [workers][worker_doubles] */
    half_step *steps; /* [2 n_curve - 1]: the first E step, then M and E of each iteration */
} telling;

/* ---- a pass over the points ---- */

/* logs[c,n] = ln p_c(x_n), shares[c,n] and log_sum[n]; [k, panel]. */
static void evaluate(const gt_density *e, const double *x, double *scratch, double *logs, double *shares,
                     double *log_sum) {
    gt_density_distances(e, x, scratch, logs);
    memcpy(shares, logs, e->k * e->panel * sizeof *logs);
    e->kernels->share(e->panel, e->k, e->bias, shares, log_sum);
    for (size_t i = 0; i < e->k * e->panel; i++) logs[i] = e->bias[i / e->panel] - logs[i] / 2;
}

/* sums: ELBO and KL of the shares of the mixture before in the mixture of now, and the log-likelihood of now. */
static void tell_panel(void *arg, const gt_panel_of_points *panel, int worker, double *sums) {
    const telling *t = arg;
    size_t p = t->blocks->panel, k = t->now->k;
    double *q = t->work + (size_t)worker * t->worker_doubles, *before = q + k * p, *now = before + k * p,
           *shares = now + k * p, *sum_before = shares + k * p, *sum_now = sum_before + p, *scratch = sum_now + p;
    evaluate(t->before, panel->x, scratch, before, q, sum_before);
    evaluate(t->now, panel->x, scratch, now, shares, sum_now);
    for (size_t n = 0; n < panel->count; n++) {
        for (size_t i = n; i < k * p; i += p) {
            if (q[i] <= NOBODY) continue;
            double log_q = before[i] - sum_before[n];
            sums[0] += q[i] * (now[i] - log_q);
            sums[1] += q[i] * (log_q - (now[i] - sum_now[n]));
        }
        sums[2] += sum_now[n];
    }
}

/* ---- iterations ---- */

static gt_status allocate(telling *t, const gt_mixture *m) {
    size_t p = t->blocks->panel;
    for (int i = 0; i < 2; i++) gt_density_init(&t->density[i], t->arena, m, t->blocks);
    t->worker_doubles = (4 * (size_t)m->k + 2) * p + gt_density_scratch(&t->density[0]);
    t->work = gt_arena_array(t->arena, (size_t)gt_pool_threads(t->blocks->pool), t->worker_doubles * sizeof *t->work);
    t->centre = gt_arena_array(t->arena, t->blocks->d, sizeof *t->centre);
    return gt_arena_failed(t->arena) ? gt_fail(GT_NOMEM, "out of memory for the half steps of %d components", m->k)
                                     : GT_OK;
}

/* An M step and the E step after it; of iteration 0 the E step alone. */
static gt_status tell_iteration(void *arg, const gt_mixture *m, int iteration) {
    telling *t = arg;
    gt_comm *c = t->blocks->comm;
    double sums[SUMS], n = (double)t->blocks->count;
    gt_density *now = &t->density[iteration % 2];
    gt_status st = iteration ? GT_OK : allocate(t, m);
    if (!st) gt_mixture_mean(m, t->centre);
    if (!st) st = gt_density_set(now, m, t->centre, t->blocks->pool);
    st = gt_comm_agree_all(c, st);
    t->before = iteration ? &t->density[1 - iteration % 2] : now;
    t->now = now;
    if (!st) st = gt_blocks_sum(t->blocks, SUMS, tell_panel, t, sums);
    if (st || c->rank) return st;
    const half_step step = {sums[0] / n, sums[1] / n, sums[2] / n};
    if (iteration) t->steps[2 * iteration - 1] = step;
    t->steps[2 * iteration] = (half_step){step.log_likelihood, 0, step.log_likelihood};
    return GT_OK;
}

/* ---- table and figure ---- */

static gt_status draw(gt_arena *a, const half_step *steps, int n, const char *stem) {
    int iterations = n / 2, shown = n > 2 * ITERATIONS_SHOWN + 1 ? 2 * ITERATIONS_SHOWN + 1 : n;
    double *x = gt_arena_array(a, 4 * (size_t)shown + 1, sizeof *x);
    double *edges = gt_arena_array(a, 2 * (size_t)shown + 1, sizeof *edges);
    const char *title = shown < n ? gt_arena_printf(a, "the first %d of %d iterations", ITERATIONS_SHOWN, iterations)
                                  : gt_arena_printf(a, "%d iteration%s", iterations, iterations == 1 ? "" : "s");
    if (gt_arena_failed(a)) return GT_NOMEM;
    double *elbo = x + shown, *sum = elbo + shown, *kl = edges + shown + 1;
    for (int i = 0; i < shown; i++) {
        x[i] = i / 2.0, elbo[i] = steps[i].elbo, sum[i] = steps[i].log_likelihood;
        edges[i] = i / 2.0 - 0.25, kl[i] = steps[i].kl;
    }
    edges[shown] = shown / 2.0 - 0.25;
    const gt_curve curves[] = {{"log p(x) = ELBO + KL", shown, x, sum, 1}, {"ELBO", shown, x, elbo, 2}};
    const char *label = "iteration: after its M step (halves) and its E step (whole numbers)";
    gt_panel panels[] = {
        {.title = title, .x_label = label, .y_label = "nats per sample", .n_curves = 2, .curves = curves},
        {.title = "KL(q || p(z|x)): after E steps 0",
         .x_label = label,
         .y_label = "nats per sample",
         .bars = {shown, edges, kl}}};
    return gt_figure_write(stem, panels, 2, 1);
}

static gt_status write_half_steps(gt_arena *a, const half_step *steps, int n, const char *outdir) {
    const char *table = gt_arena_printf(a, "%s/elbo.csv", outdir), *stem = gt_arena_printf(a, "%s/elbo", outdir);
    gt_buffer b = {0};
    gt_buffer_printf(&b, "iteration,half,elbo,kl,log_likelihood\n");
    for (int i = 0; i < n; i++)
        gt_buffer_printf(&b, "%d,%s,%.17g,%.17g,%.17g\n", (i + 1) / 2, i % 2 ? "M" : "E", steps[i].elbo, steps[i].kl,
                         steps[i].log_likelihood);
    gt_status st = gt_buffer_write(&b, table);
    return st ? st : draw(a, steps, n, stem);
}

gt_status gt_fit_tell_half_steps_all(const gt_fit *f, const gt_mixture_points *p, const char *outdir) {
    gt_comm *c = p->blocks->comm;
    int n = 2 * f->n_curve - 1;
    telling t = {.blocks = p->blocks, .arena = gt_arena_new()};
    if (t.arena) t.steps = gt_arena_array(t.arena, (size_t)n, sizeof *t.steps);
    gt_status st = gt_comm_agree_all(c, t.steps ? GT_OK : GT_NOMEM);
    if (!st) st = gt_fit_again_all(f, p->blocks, (gt_fit_hooks){.mixture = tell_iteration, .arg = &t});
    if (!st) st = gt_comm_agree_all(c, c->rank ? GT_OK : write_half_steps(t.arena, t.steps, n, outdir));
    gt_arena_free(t.arena);
    return st;
}
