/* SPDX-License-Identifier: Apache-2.0
 * What files of other programs have beside a network, beside gantry/network.h. */
#ifndef GANTRY_JOB_DOOR_NETWORK_H
#define GANTRY_JOB_DOOR_NETWORK_H

#include "gantry/checkpoint.h"
#include "gantry/network.h"

/* A file of another program may have networks beside the one in use that Gantry cannot take. GT_FORMAT: why `network`
 * ("D") is not there; NULL: any of them. */
gt_status gt_network_check(const gt_checkpoint_file *f, const char *network);
/* Warns of all of them, for what does without. */
void gt_network_warn(const gt_checkpoint_file *f);

/* ---- networks by name: job/published.c ---- */

/* The file for a name or an address, to be freed, or a copy of any other path. GT_FAILED: the file is not there, and
 * the message has the line that fetches it. */
gt_status gt_network_find(const char *path, char **file);

#endif
