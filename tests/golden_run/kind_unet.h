/* SPDX-License-Identifier: Apache-2.0
 * What golden kinds of denoisers share. */
#ifndef KIND_UNET_H
#define KIND_UNET_H

#include "golden.h"
#include "models/edm/unet.h"

gt_unet_shape gold_unet_shape(json_t *c); /* of a network's arguments */

#endif
