/* SPDX-License-Identifier: Apache-2.0
 * Files that gantry export has written, beside tensors, what Gantry needs to make the model again: the recipe, the
 * kernels, names of classes. */
#ifndef GANTRY_JOB_EXPORTED_H
#define GANTRY_JOB_EXPORTED_H

#include "gantry/import.h"

/* As gt_family.import, for models of all families. */
gt_status gt_exported_import(gt_imported *m);

/* The names of classes that a .pkl of gantry export holds beside the networks. */
gt_status gt_exported_keep_class_names(gt_imported *m);

#endif
