/* SPDX-License-Identifier: Apache-2.0
 * Makers (record/door/maker.h) of the commands of this room. */
#ifndef GANTRY_USE_GENERATE_DOOR_MAKERS_H
#define GANTRY_USE_GENERATE_DOOR_MAKERS_H

#include "record/door/maker.h"

extern const gt_maker gt_maker_generate, gt_maker_mix, gt_maker_walk;

#endif
