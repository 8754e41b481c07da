/* SPDX-License-Identifier: Apache-2.0
 * A fit: restarts, each a k-means++ start and iterations until little is gained.
 *
 * An iteration is a pass (log-likelihood of the mixture as it is, and its moments) and an update. A restart ends after
 * a pass, so that the log-likelihood told is that of the mixture kept. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/door/numbers.h"
#include "gantry/log.h"
#include "base/door/mathfn.h"
#include "base/door/progress.h"
#include "gantry/stop.h"
#include "features/gmm/em.h"
#include "features/gmm/mixture.h"

gt_status gt_fit_allocate(gt_fit *f) {
    const gt_mixture_recipe *r = &f->recipe;
    gt_arena *a = f->arena;
    gt_status st = gt_mixture_init(&f->best, a, r->covariance, r->k, f->points.d);
    if (!st) st = gt_mixture_init(&f->now, a, r->covariance, r->k, f->points.d);
    if (st) return st;
    f->curve = gt_arena_array(a, (size_t)r->iterations + 1, sizeof *f->curve);
    f->curve_now = gt_arena_array(a, (size_t)r->iterations + 1, sizeof *f->curve_now);
    f->held = gt_arena_array(a, (size_t)r->k, sizeof *f->held);
    return gt_arena_failed(a) ? GT_NOMEM : GT_OK;
}

gt_status gt_fit_init(gt_fit *f, const gt_mixture_recipe *r, gt_cloud_info points) {
    *f = (gt_fit){.arena = gt_arena_new(), .recipe = *r, .points = points};
    return f->arena ? gt_fit_allocate(f) : GT_NOMEM;
}

void gt_fit_free(gt_fit *f) {
    gt_arena_free(f->arena);
    *f = (gt_fit){0};
}

double gt_fit_bic(const gt_fit *f, double log_likelihood, int64_t points) {
    return -2 * log_likelihood * (double)points + gt_mixture_free_numbers(&f->best) * gt_ln((double)points);
}

double gt_fit_aic(const gt_fit *f, double log_likelihood, int64_t points) {
    return -2 * log_likelihood * (double)points + 2 * gt_mixture_free_numbers(&f->best);
}

gt_status gt_fit_extend(gt_fit *f, int iterations, double tol, bool *anew) {
    gt_mixture_recipe *r = &f->recipe;
    *anew = false;
    if (iterations < r->iterations || tol > r->tol)
        return gt_fail(GT_USAGE,
                       "the fit has --iterations=%d and --tol=%g: to resume it, give at least as many iterations and "
                       "at most this tol",
                       r->iterations, r->tol);
    bool over = f->restart > 0, same = iterations == r->iterations && tol == r->tol,
         ended = f->finished && f->converged && r->restarts == 1 && tol == r->tol;
    double **curves[] = {&f->curve, &f->curve_now};
    for (int i = 0; i < 2 && iterations > r->iterations; i++) {
        double *longer = gt_arena_array(f->arena, (size_t)iterations + 1, sizeof *longer);
        if (!longer) return GT_NOMEM;
        memcpy(longer, *curves[i], ((size_t)r->iterations + 1) * sizeof *longer);
        *curves[i] = longer;
    }
    r->iterations = iterations;
    r->tol = tol;
    if (same || !over || ended) return GT_OK;
    *anew = r->restarts > 1;
    f->n_now = 0;
    if (!*anew) { /* the pass that ended the restart is made again */
        gt_mixture_copy(&f->now, &f->best);
        f->n_now = f->n_curve - 1;
        memcpy(f->curve_now, f->curve, (size_t)f->n_now * sizeof *f->curve_now);
    }
    f->started = !*anew;
    f->finished = f->converged = false;
    f->restart = f->best_restart = f->n_curve = 0;
    f->log_likelihood = 0;
    return GT_OK;
}

/* ---- one restart ---- */

typedef struct fitting {
    gt_em *em;
    gt_fit *f;
    const gt_fit_hooks *hooks;
    int *low; /* [k] */
} fitting;

