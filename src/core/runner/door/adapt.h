/* SPDX-License-Identifier: Apache-2.0
 * Pictures that somebody gives, as the pictures of a generator are. */
#ifndef GANTRY_RUNNER_DOOR_ADAPT_H
#define GANTRY_RUNNER_DOOR_ADAPT_H

#include "gantry/picture.h"
#include "gantry/trained.h"

gt_status gt_read_picture(const char *file, gt_picture *p);
/* The middle of the picture in the size and with the channels of the model's pictures, as numbers from -1 to 1:
 * malloc'ed. Numbers of the kind that the model's data have, if it is not 8-bit, have the range of these data. `say`: a
 * line of the log tells what was done. The picture is freed in any case. */
gt_status gt_adapt_picture(gt_picture *p, const char *name, const gt_trained *t, bool say, float **image);

#endif
