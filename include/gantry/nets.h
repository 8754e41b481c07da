/* SPDX-License-Identifier: Apache-2.0
 * Networks: a table of named tensors plus functions that append nodes. Parameters have the published names and shapes
 * in files; in memory all trainable tensors of a network lie in one flat block (so that optimiser, reduction and moving
 * average are single loops), followed by its buffers. */
#ifndef GANTRY_NETS_H
#define GANTRY_NETS_H

#include "gantry/graph.h"

typedef enum gt_layout {                  /* how the file's shape maps to memory */
                         GT_LAYOUT_PLAIN, /* the same */
                         GT_LAYOUT_OIHW,  /* file [O,I,kh,kw], memory [kh,kw,I,O] */
                         GT_LAYOUT_CHW,   /* file [C,H,W], memory [H,W,C] */
} gt_layout;

typedef struct gt_tensor {
    const char *name;           /* as published, without the network: "synthesis.b8.conv0.weight" */
    gt_shape file_shape, shape; /* as published / in memory */
    gt_layout layout;
    bool trainable;            /* false: a buffer */
    float init_mean, init_std; /* N(mean, std^2) from stream "init/NET.NAME"; init_std 0: the constant init_mean */
    float init_bound;          /* > 0 instead: uniform in [-bound, bound), from the same stream */
    const float *init_values;  /* instead, when not NULL: in file order */
    size_t offset;             /* in floats from the start of the network's block; multiples of 16 */
    size_t size;               /* floats */
} gt_tensor;

typedef struct gt_net {
    const char *name; /* "G", "D" */
    gt_arena *arena;
    int n_tensors;
    gt_tensor *tensors;      /* in the published order of the state dict */
    size_t trainable_floats; /* the first so many floats of the block are parameters (with padding between, always 0) */
    size_t block_floats;
} gt_net;

/* A network's tensors as leaves of a graph: `net` with its block bound to `slot`. */
typedef struct gt_bound_net {
    gt_graph *graph;
    const gt_net *net;
    int slot;
} gt_bound_net;

enum { GT_MAX_FILTER_TAPS = 64 };

/* The FIR of up- and downsampling as raw taps; made ready by gt_filter_setup(). */
typedef struct gt_resample_filter {
    int taps;
    float value[GT_MAX_FILTER_TAPS];
} gt_resample_filter;

gt_net *gt_net_new(const char *name);
void gt_net_free(gt_net *n);
/* Declare a tensor (once; the definition functions of a network call these). */
gt_status gt_net_declare(gt_net *n, const gt_tensor *t);
gt_status gt_net_seal(gt_net *n); /* lay out the block: trainable tensors first */
const gt_tensor *gt_net_find(const gt_net *n, const char *name);
/* floats of its largest tensor: room for any of them in file order */
size_t gt_net_largest(const gt_net *n);
void gt_net_init(const gt_net *n, float *block, uint64_t seed);
/* Between memory and file order. */
void gt_tensor_to_file(const gt_tensor *t, const float *memory, float *file);
void gt_tensor_from_file(const gt_tensor *t, const float *file, float *memory);
/* The parameter or buffer as a leaf: node "NET.NAME" bound to (slot, offset of the tensor). */
gt_node *gt_net_leaf(gt_graph *g, const gt_net *n, int slot, const char *tensor_name);

#endif
