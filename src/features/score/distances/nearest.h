/* SPDX-License-Identifier: Apache-2.0
 * Distances between all rows of two sets, and the nearest rows. Products of blocks of rows by the matrix kernels give
 * |a|^2 + |b|^2 - 2 a.b in float32, of rows less the mean of the base; what comes near is computed again in float64
 * from the differences. So distances are those of float64, a row is at distance 0 from itself, and memory beside the
 * rows is a few blocks. Queries are shared out over the ranks; the base comes by from all ranks. */
#ifndef GANTRY_FEATURES_SCORE_DISTANCES_NEAREST_H
#define GANTRY_FEATURES_SCORE_DISTANCES_NEAREST_H

#include "metrics/door/rows.h"

/* Euclidean distance of two rows, accumulated in float64 in a fixed order: the same from a to b and from b to a. */
double gt_row_distance(int64_t d, const float *a, const float *b);

typedef struct gt_neighbour {
    int64_t index; /* of a row of the base; -1: there are not so many */
    double distance;
} gt_neighbour;

enum { GT_NEAREST_MAX = 8 };

/* Of a set of `count` rows whose second half are the mirror images of the first half, in its order. */
static inline int64_t gt_mirror_image(int64_t row, int64_t count) { return (row + count / 2) % count; }

/* Which rows of the base are not neighbours of a query. */
typedef enum gt_nearest_but {
    GT_NEAREST_ALL,
    GT_NEAREST_BUT_ITSELF, /* the queries are the base, or rows picked of it: no row is its own neighbour */
    /* likewise, and the second half of the set are the mirror images of the first half, in its order: a row's mirror
     * image is not its neighbour either */
    GT_NEAREST_BUT_MIRRORED,
} gt_nearest_but;

/* For each of this rank's queries the k <= GT_NEAREST_MAX nearest rows of the base: out [own,k], the nearest first;
 * of equal distances the smallest index first. Of a query that has more than 16 rows within the rounding of float32 of
 * its k-th neighbour, another of these may be taken. Tells how many rows of the base have come by, as
 * gt_within_all() does: the caller has begun a part of the work (gt_tell_part). */
gt_status gt_nearest_all(const gt_team *team, const gt_rows *queries, const gt_rows *base, int k, gt_nearest_but but,
                         gt_neighbour *out);

/* inside[i], for each of this rank's queries: is there a row j of the base at most radius[j] away? radius: of all rows
 * of the base. */
gt_status gt_within_all(const gt_team *team, const gt_rows *queries, const gt_rows *base, const double *radius,
                        uint8_t *inside);

#endif
