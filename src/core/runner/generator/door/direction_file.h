/* SPDX-License-Identifier: Apache-2.0
 * Files of directions. FILE.h5, as gantry directions writes it:
 *
 *     directions  float32 [K,layers,w_dim]  what strength 1 adds to styles; 0 in layers that stay
 *     names       K texts                   "d0", "glasses"
 *     sigma       float64 [K]               the standard deviation of w along the direction: the length of the step
 *     layers      uint8 [K,layers]          1: the layer moves
 *     how         K texts                   how the direction was found
 *     network     a text                    XXH3-128 of the generator's parameters
 *
 * FILE.npy, numbers of any type: one direction [w_dim], or [layers,w_dim] with a vector for each layer; several
 * [K,w_dim], [K,layers,w_dim]. They are called d0, d1, ..., and strength 1 adds them as they are. */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_DIRECTION_FILE_H
#define GANTRY_RUNNER_GENERATOR_DOOR_DIRECTION_FILE_H

#include <stdint.h>

#include "gantry/dist.h"
#include "gantry/status.h"

enum { GT_DIRECTION_NAME = 32, GT_DIRECTION_HOW = 160, GT_DIRECTIONS_MAX = 4096 };

typedef struct gt_direction {
    char name[GT_DIRECTION_NAME], how[GT_DIRECTION_HOW];
    double sigma; /* 0: unknown */
} gt_direction;

typedef struct gt_directions {
    int n, num_ws, w_dim;
    gt_direction *list; /* [n] */
    float *steps;       /* [n,num_ws,w_dim] */
    char network[33];   /* "": unknown */
} gt_directions;

/* Room for n empty directions. */
gt_status gt_directions_new(gt_directions *d, int n, int num_ws, int w_dim);
void gt_directions_free(gt_directions *d);                       /* as new again */
int gt_direction_find(const gt_directions *d, const char *name); /* -1: there is none of this name */

/* *d of rank 0 becomes that of all ranks; empty ones elsewhere. All ranks return the same status. */
gt_status gt_directions_share_all(gt_comm *comm, gt_directions *d);

/* Main thread. HDF5 files from elsewhere have passed gt_h5_check(). GT_FORMAT: damaged, no such file. GT_USAGE: of a
 * network of another shape. GT_NONFINITE: numbers that are not finite. Messages name the path. On failure *d is empty.
 */
gt_status gt_directions_read(gt_directions *d, const char *path, int num_ws, int w_dim);
/* The name's ending says which file; whole or not at all. */
gt_status gt_directions_write(const gt_directions *d, const char *path);

#endif
