/* SPDX-License-Identifier: Apache-2.0
 * gantry dataset: looking at datasets (command_inspect.c). */
#ifndef GANTRY_FEATURES_DATASET_COMMAND_H
#define GANTRY_FEATURES_DATASET_COMMAND_H

#include "command/door/cli.h"

/* Prints what a dataset holds; `grid`: the PNG into which some of the images are drawn, or "". `preview`: the images
 * are drawn on the terminal, too. */
gt_status cli_dataset_inspect(const char *spec, const char *grid, gt_preview preview);
/* gantry dataset verify: all ranks read every image once. GT_FORMAT: some images are damaged; up to 1000 of them are
 * listed. */
gt_status cli_dataset_verify_all(gt_comm *comm, const char *spec);
/* Prints a line for each class with the number of its images; `names` may be NULL, or fewer than `n`. */
void cli_print_classes(const int64_t *count, int n, const char *const *names, int n_names);

#endif
