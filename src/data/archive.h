/* SPDX-License-Identifier: Apache-2.0
 * Archives that can only be read from front to back (libarchive). Messages give the reason alone. */
#ifndef GANTRY_DATA_ARCHIVE_H
#define GANTRY_DATA_ARCHIVE_H

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stddef.h>

#include "gantry/status.h"

typedef gt_status gt_archive_use(void *arg, struct archive *a, struct archive_entry *entry);

/* Calls use() with each entry, in the archive's order, and stops at the first failure. A ZIP, else a tar that may be
 * packed by gzip. */
gt_status gt_archive_each(const char *path, bool zip, gt_archive_use *use, void *arg);
/* The next bytes of the entry: *n is `most`, or less at the end of the entry. */
gt_status gt_archive_piece(struct archive *a, void *out, size_t most, size_t *n);

#endif
