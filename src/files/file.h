/* SPDX-License-Identifier: Apache-2.0
 * Files that are whole or not there, and a buffer to build them in. A full disk, a quota or a file-size limit is an error
 * value here, never a signal. */
#ifndef FILES_FILE_H
#define FILES_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "gantry/status.h"

/* A growing byte buffer; the first failed allocation sticks in `failed`. Start with {0}; gt_buffer_free at the end. */
typedef struct gt_buffer {
    char *data;
    size_t n, capacity;
    bool failed;
} gt_buffer;

void gt_buffer_add(gt_buffer *b, const void *data, size_t bytes);
void gt_buffer_printf(gt_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gt_buffer_free(gt_buffer *b);

/* "dir/name", to be freed; NULL: out of memory. */
char *gt_path_join(const char *dir, const char *name);

/* 0 or errno. Writes everything; survives interrupts; a file-size limit is EFBIG. */
int gt_write_all(int fd, const void *data, size_t bytes);

/* Put the parts, one after the other, into `path`: written as PATH.part, synced, renamed, directory synced. On failure
 * the old file is as it was and nothing is left behind. May be called from any thread. */
gt_status gt_file_replace(const char *path, const struct iovec *parts, int n);

gt_status gt_directory_sync(const char *dir);
double gt_space_free(const char *path); /* bytes the user may still write there; infinity when unknown */

#endif
