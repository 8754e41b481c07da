/* SPDX-License-Identifier: Apache-2.0
 * Pictures that somebody gives, as the pictures of a generator are. */
#ifndef GANTRY_USE_RUNNER_ADAPT_H
#define GANTRY_USE_RUNNER_ADAPT_H

#include "gantry/model.h"
#include "gantry/picture.h"

gt_status gt_read_picture(const char *file, gt_picture *p);
/* The middle of the picture in the size and with the channels of the model's pictures, as numbers from -1 to 1:
 * malloc'ed. `say`: a line of the log tells what was done. The picture is freed in any case. */
gt_status gt_adapt_picture(gt_picture *p, const char *name, const gt_model *m, bool say, float **image);

#endif
