/* SPDX-License-Identifier: Apache-2.0
 * What adversarial models share: inputs of a phase's graph that are written before each slice, and what D sees. */
#ifndef GANTRY_TRAIN_GAN_H
#define GANTRY_TRAIN_GAN_H

#include "gantry/augment.h"
#include "gantry/model.h"

/* n values into an input; one that the execution dropped is skipped. */
void gt_gan_write(gt_exec *e, const char *input, const float *values, size_t n);
/* Input "gen_c": labels of n generated images, those of random items of the dataset. */
void gt_gan_write_labels(gt_exec *e, const gt_phase *p, const gt_slice_input *s, int n);
/* Inputs "images", and "real_c" with labels. */
void gt_gan_write_reals(gt_exec *e, const gt_phase *p, const gt_slice_input *s);

/* The augmentation of what D sees in phase PHASE, `which` being "fake" or "real": its inputs are named
 * "aug/PHASE/WHICH". */
gt_node *gt_gan_augment(gt_graph *g, const gt_augment_config *c, const char *phase, const char *which, gt_node *images);
gt_status gt_gan_write_augmentation(gt_exec *e, const gt_phase *p, const gt_slice_input *s, const gt_augment_config *c,
                                    const char *which);

/* Scores [N,1] and their signs as the statistics Loss/scores/WHICH and Loss/signs/WHICH. */
void gt_gan_report(gt_graph *g, const char *which, gt_node *scores);

/* The next phase of a model; `phase.model` and `phase.stats` are filled in: phase.n_stats outputs under their own
 * names.
 */
gt_status gt_gan_add_phase(gt_model *m, gt_phase phase, const char *const *stats);
/* Network `net` gets a moving average, which begins as the network. */
gt_status gt_gan_average(gt_model *m, int net);

#endif
