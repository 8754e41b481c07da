/* SPDX-License-Identifier: Apache-2.0
 * Every measurer of the core: one line each, in the order of the logs. */
#ifndef GANTRY_TRAIN_MEASURE_MEASURER_LIST_H
#define GANTRY_TRAIN_MEASURE_MEASURER_LIST_H

#include "train/door/measurer.h"

#define GT_MEASURER_LIST(X) \
    X(norms)                \
    X(sheets)               \
    X(segmentation)         \
    X(own_losses)           \
    X(classification)       \
    X(baseline)             \
    X(dead_units)

#define X(name) extern const gt_measurer gt_measurer_##name;
GT_MEASURER_LIST(X)
#undef X

#endif
