/* SPDX-License-Identifier: Apache-2.0
 * A file without a name, in $TMPDIR or /tmp, for what is too large for memory and can only be read from front to back
 * in the form it came in (packed archives). It ends with the program, however that ends. */
#ifndef GANTRY_BASE_TEMP_FILE_H
#define GANTRY_BASE_TEMP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

typedef struct gt_temp_file {
    int fd; /* -1: none */
    uint64_t size;
} gt_temp_file;

#define GT_SPOOL_NONE ((gt_temp_file){.fd = -1})

gt_status gt_temp_file_open(gt_temp_file *s);
void gt_temp_file_close(gt_temp_file *s);

gt_status gt_temp_file_add(gt_temp_file *s, const void *bytes, size_t n);
/* zeros up to a multiple of the page size, so that what follows can be mapped */
gt_status gt_temp_file_align(gt_temp_file *s);

/* Any thread, while nothing is added. */
gt_status gt_temp_file_read(const gt_temp_file *s, uint64_t offset, void *out, size_t n);

/* n bytes from a page boundary on, read-only; NULL: the message is set. */
const void *gt_temp_file_map(const gt_temp_file *s, uint64_t offset, size_t n);
void gt_temp_file_unmap(const void *map, size_t n);

/* All n bytes at `offset` of any file; GT_FORMAT: it ends before. */
gt_status gt_read_at(int fd, uint64_t offset, void *out, size_t n);

#endif
