/* SPDX-License-Identifier: Apache-2.0
 * Whole files: read with a limit, written so that a reader sees the old file or the new one and never half of either,
 * and a buffer to build them in. A full disk, a quota or a file-size limit is an error value here, never a signal. All
 * functions may be called from any thread; messages name the path. */
#ifndef GANTRY_BASE_FILE_H
#define GANTRY_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
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
/* Writes the buffer into a file as gt_file_write() does, and frees the buffer, also after an error. GT_NOMEM: `failed`,
 * or no path. */
gt_status gt_buffer_write(gt_buffer *b, const char *path);

/* "dir/name", to be freed; NULL: out of memory. */
char *gt_path_join(const char *dir, const char *name);
/* The last part of a path, slashes at the path's end aside: "runs/first/" gives "first". */
enum { GT_NAME_BYTES = 256 };
void gt_path_name(const char *path, char name[GT_NAME_BYTES]);
bool gt_folder_has(const char *dir, const char *name); /* is there something of this name in the folder? */

/* 0 or errno. Writes everything; survives interrupts; a file-size limit is EFBIG. */
int gt_write_all(int fd, const void *data, size_t bytes);
int gt_write_all_at(int fd, const void *data, size_t bytes, off_t at); /* the same at a place of the file */
/* open() with O_CLOEXEC and mode 0666 that survives interrupts: -1 and errno */
int gt_file_open(const char *path, int flags);
int gt_file_sync(int fd);                             /* 0 or errno. fsync() that survives interrupts */
int gt_file_rename(const char *from, const char *to); /* 0 or errno. rename() and unlink() likewise */
int gt_file_remove(const char *path);

/* Put the parts, one after the other, into `path`: written under a name of their own, PATH.1a2b3c4d.part (always
 * another one, so that several processes may write one file at once: the last one stays), synced, renamed, directory
 * synced. A symbolic link stays, and what it leads to is replaced. A device or a pipe is written to as it is, and so is
 * whatever stdout writes to. On failure the old file is as it was (the new one, if the directory alone could not be
 * synced), nothing is left behind, and errno says why. What a killed process left of it is removed (base/halves.h). */
gt_status gt_file_replace(const char *path, const struct iovec *parts, int n); /* no path: GT_NOMEM */
gt_status gt_file_write(const char *path, const void *bytes, size_t n);        /* the same from one part */
/* The same, `bytes` in all, from what writes them into an open file: 0 or errno. It may be asked to again, for another
 * file. */
typedef int gt_file_fill(int fd, void *arg);
gt_status gt_file_replace_by(const char *path, gt_file_fill *fill, void *arg, size_t bytes);

/* The directory and all above it that are not there yet. */
gt_status gt_make_directories(const char *dir);

/* So that a name given or taken away in the folder of `path` outlives a crash. */
gt_status gt_sync_parent(const char *path);

/* A regular file to read from; all else is refused. *fd is -1 unless GT_OK. */
gt_status gt_file_open_regular(const char *path, int *fd, off_t *bytes);
/* Do n bytes (at most 16) of the file agree? false: also when it cannot be read. */
bool gt_file_begins(const char *path, uint64_t offset, const void *bytes, size_t n);
/* All of a regular file of at most `most` bytes; *bytes is malloc'ed (one zero byte more than *n), the caller frees it.
 */
gt_status gt_file_read(const char *path, size_t most, void **bytes, size_t *n);

/* 3: the text begins with the byte-order mark that some editors put first; else 0. */
size_t gt_text_mark(const char *text, size_t n);

/* strerror(), but where no file can be made at `path` for want of inodes it says that: "no space left" sends people
 * looking for bytes. */
const char *gt_error_text(int error, const char *path);

double gt_space_free(const char *path); /* bytes the user may still write there; infinity when unknown */

#endif
