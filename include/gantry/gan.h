/* SPDX-License-Identifier: Apache-2.0
 * The options that adversarial families have in common: the part `gan` of a job (gantry/family.h). Rows and rules:
 * job/gan_options.c. In jobs of other families `aug` is "noaug", and the options have no meaning. */
#ifndef GANTRY_GAN_H
#define GANTRY_GAN_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/augment.h"

typedef struct gt_gan_options {
    const char *g_optimizer, *d_optimizer; /* rows of the table of optimisers; "": see gt_job_optimizer() */
    int64_t cbase, cmax;                   /* a layer with R x R pixels has min(cbase / R, cmax) feature maps */

    /* augmentation of what D sees */
    const char *aug;      /* "noaug" "ada" "fixed" */
    const char *augpipe;  /* "bgc" ... */
    double p;             /* of aug = "fixed" */
    double target;        /* of aug = "ada": mean sign of D's scores of real images */
    double p_max;         /* ceiling of p; 0: none */
    double ada_kimg;      /* thousands of images in which p can go from 0 to 1 */
    int64_t ada_interval; /* steps between adjustments */

    /* derived by gt_job_resolve(), never written */
    double ada_target; /* < 0: p is not steered */
    double p_initial;  /* p at the start */
    bool augments;     /* there is an augmentation pipe */
} gt_gan_options;

struct gt_job;

/* The job's augmentation of what D sees: that of `augpipe` for the job's channels, or none. GT_USAGE: no such pipe. */
gt_status gt_job_augment(const struct gt_job *job, gt_augment_config *out);

#endif
