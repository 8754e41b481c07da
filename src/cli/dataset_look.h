/* SPDX-License-Identifier: Apache-2.0
 * gantry dataset inspect and verify. */
#ifndef CLI_DATASET_LOOK_H
#define CLI_DATASET_LOOK_H

#include "gantry/dist.h"

/* What the dataset holds, to stdout; `grid` NULL, or the PNG that gets some of its images. */
gt_status cli_dataset_inspect(const char *spec, const char *grid);
/* Reads every image, checksums included; all ranks and threads share the work. GT_FORMAT: some are damaged, all are listed. */
gt_status cli_dataset_verify(gt_comm *comm, const char *spec);

#endif
