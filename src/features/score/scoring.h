/* SPDX-License-Identifier: Apache-2.0
 * What the files of scoring share: the feature extractors of a scoring, and what they make of a set of pictures. */
#ifndef GANTRY_FEATURES_SCORE_SCORING_H
#define GANTRY_FEATURES_SCORE_SCORING_H

#include "gantry/memory.h"
#include "features/score/score.h"
#include "metrics/door/metric_list.h"
#include "networks/nets/door/lpips.h"
#include "features/score/feature_extractor.h"
#include "features/score/picture_set.h"

/* Has this network path lengths? GT_USAGE, with the metric's name. */
gt_status gt_metric_check_paths(const gt_metric_request *q, const struct gt_path_maker *maker);

/* Where features come from. */
enum { GT_LANE_OWN, GT_LANE_INCEPTION, GT_LANE_VGG16, GT_LANE_PIXELS, GT_LANES, GT_LANE_NONE = -1 };

struct gt_scoring {
    gt_arena *arena;
    gt_team team;
    gt_metric_options o;
    int n;
    gt_metric_request asked[GT_METRICS_MAX];
    gt_extractor *extractor[GT_LANES]; /* NULL: not needed, or pixels */
    gt_lpips *lpips;
    bool names_told;          /* was said: that the detector knows the classes by other names */
    gt_picture_set *held_out; /* NULL: none */
    const char *nearest;      /* for a picture of the fakes that are most like a real; NULL: none */
    /* Of each score with a base rate the latest, which holds while its recipe does: not for each checkpoint anew. */
    struct {
        double value;
        char recipe[GT_METRIC_RECIPE_BYTES]; /* "": none yet */
    } base[GT_METRICS_MAX];
};

int gt_scoring_lane(const gt_scoring *s, int score);
/* All ranks: the lane's extractor, if the lane has one that is not open. */
gt_status gt_scoring_open_extractor_all(gt_scoring *s, int lane);
static inline size_t gt_set_pixels(const gt_picture_set *s) {
    return (size_t)s->height * (size_t)s->width * (size_t)s->channels;
}

/* What one lane makes of the first `count` pictures of a set. Rows are this rank's part, gt_rows_share(count). */
typedef struct gt_lane {
    int needs; /* GT_METRIC_... of the scores that are there; 0: the lane is not in use */
    int64_t count, d;
    int classes;
    bool streams;    /* moments alone are kept */
    bool from_cache; /* there is nothing to compute */
    bool failed;     /* numbers are not finite: its scores have no value */
    gt_row_moments *moments;
    float *features, *probabilities, *asked; /* [own,d], [own,classes], [own,2]; NULL: not needed */
} gt_lane;

/* The Gaussian of the first `count` rows of a lane; of rank 0. */
typedef struct gt_kept_gaussian {
    int lane;
    int64_t count;
    gt_gaussian g;
} gt_kept_gaussian;

typedef struct gt_collected {
    gt_picture_set *set;
    int64_t count; /* pictures that are looked at; 0: none */
    gt_lane lane[GT_LANES];
    int64_t picture_count;
    uint8_t *pictures; /* of the first picture_count; NULL: not needed */
    int n_gaussians;
    gt_kept_gaussian gaussian[GT_METRICS_MAX];
} gt_collected;

/* A lane and the pictures of a set, of which `count` are wanted for a score with these needs. */
void gt_collected_want(gt_collected *c, int lane, int needs, int64_t count);
/* All ranks: features and pictures of the set, as far as they are wanted and not in the cache. */
gt_status gt_collect_all(gt_scoring *s, gt_collected *c);
void gt_collected_free(gt_collected *c);
/* All ranks. *part: this rank's rows of the first `count` of `whole`, to be freed; `mine`: this rank's of the whole. */
gt_status gt_first_rows_all(const gt_team *team, int64_t whole, int64_t count, size_t bytes, const void *mine,
                            void **part);
/* All ranks: what a score sees of the first `count`. Memory that this takes is freed by gt_metric_set_free(). */
gt_status gt_metric_set_of_all(gt_scoring *s, gt_collected *c, int lane, int needs, int64_t count, gt_metric_set *out);
void gt_metric_set_free(const gt_collected *c, int lane, gt_metric_set *set);

/* ---- nearest.c ---- */

/* All ranks, where s->nearest is given: the fakes that are most like a real, by rising distance / gap
 * (features/score/distances/authenticity.h), a row each, and beside each its nearest reals with their distances. In the
 * features of the user's detector, else in pixels; of the sets that scores look at, so that fakes are made once. */
gt_status gt_nearest_want_all(gt_scoring *s, gt_collected *reals, gt_collected *fakes);
gt_status gt_nearest_draw_all(gt_scoring *s, gt_collected *reals, gt_collected *fakes);

/* ---- pixel_fit.c ---- */

/* All ranks: what the user's detector has to learn from the reals, once; nothing for networks. GT_USAGE: there are no
 * pictures. */
gt_status gt_scoring_fit_all(gt_scoring *s, gt_picture_set *reals);
/* All ranks: mean and covariance of the first `count` rows of a lane; *out on rank 0 is the caller's. */
gt_status gt_lane_gaussian_all(gt_scoring *s, gt_picture_set *set, int lane, int64_t count, gt_gaussian *out);

/* ---- kept statistics of reals: kept_statistics.c ---- */

/* All ranks: Gaussians and rows of the set that are kept come in; lanes that need nothing more are `from_cache`. */
gt_status gt_collected_recall_all(gt_scoring *s, gt_collected *c);
/* All ranks: rows of the lane, computed just now, are kept. */
gt_status gt_collected_keep_rows_all(gt_scoring *s, gt_collected *c, int lane);
void gt_collected_keep_gaussian(gt_scoring *s, const gt_collected *c, const gt_kept_gaussian *k);

#endif
