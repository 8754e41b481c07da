/* SPDX-License-Identifier: Apache-2.0
 * gantry dataset: looking at datasets (command_inspect.c). */
#ifndef GANTRY_FEATURES_DATASET_COMMAND_H
#define GANTRY_FEATURES_DATASET_COMMAND_H

#include "command/door/cli.h"
#include "data/door/fields_pack.h"

/* Prints what a dataset holds; `grid`: the PNG into which some of the images are drawn, or "". `preview`: the images
 * are drawn on the terminal, too. */
gt_status cli_dataset_inspect(const char *spec, const char *grid, gt_preview preview);
/* gantry dataset verify: all ranks read every image once. GT_FORMAT: some images are damaged; up to 1000 of them are
 * listed. */
gt_status cli_dataset_verify_all(gt_comm *comm, const char *spec);
/* Variables of fields, a list as FILE:NAME,NAME, into the file `dest`. GT_USAGE: the file is there and is another
 * (unless `replace`), or it is a source. Main thread of one rank (pack.c). */
gt_status cli_dataset_pack(const char *list, const char *dest, bool compress, bool replace, gt_fields_packed *made);
/* Prints a line for each class with the number of its images; `names` may be NULL, or fewer than `n`. */
void cli_print_classes(const int64_t *count, int n, const char *const *names, int n_names);

#endif
