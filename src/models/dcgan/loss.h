/* SPDX-License-Identifier: Apache-2.0
 * How DCGAN is trained: its losses as graphs, and the model of the training loop made of them. */
#ifndef GANTRY_TRAIN_DCGAN_LOSS_H
#define GANTRY_TRAIN_DCGAN_LOSS_H

#include "gantry/augment.h"
#include "gantry/dcgan.h"
#include "gantry/model.h"

typedef enum gt_smoothing { GT_SMOOTH_NONE, GT_SMOOTH_ONE_SIDED, GT_SMOOTH_TWO_SIDED } gt_smoothing;

typedef struct gt_dcgan_train_config {
    gt_dcgan_config net;
    gt_augment_config augment; /* of everything D sees; gt_augment_off(): nothing */
    uint64_t seed;             /* of the initial parameters, and of what the run draws of the dataset */
    int slice_size;            /* samples of the largest slice */
    double lr, d_lr, beta1, beta2;
    const char *d_optimizer;   /* of D: "adam", "sgd" (beta1 is its momentum); G has adam */
    bool average;              /* G has a moving average */
    /* the tricks */
    bool uniform;              /* z is uniform in [-1,1), else standard normal */
    bool mixed;                /* D sees real and fake images in one batch, so that they share statistics, in both phases */
    gt_smoothing smoothing;    /* D's targets: U[0.7,1.2) for real, two-sided also U[0,0.3) for fake images */
    double flip;               /* share of images that D's targets take for the other kind */
    double noise;              /* standard deviation of what is added to all that D sees ... */
    double noise_images;       /* ... falling to 0 in so many images; 0: it stays */
    double labelled;           /* semi-supervised: share of the dataset whose labels are used */
} gt_dcgan_train_config;

gt_model *gt_dcgan_model_new(const gt_dcgan_train_config *c);

/* ---- between dcgan_model.c and dcgan_loss.c ---- */

typedef struct gt_dcgan { /* slot i of a graph holds the block of nets[i], G and D */
    gt_dcgan_train_config config;
    gt_net *nets[2];
} gt_dcgan;

enum { GT_DCGAN_G, GT_DCGAN_D };

/* Inputs beside those of model/gan.h. */
#define GT_DCGAN_NOISE "instance_noise" /* [], standard deviation at this step */
#define GT_DCGAN_LABELLED "labelled"    /* [n,1]: 1 for real images whose label counts, else 0 */

/* The graphs of the phases "D_main" and "G_main" for slices of n samples. Drawn by streams that end in the phase's name: "z", "smooth/WHICH",
 * "flip/WHICH", "noise/WHICH", WHICH being "real" or "fake". */
void gt_dcgan_d_main(const gt_dcgan *m, gt_graph *g, int n);
void gt_dcgan_g_main(const gt_dcgan *m, gt_graph *g, int n);

#endif
