/* SPDX-License-Identifier: Apache-2.0
 * Names of directions, and where the directions of a network lie (door/direction_file.h reads them). */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_DIRECTIONS_H
#define GANTRY_RUNNER_GENERATOR_DOOR_DIRECTIONS_H

#include "gantry/generate.h"

/* GT_USAGE: no name of a direction: letters, digits, - and _, a letter first, fewer than 32. */
gt_status gt_direction_name_check(const char *text);

/* Where the directions of a network lie, unless another file is named: directions.h5 in the folder of a run's
 * checkpoint, else beside the network's file ("faces.pkl": faces-directions.h5), but of a network that comes with
 * Gantry in the current folder. In the arena; NULL: out of memory. */
const char *gt_directions_place(gt_arena *a, const char *checkpoint);

#endif
