/* SPDX-License-Identifier: Apache-2.0
 * Iterations computed once more: see again.h. */
#include "mixture/again.h"

#include <string.h>

#include "gantry/stop.h"
#include "mixture/blocks.h"

static bool wants_stop(void *arg) {
    (void)arg;
    return gt_stop_requested();
}

gt_status gt_fit_again_all(const gt_fit *f, gt_blocks *b, gt_mixture_hook *hook, void *arg) {
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
    if (!st)
        st = gt_mixture_fit(b, &again, &(gt_fit_hooks){.stop = wants_stop, .mixture = hook, .quiet = true, .arg = arg});
    gt_fit_free(&again);
    return st;
}
