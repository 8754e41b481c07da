/* SPDX-License-Identifier: Apache-2.0
 * A model with the parameters of a checkpoint: what runners and exports begin with. */
#ifndef GANTRY_TRAINED_H
#define GANTRY_TRAINED_H

#include "gantry/checkpoint.h"
#include "gantry/job.h"
#include "gantry/model.h"
#include "gantry/network.h"

typedef struct gt_trained {
    gt_job *job; /* of the checkpoint, with texts that the model refers to; NULL: the model is the caller's */
    gt_model *model;
    gt_checkpoint_data data; /* what the model was trained on, as far as the checkpoint says */
    int network;             /* that the parameters are of: ema_of; without a moving average 0, unless asked for */
    const float *params;     /* of that network: the moving average; without one its parameters */
    unsigned networks;       /* bit i: the parameters of network i themselves are there, too: model->blocks[i] */
    gt_graph *graph;
    gt_exec *exec;
} gt_trained;

/* Reads the model of a checkpoint; of a run's directory the newest checkpoint is taken. The model computes with the
 * checkpoint's arithmetic where this CPU has it. `o` may be NULL. On an error nothing is left to close. */
gt_status gt_trained_open(gt_trained *t, const char *checkpoint, const gt_network_options *o);
/* The same with the parameters of the network `name`; NULL: as above. */
gt_status gt_trained_open_network(gt_trained *t, const char *checkpoint, const gt_network_options *o, const char *name);
/* As gt_trained_open(), with all other networks that the file has: see `networks`. */
gt_status gt_trained_open_all(gt_trained *t, const char *checkpoint, const gt_network_options *o);
/* Frees what the struct holds, but not a model of the caller. */
void gt_trained_close(gt_trained *t);

/* Takes over a graph of the model and makes its execution, with the parameters in slot 0, ready to run. A graph that is
 * NULL is a fault met earlier: GT_FAILED. */
gt_status gt_trained_build(gt_trained *t, gt_graph *graph, gt_pool *pool);
/* The same beside other executions, in whose arena of *room bytes this one takes its turn: *room becomes what it needs,
 * if that is more. Values that depend on parameters alone are kept from run to run only if the arena has room for them.
 * Before the first run the arena is to be given (gt_exec_use_arena), and gt_exec_prepare() is to be called. */
gt_status gt_trained_build_beside(gt_trained *t, gt_graph *graph, gt_pool *pool, size_t *room);

#endif
