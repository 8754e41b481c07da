/* SPDX-License-Identifier: Apache-2.0
 * The parts of gt_directions_all(): w is measured, directions are found, the sheet is drawn. */
#ifndef GANTRY_FEATURES_DIRECTIONS_DIRECTION_WORK_H
#define GANTRY_FEATURES_DIRECTIONS_DIRECTION_WORK_H

#include "features/directions/directions.h"
#include "gantry/trained.h"
#include "runner/generator/door/direction_file.h"

typedef struct gt_direction_work {
    const gt_directions_request *request;
    gt_comm *comm;
    gt_trained net;
    gt_generator *generator; /* without truncation */
    const gt_model *model;
    gt_arena *arena;
    bool *chosen;           /* [num_ws]: layers of the request */
    float *label;           /* [label_dim] of all seeds; NULL: classes take turns, or there are none */
    float *z, *labels, *ws; /* of a batch */
    double *covariance;     /* rank 0's: [w_dim,w_dim] of w */
    gt_directions found;
} gt_direction_work;

/* The label of item i of a batch; `label` NULL: the class of this number among those that take turns. */
void gt_direction_label(gt_direction_work *w, int i, const float *label, int64_t seed);
/* The styles of n seeds, with the labels that are there, by `g`, into w->ws. */
gt_status gt_direction_styles(gt_direction_work *w, gt_generator *g, int n, const int64_t *seeds);

/* All ranks; rank 0 has the covariance then. */
gt_status gt_directions_measure_all(gt_direction_work *w);
/* All ranks; rank 0 has the direction from one set to the other then. */
gt_status gt_directions_between_all(gt_direction_work *w);
/* All ranks; all have what is found. */
gt_status gt_directions_sheet_all(gt_direction_work *w);

/* Direction `i` of those that are found: to = factor x from in the layers of the request. Step of `from`: 0, or w_dim
 * where layers differ. */
void gt_direction_put(gt_direction_work *w, int i, double factor, const double *from, size_t step);
/* The standard deviation of v . w: sqrt(v^T C v). */
double gt_direction_deviation(const gt_direction_work *w, const double *v);

#endif
