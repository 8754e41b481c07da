/* SPDX-License-Identifier: Apache-2.0
 * Inception Score: Salimans et al., "Improved Techniques for Training GANs", section 4. Rows are probabilities of
 * classes. Split i of s are the rows floor(i n / s) .. floor((i + 1) n / s) - 1; its score is
 *
 *     exp(mean over rows of sum over classes of p (ln p - ln mean of p over rows))
 *
 * and the result the mean and the population standard deviation over splits. */
#ifndef GANTRY_METRICS_INCEPTION_SCORE_H
#define GANTRY_METRICS_INCEPTION_SCORE_H

#include "metrics/rows.h"

enum { GT_INCEPTION_SPLITS = 10 };

/* mean, std and each[splits] (NULL: not wanted) on all ranks. GT_USAGE: fewer rows than splits. */
gt_status gt_inception_score_all(const gt_team *team, const gt_rows *probabilities, int splits, double *mean,
                                 double *std, double *each);

#endif
