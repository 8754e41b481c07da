/* SPDX-License-Identifier: Apache-2.0
 * Networks. A network is a table of named tensors; functions append the nodes that use the tensors to a graph. In files
 * tensors have the published names and shapes. In memory all tensors of a network lie in one flat block: trainable
 * tensors (parameters) first, so that the optimiser, the reduction and the moving average are single loops, then
 * buffers. */
#ifndef GANTRY_NETWORKS_NETS_DOOR_NETS_H
#define GANTRY_NETWORKS_NETS_DOOR_NETS_H

#include "graph/door/graph.h"

typedef enum gt_layout {                  /* order of a tensor's dimensions in memory */
                         GT_LAYOUT_PLAIN, /* as in the file */
                         GT_LAYOUT_OIHW,  /* file [O,I,kh,kw], memory [kh,kw,I,O] */
                         GT_LAYOUT_CHW,   /* file [C,H,W], memory [H,W,C] */
} gt_layout;

typedef struct gt_tensor {
    const char *name;           /* as published, without the network: "synthesis.b8.conv0.weight" */
    gt_shape file_shape, shape; /* as published; in memory */
    gt_layout layout;
    bool trainable; /* false: a buffer */
    bool decays;    /* weight decay, where there is some, counts for this tensor */
    bool frozen;    /* made a buffer by gt_net_freeze(): nothing changes it */
    bool late;      /* a buffer that older checkpoints lack: a resumed run then has its first value */
    bool anew;      /* not copied when networks are taken over from another run */
    double rate;    /* learning rate, relative to the network's; 0: 1 */
    float dropout;  /* in training, of what the tensor's layer and its activation make; this is for the reader alone */
    float init_mean,
        init_std;     /* first values: N(mean, std^2), stream "init/NET.NAME"; init_std 0: the constant init_mean */
    float init_bound; /* > 0: first values are uniform in [-bound, bound) instead, from the same stream */
    const float *init_values; /* not NULL: the first values themselves, in file order; gt_net_declare() copies them */
    size_t offset;            /* in floats from the start of the network's block; a multiple of 16 */
    size_t size;              /* floats */
} gt_tensor;

typedef struct gt_net {
    const char *name; /* "G", "D" */
    gt_arena *arena;
    int n_tensors;
    gt_tensor *tensors;      /* in the published order of the state dict */
    size_t trainable_floats; /* the parameters at the start of the block, and the padding between them, always 0 */
    size_t block_floats;     /* the whole block */
} gt_net;

/* A network whose tensors become leaves of `graph`. The network's block is bound to `slot` (gt_exec_bind). */
typedef struct gt_bound_net {
    gt_graph *graph;
    const gt_net *net;
    int slot;
} gt_bound_net;

enum { GT_MAX_FILTER_TAPS = 64 };

/* The FIR filter of up- and downsampling as raw taps; gt_filter_setup() prepares it. */
typedef struct gt_resample_filter {
    int taps;
    float value[GT_MAX_FILTER_TAPS];
} gt_resample_filter;

gt_net *gt_net_new(const char *name); /* NULL: out of memory. The name is copied. */
void gt_net_free(gt_net *n);          /* frees the network with its tensors; NULL is fine */
/* Adds a tensor, of which name, file_shape, layout, trainable and first values are read and copied. GT_USAGE: the name
 * is taken, the shape is impossible, or the network is sealed. */
gt_status gt_net_declare(gt_net *n, const gt_tensor *t);
/* Fixes the places of all tensors in the block. GT_USAGE: the block would exceed the address space. */
gt_status gt_net_seal(gt_net *n);
/* Freezes the tensors that `patterns` name: with commas between them, each the name of a tensor or of a layer, in which
 * * and ? stand for other characters ("conv1", "layer[12]", "*.bias"). Fixes places anew: call before a block is made.
 * GT_USAGE: a pattern names nothing, or nothing is left to train. */
gt_status gt_net_freeze(gt_net *n, const char *patterns);
const gt_tensor *gt_net_find(const gt_net *n, const char *name); /* NULL: there is no such tensor */
size_t gt_net_largest(const gt_net *n);                          /* floats of the network's largest tensor */
/* Writes first values to the whole block (n->block_floats floats). */
void gt_net_init(const gt_net *n, float *block, uint64_t seed);
/* Copy a tensor's t->size floats from memory order to file order, or back. The two places do not overlap. */
void gt_tensor_to_file(const gt_tensor *t, const float *memory, float *file);
void gt_tensor_from_file(const gt_tensor *t, const float *file, float *memory);
/* How many floats of memory lie between two neighbours along each axis of the file's shape. */
void gt_tensor_steps(const gt_tensor *t, int64_t steps[GT_MAX_DIMS]);
/* A tensor of a sealed network as the leaf "NET.NAME" at the tensor's offset in `slot`. NULL, and the graph has a
 * fault: there is no such tensor. */
gt_node *gt_net_leaf(gt_graph *g, const gt_net *n, int slot, const char *tensor_name);

#endif
