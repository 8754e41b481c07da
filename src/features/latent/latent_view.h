/* SPDX-License-Identifier: Apache-2.0
 * Where an autoencoder puts the images of a dataset, and what its decoder makes of latents: arrays, figures and
 * pictures.
 *
 *     gt_latents l = {model, dataset, encoded};          // the encoder's; gantry/encode.h
 *     gt_latent_dims dims;
 *     gt_status st = gt_latent_dims_choose(arena, &l, gt_model_look(model).latent_size, NULL, 0, &dims);
 *     if (!st) st = gt_latents_write(&l, generator, &dims, &(gt_latent_pictures){.values = values, .n_values = 5,
 *                                    .steps = 8}, "latent"); */
#ifndef GANTRY_FEATURES_LATENT_LATENT_VIEW_H
#define GANTRY_FEATURES_LATENT_LATENT_VIEW_H

#include "runner/generator/door/decoded.h"
#include "gantry/encode.h"
#include "gantry/features.h"
#include "gantry/generate.h"
#include "gantry/memory.h"

typedef struct gt_latents { /* of all images of a dataset */
    const gt_model *model;
    gt_dataset *data;
    gt_encoded of; /* the memory belongs to the caller */
} gt_latents;

typedef struct gt_latent_dims { /* dimensions that pictures show */
    int n;
    const int *dim;           /* [n]; at least one */
    const double *divergence; /* [n]: from N(0,1), mean over the data; NULL: not known */
} gt_latent_dims;

/* Chooses dimensions of latents of d numbers: those that are given, else the 16 whose divergence is largest over the
 * data (the largest first), else the first 16. `l` NULL, or latents without log-variances: there are no divergences.
 * The result lives in the arena. */
gt_status gt_latent_dims_choose(gt_arena *a, const gt_latents *l, int d, const int64_t *given, int64_t n,
                                gt_latent_dims *out);

/* ---- numbers and figures ---- */

/* Results of a layer [n,...] (gt_features_dataset_all) as `latent`, and labels. */
gt_status gt_layer_write_arrays(const gt_features *f, gt_dataset *data, const float *values, const char *path);

/* What figures show of the latents of a network: some dimensions, and the labels of the images. */
typedef struct gt_latent_shown {
    const char *name; /* of the run; NULL: figures of one run do not say it */
    int64_t n;
    int d;                /* dimensions; at least one */
    const int *dim;       /* [d] their numbers */
    const float *values;  /* [n,d] */
    const float *label;   /* [n] the first number of the label, or the class; NULL: the data have no labels */
    const int32_t *class; /* [n]; zeros where there are other labels */
    bool classes;
    char label_name[64];
} gt_latent_shown;
/* A copy in the arena, which needs neither the network nor the data any more; `name` and `dims` must stay. */
gt_status gt_latents_show(gt_arena *a, const gt_latents *l, const gt_latent_dims *dims, const char *name,
                          gt_latent_shown *out);
/* STEM.svg and STEM.png: each dimension beside N(0,1). Of several runs (n) as many dimensions as all have, at most
 * four, a row for each run and one axis for all; of one dimension the runs stand side by side. */
gt_status gt_latents_plot_histograms(const gt_latent_shown *runs, int n, const char *stem);
/* The dimensions against the first number of the label; of classes the first two dimensions, coloured by class. Of data
 * without labels nothing is written. Several runs as in the histograms. */
gt_status gt_latents_plot_labels(const gt_latent_shown *runs, int n, const char *stem);

/* ---- decoded latents ---- */

/* Items of a dataset beside what the autoencoder makes of them as one PNG, `columns` pairs side by side. */
gt_status gt_reconstructions_draw(gt_runner *e, gt_dataset *data, int64_t n, int64_t *items, int columns,
                                  const char *path);

/* *label, in the arena: of all pictures of decoded latents; NULL where the decoder takes none. `class` "": the label of
 * the first image of l, where l is not NULL. */
gt_status gt_latent_label(gt_arena *a, const gt_latents *l, const gt_generator *g, const char *class,
                          const float **label);

typedef struct gt_latent_pictures {
    const float *values; /* [n_values] of a dimension in the traversal */
    int n_values, steps; /* steps: images along a side of the interpolation, at least 2 */
    const float *label;  /* as in gt_decoded */
} gt_latent_pictures;
/* A row for each dimension: the dimension has the values, the others are 0. */
gt_status gt_latent_draw_traversal(gt_generator *g, const gt_latent_dims *dims, const gt_latent_pictures *p,
                                   const char *path);

/* ---- all of that ---- */

/* Writes OUTDIR/latents.h5, histograms.svg and .png, labels.svg and .png, and of latents that are decoded as they are
 * (not of codes) traversal.png and interpolation.png. */
gt_status gt_latents_write(const gt_latents *l, gt_generator *g, const gt_latent_dims *dims,
                           const gt_latent_pictures *p, const char *outdir);

/* ---- decoded latents ---- */

/* Bilinear between the latents of four images of the data, one in each corner. */
gt_status gt_latent_draw_interpolation(const gt_latents *l, gt_generator *g, const gt_latent_dims *dims,
                                       const gt_latent_pictures *p, const char *path);

#endif
