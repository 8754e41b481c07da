/* SPDX-License-Identifier: Apache-2.0
 * The element-wise family. A node of it computes each output element from the elements of its inputs at the same
 * (broadcast) place. Every primitive is a row of graph/door/elementwise_ops.h: an op, a rule of derivation and a loop.
 *
 * Fusing joins primitives to a program: a list of steps over registers. A program is run on chunks of elements
 * that stay in the first-level cache, with the very layout that run a primitive alone: fusion changes no bit. */
#ifndef GANTRY_GRAPH_DOOR_ELEMENTWISE_H
#define GANTRY_GRAPH_DOOR_ELEMENTWISE_H

#include "graph/door/op.h"

typedef enum gt_map_code {
#define GT_MAP_ROW(id, ...) GT_MAP_##id,
#include "graph/door/elementwise_ops.h"
    GT_MAP_CODES
} gt_map_code;

extern const gt_op gt_op_elementwise[GT_MAP_CODES]; /* indexed by gt_map_code */
extern const gt_op gt_op_fused;                     /* made by the fusion pass, after differentiation */

enum {
    GT_MAP_MAX_IN = 12,
    GT_MAP_MAX_STEPS = 48,
    GT_MAP_MAX_TEMPS = 16, /* results alive at one time, the last one not counted */
    GT_MAP_CONSTANTS = 3,
};

typedef struct gt_map_attr { /* of a primitive */
    float c[GT_MAP_CONSTANTS];
    int32_t has_shape; /* broadcast: the shape to reach */
    gt_shape shape;
} gt_map_attr;

typedef struct gt_map_step {
    uint8_t code, arg[3]; /* registers: input i is i, the result of step k is n_in + k */
    float c[GT_MAP_CONSTANTS];
} gt_map_step;

typedef struct gt_map_program { /* attribute of a fused node: only the steps there are are kept */
    gt_shape shape;
    int32_t n_in, n_steps;
    gt_map_step step[GT_MAP_MAX_STEPS];
} gt_map_program;

static inline size_t gt_map_program_bytes(const gt_map_program *p) {
    return offsetof(gt_map_program, step) + (size_t)p->n_steps * sizeof p->step[0];
}

int gt_map_arity(int code);
double gt_map_flops(int code); /* per element */
/* n's program, of whichever kind it is; n is of the family. */
void gt_map_program_of(const gt_node *n, gt_map_program *p);
/* Where each step's result goes: one of GT_MAP_MAX_TEMPS buffers, the last step's is the output (index -1).
 * False: more are alive at one time than there are. */
bool gt_map_assign(const gt_map_program *p, int temp[GT_MAP_MAX_STEPS]);
/* A fused node. */
gt_node *gt_map_fused(gt_graph *g, int n_in, gt_node *const *in, const gt_map_program *p);

/* ---- running ---- */

void gt_map_run(const gt_run *r);

#endif
