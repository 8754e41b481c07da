/* SPDX-License-Identifier: Apache-2.0
 * All networks of a checkpoint, and graphs of theirs, beside gantry/trained.h. */
#ifndef GANTRY_RUNNER_DOOR_TRAINED_H
#define GANTRY_RUNNER_DOOR_TRAINED_H

#include "gantry/network.h"
#include "gantry/trained.h"

/* As gt_trained_open(), with the parameters of the network `name`; NULL: the one that gt_trained_open() takes. */
gt_status gt_trained_open_network(gt_trained *t, const char *checkpoint, const gt_network_options *o, const char *name);
/* As gt_trained_open(), with all other networks that the file has: see `networks`. */
gt_status gt_trained_open_all(gt_trained *t, const char *checkpoint, const gt_network_options *o);

#endif
