/* SPDX-License-Identifier: Apache-2.0
 * How the values of a network's layers are distributed before it is trained. */
#ifndef GANTRY_FEATURES_STUDY_ACTIVATIONS_H
#define GANTRY_FEATURES_STUDY_ACTIVATIONS_H

#include "gantry/memory.h"
#include "gantry/model.h"
#include "gantry/pool.h"
#include "gantry/status.h"

/* Of a layer: all its values for all inputs. */
typedef struct gt_activations {
    const char *layer; /* "fc1" */
    double count;
    double mean, std;
    double zeros;                 /* share of the values that are 0 */
    double outer;                 /* share in the first and the last bin */
    double outside;               /* share outside the range: in no bin */
    double middle;                /* share within a twentieth of the range around the middle of the range */
    const double *edges, *shares; /* of the bins: [bins+1], [bins] */
} gt_activations;

typedef struct gt_activations_options {
    int inputs; /* images of independent normal numbers, as the network sees pixels */
    int bins;
    double lo, hi; /* range of the bins; lo = hi: from the least to the largest value of each layer */
    uint64_t seed; /* of the inputs */
    gt_pool *pool;
} gt_activations_options;

/* The layers with tensors of network 0 of a classifier that was initialised, but the last one. *out [*n] and what it
 * points at lie in the arena. GT_USAGE: the model is not a classifier. */
gt_status gt_activations_measure(gt_model *m, const gt_activations_options *o, gt_arena *a, gt_activations **out,
                                 int *n);

#endif
