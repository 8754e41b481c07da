/* SPDX-License-Identifier: Apache-2.0
 * What kind of file system a path lies on. */
#ifndef GANTRY_BASE_FILE_SYSTEM_H
#define GANTRY_BASE_FILE_SYSTEM_H

#include <stdbool.h>

typedef struct gt_file_system {
    const char *name; /* "nfs", "lustre", "ext4", ...; "unknown" */
    /* other hosts see it: readers there may see writes late and out of order, and locks may not work */
    bool shared;
} gt_file_system;

gt_file_system gt_file_system_of(const char *path); /* of a file or directory that is there */

#endif
