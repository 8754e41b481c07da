/* SPDX-License-Identifier: Apache-2.0
 * A graph as an ONNX model (opset 17, IR version 8) for any number of samples. Images are channels-first there: a value
 * [N,H,W,C] of the graph is [N,C,H,W] at the borders of the model. What depends on parameters alone becomes constants.
 *
 * How: the graph is built for two batch sizes; dimensions that grow with the batch are those in which the two differ.
 * Both go through the passes that do not depend on how a graph is run, and fold.c moves what it can into the weights of
 * convolutions. Then each node becomes ONNX nodes (the table in translate.c). Values keep their axes in whatever order
 * they were made (forms.h): a transposition appears only where a reader needs another order. */
#ifndef GANTRY_RUNNER_ONNX_DOOR_ONNX_H
#define GANTRY_RUNNER_ONNX_DOOR_ONNX_H

#include "files/codec/door/weights_write.h"
#include "gantry/shape.h"

typedef struct gt_onnx_source {
    gt_graph *(*build)(void *arg, int n); /* the graph for n samples; the first dimension of its inputs counts samples,
                                             or they are scalars, which become [1] */
    void *arg;
    const float *params;         /* slot 0 */
    const char *const *outputs;  /* that the model has; ends with NULL */
    const gt_weight_text *about; /* [n_about] metadata */
    int n_about;
} gt_onnx_source;

/* GT_USAGE: the graph has an op that ONNX lacks, or the file would be too large. */
gt_status gt_onnx_export(const gt_onnx_source *source, const char *path);

#endif
