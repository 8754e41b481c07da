/* SPDX-License-Identifier: Apache-2.0
 * Every file of scores: a line each, in the order of help. A file defines gt_scores_of_NAME, rows that end with a row
 * without a name. */
#ifndef GANTRY_METRICS_SCORE_LIST_H
#define GANTRY_METRICS_SCORE_LIST_H

#include "metrics/score.h"

#define GT_SCORE_LIST(X) \
    X(fid)               \
    X(kid)               \
    X(pr)                \
    X(is)                \
    X(ppl)               \
    X(agreement)         \
    X(authenticity)      \
    X(swd)               \
    X(fwd)               \
    X(spectrum)

#define X(name) extern const gt_score gt_scores_of_##name[];
GT_SCORE_LIST(X)
#undef X

#endif
