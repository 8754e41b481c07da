/* SPDX-License-Identifier: Apache-2.0
 * The loss of a graph that computes gradients, for those who check the gradients by differences.
 *
 * Two things are made of the graph. The loss becomes terms whose elements the caller sums up in double precision. And
 * decisions are held: on which side of its edge each ReLU is, which pixel of a window is the largest, what
 * gt_stop_gradient() holds back. A loss with held decisions is smooth, and at the place where they were made it has the
 * derivative of the loss itself; differences meet no kinks. */
#ifndef GANTRY_GRAPH_DOOR_LOSS_TERMS_H
#define GANTRY_GRAPH_DOOR_LOSS_TERMS_H

#include "gantry/shape.h"
#include "gantry/status.h"

enum { GT_LOSS_TERMS = 16 };

typedef struct gt_loss_terms {
    gt_graph *graph; /* of the terms alone; lies in memory of the graph that it was made of */
    int n;           /* the loss is the sum over terms of factor[i] times the sum of output i's elements */
    const char *output[GT_LOSS_TERMS];
    double factor[GT_LOSS_TERMS];
    int n_held; /* values that held decisions need: inputs of `graph`, and outputs of the graph that shows them */
    const char **held;
} gt_loss_terms;

/* Makes the values that decisions depend on outputs of `g`, and of `copy`, which was built like g, the terms of the
 * noted losses (gt_note_loss). Scalar inputs in the list `ones`, which ends with NULL, must be 1. Both graphs must last
 * as long as *out. GT_USAGE: the graph has no loss, or too many terms. */
gt_status gt_loss_alone(gt_graph *g, gt_graph *copy, const char *const *ones, gt_loss_terms *out);

#endif
