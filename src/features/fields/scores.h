/* SPDX-License-Identifier: Apache-2.0
 * Scores of ensembles: M members x_1 .. x_M that were made of one condition, beside the field y that was seen.
 * docs/mathematics/fields.md has the formulas with their sources. Every sum is in double precision and in the order of
 * the fields and cells, so that a score does not depend on ranks or threads. */
#ifndef GANTRY_FEATURES_FIELDS_SCORES_H
#define GANTRY_FEATURES_FIELDS_SCORES_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/fields.h"
#include "gantry/memory.h"
#include "gantry/status.h"

typedef struct gt_ensemble_scores gt_ensemble_scores;

/* In the arena. NULL: out of memory. */
gt_ensemble_scores *gt_ensemble_scores_new(gt_arena *a, int members, int height, int width);
/* Members [members,height,width] and the truth [height,width]; members are `apart` numbers apart and their cells
 * `step`, cells of the truth and of the mask `stride`. `mask` [height,width]: cells with 0 have no truth, and such a
 * field counts for no spectrum and no quantiles; NULL: all have. `drawn`: a random number, by which one cell of the
 * field is chosen for ranks_chi2: cells beside each other are not independent. */
void gt_ensemble_scores_add(gt_ensemble_scores *s, const float *members, size_t apart, size_t step, const float *truth,
                            const float *mask, size_t stride, uint32_t drawn);

/* The scores by their keys, and the name in --metrics that asks for each. */
typedef struct gt_ensemble_score {
    const char *metric, *key, *help;
    double (*value)(const gt_ensemble_scores *s); /* NaN: there is none, of one member or without a field */
} gt_ensemble_score;
extern const gt_ensemble_score gt_ensemble_score_list[]; /* ended by {NULL} */

/* The fields that count for spectrum and quantiles: those with a truth in each cell. */
int64_t gt_ensemble_whole_fields(const gt_ensemble_scores *s);

int gt_ensemble_members(const gt_ensemble_scores *s);
int gt_ensemble_waves(const gt_ensemble_scores *s);
/* The histogram of all cells [members+1], and the mean power of members and truths by wave number [waves]. */
const double *gt_ensemble_ranks(const gt_ensemble_scores *s);
const double *gt_ensemble_power(const gt_ensemble_scores *s, const double **truth);
/* How often the truth had each rank, and these spectra, for each target, at most GT_CHARTED of them, as .png or .svg
 * (chart.c). Nothing to draw: no file. */
enum { GT_CHARTED = 6 };
gt_status gt_ensemble_chart(gt_arena *a, const char *path, int targets, const gt_channel_scale *target,
                            gt_ensemble_scores *const *scores);

#endif
