/* SPDX-License-Identifier: Apache-2.0
 * What scores need and cost, before they are computed: see gantry/score.h. */
#include <stdlib.h>

#include "base/door/clock.h"
#include "metrics/door/metric.h"
#include "features/score/path_length.h"
#include "features/score/pixel_features.h"
#include "features/score/scoring.h"

gt_status gt_scoring_takes(gt_scoring *s, int height, int width, int channels) {
    gt_status st = GT_OK;
    for (int i = 0; i < GT_LANES && !st; i++)
        if (s->extractor[i]) st = gt_extractor_takes(s->extractor[i], height, width, channels);
    return gt_comm_agree_all(s->team.comm, st);
}

gt_status gt_metric_check_paths(const gt_metric_request *q, const gt_path_maker *maker) {
    gt_status st = gt_path_check(maker, &(gt_path_options){.crop = q->row->crop});
    return st ? gt_wrap(st, "%s", q->metric) : GT_OK;
}

gt_status gt_scoring_takes_network(gt_scoring *s, const gt_path_maker *maker) {
    gt_status st = GT_OK;
    for (int i = 0; i < s->n && !st; i++)
        if (s->asked[i].row->network == GT_METRIC_LPIPS) st = gt_metric_check_paths(&s->asked[i], maker);
    return gt_comm_agree_all(s->team.comm, st);
}

/* Numbers of a row; 0: the score looks at no rows. */
static double row_of(const gt_scoring *s, int i, double pixels) {
    int lane = gt_scoring_lane(s, i);
    if (lane == GT_LANE_NONE) return 0;
    return s->extractor[lane] ? (double)gt_extractor_features(s->extractor[lane]) : pixels;
}

/* What finding the components of pixels needs: the matrix of which they are the eigenvectors, its copy, their scratch
 * memory, and the rows where they are fewer than a picture has numbers. */
static double bytes_of_fit(int64_t reals, double pixels) {
    double rows = (double)gt_pixel_reals(reals, (size_t)pixels);
    return sizeof(double) * (rows < pixels ? 4 * rows * rows + 2 * rows * pixels : 4 * pixels * pixels);
}

double gt_scoring_bytes(const gt_scoring *s, int64_t reals, int height, int width, int channels) {
    double bytes = 0, rows = 0, moments = 0, pictures = 0, pixels = (double)height * width * channels;
    for (int i = 0; i < GT_LANES; i++) {
        if (s->extractor[i]) bytes += (double)gt_extractor_bytes(s->extractor[i]);
        if (s->extractor[i] && gt_extractor_wants_fit(s->extractor[i])) bytes += bytes_of_fit(reals, pixels);
    }
    for (int i = 0; i < s->n; i++) {
        const gt_metric_request *q = &s->asked[i];
        double d = row_of(s, i, pixels), most = q->row->most_reals ? (double)q->row->most_reals : (double)q->count;
        if (most > (double)reals) most = (double)reals;
        double both = (double)q->count + (q->row->needs & GT_METRIC_REALS ? most : 0);
        /* rows that are picked of the reals */
        if (q->row->needs & GT_METRIC_BASE) both += 2 * (double)q->count;
        double own = both * d * sizeof(float), of_pictures = both * pixels;
        if (q->row->needs & GT_METRIC_ROWS && own > rows) rows = own;
        if (q->row->needs & GT_METRIC_PICTURES && of_pictures > pictures) pictures = of_pictures;
        /* sums and products of both sets */
        if (q->row->needs & GT_METRIC_GAUSSIAN && 4 * d * d > moments) moments = 4 * d * d;
    }
    return bytes + moments * sizeof(double) + (rows + pictures) / s->team.comm->ranks;
}

/* The time of a picture in one detector. */
static gt_status time_extractor(gt_extractor *d, const float *images, double *seconds) {
    enum { LEAST = 3, MOST_SECONDS = 1 };
    GT_FREED float *features = malloc((size_t)gt_extractor_batch(d) * (size_t)gt_extractor_features(d) *
                                      sizeof *features);
    gt_status st = features ? gt_extractor_run(d, gt_extractor_batch(d), images, features, NULL, NULL)
                            : gt_fail(GT_NOMEM, "out of memory for features");
    double start = gt_clock();
    int runs = 0;
    while (!st && (runs < LEAST || gt_clock() - start < MOST_SECONDS / 4.0) && gt_clock() - start < MOST_SECONDS) {
        st = gt_extractor_run(d, gt_extractor_batch(d), images, features, NULL, NULL);
        runs++;
    }
    if (runs) *seconds += (gt_clock() - start) / runs / gt_extractor_batch(d);
    return st;
}

gt_status gt_scoring_measure(gt_scoring *s, int height, int width, int channels, double *seconds) {
    gt_status st = GT_OK;
    *seconds = 0;
    for (int i = 0; i < GT_LANES && !st; i++) {
        if (!s->extractor[i] || gt_extractor_wants_fit(s->extractor[i])) continue;
        GT_FREED float *images = calloc((size_t)gt_extractor_batch(s->extractor[i]),
                                        (size_t)height * (size_t)width * (size_t)channels * sizeof *images);
        st = images ? time_extractor(s->extractor[i], images, seconds)
                    : gt_fail(GT_NOMEM, "out of memory for pictures");
    }
    return st;
}
