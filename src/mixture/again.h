/* SPDX-License-Identifier: Apache-2.0
 * The restart of a fit that led to the best mixture, computed once more for whoever wants to see its iterations. A fit
 * keeps its last mixture alone, and a fit that was stopped and gone on with repeats the same iterations. */
#ifndef GANTRY_MIXTURE_AGAIN_H
#define GANTRY_MIXTURE_AGAIN_H

#include "gantry/mixture.h"

/* gt_fit_hooks.mixture */
typedef gt_status gt_mixture_hook(void *arg, const gt_mixture *m, int iteration);

/* Calls the hook for iterations 0 to f->n_curve - 1. Collective; GT_STOPPED: a signal, or a file, wished so. */
gt_status gt_fit_again_all(const gt_fit *f, gt_blocks *b, gt_mixture_hook *hook, void *arg);

#endif
