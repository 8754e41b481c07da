/* SPDX-License-Identifier: Apache-2.0
 * Perceptual path length of a generator with styles: pairs of pictures whose latents are `epsilon` of a way apart, and
 * their distance by LPIPS (metrics/path_length.h; spec, section 7.4). */
#ifndef GANTRY_USE_PATHS_H
#define GANTRY_USE_PATHS_H

#include "gantry/dataset.h"
#include "gantry/model.h"
#include "metrics/rows.h"
#include "models/classifier/lpips.h"

typedef struct gt_path_maker {
    gt_model *model;
    const float *params; /* of the generator's moving average */
    gt_dataset *labels;  /* NULL: classes in equal shares */
    uint64_t seed;
    int64_t images; /* that the network has been shown: part of the random numbers' formula */
} gt_path_maker;

typedef struct gt_path_options {
    bool in_z, full, crop;
    int64_t count; /* samples of all ranks */
} gt_path_options;

/* PPL on all ranks. GT_USAGE: the model has no styles; pictures too small for LPIPS. */
gt_status gt_path_length_all(const gt_team *team, const gt_path_maker *m, const gt_lpips *lpips,
                             const gt_path_options *o, double *value);

#endif
