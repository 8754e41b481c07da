/* SPDX-License-Identifier: Apache-2.0
 * StyleGAN2 as the reference implementation keeps networks in files. */
#ifndef GANTRY_STYLEGAN2_REFERENCE_H
#define GANTRY_STYLEGAN2_REFERENCE_H

#include "codec/pickle_write.h"
#include "gantry/model.h"

/* gt_model.put_reference of models that the reference implementation has: square images of 4, 8, 16, ... pixels. */
gt_status gt_stylegan2_put_reference(const gt_model *m, int net, const float *block, gt_pickler *p);
bool gt_stylegan2_has_reference(const gt_model *m);

#endif
