/* SPDX-License-Identifier: Apache-2.0
 * Pictures as the feature networks of published metrics take them: bilinear interpolation to a fixed size, without
 * smoothing when pictures shrink, and (value - mean) / std of each channel. There are two rules for where the new
 * pixels lie (gt_resize_rule). Scores by the two differ, so a score must say by which it is. */
#ifndef GANTRY_METRICS_DOOR_NETWORK_INPUT_H
#define GANTRY_METRICS_DOOR_NETWORK_INPUT_H

#include <stdint.h>

#include "gantry/choices.h"
#include "gantry/status.h"

const char *gt_resize_rule_name(gt_resize_rule rule);

/* Pictures [n,h,w,c], 0 .. 255, become out [n,side,side,3]. One channel is repeated; other numbers than 1 and 3 are
 * GT_USAGE. mean and std: of the values 0 .. 255. */
gt_status gt_network_input(gt_resize_rule rule, const uint8_t *pictures, int64_t n, int height, int width, int channels,
                           int side, const float mean[3], const float std[3], float *out);

#endif
