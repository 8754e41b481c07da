/* SPDX-License-Identifier: Apache-2.0
 * What adversarial models share: inputs of a phase's graph that are written before each slice, and what D sees. */
#ifndef GANTRY_MODEL_GAN_H
#define GANTRY_MODEL_GAN_H

#include "gantry/augment.h"
#include "gantry/model.h"

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

/* Adds a phase to a model, with the phase.n_stats outputs `stats` as statistics of the same names. */
gt_status gt_gan_add_phase(gt_model *m, gt_phase phase, const char *const *stats);

#endif
