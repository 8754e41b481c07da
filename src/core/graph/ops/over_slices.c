/* SPDX-License-Identifier: Apache-2.0
 * The sum of a value over all slices of the batch, the other ranks' included: what makes slices depend on each other
 * (statistics over a whole batch). With T = sum_j x_j known to every slice, dL/dx_j = sum_i dL_i/dT: the sum over
 * slices of the derivatives that come in, so the op is its own adjoint, and derivatives of derivatives follow. Where
 * each slice's loss has its slice's weight (gt_mean_loss), so have these derivatives, and the mean over slices of the
 * parameters' gradients is the gradient of the loss over the batch.
 *
 * The sum itself is the business of whoever runs the slices (gt_exec_run_to_sum). */
#include <string.h>

#include "graph/door/ops.h"
#include "graph/door/op_list.h"

static void sum_over_slices_vjp(gt_graph *g, gt_node *y, gt_node *dy, const bool *need, gt_node **dx) {
    (void)y;
    if (need[0]) dx[0] = gt_sum_over_slices(g, dy);
}

/* gt_exec_run: the slices of this execution are all there are. */
static void alone(const gt_run *r) { memcpy(r->out, r->in[0], (size_t)gt_shape_size(&r->node->shape) * sizeof(float)); }

const gt_op gt_op_sum_over_slices = {.name = "sum_over_slices",
                                     .min_in = 1,
                                     .shape = gt_same_shape,
                                     .vjp = sum_over_slices_vjp,
                                     .run = alone,
                                     .impure = true};

gt_node *gt_sum_over_slices(gt_graph *g, gt_node *x) { return gt_node_new(g, &gt_op_sum_over_slices, 1, &x, NULL, 0); }
