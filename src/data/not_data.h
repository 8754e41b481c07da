/* SPDX-License-Identifier: Apache-2.0
 * Messages to somebody who gives another thing where a dataset is wanted. */
#ifndef DATA_NOT_DATA_H
#define DATA_NOT_DATA_H

#include <stdbool.h>

/* What a run's directory, a checkpoint or a file of PyTorch is: they could be taken for a folder of pictures, an HDF5 file
 * and a ZIP. NULL: none of these. */
const char *gt_not_data(const char *spec);

/* What `spec`, which no source has claimed, is instead: "a picture", or `otherwise`. */
const char *gt_not_data_reason(const char *spec, bool missing, const char *otherwise);

#endif
