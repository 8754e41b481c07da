/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect: one file per kind of thing. */
#ifndef GANTRY_FEATURES_INSPECT_COMMAND_H
#define GANTRY_FEATURES_INSPECT_COMMAND_H

#include "command/door/cli.h"

gt_status cli_inspect_checkpoint(const gt_options *o, const char *path);
/* For stats.jsonl or metrics.h5. *other: the file is an HDF5 file of another kind. */
gt_status cli_inspect_log(const char *path, bool *other);
gt_status cli_inspect_run(const gt_options *o, const char *dir);
/* The losses of an autoencoder's run, tick by tick: the mean over images, and the mean over batches of the sum over a
 * batch; or those of the latest tick by all reductions. GT_USAGE: the run's log has no such losses. */
gt_status cli_inspect_losses(const char *dir, bool reductions);
/* Of its networks; of a file without networks: nothing. */
gt_status cli_print_layers(const gt_options *o, const char *checkpoint);
/* gantry inspect --model=NAME --size=HxW [...]: the layers of the model's networks as tables. Reads argv itself, since
 * the options of jobs count. Returns the exit status. */
int cli_inspect_model(int argc, char **argv);
/* Prints the training graphs of a job file, checkpoint or run as tables. `phase` "": of all phases; `timed`: with
 * measured times. */
gt_status cli_inspect_graph(const gt_options *o, const char *path, const char *phase, bool timed, int threads);

#endif
