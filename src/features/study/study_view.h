/* SPDX-License-Identifier: Apache-2.0
 * Figures that explain autoencoders and networks before training, with the numbers behind them. Each function writes a
 * figure (.svg, .png) and a table (.csv) into a folder that is there. */
#ifndef GANTRY_FEATURES_STUDY_STUDY_VIEW_H
#define GANTRY_FEATURES_STUDY_STUDY_VIEW_H

#include "features/study/activations.h"
#include "features/study/latent_loss.h"

/* kl.csv, .svg, .png: the divergence KL(N(m,s^2) || N(mean,deviation^2)) over m and s, three deviations to each side of
 * the mean and up to three times the deviation. kl-densities.csv, .svg, .png: both densities for some m and s. */
gt_status gt_kl_write(double mean, double deviation, const char *outdir);

/* dimensions.csv, .svg, .png: of d dimensions (gt_study_dimensions_all). */
gt_status gt_dimensions_write(const gt_dimension *of, int d, const char *outdir);

/* gradient-variance.csv, .svg, .png (gt_study_gradients_all). */
gt_status gt_gradient_study_write(const gt_gradient_study *g, const char *outdir);
const char *gt_derivative_name(int derivative); /* "by the means": of GT_BY_MEAN ... */

/* ---- optimisers ---- */

enum { GT_OPTIMIZER_PATHS = 5 };
/* optimizers.csv, .svg, .png: the paths of so many steps of the optimisers of training from (-7, 2) down the valley
 * x^2/20 + y^2. rates [GT_OPTIMIZER_PATHS]; NULL: rates of the figure. *ends: the valley's height at the end of each.
 */
gt_status gt_optimizer_paths_write(int steps, const float *rates, const char *outdir, double ends[GT_OPTIMIZER_PATHS]);
const char *gt_optimizer_path_name(int path); /* "SGD" */

/* ---- layers by numbers ---- */

typedef struct gt_numbers { /* an image or a filter */
    int height, width, channels;
    const float *values; /* [height,width,channels] */
} gt_numbers;

/* A convolution as a product of matrices. All numbers come out of the operations of training: the rows are what a
 * convolution makes whose filter number k is 1 at tap k and 0 elsewhere. */
typedef struct gt_convolution {
    gt_numbers input, filter;
    int stride, pad;
    int height, width;             /* of the result */
    int taps;                      /* numbers of the filter: its lines, in each the columns, of each the channels */
    const float *rows;             /* [height * width, taps] what the filter covers at each place */
    const float *product, *result; /* [height,width] rows times filter; the convolution itself */
} gt_convolution;

/* out->input, filter, stride and pad are set; the rest comes into the arena. GT_USAGE: the filter does not fit. */
gt_status gt_convolution_compute(gt_arena *a, const gt_kernel_set *kernels, gt_convolution *out);
/* conv.csv, .svg, .png. What is needed meanwhile lies in the arena. */
gt_status gt_convolution_write(gt_arena *a, const gt_convolution *c, const char *outdir);

/* An image, the same image shifted to the right by 0, 1, ... pixels (what leaves on the right comes in on the left),
 * and the largest values in windows of each. */
typedef struct gt_pooling {
    gt_numbers input; /* of one channel */
    int window, stride;
    int height, width;                            /* of the pooled images */
    int n;                                        /* images: window + 1 */
    const float *images, *pooled;                 /* [n,input.height,input.width], [n,height,width] */
    const double *image_changed, *pooled_changed; /* [n] share of the values that differ from those without shift */
} gt_pooling;

/* out->input, window and stride are set; the rest comes into the arena. GT_USAGE: the window does not fit. */
gt_status gt_pooling_compute(gt_arena *a, const gt_kernel_set *kernels, gt_pooling *out);
/* pooling.csv, .svg, .png, likewise. */
gt_status gt_pooling_write(gt_arena *a, const gt_pooling *p, const char *outdir);

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
