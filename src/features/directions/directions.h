/* SPDX-License-Identifier: Apache-2.0
 * Directions in the styles w of a generator: what a step along each changes in its pictures. They are found from the
 * weights alone, as the eigenvectors of A^T A, where y = A w + b are the styles of the chosen layers (Shen and Zhou,
 * "Closed-Form Factorization of Latent Semantics in GANs", CVPR 2021, equation 7: SeFa); as principal components of the
 * w of many seeds (Haerkoenen et al., "GANSpace", NeurIPS 2020, section 2.2); or as the difference of the means of two
 * sets of w, "with" and "without". A direction of strength 1 is a step of one standard deviation of w along it
 * (runner/generator/door/direction_file.h). */
#ifndef GANTRY_FEATURES_DIRECTIONS_DIRECTIONS_H
#define GANTRY_FEATURES_DIRECTIONS_DIRECTIONS_H

#include "gantry/generate.h"
#include "gantry/trained.h"
#include "runner/generator/door/direction_file.h"
#include "runner/generator/door/directions.h"

#define GT_DIRECTION_METHODS(X) X(GT_DIRECTION_COMPONENTS, "pca") X(GT_DIRECTION_FACTORS, "sefa")
typedef enum gt_direction_method { GT_DIRECTION_METHODS(GT_CONSTANT) } gt_direction_method;

/* Of w: those of seeds, of their own class, or all rows of a file (see styles.h). */
typedef struct gt_style_set {
    int64_t n;
    const int64_t *seeds;
    const char *class; /* "": that of the request */
    const char *file;  /* "": seeds */
} gt_style_set;

typedef struct gt_directions_request {
    const char *checkpoint;
    gt_generator_options options; /* of the pictures of the sheet; w is measured without truncation */
    gt_condition condition;       /* none where one is needed: w of all classes in turn, less the mean of their class */
    gt_direction_method method;
    int64_t count, samples; /* directions; seeds 0 and so on, of which w is measured */
    const char *layers;     /* whose weights count, and which a step moves (see styles.h); "": all */
    const char *name;       /* of the one direction from `without` to `with`; "": `method` finds d0, d1, ... */
    gt_style_set with, without;
    const char *out;   /* FILE.h5, or FILE.npy with the steps alone */
    bool replace;      /* also what the file holds of another network */
    const char *sheet; /* FILE.png, a row for each direction; "": none */
    int64_t seed;      /* of the sheet's pictures */
    int n_strengths;   /* columns of the sheet */
    const float *strengths;
    int (*stop)(void); /* as in gt_generate_request */
} gt_directions_request;

/* Writes the directions, and prints a line for each. Directions of sets of w that `out` has of the same network stay.
 * All ranks call this and return the same status; no number depends on ranks, threads or processors. GT_USAGE: a model
 * without styles, layers that it does not have. GT_NONFINITE: w that is not finite. */
gt_status gt_directions_all(gt_comm *comm, const gt_directions_request *request);

/* ---- the parts of that: w is measured, directions are found, the sheet is drawn ---- */

typedef struct gt_direction_work {
    const gt_directions_request *request;
    gt_comm *comm;
    gt_trained net;
    gt_generator *generator; /* without truncation */
    const gt_model *model;
    gt_arena *arena;
    bool *chosen;           /* [num_ws]: layers of the request */
    float *label;           /* [label_dim] of all seeds; NULL: classes take turns, or there are none */
    float *z, *labels, *ws; /* of a batch */
    double *covariance;     /* rank 0's: [w_dim,w_dim] of w */
    gt_directions found;
} gt_direction_work;

/* The label of item i of a batch; `label` NULL: the class of this number among those that take turns. */
void gt_direction_label(gt_direction_work *w, int i, const float *label, int64_t seed);
/* The styles of n seeds, with the labels that are there, by `g`, into w->ws. */
gt_status gt_direction_styles(gt_direction_work *w, gt_generator *g, int n, const int64_t *seeds);

/* All ranks; rank 0 has the covariance then. */
gt_status gt_directions_measure_all(gt_direction_work *w);
/* All ranks; rank 0 has the direction from one set to the other then. */
gt_status gt_directions_between_all(gt_direction_work *w);
/* All ranks; all have what is found. */
gt_status gt_directions_sheet_all(gt_direction_work *w);

/* Direction `i` of those that are found: to = factor x from in the layers of the request. Step of `from`: 0, or w_dim
 * where layers differ. */
void gt_direction_put(gt_direction_work *w, int i, double factor, const double *from, size_t step);
/* The standard deviation of v . w: sqrt(v^T C v). */
double gt_direction_deviation(const gt_direction_work *w, const double *v);

#endif
