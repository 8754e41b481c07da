/* SPDX-License-Identifier: Apache-2.0
 * Half-written files: what gt_file_replace() writes before a file has its name, PATH.1a2b3c4d.part. A process that is
 * killed leaves its halves behind. Each half is locked (flock) by whoever writes it, so that one whose lock is free
 * belongs to nobody. Where a file system has no such locks every half counts as left behind, and whoever was writing it
 * writes it again. */
#ifndef GANTRY_BASE_HALVES_H
#define GANTRY_BASE_HALVES_H

#include <stdbool.h>

/* A new half of `path`, locked: its descriptor, and its name in *part, to be freed; -1 and errno (*part is NULL, or a
 * name to be freed). What killed processes left of the same path is removed first: looked for once in a folder, when
 * the first file of it is written. */
int gt_half_open(const char *path, char **part);

bool gt_half_name_is(const char *name);   /* is this the name of a half, whatever its path? */
void gt_halves_clear(const char *folder); /* all that killed processes left there */

#endif
