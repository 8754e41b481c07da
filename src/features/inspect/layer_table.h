/* SPDX-License-Identifier: Apache-2.0
 * The layers of networks with their parameters, arithmetic and memory.
 *
 *     gt_layer_table *tables;
 *     int n;
 *     gt_status st = gt_layer_tables_of(arena, "runs/lenet", NULL, &tables, &n); */
#ifndef GANTRY_FEATURES_INSPECT_LAYER_TABLE_H
#define GANTRY_FEATURES_INSPECT_LAYER_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "gantry/family.h"
#include "gantry/memory.h"
#include "gantry/model.h"
#include "gantry/network.h"
#include "gantry/pool.h"
#include "graph/door/graph.h"
#include "networks/nets/door/nets.h"

typedef struct gt_layer_row {
    const char *layer;
    const char *kind;       /* "conv 5x5, stride 2, padding 2", "linear", "batch norm" */
    const char *channels;   /* "3 to 64", of what is read and made; "": there are no weights */
    const char *activation; /* "relu", "relu, dropout 0.5"; "": none */
    const char *shape;      /* of one image's result: "112x112x64", height, width and channels */
    double parameters;      /* numbers that are trained */
    double flops, values;   /* of one image; values: numbers of the result */
    bool in_training;       /* the pass in use does not read the layer; shape is "" */
} gt_layer_row;

typedef struct gt_layer_table {
    const char *network;
    int n, tensors;
    gt_layer_row *rows;                        /* [n] */
    double parameters, buffers, flops, values; /* of the whole network */
    size_t bytes;                              /* that a pass of one image needs, with packed weights */
} gt_layer_table;

/* Of network i of a model; all that `out` points at lies in the arena. */
gt_status gt_layer_table_make(gt_arena *a, gt_model *m, int i, gt_layer_table *out);
/* Of all n networks of a checkpoint, or of the newest one of a run. Of a file that holds no networks (a mixture, say) n
 * is 0. */
gt_status gt_layer_tables_of(gt_arena *a, const char *checkpoint, const gt_network_options *o, gt_layer_table **tables,
                             int *n);
/* Bytes that the graphs of training need for a slice: those of the largest phase. */
gt_status gt_training_bytes(gt_model *m, const gt_job *job, size_t *bytes);

typedef struct gt_phase_print_options {
    gt_pool *pool;
    double recompute; /* as gt_job_recompute() says */
    bool timed;       /* the graph is run some times, on grey images with empty labels, and the table shows times */
} gt_phase_print_options;

/* Writes the phase's graph for a whole slice as a table, as training plans the graph where a rank has one slice. */
gt_status gt_phase_print(gt_phase *p, const gt_phase_print_options *o, FILE *f);

/* ---- layer_words.c ---- */

/* Layers in the field's usual words. The texts lie in the arena. */

/* "conv 5x5, stride 2, padding 2", "transposed conv 4x4, stride 2, padding 1", "linear", "batch norm", "max pool 2x2,
 * stride 2", "average pool 2x2, stride 2"; the op's name of what has no other. */
const char *layer_kind(gt_arena *a, const gt_net *net, const gt_graph_layer *l);
/* "3 to 64": channels that the layer's product reads and makes; "": it has no product with weights. */
const char *layer_channels(gt_arena *a, const gt_graph_layer *l);
/* "relu", "lrelu 0.2", "swish"; "": there is none. */
const char *layer_activation(gt_arena *a, const gt_graph_layer *l);

#endif
