/* SPDX-License-Identifier: Apache-2.0
 * Which seed, and which class, makes a picture that has no record? All of a list are tried. */
#ifndef GANTRY_FEATURES_AUDIT_FIND_H
#define GANTRY_FEATURES_AUDIT_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/dist.h"
#include "gantry/picture.h"
#include "gantry/pool.h"
#include "gantry/status.h"

typedef struct gt_find_request {
    const char *checkpoint;
    int64_t n;
    const int64_t *seeds; /* [n]; of a network with classes each with each class */
    int n_pictures;
    const gt_picture *pictures; /* [n_pictures] all ranks have them */
    char *recipe;               /* [GT_SHA256_TEXT] becomes the SHA-256 of the recipe; NULL: not wanted */
    gt_pool *pool;
    int (*stop)(void);
} gt_find_request;

/* The nearest that was made, by the sum of differences of values. */
typedef struct gt_found {
    bool any;         /* false: no picture of this size and depth was made */
    bool equal;       /* all values are equal */
    int64_t seed, at; /* at: its place among all that are tried */
    int class;        /* -1: the network has none */
    int64_t sum, most, values;
} gt_found;

/* All ranks share the work, and return the same status; rank 0 has found[n_pictures] then. A rank whose pictures are
 * all found stops. GT_USAGE: not a generator. */
gt_status gt_find_all(gt_comm *comm, const gt_find_request *request, gt_found *found);

#endif
