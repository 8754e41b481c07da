/* SPDX-License-Identifier: Apache-2.0
 * An ONNX model in the making: nodes, constants, inputs and outputs, and then the file (opset 17, IR version 8). All of
 * it lies in an arena. A fault of memory sticks: gt_arena_failed(), and gt_onnx_write() reports it. */
#ifndef GANTRY_RUNNER_ONNX_FILE_H
#define GANTRY_RUNNER_ONNX_FILE_H

#include "base/door/file.h"
#include "gantry/memory.h"
#include "gantry/shape.h"
#include "gantry/status.h"

typedef struct gt_onnx gt_onnx;

typedef struct gt_onnx_value { /* what nodes read and make */
    const char *name;          /* may be changed until the file is written */
} gt_onnx_value;

typedef struct gt_onnx_dims {
    int n;
    int64_t d[GT_MAX_DIMS];
    bool batch[GT_MAX_DIMS]; /* d times the number of samples */
} gt_onnx_dims;

typedef enum gt_onnx_kind { GT_ONNX_END, GT_ONNX_FLOAT, GT_ONNX_INT, GT_ONNX_INTS, GT_ONNX_TEXT } gt_onnx_kind;

typedef struct gt_onnx_attr { /* of a node; a list ends with {0} */
    gt_onnx_kind kind;
    const char *name;
    float number;
    int n; /* of ints; GT_ONNX_INT: one */
    int64_t ints[2 * GT_MAX_DIMS];
    const char *text;
} gt_onnx_attr;

gt_onnx *gt_onnx_new(gt_arena *arena, const char *name); /* NULL: out of memory */

/* `name` is what the result is called, with a number behind it. attrs NULL: none. Inputs that are NULL, at the end, are
 * left out. NULL: out of memory. */
gt_onnx_value *gt_onnx_node(gt_onnx *m, const char *name, const char *op, int n_in, gt_onnx_value *const *in,
                            const gt_onnx_attr *attrs);
/* Constants. A name that was given before gives the same constant again. The values must live as long as the model. */
gt_onnx_value *gt_onnx_floats(gt_onnx *m, const char *name, const gt_onnx_dims *dims, const float *values);
gt_onnx_value *gt_onnx_number(gt_onnx *m, float value);                    /* of no dimension */
gt_onnx_value *gt_onnx_integers(gt_onnx *m, int n, const int64_t *values); /* [n], for shapes and axes */
gt_onnx_value *gt_onnx_integer(gt_onnx *m, int64_t value);                 /* of no dimension */
gt_onnx_value *gt_onnx_input(gt_onnx *m, const char *name, const gt_onnx_dims *dims);
/* The value becomes a result of the model under this name. */
void gt_onnx_output(gt_onnx *m, const char *name, gt_onnx_value *value, const gt_onnx_dims *dims);
void gt_onnx_about(gt_onnx *m, const char *key, const char *text); /* metadata; texts are copied */

/* Writes the file: the old one, the new one, and never half of either. GT_USAGE: it would exceed 2 GiB, which protocol
 * buffers cannot hold. */
gt_status gt_onnx_write(gt_onnx *m, const char *path);

/* ---- protobuf.c: protocol buffers; fields of a message, one after the other, into a buffer ---- */

void gt_proto_number(gt_buffer *b, int field, int64_t value);
void gt_proto_float(gt_buffer *b, int field, float value);
void gt_proto_text(gt_buffer *b, int field, const char *text);
/* A message within a message; `inner` is freed. */
void gt_proto_message(gt_buffer *b, int field, gt_buffer *inner);
/* The head of such a field of n bytes, which the caller puts behind. */
void gt_proto_head(gt_buffer *b, int field, size_t n);

#endif
