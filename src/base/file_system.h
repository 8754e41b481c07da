/* SPDX-License-Identifier: Apache-2.0
 * The kind of the file system that holds a file. */
#ifndef GANTRY_BASE_FILE_SYSTEM_H
#define GANTRY_BASE_FILE_SYSTEM_H

#include <stdbool.h>

typedef struct gt_file_system {
    const char *name; /* "nfs", "lustre", "ext4", ...; "unknown" */
    /* other hosts use the same file system: readers there may see writes late and out of order, and locks may fail */
    bool shared;
} gt_file_system;

gt_file_system gt_file_system_of(const char *path); /* of an existing file or directory */

#endif
