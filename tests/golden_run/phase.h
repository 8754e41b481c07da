/* SPDX-License-Identifier: Apache-2.0
 * Running a training phase of the model on recorded inputs. */
#ifndef GOLDEN_PHASE_H
#define GOLDEN_PHASE_H

#include "gantry/model.h"
#include "golden.h"
#include "networks/model/door/family.h"
#include "features/stylegan2/loss.h"

/* What the phases of a file need, in memory order; NULL: not there. */
typedef struct gold_inputs {
    const float *z, *z_mix, *gen_c, *images, *real_c, *pl_noise;
    int mix_cutoff;   /* styles from here on come from z_mix */
    float percentile; /* of the augmentation */
} gold_inputs;

/* A model of the file: its job and networks, and what is set in it when it is made. The model reads the job. */
typedef struct gold_training {
    gt_job job; /* first: the family's `make` is given its address */
    gt_stylegan2_options options;
    gt_generator_config generator;
    gt_discriminator_config discriminator;
    gt_augment_config augment;
    gt_noise_mode noise;
    int reg_interval[2];
} gold_training;

typedef struct gold_phase {
    gt_phase *phase;
    gt_graph *graph;
    gt_exec *exec;
    float *grads; /* a block like the network's */
    const gold_training *training;
    size_t made; /* samples that G makes: path length takes a part of the slice */
} gold_phase;

/* Settings that the loss and training files share; regularisation intervals and augmentation are left to the caller. */
gold_training gold_training_of(gold *f, json_t *loss, const char *noise_mode);
/* The model with parameters of the file's params/G and params/D; t must live as long. */
gt_model *gold_model(gold *f, gold_training *t);

/* `name` as the files have it: "Gmain". False (and a fault) when the model has no such phase. */
bool gold_phase_open(gold *f, gold_phase *p, gt_model *m, const gold_training *t, const char *name);
void gold_phase_run(gold *f, gold_phase *p, const gold_inputs *in); /* states go to their places */
void gold_phase_close(gold_phase *p);
/* The output that the files call `stat`: "scores_fake"; its size goes to n. NULL: there is none. */
const float *gold_phase_stat(const gold_phase *p, const char *stat, size_t *n);

#endif
