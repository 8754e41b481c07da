/* SPDX-License-Identifier: Apache-2.0
 * The translation of a graph, as the translators of ops see it.
 *
 * A form of a node is an ONNX value with the node's elements, whose axis k is axis order[k] of the node. A node may
 * have several forms; the first is the one that it was made in. Permutations make no ONNX node at all, only another
 * order. */
#ifndef GANTRY_RUNNER_ONNX_FORMS_H
#define GANTRY_RUNNER_ONNX_FORMS_H

#include "graph/door/internal.h"
#include "features/onnx/file.h"

typedef struct gt_form {
    int order[GT_MAX_DIMS];
    gt_onnx_value *value;
    struct gt_form *next;
} gt_form;

typedef struct gt_translation {
    gt_onnx *model;
    gt_arena *arena;
    const gt_graph *graph; /* for a number of samples that differs from all other sizes */
    gt_onnx_dims *dims;    /* of each node, by id */
    bool *constant;        /* known when the model is made */
    gt_exec *values;       /* of the constants that other nodes read; outputs are called by the node's id */
    gt_form **forms;
    const gt_node **bias;     /* of a convolution or product: the constant that the next node adds */
    const gt_node **absorbed; /* of such a sum: the convolution or product */
    gt_onnx_value *first;     /* input, whose first dimension counts samples */
    gt_status status;         /* the first fault */
} gt_translation;

extern const int gt_order_plain[GT_MAX_DIMS], gt_order_images[GT_MAX_DIMS]; /* [N,C,H,W] of [N,H,W,C] */

/* Images that are [N,C,H,W] are images in order; anything else is plain. */
const int *gt_usual_order(const gt_node *n);
/* The order of the node's first form; the usual one for constants. */
const int *gt_form_order(gt_translation *t, const gt_node *n);
/* n has been made in this order. */
void gt_form_add(gt_translation *t, const gt_node *n, const int *order, gt_onnx_value *value);
/* n with its axes in this order, as a value of `rank` >= n's own axes: missing ones are 1 and come first, as in
 * broadcasts; `order` is of all of them. */
gt_onnx_value *gt_form_in(gt_translation *t, const gt_node *n, int rank, const int *order);
/* A constant of n elements, along its last axis, as [n]. */
gt_onnx_value *gt_form_vector(gt_translation *t, const gt_node *n);

/* Makes the first form of a reshape or of a broadcast, for which there is none before somebody asks. */
void gt_form_reshaped(gt_translation *t, const gt_node *n);
void gt_form_spread(gt_translation *t, const gt_node *n);

/* A node whose result is called after n. */
gt_onnx_value *gt_emit(gt_translation *t, const gt_node *n, const char *op, int n_in, gt_onnx_value *const *in,
                       const gt_onnx_attr *attrs);
#define GT_EMIT(t, n, op, attrs, ...)                                                                              \
    gt_emit(t, n, op, sizeof((gt_onnx_value *[]){__VA_ARGS__}) / sizeof(void *), (gt_onnx_value *[]){__VA_ARGS__}, \
            attrs)
/* Records a fault of n. */
void gt_untranslatable(gt_translation *t, const gt_node *n, const char *why);

/* ---- translators of ops ---- */

void gt_onnx_elementwise(gt_translation *t, const gt_node *n);
void gt_onnx_conv(gt_translation *t, const gt_node *n);
void gt_onnx_upfirdn(gt_translation *t, const gt_node *n);
void gt_onnx_max_pool(gt_translation *t, const gt_node *n);
void gt_onnx_matmul(gt_translation *t, const gt_node *n);
void gt_onnx_sum(gt_translation *t, const gt_node *n);
void gt_onnx_concat(gt_translation *t, const gt_node *n);
void gt_onnx_pad(gt_translation *t, const gt_node *n);
void gt_onnx_permute(gt_translation *t, const gt_node *n);
void gt_onnx_one_hot_max(gt_translation *t, const gt_node *n);

/* Adds zeros and crops: pads[0] before and pads[1] after each of `axes` axes of x. */
gt_onnx_value *gt_emit_padded(gt_translation *t, const gt_node *n, gt_onnx_value *x, int axes, const int64_t (*pads)[2],
                              const int64_t *sizes);

/* fold.c: constant factors and summands of channels go into the weights of the convolution before them, gains of
 * activations into what is small. NULL: see gt_message(). */
const gt_graph *gt_onnx_fold(const gt_graph *src, gt_arena *arena);

#endif
