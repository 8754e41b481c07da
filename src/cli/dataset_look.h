/* SPDX-License-Identifier: Apache-2.0
 * gantry dataset inspect and verify. */
#ifndef CLI_DATASET_LOOK_H
#define CLI_DATASET_LOOK_H

#include "gantry/dist.h"

/* Prints what the dataset holds to stdout; `grid`: the PNG into which some of the images are drawn, or "". */
gt_status cli_dataset_inspect(const char *spec, const char *grid);
/* All ranks read every image once, checksums included, on all their threads. GT_FORMAT: some images are
 * damaged; up to 1000 of them are listed. */
gt_status cli_dataset_verify_all(gt_comm *comm, const char *spec);

#endif
