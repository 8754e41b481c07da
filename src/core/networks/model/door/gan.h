/* SPDX-License-Identifier: Apache-2.0
 * What adversarial families have in common: options, inputs of a phase's graph that are written before each slice, and
 * what D sees. */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_GAN_H
#define GANTRY_NETWORKS_MODEL_DOOR_GAN_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/family.h"
#include "networks/model/door/model.h"
#include "networks/nets/door/augment.h"

#define GT_AUGS(X) X(GT_AUG_ADA, "ada") X(GT_AUG_FIXED, "fixed") X(GT_AUG_NO, "noaug")
typedef enum gt_aug { GT_AUGS(GT_CONSTANT) } gt_aug;

/* The part `gan` of a job (gantry/family.h). Rows and rules: job/gan_options.c. In jobs of other families `aug` is
 * GT_AUG_NO, and the options have no meaning. */
typedef struct gt_gan_options {
    const char *g_optimizer, *d_optimizer; /* rows of the table of optimisers; "": see gt_job_optimizer() */
    int64_t cbase, cmax;                   /* a layer with R x R pixels has min(cbase / R, cmax) feature maps */

    /* augmentation of what D sees */
    gt_aug aug;
    gt_augpipe augpipe;
    double p;             /* of GT_AUG_FIXED */
    double target;        /* of GT_AUG_ADA: mean sign of D's scores of real images */
    double p_max;         /* ceiling of p; 0: none */
    double ada_kimg;      /* thousands of images in which p can go from 0 to 1 */
    int64_t ada_interval; /* steps between adjustments */

    /* derived by gt_job_resolve(), never written */
    double ada_target; /* < 0: p is not steered */
    double p_initial;  /* p at the start */
    bool augments;     /* there is an augmentation pipe */
} gt_gan_options;

struct gt_job;

/* The job's augmentation of what D sees: that of `augpipe` for the job's channels, or none. */
gt_augment_config gt_job_augment(const struct gt_job *job);

/* Writes n values into an input, unless the execution has dropped the input as unused. */
void gt_gan_write(gt_exec *e, const char *input, const float *values, size_t n);
/* Writes the input "gen_c": labels for n generated images, taken from random items of the dataset. */
void gt_gan_write_labels(gt_exec *e, const gt_phase *p, const gt_slice_input *s, int n);
/* Writes the input "images" and, in a model with labels, "real_c". */
void gt_gan_write_reals(gt_exec *e, const gt_phase *p, const gt_slice_input *s);

/* The images that D sees in phase PHASE, augmented. `which` is "fake" or "real"; the names of the augmentation's inputs
 * begin with "aug/PHASE/WHICH". gt_gan_write_augmentation() writes these inputs. */
gt_node *gt_gan_augment(gt_graph *g, const gt_augment_config *c, const char *phase, const char *which, gt_node *images);
void gt_gan_write_augmentation(gt_exec *e, const gt_phase *p, const gt_slice_input *s, const gt_augment_config *c,
                               const char *which);

/* Makes scores [N,1] and their signs the statistics Loss/scores/WHICH and Loss/signs/WHICH. */
void gt_gan_report(gt_graph *g, const char *which, gt_node *scores);

/* Adds a phase to a model, with the phase.n_stats outputs `stats` as statistics of the same names; counts[i]: see
 * gt_stat; NULL: none counts. */
gt_status gt_gan_add_phase(gt_model *m, gt_phase phase, const char *const *stats, const bool *counts);

#endif
