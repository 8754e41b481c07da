/* SPDX-License-Identifier: Apache-2.0
 * What golden kinds of denoisers share. */
#ifndef KIND_UNET_H
#define KIND_UNET_H

#include "golden.h"
#include "features/edm/unet.h"

gt_unet_shape gold_unet_shape(json_t *c); /* of a network's arguments */
/* Pictures as the program writes them, where the file has them: bytes may differ by one in a few places, where a number
 * lies at a border. kind_denoise_pkl.c */
void gold_check_bytes(gold *f, const char *path, const float *x, size_t n);

#endif
