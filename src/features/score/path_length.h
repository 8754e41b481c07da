/* SPDX-License-Identifier: Apache-2.0
 * Perceptual path length of a generator with styles: pairs of pictures whose latents are `epsilon` of a way apart, and
 * their distance by LPIPS (features/score/distances/distances.h): docs/mathematics/metrics.md#perceptual-path-length.
 *
 * The random numbers of sample i are functions of (seed, kimg, i): latents by the streams "metrics/path/z0" and
 * "metrics/path/z1", the place on the path by "metrics/path/t", the label by "metrics/path/label", the noise by those
 * of the generator ("noise/LAYER"). Both ends of a path have the same noise and the same label. The reference draws
 * noise anew for each batch of two samples; here each sample has noise of its own, so that no distance depends on the
 * samples beside it. The mean has the same expectation. */
#ifndef GANTRY_FEATURES_SCORE_PATH_LENGTH_H
#define GANTRY_FEATURES_SCORE_PATH_LENGTH_H

#include "gantry/dataset.h"
#include "gantry/model.h"
#include "metrics/door/rows.h"
#include "networks/nets/door/lpips.h"

typedef struct gt_path_maker {
    gt_model *model;
    const float *params; /* of the generator's moving average */
    gt_dataset *labels;  /* NULL: classes in equal shares */
    uint64_t seed;
    int64_t images; /* that the network has been shown: part of the random numbers' formula */
} gt_path_maker;

typedef struct gt_path_options {
    /* Paths on the great circle of z, or on the straight line of w. `full`: from a random place of the path; else from
     * its beginning. `crop`: the middle of the lower part of the picture alone, where faces are: rows 3/8 .. 7/8,
     * columns 2/8 .. 6/8. */
    bool in_z, full, crop;
    int64_t count;     /* samples of all ranks */
    int (*stop)(void); /* not 0: the work ends with GT_STOPPED; NULL: never */
} gt_path_options;

/* Would gt_path_length_all() work? GT_USAGE: the model has no styles, pictures are not grey or RGB, or too small for
 * LPIPS (with `crop` below 32 pixels, else below 16); the dataset has not the labels that the generator takes. */
gt_status gt_path_check(const gt_path_maker *m, const gt_path_options *o);

/* PPL on all ranks, which all return the same status and value. Pictures larger than 256 pixels are means over squares
 * (of the size of the whole picture / 256 rounded down, also where they are cropped). GT_USAGE: as gt_path_check().
 * GT_NONFINITE: a distance is not a number. */
gt_status gt_path_length_all(const gt_team *team, const gt_path_maker *m, const gt_lpips *lpips,
                             const gt_path_options *o, double *value);

#endif
