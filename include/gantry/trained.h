/* SPDX-License-Identifier: Apache-2.0
 * A model with the parameters of a checkpoint: what runners and exports begin with.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_TRAINED_H
#define GANTRY_TRAINED_H

#include "gantry/checkpoint.h"
#include "gantry/family.h"
#include "gantry/model.h"
#include "gantry/network.h"

typedef struct gt_trained {
    gt_job *job; /* of the checkpoint, with texts that the model refers to; NULL: the model is the caller's */
    gt_model *model;
    const char *recipe;      /* of the checkpoint, as it stands there; NULL: the model is the caller's */
    gt_checkpoint_data data; /* what the model was trained on, as far as the checkpoint says */
    int network;             /* that the parameters are of: ema_of; without a moving average 0, unless asked for */
    const float *params;     /* of that network: the moving average; without one its parameters */
    unsigned networks;       /* bit i: the parameters of network i themselves are there, too: model->blocks[i] */
} gt_trained;

/* Reads the model of a checkpoint; of a run's directory the newest checkpoint is taken. The model computes with the
 * checkpoint's arithmetic where this CPU has it. `o` may be NULL. On an error nothing is left to close. */
gt_status gt_trained_open(gt_trained *t, const char *checkpoint, const gt_network_options *o);
/* Frees what the struct holds, but not a model of the caller. */
void gt_trained_close(gt_trained *t);

#endif