/* Below the floor the first iteration would lose log-likelihood. */
static gt_status check_start(fitting *t) {
    static const double BELOW = 1 - 1e-6;
    int n;
    gt_status st = gt_em_low_variance(t->em, &t->em->mixture, BELOW, t->low, &n);
    if (st || !n) return st;
    return gt_fail(GT_FORMAT, "component %d has a variance below the floor of %g: give a smaller --floor", t->low[0],
                   t->em->floor);
}

static gt_status begin_restart(fitting *t) {
    gt_fit *f = t->f;
    if (!f->started) {
        f->n_now = 0;
        f->started = true;
        gt_status st = gt_em_start(t->em, &f->recipe, &f->start, (uint32_t)f->restart);
        if (!st && f->start.whole && (st = check_start(t))) st = gt_wrap(st, "the start");
        return st;
    }
    gt_mixture_copy(&t->em->mixture, &f->now);
    return gt_em_set(t->em);
}

/* The log-likelihood must not fall from one pass to the next: EM ensures that. */
static gt_status check_monotone(const fitting *t, double l) {
    const gt_fit *f = t->f;
    if (!f->n_now) return GT_OK;
    double before = f->curve_now[f->n_now - 1], rounding = gt_em_rounding(t->em, l);
    if (l >= before - rounding) return GT_OK;
    return gt_fail(GT_FAILED,
                   "iteration %d of restart %d: the log-likelihood per sample fell from %.15g to %.15g, more than "
                   "rounding explains (%.1e)",
                   f->n_now, f->restart + 1, before, l, rounding);
}

static void show_restart(const fitting *t) {
    char doing[40];
    const gt_mixture_recipe *r = &t->f->recipe;
    snprintf(doing, sizeof doing, "restart %d/%d", t->f->restart + 1, r->restarts);
    gt_tell_start(doing, "iterations", r->iterations);
}

static void show_iteration(const fitting *t, double l) {
    char more[48];
    snprintf(more, sizeof more, "log-likelihood %.9g", l);
    gt_tell_with(gt_smallest(t->f->n_now, t->f->recipe.iterations), more);
}

/* Keeps the restart's mixture if it is the best so far, and gets ready for the next restart. A mixture without held
 * components is better than any mixture with some; otherwise the log-likelihood decides. */
static gt_status end_restart(fitting *t, double l, bool converged) {
    gt_fit *f = t->f;
    int n_held;
    char held[32] = "";
    gt_comm_busy(t->em->blocks->comm, "the end of a restart"); /* no update comes, but perhaps a file */
    gt_status st = gt_em_low_variance(t->em, &t->em->mixture, GT_EM_HELD, t->low, &n_held);
    if (st) return st;
    bool better = !f->n_curve || (!n_held != !f->n_held ? !n_held : l > f->log_likelihood);
    if (n_held) snprintf(held, sizeof held, ", %d at the floor", n_held);
    gt_tell_end();
    if (!t->hooks->quiet)
        gt_info("restart %d/%d  %d iterations, log-likelihood %.9g per sample%s%s%s", f->restart + 1,
                f->recipe.restarts, f->n_now - 1, l, converged ? "" : ", not converged", held,
                better && f->n_curve ? ": the best so far" : "");
    if (better) {
        memcpy(f->held, t->low, (size_t)n_held * sizeof *f->held);
        f->n_held = n_held;
        gt_mixture_copy(&f->best, &t->em->mixture);
        memcpy(f->curve, f->curve_now, (size_t)f->n_now * sizeof *f->curve);
        f->n_curve = f->n_now;
        f->log_likelihood = l;
        f->best_restart = f->restart;
        f->converged = converged;
    }
    f->restart++;
    f->started = false;
    f->n_now = 0;
    f->finished = f->restart == f->recipe.restarts;
    return GT_OK;
}

