/* SPDX-License-Identifier: Apache-2.0
 * Every decider there is: one line each, in the order in which they decide. */
#ifndef GANTRY_TRAIN_TICKS_DECIDER_LIST_H
#define GANTRY_TRAIN_TICKS_DECIDER_LIST_H

#include "train/ticks/decider.h"

#define GT_DECIDER_LIST(X) \
    X(plateau)             \
    X(early_stop)          \
    X(troubles)            \
    X(best)

#define X(name) extern const gt_decider gt_decider_##name;
GT_DECIDER_LIST(X)
#undef X

#endif
