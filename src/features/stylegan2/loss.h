/* SPDX-License-Identifier: Apache-2.0
 * The graphs of StyleGAN2's training phases (docs/mathematics/stylegan2-ada.md#losses-of-g-and-d). */
#ifndef GANTRY_FEATURES_STYLEGAN2_LOSS_H
#define GANTRY_FEATURES_STYLEGAN2_LOSS_H

#include "gantry/model.h"
#include "gantry/shape.h"
#include "features/stylegan2/stylegan2.h"
#include "networks/nets/door/augment.h"
#include "networks/nets/door/nets.h"

enum { GT_STYLEGAN2_PHASES = 4, GT_STYLEGAN2_MAX_STATS = 6, GT_STYLEGAN2_PL_SHRINK = 2 };
#define GT_STYLEGAN2_PL_DECAY 0.01 /* of the mean path length, per update */

/* The networks whose losses are built: slot i holds the block of nets[i], G and D. */
typedef struct gt_stylegan2 {
    const gt_stylegan2_options *options; /* the job's own */
    gt_mapping_config mapping;           /* both of G */
    gt_synthesis_config synthesis;
    gt_discriminator_config discriminator;
    gt_augment_config augment; /* of everything D sees */
    int reg_interval[2];       /* steps between the regularisations of G and of D */
    int own_slices;            /* of the path length where it is cut on its own, each of one image */
    gt_noise_mode noise;       /* random, but for tests */
    /* for tests: latents "z" and "z_mix" and the path-length image "pl_noise" are inputs instead of random */
    bool inputs_given;
    gt_net *nets[2];
    float pl_mean;
} gt_stylegan2;

typedef struct gt_stylegan2_phase {
    const char *name;
    int net;
    bool generates, regularises; /* runs G; runs once in several steps */
    bool sees_fakes, sees_reals; /* through the augmentation */
    /* names of statistics, each an output with a value per sample; ended by NULL */
    const char *stats[GT_STYLEGAN2_MAX_STATS];
    /* for slices of n samples */
    void (*build)(const gt_stylegan2 *m, const struct gt_stylegan2_phase *p, gt_graph *g, int n);
} gt_stylegan2_phase;

extern const gt_stylegan2_phase gt_stylegan2_phases[GT_STYLEGAN2_PHASES];

/* Steps from one run of the phase to the next; 0: the phase is switched off. */
int gt_stylegan2_interval(const gt_stylegan2 *m, const gt_stylegan2_phase *p);
/* Is the phase cut on its own, whatever the slices of the batch (gt_phase.own_slices)? */
bool gt_stylegan2_own_cut(const gt_stylegan2 *m, const gt_stylegan2_phase *p);
/* Samples that G makes in this phase of a slice of n: the path length is measured on 1 / GT_STYLEGAN2_PL_SHRINK of
 * them, unless it is cut on its own. */
int gt_stylegan2_samples(const gt_stylegan2 *m, const gt_stylegan2_phase *p, int n);

#endif
