/* SPDX-License-Identifier: Apache-2.0
 * The models that can be trained: a line each, the job's key `model` and its kind. Several models can be of one kind: it looks at the
 * job's `model`. A new kind is one file that fills in a gt_model_kind, and a line here. */
#ifndef GANTRY_TRAIN_MODEL_LIST_H
#define GANTRY_TRAIN_MODEL_LIST_H

#include "gantry/job.h"
#include "gantry/model.h"

typedef struct gt_model_kind {
    const char *family;                      /* options whose `only` names others have no meaning */
    const char *aug;                         /* its --aug by default; NULL: it knows no augmentation */
    /* Gives values to the family's options that nobody set (gt_job_derives). `items`: images of an epoch; 0: unknown. */
    void (*resolve)(gt_job *job, int64_t items);
    gt_status (*check)(const gt_job *job);   /* rules between the resolved options; NULL: none */
    /* How many samples belong together, so that slices are equal and hold whole groups; NULL: none do, slices may differ by one
     * sample (model.h). */
    int (*group)(const gt_job *job);
    gt_model *(*make)(const gt_job *job);    /* of a resolved job, before gt_model_init(); NULL: see gt_message() */
} gt_model_kind;

extern const gt_model_kind gt_stylegan2_kind, gt_dcgan_kind, gt_autoencoder_kind;

#define GT_MODEL_LIST(row)              \
    row("stylegan2", gt_stylegan2_kind) \
    row("dcgan", gt_dcgan_kind)         \
    row("ae", gt_autoencoder_kind)      \
    row("vae", gt_autoencoder_kind)     \
    row("cvae", gt_autoencoder_kind)    \
    row("digits", gt_autoencoder_kind)  \
    row("gumbel", gt_autoencoder_kind)  \
    row("vq", gt_autoencoder_kind)

/* The kind of the job's model; NULL: there is no such model, see gt_message(). */
const gt_model_kind *gt_model_kind_of(const gt_job *job);

/* gt_model_new() without first parameters (gt_model_init): a checkpoint will bring them. However large the networks are that a recipe from elsewhere
 * speaks of, memory is taken only as they are read. */
gt_model *gt_model_bare(const gt_job *job);

/* Nobody gave this option a value: it is to get one now. */
bool gt_job_derives(gt_job *job, const char *key);
/* Of two options that say the same, is `key` to get its value from `other` now? Where both have one, `key` counts; but what the command line says goes
 * before what a file says, such as the values that a run's job.ini holds of both. `other` is moot where `key` was given over it. */
bool gt_job_follows(gt_job *job, const char *key, const char *other);

#endif