/* A pass, and an update or the end of the restart. */
static gt_status iterate_once(fitting *t) {
    gt_fit *f = t->f;
    double l;
    gt_comm_doing(t->em->blocks->comm, (uint32_t)f->n_now, "an iteration of EM");
    gt_status st = gt_em_pass(t->em, &l);
    if (!st) st = gt_comm_agree_all(t->em->blocks->comm, check_monotone(t, l));
    if (st) return st;
    f->curve_now[f->n_now++] = l;
    show_iteration(t, l);
    bool converged = f->n_now > 1 && l - f->curve_now[f->n_now - 2] < f->recipe.tol;
    if (converged || f->n_now > f->recipe.iterations) return end_restart(t, l, converged);
    if ((st = gt_em_update(t->em))) return gt_wrap(st, "iteration %d", f->n_now);
    gt_mixture_copy(&f->now, &t->em->mixture);
    return t->hooks->mixture ? t->hooks->mixture(t->hooks->arg, &f->now, f->n_now) : GT_OK;
}

gt_status gt_mixture_fit(gt_blocks *b, gt_fit *f, const gt_fit_hooks *hooks) {
    static const gt_fit_hooks none;
    if (!hooks) hooks = &none;
    if (f->points.count != b->count || (size_t)f->points.d != b->d)
        return gt_fail(GT_USAGE, "the fit is for %lld points of %d numbers", (long long)f->points.count, f->points.d);
    if (*f->kernel_set && gt_kernel_set_adopt(f->kernel_set, &b->kernels))
        gt_warn("%s: the mixture may differ in its last bits", gt_message());
    else if (*f->kernel_set && !gt_kernel_set_has_bits(f->kernel_set, GT_BITS_OF_MIXTURES))
        gt_warn("the fit began with the arithmetic %s and continues with %s: the mixture may differ in its last bits",
                f->kernel_set, b->kernels->id);
    snprintf(f->kernel_set, sizeof f->kernel_set, "%s", b->kernels->id);
    fitting t = {.f = f, .hooks = hooks};
    gt_status st = gt_em_new(&t.em, b, f->recipe.covariance, f->recipe.k, f->recipe.floor);
    if (!st) t.low = t.em->low;
    /* a file does not hold them */
    if (!st && f->n_curve) st = gt_em_low_variance(t.em, &f->best, GT_EM_HELD, f->held, &f->n_held);
    bool stopped = false;
    while (!st && !f->finished && !stopped) {
        st = begin_restart(&t);
        if (!st) show_restart(&t);
        if (!st && hooks->mixture) st = hooks->mixture(hooks->arg, &t.em->mixture, f->n_now);
        do {
            if (!st) st = iterate_once(&t);
            if (!st && hooks->stop) stopped = gt_comm_max_all(b->comm, hooks->stop(hooks->arg)) && !f->finished;
            if (!st && hooks->save) st = hooks->save(hooks->arg, f, stopped || f->finished);
        } while (!st && !stopped && f->started);
    }
    gt_tell_end();
    gt_em_free(t.em);
    return st ? st : stopped ? gt_fail(GT_STOPPED, "stopped after an iteration, as requested") : GT_OK;
}

/* ---- iterations once more ---- */

static bool wants_stop(void *arg) {
    (void)arg;
    return gt_stop_requested();
}

gt_status gt_fit_again_all(const gt_fit *f, gt_blocks *b, gt_fit_hooks hooks) {
    gt_fit again;
    gt_mixture_recipe recipe = f->recipe;
    recipe.restarts = f->best_restart + 1;
    recipe.iterations = f->n_curve - 1;
    gt_status st = gt_fit_init(&again, &recipe, f->points);
    again.restart = f->best_restart;
    if (!st && f->start.mixture.weights) {
        again.start.whole = f->start.whole;
        st = gt_mixture_init(&again.start.mixture, again.arena, f->start.mixture.covariance, f->start.mixture.k,
                             f->start.mixture.d);
        if (!st) gt_mixture_copy(&again.start.mixture, &f->start.mixture);
    }
    memcpy(again.kernel_set, f->kernel_set, sizeof again.kernel_set);
    st = gt_comm_agree_all(b->comm, st);
    hooks.stop = wants_stop;
    hooks.quiet = true;
    if (!st) st = gt_mixture_fit(b, &again, &hooks);
    gt_fit_free(&again);
    return st;
}
