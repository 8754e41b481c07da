/* SPDX-License-Identifier: Apache-2.0
 * Subsets by class: some classes alone, or so many images of each. */
#ifndef GANTRY_DATASET_TOOL_CLASSES_H
#define GANTRY_DATASET_TOOL_CLASSES_H

#include "dataset_tool/tool.h"

/* Chooses among all items by r->classes, r->each and r->amount; the classes chosen are numbered anew, in the order in
 * which r->classes names them. GT_USAGE: no classes, an unknown one, or too few images. */
gt_status gt_items_choose_classes(gt_items *items, const gt_convert_request *r);

#endif
