/* SPDX-License-Identifier: Apache-2.0
 * Archives that can only be read from front to back (libarchive). Messages give the reason alone. */
#ifndef GANTRY_DATA_DOOR_ARCHIVE_H
#define GANTRY_DATA_DOOR_ARCHIVE_H

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stddef.h>

#include "gantry/status.h"

typedef gt_status gt_archive_use(void *arg, struct archive *a, struct archive_entry *entry);

typedef enum gt_archive_kind {
    GT_ARCHIVE_ZIP,
    GT_ARCHIVE_TAR, /* may be packed by gzip */
    GT_ARCHIVE_ANY, /* all but ZIP: tar packed in any way, 7-Zip, RAR, ... */
} gt_archive_kind;

/* Calls use() with each entry, in the archive's order, and stops at the first failure. Names are UTF-8 where the
 * archive says what they are, else bytes. */
gt_status gt_archive_each(const char *path, gt_archive_kind kind, gt_archive_use *use, void *arg);
/* Does a file begin like such an archive, not ZIP? Of what is packed without a name of its own (gzip) the tar in it. */
bool gt_archive_is(const char *path);
/* The next bytes of the entry: *n is `most`, or less at the end of the entry. */
gt_status gt_archive_piece(struct archive *a, void *out, size_t most, size_t *n);

#endif
