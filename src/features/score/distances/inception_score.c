/* SPDX-License-Identifier: Apache-2.0
 * Inception Score: for each split the sum of p over rows, and the sum of p ln p. */
#include "features/score/distances/distances.h"

#include <math.h>
#include <stdlib.h>

#include "base/door/mathfn.h"
#include "metrics/door/metric.h"
#include "metrics/door/metric_list.h"
#include "metrics/door/rows.h"

typedef struct splits_of {
    int64_t count, classes;
    int splits;
} splits_of;

/* x ln x, whose limit at 0 is 0 */
static double x_ln_x(double x) { return x > 0 ? x * gt_ln(x) : 0; }

static int64_t begin_of(const splits_of *s, int64_t split) { return split * s->count / s->splits; }

static void add_rows(void *arg, int64_t first, int64_t n, const float *x, double *sums) {
    const splits_of *s = arg;
    int64_t split = 0;
    for (int64_t i = first; i < first + n; i++) {
        while (i >= begin_of(s, split + 1)) split++;
        double *to = sums + split * (s->classes + 1);
        for (int64_t k = 0; k < s->classes; k++, x++) {
            to[k] += (double)*x;
            to[s->classes] += x_ln_x((double)*x);
        }
    }
}

static double score_of(const splits_of *s, int64_t split, const double *sums) {
    double n = (double)(begin_of(s, split + 1) - begin_of(s, split)), entropy = 0;
    const double *of = sums + split * (s->classes + 1);
    for (int64_t k = 0; k < s->classes; k++) entropy += x_ln_x(of[k] / n);
    return gt_exp(of[s->classes] / n - entropy);
}

gt_status gt_inception_score_all(const gt_team *team, const gt_rows *probabilities, int splits, double *mean,
                                 double *std, double *each) {
    splits_of s = {probabilities->count, probabilities->d, splits};
    if (s.count < splits)
        return gt_fail(GT_USAGE,
                       "the score needs at least one picture for each of its %d splits, but there are only %lld",
                       splits, (long long)s.count);
    int64_t m = splits * (s.classes + 1);
    double *sums = malloc((size_t)m * sizeof *sums), sum = 0, square = 0;
    gt_status st = gt_comm_agree_all(team->comm, sums ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a score"));
    if (!st) st = gt_rows_sum_all(team, probabilities, m, add_rows, &s, sums);
    for (int i = 0; i < splits && !st; i++) {
        double score = score_of(&s, i, sums);
        sum += score;
        if (each) each[i] = score;
    }
    *mean = sum / splits;
    for (int i = 0; i < splits && !st; i++) {
        double off = score_of(&s, i, sums) - *mean;
        square += off * off;
    }
    *std = sqrt(square / splits);
    free(sums);
    return st;
}

/* ---- the metric ---- */

/* With another network the classes are those of that network. */
/* A split of pictures in the order of their classes would show few classes: the splits are of shuffled pictures. */
static gt_status shuffled_score_all(const gt_metric_input *in) {
    double mean, std;
    gt_rows shuffled = in->fakes.probabilities;
    GT_FREED float *x = malloc((size_t)shuffled.own * (size_t)shuffled.d * sizeof *x + 1);
    gt_status st = x ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %lld rows", (long long)shuffled.own);
    st = gt_comm_agree_all(in->team->comm, st);
    if (!st) st = gt_rows_shuffle_all(in->team, &in->fakes.probabilities, x);
    shuffled.x = x;
    if (!st) st = gt_inception_score_all(in->team, &shuffled, GT_INCEPTION_SPLITS, &mean, &std, NULL);
    if (st) return st;
    in->put(in->arg, "_mean", mean);
    in->put(in->arg, "_std", std);
    return GT_OK;
}

const gt_metric gt_metrics_of_is[] = {
    {.name = "is#",
     .plain = "is",
     .count = 50000,
     .more_is_better = true,
     .network = GT_METRIC_INCEPTION,
     .needs = GT_METRIC_PROBABILITIES,
     .keys = {"_mean", "_std"},
     .recipe = "10 splits of shuffled pictures",
     .help = "Inception Score: how clear and how varied the classes are",
     .compute_all = shuffled_score_all},
    {0},
};
