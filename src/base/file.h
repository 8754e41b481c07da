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
/* Append a text as a field of a CSV file: in quotes (NULL: an empty text), or in quotes where its letters need them. */
void gt_buffer_csv_quoted(gt_buffer *b, const char *text);
void gt_buffer_csv(gt_buffer *b, const char *text);
void gt_buffer_free(gt_buffer *b);
/* Writes the buffer into a file as gt_file_write() does, and frees the buffer, also after an error. GT_NOMEM: `failed`,
 * or no path. */
gt_status gt_buffer_write(gt_buffer *b, const char *path);

/* "dir/name", to be freed; NULL: out of memory. */
char *gt_path_join(const char *dir, const char *name);
/* The last part of a path, slashes at the path's end aside: "runs/first/" gives "first". */
enum { GT_NAME_BYTES = 256 };
void gt_path_name(const char *path, char name[GT_NAME_BYTES]);
bool gt_ends_with(const char *text, const char *end);  /* as "a.h5" ends with ".h5" */
bool gt_folder_has(const char *dir, const char *name); /* does the folder hold something of this name? */

/* Like the system calls of these names, but a signal does not interrupt them, and all bytes are written. They return 0
 * or errno; beyond a file-size limit EFBIG. */
int gt_write_all(int fd, const void *data, size_t bytes);
int gt_write_all_at(int fd, const void *data, size_t bytes, off_t at); /* at byte `at`; -1: where the file stands */
int gt_file_sync(int fd);
int gt_file_truncate(int fd, off_t bytes);
int gt_file_rename(const char *from, const char *to);
int gt_file_remove(const char *path);
/* open() with O_CLOEXEC and mode 0666, which a signal does not interrupt either; -1 and errno. */
int gt_file_open(const char *path, int flags);

/* Put the parts, one after the other, into `path`: the parts are written into a half (base/halves.h), which is synced
 * and renamed to `path`; then the directory is synced. Several processes may write one file at once: the last one
 * stays. A symbolic link stays, and the file that the link leads to is replaced. A device or a pipe is written to
 * directly, and so is the file that stdout writes to. On failure the old file is as it was (the new file stands there
 * if the directory alone could not be synced), no half is left, and errno says why. `path` NULL: GT_NOMEM. */
gt_status gt_file_replace(const char *path, const struct iovec *parts, int n);
gt_status gt_file_write(const char *path, const void *bytes, size_t n); /* the same from one part */
/* The same with a function that writes all `bytes` into an open file and returns 0 or errno. The function may be called
 * again, for another open file. */
typedef int gt_file_fill(int fd, void *arg);
gt_status gt_file_replace_by(const char *path, gt_file_fill *fill, void *arg, size_t bytes);

/* From now on `guard` is asked before a file takes the place of `path`, the name as the caller has given it; from any
 * thread. Where the guard fails, what was written is kept as PATH.new (unless that is there, too), and the guard's
 * failure is that of the writing. NULL: nobody is asked, as at first. */
typedef gt_status gt_file_guard(const char *path);
void gt_file_guard_by(gt_file_guard *guard);
/* Renames a half to `file`, which is what `path` leads to, if the guard lets it. 0, errno, or EEXIST with *refused, the
 * guard's failure. */
int gt_file_take_place(const char *part, const char *file, const char *path, gt_status *refused);

/* What `path` leads to through symbolic links, whether it is there or not; to be freed. NULL: see errno. */
char *gt_file_follow(const char *path);
/* GT_FAILED, or GT_NOMEM: `path` cannot be written for this errno, of which `bytes` were needed. */
gt_status gt_file_write_failed(const char *path, int error, size_t bytes);

bool gt_is_directory(const char *path); /* also through a symbolic link */
/* Makes the directory, and all directories above it that do not exist yet. */
gt_status gt_make_directories(const char *dir);

/* Syncs the folder of `path`: a file that was made, renamed or removed there stays so after a crash. */
gt_status gt_sync_parent(const char *path);

/* Opens a regular file for reading; GT_FORMAT: `path` is not a regular file. *fd is -1 unless GT_OK. */
gt_status gt_file_open_regular(const char *path, int *fd, off_t *bytes);
/* All n bytes at `offset` of an open file; GT_FORMAT: the file ends before. The message names no path. */
gt_status gt_read_at(int fd, uint64_t offset, void *out, size_t n);
/* Does the file hold these n bytes (at most 16) at `offset`? false also where the file cannot be read. */
bool gt_file_begins(const char *path, uint64_t offset, const void *bytes, size_t n);
/* All of a regular file of at most `most` bytes. The caller frees *bytes, which holds a zero byte behind its *n bytes.
 */
gt_status gt_file_read(const char *path, size_t most, void **bytes, size_t *n);

/* The length of the byte-order mark that some editors put before a text: 3, or 0 where there is none. */
size_t gt_text_mark(const char *text, size_t n);

/* strerror(), except where no file can be made at `path` because all inodes are in use: then the text says so, since
 * people look for bytes where they read "no space left". */
const char *gt_error_text(int error, const char *path);

/* Is it the file that stdout writes to? Such a file is written to, never replaced. */
bool gt_file_is_stdout(const char *path);

double gt_space_free(const char *path); /* bytes that the user may still write at `path`; infinity: unknown */

#endif
