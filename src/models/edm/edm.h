/* SPDX-License-Identifier: Apache-2.0
 * Diffusion and flow matching as a model of the training loop: the options of the family, and what they come to. */
#ifndef GANTRY_MODELS_EDM_EDM_H
#define GANTRY_MODELS_EDM_EDM_H

#include "gantry/family.h"
#include "nets/augment_told.h"
#include "models/edm/loss.h"
#include "models/edm/sampling.h"

typedef struct gt_edm_options {
    const char *precond; /* "edm" "flow"; of networks of others "vp" "ve" */
    const char *arch;    /* "ddpmpp" "ncsnpp" */
    int64_t model_channels;
    const char *channel_mult; /* "1,2,2": a number for each level */
    int64_t num_blocks;
    const char *attn_resolutions; /* "16,8": heights of pictures; "": none */
    double unet_dropout, label_dropout;
    double augment; /* probability of each transform */
    double sigma_data, p_mean, p_std;
    const char *times; /* of flow: "uniform" "logit-normal" */
    double time_mean, time_std;
    /* pictures */
    const char *sampler; /* "heun" "euler" "midpoint" "stochastic" */
    int64_t sampler_steps, sheet_steps;
    double sigma_min, sigma_max, sigma_rho;
    double churn, churn_min, churn_max, churn_noise;
    double guidance;
} gt_edm_options;

enum { GT_EDM_BINS = 4 }; /* of levels of noise, equally likely, whose losses are told apart */

/* Inputs of the phase beside "images" and "c". */
#define GT_EDM_AUGMENT "aug"  /* the augmentation's begin so */
#define GT_EDM_NUMBERS "told" /* [n,numbers]: what was done to the pictures */

typedef struct gt_edm {
    const gt_job *job;
    const gt_edm_options *options;
    gt_denoiser denoiser;
    gt_levels_rule rule;
    gt_told_pipe pipe; /* p 0: none */
    gt_augment_config config;
} gt_edm;

/* The network of a resolved job. GT_USAGE: an option does not fit. */
gt_status gt_edm_shape(const gt_job *job, gt_unet_shape *s);
/* GT_USAGE: the job's network cannot be sampled so. */
gt_status gt_edm_check_sampling(const gt_job *job, const char *sampler, double guidance);
/* The graph of the phase for slices of n samples: sums of squares, and their gradients. */
void gt_edm_phase(const gt_edm *m, const gt_net *net, gt_graph *g, int n);
/* The graph from latents to pictures: a loop over the denoiser. NULL: see gt_message(). */
gt_graph *gt_edm_generator(gt_model *m, const gt_request *r);

gt_status gt_edm_make(gt_model *m, const gt_job *job);
gt_status gt_edm_import(gt_imported *m);
/* gt_model.reference: of square pictures with EDM's preconditioning; NULL of others. */
const gt_reference_form *gt_edm_reference(const gt_model *m, bool averaged);

#endif
