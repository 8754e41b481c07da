/* SPDX-License-Identifier: Apache-2.0
 * Figures that explain autoencoders and networks before training, with the numbers behind them. Each function writes a
 * figure (.svg, .png) and a table (.csv) into a folder that is there. */
#ifndef GANTRY_STUDY_VIEW_H
#define GANTRY_STUDY_VIEW_H

#include "gantry/activations.h"
#include "gantry/latent_loss.h"

/* kl.csv, .svg, .png: the divergence KL(N(m,s^2) || N(mean,deviation^2)) over m and s, three deviations to each side of
 * the mean and up to three times the deviation. */
gt_status gt_kl_write(double mean, double deviation, const char *outdir);

/* dimensions.csv, .svg, .png: of d dimensions (gt_study_dimensions_all). */
gt_status gt_dimensions_write(const gt_dimension *of, int d, const char *outdir);

/* gradient-variance.csv, .svg, .png (gt_study_gradients_all). */
gt_status gt_gradient_study_write(const gt_gradient_study *g, const char *outdir);
const char *gt_derivative_name(int derivative); /* "by the means": of GT_BY_MEAN ... */

/* ---- values of layers ---- */

/* Histograms of the layers of several networks (gt_activations_measure), of which each has the same number of layers
 * and of bins. */
typedef struct gt_activation_table gt_activation_table;
gt_activation_table *gt_activation_table_new(int bins); /* NULL: see gt_message() */
void gt_activation_table_free(gt_activation_table *t);  /* NULL is fine */
/* Adds the n layers of a network; the words say which network. The layers must live as long as the table. GT_USAGE:
 * another number of layers than before, or more than 400 histograms. */
gt_status gt_activation_table_add(gt_activation_table *t, const char *init, const char *activation,
                                  const gt_activations *layers, int n);
/* activations.csv, .svg, .png: a row of histograms for each network. */
gt_status gt_activation_table_write(gt_activation_table *t, const char *outdir);

#endif
