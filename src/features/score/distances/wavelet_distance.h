/* SPDX-License-Identifier: Apache-2.0
 * Frechet wavelet distance: Veeramacheneni et al., "Fréchet Wavelet Distance: A Domain-Agnostic Metric for Image
 * Generation". Needs no network. Pictures / 255 become wavelet packets; the distance is the mean over nodes of the
 * Frechet distances (distances.h, divisor n - 1) of the node's coefficients, as vectors of channel, row and column.
 * Published: Haar with 4 levels for 256x256; the published program's default is sym5 with 4 levels.
 *
 * Nodes are shared out over the ranks: every rank is given all pictures, in their order, and keeps its nodes. Memory of
 * a set, over all ranks: nodes x d x min(d, pictures) numbers of 8 bytes, where d is the length of a vector. */
#ifndef GANTRY_FEATURES_SCORE_DISTANCES_WAVELET_DISTANCE_H
#define GANTRY_FEATURES_SCORE_DISTANCES_WAVELET_DISTANCE_H

#include "features/score/distances/gaussian.h"
#include "features/score/distances/transforms.h"

typedef struct gt_packets gt_packets;

typedef struct gt_packets_options {
    const gt_wavelet *wavelet;
    int level;
    bool log; /* ln(|coefficient| + 1e-6) in place of coefficients */
} gt_packets_options;

/* NULL: see gt_message(). */
gt_packets *gt_packets_new(const gt_team *team, int64_t count, int height, int width, int channels,
                           const gt_packets_options *o);
/* The next n pictures of the set, [n,H,W,C], 0 .. 255: the same on every rank. */
gt_status gt_packets_add(gt_packets *p, const uint8_t *pictures, int64_t n);
gt_status gt_packets_finish(gt_packets *p); /* once all pictures are there */
void gt_packets_free(gt_packets *p);        /* NULL is fine */

int gt_packets_nodes(const gt_packets *p);
/* Of a node of this rank, after gt_packets_finish(); NULL: the node is another rank's. */
const gt_gaussian *gt_packets_node(const gt_packets *p, int node);

/* Of finished sets, which stay: *distance and each[nodes] (NULL: not wanted) on all ranks. GT_USAGE: sets of different
 * pictures or options. */
gt_status gt_packets_distance_all(const gt_packets *a, const gt_packets *b, double *distance, double *each);

#endif
