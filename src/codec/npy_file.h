/* SPDX-License-Identifier: Apache-2.0
 * NumPy's .npy files, for writing. */
#ifndef FILES_NPY_H
#define FILES_NPY_H

#include "gantry/status.h"

/* float32 [height, width, channels], format version 1.0; whole or not at all. */
gt_status gt_npy_write(const char *path, const float *samples, int height, int width, int channels);

#endif
