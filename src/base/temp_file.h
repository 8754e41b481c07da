/* SPDX-License-Identifier: Apache-2.0
 * A file without a name, in $TMPDIR or /tmp, for data that are too large for memory and can be unpacked only from front
 * to back (packed archives). The file is gone when the program ends, however the program ends. gt_read_at() reads from
 * the descriptor, from any thread while nothing is added. */
#ifndef GANTRY_BASE_TEMP_FILE_H
#define GANTRY_BASE_TEMP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_temp_file {
    int fd; /* -1: none */
    uint64_t size;
} gt_temp_file;

#define GT_NO_TEMP_FILE ((gt_temp_file){.fd = -1})

gt_status gt_temp_file_open(gt_temp_file *s);
void gt_temp_file_close(gt_temp_file *s);

gt_status gt_temp_file_add(gt_temp_file *s, const void *bytes, size_t n);
/* Adds zeros up to a multiple of the page size, so that the bytes added next can be mapped. */
gt_status gt_temp_file_align(gt_temp_file *s);

/* n bytes from a page boundary on, read-only; NULL: see gt_message(). */
const void *gt_temp_file_map(const gt_temp_file *s, uint64_t offset, size_t n);
void gt_temp_file_unmap(const void *map, size_t n);

#endif
