/* SPDX-License-Identifier: Apache-2.0
 * Diffusion and flow matching as a model of the training loop: the options of the family, and what they come to. */
#ifndef GANTRY_FEATURES_EDM_EDM_H
#define GANTRY_FEATURES_EDM_EDM_H

#include "gantry/family.h"
#include "gantry/model.h"
#include "networks/model/door/import.h"
#include "networks/model/door/model.h"
#include "networks/nets/door/augment_told.h"
#include "features/edm/loss.h"
#include "features/edm/sampling.h"

#define GT_UNETS(X) X(GT_UNET_DDPMPP, "ddpmpp") X(GT_UNET_NCSNPP, "ncsnpp")
typedef enum gt_unet_kind { GT_UNETS(GT_CONSTANT) } gt_unet_kind;

/* How times are drawn in training, of flow. */
#define GT_TIMES(X) X(GT_TIMES_UNIFORM, "uniform") X(GT_TIMES_LOGIT_NORMAL, "logit-normal")
typedef enum gt_times { GT_TIMES(GT_CONSTANT) } gt_times;

typedef struct gt_edm_options {
    gt_precond precond;
    gt_unet_kind arch;
    int64_t model_channels;
    const char *channel_mult; /* "1,2,2": a number for each level */
    int64_t num_blocks;
    const char *attn_resolutions; /* "16,8": heights of pictures; "": none */
    double unet_dropout, label_dropout, condition_drop;
    gt_periodic periodic;
    double augment; /* probability of each transform */
    double sigma_data, p_mean, p_std;
    int64_t stages; /* of --loss=consistency, as the next three */
    double stage_kimg, stage_factor;
    double huber; /* c / sqrt(numbers of a picture) */
    gt_times times;
    double time_mean, time_std;
    /* pictures */
    gt_solver sampler;
    int64_t sampler_steps, sheet_steps;
    double sigma_min, sigma_max, sigma_rho, sigma_mid;
    double churn, churn_min, churn_max, churn_noise;
    double guidance;
    /* What no option says: networks of EDM's program may have it. "" and 0: as arch and precond have it. */
    struct {
        const char *encoder, *decoder; /* "standard" "skip" "residual" */
        const char *embedding;         /* "positional" "fourier" */
        int64_t noise_mult, embedding_mult;
        const char *filter; /* "1,3,3,1" */
        const char *levels; /* "ve:0.1:20": with --precond=ve the least and the highest level */
        const char *vp;     /* "19.9:0.1:1e-05:1000": of gt_vp_values */
    } found;
} gt_edm_options;

enum { GT_EDM_BINS = 4 }; /* of levels of noise, equally likely, whose losses are told apart */

/* Inputs of the phase beside "images" and "c". */
#define GT_EDM_AUGMENT "aug"  /* the augmentation's begin so */
#define GT_EDM_NUMBERS "told" /* [n,numbers]: what was done to the pictures */
#define GT_EDM_GAP "gap"      /* []: gt_stages_gap() */

typedef struct gt_edm {
    const gt_job *job;
    const gt_edm_options *options;
    gt_denoiser denoiser;
    gt_levels_rule rule;
    gt_stages stages;  /* n 0: the loss is not consistency */
    gt_told_pipe pipe; /* p 0: none */
    gt_augment_config config;
} gt_edm;

/* The network of a resolved job. GT_USAGE: an option does not fit. */
gt_status gt_edm_denoiser(const gt_job *job, gt_denoiser *d);
bool gt_edm_tunes(const gt_job *job);          /* by --loss=consistency */
bool gt_edm_regresses(const gt_job *job);      /* by --loss=regression */
extern const char *const gt_precond_names[];   /* by gt_precond */
extern const char *const gt_unet_path_names[]; /* by gt_unet_path, ended by NULL */
/* GT_USAGE: the job's network cannot be sampled so. */
gt_status gt_edm_check_sampling(const gt_job *job, gt_solver sampler, double guidance);
/* gt_denoise() of pictures with all channels: of conditions as well, which the result has once more. */
gt_node *gt_edm_denoise_all(gt_forward *f, const gt_denoiser *d, gt_node *x, gt_node *level, gt_unet_inputs *in);
/* The graph of the phase for slices of n samples: sums of squares, and their gradients. */
void gt_edm_phase(const gt_edm *m, const gt_net *net, gt_graph *g, int n);
/* The graph from latents to pictures: a loop over the denoiser. NULL: see gt_message(). */
gt_graph *gt_edm_generator(gt_model *m, const gt_request *r);

gt_status gt_edm_make(gt_model *m, const gt_job *job);
gt_status gt_edm_import(gt_imported *m);
/* gt_model.reference: of square pictures, no flow and no consistency; NULL of others. */
const gt_reference_form *gt_edm_reference(const gt_model *m, bool averaged);

#endif
