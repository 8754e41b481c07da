/* SPDX-License-Identifier: Apache-2.0
 * Subsets by class: so many images of each. */
#ifndef GANTRY_DATASET_TOOL_CLASSES_H
#define GANTRY_DATASET_TOOL_CLASSES_H

#include "dataset_tool/tool.h"

/* Chooses among all items by r->each and r->amount. GT_USAGE: no classes, or too few images of one. */
gt_status gt_items_choose_each(gt_items *items, const gt_convert_request *r);

#endif
