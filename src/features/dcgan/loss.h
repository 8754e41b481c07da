/* SPDX-License-Identifier: Apache-2.0
 * How DCGAN is trained: its losses as graphs, and the model of the training loop made of them. */
#ifndef GANTRY_FEATURES_DCGAN_LOSS_H
#define GANTRY_FEATURES_DCGAN_LOSS_H

#include "gantry/model.h"
#include "gantry/option.h"
#include "features/dcgan/dcgan.h"
#include "features/dcgan/adversarial.h"
#include "networks/nets/door/augment.h"

/* Targets are uniform in low..high; a share `flip` of images has those of the other kind. D's of real and of fake
 * images, and those of fake images that G is trained with. */
typedef struct gt_dcgan_target {
    double low, high, flip;
} gt_dcgan_target;
enum { GT_DCGAN_REAL, GT_DCGAN_FAKE, GT_DCGAN_MADE, GT_DCGAN_TARGETS };

typedef struct gt_dcgan { /* slot i of a graph holds the block of nets[i]: G, D, perhaps C */
    const gt_job *job;
    const gt_dcgan_options *options; /* the job's own */
    gt_augment_config augment;       /* of everything D sees */
    gt_dcgan_target targets[GT_DCGAN_TARGETS];
    const gt_dcgan_loss *loss;
    int classes, labels; /* that D tells; length of the labels that both networks see; 0: none */
    gt_net *nets[3];
} gt_dcgan;

gt_status gt_dcgan_make(gt_model *m, const gt_job *job);

enum { GT_DCGAN_G, GT_DCGAN_D, GT_DCGAN_C };

/* Inputs beside those of networks/model/door/gan.h. */
#define GT_DCGAN_GP_WEIGHT 10           /* of wgan-gp, where nobody gave one */
#define GT_DCGAN_NOISE "instance_noise" /* [], standard deviation at this step */
#define GT_DCGAN_LABELLED "labelled"    /* [n,1]: 1 for real images whose label counts, else 0 */

/* The graphs of the phases "D_main" and "G_main" for slices of n samples. Drawn by streams that end in the phase's
 * name: "z", "smooth/WHICH", "flip/WHICH", "noise/WHICH", WHICH being "real" or "fake". */
void gt_dcgan_d_main(const gt_dcgan *m, gt_graph *g, int n);
void gt_dcgan_g_main(const gt_dcgan *m, gt_graph *g, int n);
/* "C_main": the supervised baseline learns the classes of labelled real images. */
void gt_dcgan_c_main(const gt_dcgan *m, gt_graph *g, int n);

/* ---- targets.c ---- */

gt_status gt_dcgan_check_range(const gt_option *o, const char *value); /* of an option: "0.9" or "0.7..1.2" */
/* Into the log, where the targets are others than 1 and 0: their ranges, and which share of them is flipped. */
void gt_dcgan_tell_targets(const gt_job *job);
void gt_dcgan_find_targets(const gt_job *job, gt_dcgan_target targets[GT_DCGAN_TARGETS]);
/* Are the targets others than 1 of real images and 0 of fake ones; than 1? */
bool gt_dcgan_d_targets_vary(const gt_dcgan_target targets[GT_DCGAN_TARGETS]);
bool gt_dcgan_g_targets_vary(const gt_dcgan_target targets[GT_DCGAN_TARGETS]);
/* Targets [n,1] of n images in a phase; outputs "Targets/WHICH" and, where some are flipped, "Targets/flipped_WHICH",
 * WHICH being "real", "fake" or "G". */
gt_node *gt_dcgan_target_node(gt_graph *g, const gt_dcgan_target targets[GT_DCGAN_TARGETS], int of, const char *phase,
                              int n);

#endif
