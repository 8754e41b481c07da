/* SPDX-License-Identifier: Apache-2.0
 * Halves: files that are being written and do not have their final name PATH yet. A half is called PATH.1a2b3c4d.part,
 * with new digits for each half. A killed process leaves its halves behind. The writer of a half locks the half
 * (flock), so that a half without a lock belongs to nobody. Where a file system has no such locks, every half counts as
 * left behind, and a writer whose half was removed writes the half again. */
#ifndef GANTRY_BASE_HALVES_H
#define GANTRY_BASE_HALVES_H

/* Makes and locks a new half of `path`. Returns its descriptor, and in *part its name, which the caller frees; -1 and
 * errno on failure (*part is NULL, or a name to be freed). Before, the halves of `path` that killed processes left are
 * removed; a folder is searched for halves once, when its first file is written. */
int gt_half_open(const char *path, char **part);

void gt_halves_clear(const char *folder); /* removes all halves that killed processes left in the folder */

#endif
