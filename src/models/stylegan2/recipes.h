/* SPDX-License-Identifier: Apache-2.0
 * The recipes of StyleGAN2 (--cfg): published ones (spec 4.2), auto, which is computed from the size of the pictures,
 * and cpu, which a few cores train in hours. */
#ifndef MODELS_STYLEGAN2_RECIPES_H
#define MODELS_STYLEGAN2_RECIPES_H

#include "gantry/family.h"

/* Values of the recipe for all options that nobody has set; they depend on the size of the pictures, and of cpu on
 * nothing else. */
void gt_stylegan2_resolve_recipe(gt_job *job, int64_t items);

/* GT_USAGE: cfg is a recipe of another family. */
gt_status gt_stylegan2_check_recipe(const gt_job *job);

#endif
