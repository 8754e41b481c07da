/* SPDX-License-Identifier: Apache-2.0
 * Bundles: what an audit of a run needs besides the data, in one ZIP archive, to be published or sent to somebody.
 *
 *   starts.jsonl       the ledger (run/door/ledger.h)
 *   job.ini            the job
 *   data.sha256        the leaves of the data, where the run keeps them
 *   checkpoint-N.h5    one checkpoint
 *
 * Entries are stored and have no times, so equal files give equal bytes. An entry has less than 4 GB. Nothing in a
 * bundle that is read is trusted: other names are refused, and so are entries that unpack to more bytes than the
 * archive has.
 *
 *     char *folder;
 *     gt_status st = gt_bundle_open("run.zip", &folder); // folder: as a run's
 *     ...
 *     gt_bundle_close(folder);                           // removes it */
#ifndef AUDIT_BUNDLE_H
#define AUDIT_BUNDLE_H

#include <stdbool.h>

#include "gantry/status.h"

/* Writes the bundle of the run in the folder `run` to `path`. `checkpoint`: a file; NULL: the newest of the run that
 * verifies. gt_h5_check() is not needed. GT_FAILED: a file is missing or cannot be read. */
gt_status gt_bundle_write(const char *run, const char *checkpoint, const char *path);
/* Is it an archive with a ledger? False also where it cannot be read. */
bool gt_bundle_is(const char *path);
/* Unpacks a bundle into a new folder in $TMPDIR or /tmp. GT_FORMAT: the file is not a bundle, or damaged. On failure
 * *folder is NULL, and nothing is left. */
gt_status gt_bundle_open(const char *path, char **folder);
void gt_bundle_close(char *folder); /* removes the folder and frees its name; NULL is fine */

#endif
