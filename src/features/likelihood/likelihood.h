/* SPDX-License-Identifier: Apache-2.0
 * One batch of an estimator, for tests (gantry/likelihood.h). */
#ifndef GANTRY_FEATURES_LIKELIHOOD_LIKELIHOOD_H
#define GANTRY_FEATURES_LIKELIHOOD_LIKELIHOOD_H

#include "gantry/likelihood.h"

int gt_estimator_batch(const gt_estimator *e);
/* images [batch,H,W,C] in [-1,1], of which the first n are items `first` and so on -> out [n]; labels [batch,label_dim]
 * of a model that sees labels, whose estimates are of log p(x|label), else NULL. */
gt_status gt_estimator_run(gt_estimator *e, int64_t first, int n, const float *images, const float *labels,
                           gt_likelihood *out);

#endif
