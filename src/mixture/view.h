/* SPDX-License-Identifier: Apache-2.0
 * Points on two axes, for figures and films (gantry/mixture_view.h). */
#ifndef GANTRY_MIXTURE_VIEW_INTERNAL_H
#define GANTRY_MIXTURE_VIEW_INTERNAL_H

#include "gantry/figure.h"
#include "gantry/mixture_view.h"

typedef struct gt_mixture_view { /* points on two axes, or of one number */
    gt_arena *arena;             /* holds rank 0's arrays */
    int axes[2];
    bool plane;
    int64_t n;
    float *x, *y;     /* [n]; y NULL: not a plane */
    double ranges[4]; /* of x and of y: whole, with margins; of a line: of the density as well */
    char labels[2][64];
    double *edges, *heights, *at, *density; /* of a line */
} gt_mixture_view;

/* To be closed, also after an error. */
gt_status gt_mixture_view_open_all(gt_mixture_view *v, const gt_mixture_points *p, const int axes[2]);
void gt_mixture_view_close(gt_mixture_view *v);
/* A panel of the points, coloured by `groups` [n], and of the mixture, on rank 0. The panel refers to `v`, `curve` and
 * `ellipses` [k]. */
gt_panel gt_mixture_view_panel(gt_mixture_view *v, const gt_mixture *m, const int32_t *groups, gt_curve *curve,
                               gt_ellipse *ellipses);

#endif
