/* SPDX-License-Identifier: Apache-2.0
 * A model: networks, and what they can be used for. gt_model_new() (gantry/job.h) makes one of a job, gt_trained_open()
 * (gantry/trained.h) of a checkpoint. How a model is trained, and what families fill in, is inside
 * (src/core/networks/model/door/model.h).
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_MODEL_H
#define GANTRY_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/choices.h"

typedef struct gt_model gt_model;
typedef struct gt_phase gt_phase;

/* How a model that makes pictures in steps makes a step; GT_SOLVER_OF_JOB: as the job says. */
#define GT_SOLVERS(X)           \
    X(GT_SOLVER_OF_JOB, "")     \
    X(GT_SOLVER_HEUN, "heun")   \
    X(GT_SOLVER_EULER, "euler") \
    X(GT_SOLVER_MIDPOINT, "midpoint") X(GT_SOLVER_STOCHASTIC, "stochastic") X(GT_SOLVER_CONSISTENCY, "consistency")
typedef enum gt_solver { GT_SOLVERS(GT_CONSTANT) } gt_solver;

/* How a model that makes pictures in steps, from noise, makes them. */
typedef struct gt_steps_wanted {
    gt_solver sampler;
    int steps;   /* 0: as the job says */
    bool guided; /* by `guidance`; else as the job says */
    double guidance;
    /* Of the way from noise to a picture 1 is all of it; less: pictures begin as the input "start" [n,H,W,C], with
     * the noise of that place. 0: 1 */
    double strength;
} gt_steps_wanted;

/* The noise of a generator. GT_NOISE_GIVEN, of models with styles alone: inputs "noise/LAYER" [n,h,w,1] of the graph,
 * such as "noise/b8.conv0". */
#define GT_NOISE_MODES(X) X(GT_NOISE_CONST, "const") X(GT_NOISE_RANDOM, "random") X(GT_NOISE_NONE, "none")
typedef enum gt_noise_mode { GT_NOISE_MODES(GT_CONSTANT) GT_NOISE_GIVEN } gt_noise_mode;

/* What a graph of a network in use is asked for. A builder reads what concerns its role. */
typedef struct gt_request {
    int n;             /* images, or latents, per run; 0: as the role says */
    int samples;       /* draws, or latents, for each image; 0: as many as go well with images of this size */
    int height, width; /* of images that are larger than the model's; 0: the model's */
    /* Of generators and mappings. */
    gt_noise_mode noise_mode;
    float truncation;      /* psi; 1: none */
    bool truncation_input; /* models with styles: psi is the input "truncation" [] instead */
    int truncation_cutoff; /* layers; < 0: all */
    float temperature;     /* models that draw codes: of the draws; 0: 1 */
    bool from_styles;      /* the input is "ws" [n,num_ws,w_dim] instead of "z" and "c"; truncation has no effect */
    /* Of models that make pictures in steps. */
    gt_steps_wanted steps;
    bool draft; /* with the fewer steps of a run's own sheets */
} gt_request;

/* A request for pictures as the networks make them: noise that is the same each time, no truncation. */
static inline gt_request gt_plain_request(int n) {
    return (gt_request){.n = n, .noise_mode = GT_NOISE_CONST, .truncation = 1, .truncation_cutoff = -1};
}

/* What a network can be used for. Images are [n,H,W,C] in [-1,1]; labels "c" are [n,label_dim], of models that see
 * labels. The roles that Gantry's commands know:
 *
 *     role           inputs         outputs
 *     generator      z c            image [n,H,W,C]
 *     conditional generator
 *                    z c            image [n,H,W,C]; z is a picture [n,H,W,C] whose last channels are the conditions
 *                                   (gantry/fields.h) and whose others, the targets', are noise; the image has the
 *                                   targets that are made, and these conditions once more
 *     denoiser       x level c      denoised [n,H,W,C]: of x [n,H,W,C] with noise of a level [n] (in flows: the
 *                                   velocity at a time)
 *     mapping        z c            ws [n,num_ws,w_dim], truncated (models with styles)
 *     discriminator  images c       score
 *     encoder        images c       latent [n,latent_size], image (the reconstruction), error [n], and of latents that
 *                                   are distributions log_variance [n,latent_size]
 *     classifier     images         logits [n,label_dim]
 *     segmenter      images         logits [n,H,W,label_dim]
 *     class maps     images [n,height,width,C] at least of the model's size
 *                                   logits [n,rows,columns,label_dim]: a place for each window of the model's size
 *     features       images         features [n,...], which scores are made of; of classifiers logits, too
 *     rectifiers     images         active/LAYER [units]: in how many places of how many images each unit is positive
 *     losses         images c       an output [n] for each loss that the model has on images that it is not trained on
 *     density        images c       of latents z drawn from q(z|x), each [n,samples]: observation, the squared error or
 *                                   cross-entropy of pixels in [0,1], summed; ratio, log p(z) - log q(z|x)
 *     latent loss    images z c     z [n,samples,latent_size]; loss [n,samples]: squared error or cross-entropy of the
 *                                   pixels in [0,1] that are decoded from z, summed; gradient: its derivatives by z */
#define GT_ROLE_GENERATOR "generator"
#define GT_ROLE_CONDITIONAL "conditional generator"
#define GT_ROLE_DENOISER "denoiser"
#define GT_ROLE_MAPPING "mapping"
#define GT_ROLE_DISCRIMINATOR "discriminator"
#define GT_ROLE_ENCODER "encoder"
#define GT_ROLE_CLASSIFIER "classifier"
#define GT_ROLE_SEGMENTER "segmenter"
#define GT_ROLE_CLASS_MAPS "class maps"
#define GT_ROLE_FEATURES "features"
#define GT_ROLE_RECTIFIERS "rectifiers"
#define GT_ROLE_LOSSES "losses"
#define GT_ROLE_DENSITY "density"
#define GT_ROLE_LATENT_LOSS "latent loss"

/* What a program reads of a model. */
typedef struct gt_model_facts {
    const char *name;               /* of the family */
    int height, width, channels;    /* of images */
    int z_dim, label_dim;           /* label_dim 0: there are no labels */
    int latent_size, num_ws, w_dim; /* 0: the model does not encode, has no styles */
    bool masks;                     /* it is trained on masks of label_dim classes */
    int slice_size;                 /* samples of the largest slice */
    int n_networks;
} gt_model_facts;
gt_model_facts gt_model_look(const gt_model *m);
bool gt_model_has_role(const gt_model *m, const char *name);

/* Phase i of a model; NULL: the model has no more. */
gt_phase *gt_model_phase(gt_model *m, int i);
typedef struct gt_phase_facts {
    const char *name;    /* "G_main" */
    const char *network; /* that it trains */
    int interval;        /* every so many steps */
} gt_phase_facts;
gt_phase_facts gt_phase_look(const gt_phase *p);

/* Floats of an image. */
size_t gt_model_floats(const gt_model *m);

void gt_model_free(gt_model *m); /* networks, blocks, arena */

#endif
