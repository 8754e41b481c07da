/* SPDX-License-Identifier: Apache-2.0
 * Files, for the rooms: what stands below gantry/file.h. System calls that a signal does not interrupt, files that are
 * written whole or not at all, in one go or piece by piece, files without a name, and the kinds of file systems. All
 * functions may be called from any thread; messages name the path. */
#ifndef GANTRY_BASE_DOOR_FILE_H
#define GANTRY_BASE_DOOR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "gantry/file.h"
#include "gantry/status.h"

/* ---- names ---- */

/* Makes the directory, and all directories above it that do not exist yet. */
gt_status gt_make_directories(const char *dir);

/* ---- whole files ---- */

/* All of a regular file of at most `most` bytes. The caller frees *bytes, which holds a zero byte behind its *n bytes.
 */
gt_status gt_file_read(const char *path, size_t most, void **bytes, size_t *n);
/* Puts n bytes into `path`: they are written into a file of another name, which is synced and renamed to `path`; then
 * the directory is synced. Several processes may write one file at once: the last one stays. A symbolic link stays, and
 * the file that the link leads to is replaced. A device or a pipe is written to directly, and so is the file that
 * stdout writes to. On failure the old file is as it was (the new file stands there if the directory alone could not be
 * synced), nothing of the new one is left, and errno says why. `path` NULL: GT_NOMEM. */
gt_status gt_file_write(const char *path, const void *bytes, size_t n);
int gt_file_remove(const char *path); /* 0 or errno; a signal does not interrupt it */

double gt_space_free(const char *path); /* bytes that the user may still write at `path`; infinity: unknown */

/* ---- a growing buffer of bytes ---- */

void gt_buffer_add(gt_buffer *b, const void *data, size_t bytes);
/* As gt_buffer_printf(), with arguments that are made as gt_print() makes them. */
void gt_buffer_format(gt_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A word as bash reads it, as gt_buffer_shell(), but in quotes in any case. */
void gt_buffer_quote(gt_buffer *b, const char *word);
/* A text as a field of a CSV file, in quotes where its letters need them; NULL: an empty field. Spreadsheets take what
 * begins with one of GT_CSV_FORMULA for a formula, unless an apostrophe stands before it: such a text that is not a
 * number gets one, and loses it when it is read (data/door/csv.h). */
#define GT_CSV_FORMULA "=+-@\t\r"
void gt_buffer_csv(gt_buffer *b, const char *text);
void gt_buffer_base64(gt_buffer *b, const void *data, size_t n); /* RFC 4648, section 4 */

/* ---- the kind of a file ---- */

/* From the first `n` bytes of a file of `all` bytes; 512 are enough. */
gt_file_kind gt_kind_of_bytes(const void *head, size_t n, size_t all);

/* The first line of a checkpoint. */
#define GT_CHECKPOINT_MARK "Gantry checkpoint\n"

/* ---- system calls ---- */

/* Like the system calls of these names, but a signal does not interrupt them, and all bytes are written. They return 0
 * or errno; beyond a file-size limit EFBIG. */
int gt_write_all(int fd, const void *data, size_t bytes);
int gt_write_all_at(int fd, const void *data, size_t bytes, off_t at); /* at byte `at`; -1: where the file stands */
int gt_file_sync(int fd);
int gt_file_truncate(int fd, off_t bytes);
int gt_file_rename(const char *from, const char *to);
/* open() with O_CLOEXEC and mode 0666, which a signal does not interrupt either; -1 and errno. */
int gt_file_open(const char *path, int flags);
/* Calls fn for what lies in a folder, by its path and its name, in the order of names, until fn fails. */
typedef gt_status gt_folder_visit(void *arg, const char *path, const char *name);
gt_status gt_folder_each(const char *dir, gt_folder_visit *fn, void *arg);
/* Syncs the folder of `path`: a file that was made, renamed or removed there stays so after a crash. */
gt_status gt_sync_parent(const char *path);

/* ---- reading ---- */

/* Opens a regular file for reading; GT_FORMAT: `path` is not a regular file. *fd is -1 unless GT_OK. */
gt_status gt_file_open_regular(const char *path, int *fd, off_t *bytes);
gt_status gt_file_check_regular(const char *path); /* can it be opened so? */
/* All n bytes at `offset` of an open file; GT_FORMAT: the file ends before. The message names no path. */
gt_status gt_read_at(int fd, uint64_t offset, void *out, size_t n);
/* Does the file hold these n bytes (at most 16) at `offset`? false also where the file cannot be read. */
bool gt_file_begins(const char *path, uint64_t offset, const void *bytes, size_t n);
/* The length of the byte-order mark that some editors put before a text: 3, or 0 where there is none. */
size_t gt_text_mark(const char *text, size_t n);

/* ---- "FILE:NAME", an array of a file (named.c) ---- */

/* What lies at the whole name comes first. NAME begins behind the last colon before which a file lies, or, where there
 * is none, behind the last colon. */
enum { GT_ARRAY_FILE_BYTES = 4096, GT_ARRAY_OF_FILE_BYTES = 256 };
typedef struct gt_named_array {
    char file[GT_ARRAY_FILE_BYTES], name[GT_ARRAY_OF_FILE_BYTES]; /* name "": the file as a whole */
} gt_named_array;
/* Does the text name an array of a file that is there? */
bool gt_named_array_is(const char *text, gt_named_array *out);
/* The next part of a list "FILE:NAME,NAME,FILE:NAME": a part without a colon is another array of the file before, or,
 * where that has no name, another file. Begin with *rest, the list; false: there are no more. GT_USAGE in *st: a name
 * is too long or empty. */
bool gt_named_array_next(const char **rest, gt_named_array *part, gt_status *st);

/* ---- replacing a file (file.c) ---- */

/* As gt_file_write(), from several parts, one after the other; what is written before the renaming is a half. */
gt_status gt_file_replace(const char *path, const struct iovec *parts, int n);
/* The same with a function that writes all `bytes` into an open file and returns 0 or errno. The function may be called
 * again, for another open file. */
typedef int gt_file_fill(int fd, void *arg);
gt_status gt_file_replace_by(const char *path, gt_file_fill *fill, void *arg, size_t bytes);
/* Renames a half to `file`, which is what `path` leads to, if the guard (gt_file_guard_by) lets it. 0, errno, or EEXIST
 * with *refused, the guard's failure. */
int gt_file_take_place(const char *part, const char *file, const char *path, gt_status *refused);
/* How many files this process has replaced so, all threads together. */
int64_t gt_files_replaced(void);
/* What `path` leads to through symbolic links, whether it is there or not; to be freed. NULL: see errno. */
char *gt_file_follow(const char *path);
/* GT_FAILED, or GT_NOMEM: `path` cannot be written for this errno, of which `bytes` were needed. */
gt_status gt_file_write_failed(const char *path, int error, size_t bytes);
/* Is it the file that stdout writes to? Such a file is written to, never replaced. */
bool gt_file_is_stdout(const char *path);

/* ---- halves (halves.c) ---- */

/* Halves: files that are being written and do not have their final name PATH yet. A half is called PATH.1a2b3c4d.part,
 * with new digits for each half. A killed process leaves its halves behind. The writer of a half locks the half
 * (flock), so that a half without a lock belongs to nobody. Where a file system has no such locks, every half counts as
 * left behind, and a writer whose half was removed writes the half again. */

/* Makes and locks a new half of `path`. Returns its descriptor, and in *part its name, which the caller frees; -1 and
 * errno on failure (*part is NULL, or a name to be freed). Before, the halves of `path` that killed processes left are
 * removed; a folder is searched for halves once, when its first file is written. */
int gt_half_open(const char *path, char **part);

void gt_halves_clear(const char *folder); /* removes all halves that killed processes left in the folder */

/* ---- growing files (growing_file.c) ---- */

/* A file that is written piece by piece, of any size, and that readers see whole or not at all: until it is finished
 * its bytes are in a half (above).
 *
 *     gt_growing_file f;
 *     gt_status st = gt_growing_open(&f, path);
 *     if (!st) st = gt_growing_add(&f, bytes, n);      // as often as needed
 *     if (!st) st = gt_growing_finish(&f);
 *     gt_growing_close(&f);                            // removes what is not finished
 *
 * After an error nothing is left, and the old file is as it was. Messages name the path. */
typedef struct gt_growing_file {
    char *path, *file, *part; /* as it was given; behind symbolic links; the half */
    int fd;                   /* -1: not open */
    uint64_t bytes;           /* so far */
} gt_growing_file;

/* GT_USAGE: the path is a folder, a device or a pipe. On failure *f is closed. */
gt_status gt_growing_open(gt_growing_file *f, const char *path);
gt_status gt_growing_add(gt_growing_file *f, const void *bytes, size_t n);
/* The same for a file of which all `f->bytes` up to here are known: n bytes that lie before are replaced. */
gt_status gt_growing_put(gt_growing_file *f, uint64_t offset, const void *bytes, size_t n);
/* Syncs the file and gives it its name. */
gt_status gt_growing_finish(gt_growing_file *f);
void gt_growing_close(gt_growing_file *f); /* harmless on one that is closed, or {0} with fd -1 */

/* ---- files without a name (temp_file.c) ---- */

/* A file without a name, in $TMPDIR or /tmp, for data that are too large for memory and can be unpacked only from front
 * to back (packed archives). The file is gone when the program ends, however the program ends. gt_read_at() reads from
 * the descriptor, from any thread while nothing is added. */
typedef struct gt_temp_file {
    int fd; /* -1: none */
    uint64_t size;
} gt_temp_file;

#define GT_NO_TEMP_FILE ((gt_temp_file){.fd = -1})

const char *gt_temp_folder(void); /* $TMPDIR or /tmp */
/* Makes a folder in it, whose name begins with gantry- and `what`. On failure `path` is "". */
gt_status gt_temp_folder_make(const char *what, char *path, size_t room);
/* Removes such a folder with all that lies in it, as far as the system allows that; follows no links. */
void gt_temp_folder_remove(const char *path);
/* The same in another folder; 0 or errno. */
int gt_temp_folder_make_in(const char *dir, const char *what, char *path, size_t room);
gt_status gt_temp_file_open(gt_temp_file *s);
void gt_temp_file_close(gt_temp_file *s);

gt_status gt_temp_file_add(gt_temp_file *s, const void *bytes, size_t n);
/* Adds zeros up to a multiple of the page size, so that the bytes added next can be mapped. */
gt_status gt_temp_file_align(gt_temp_file *s);

/* n bytes from a page boundary on, read-only; NULL: see gt_message(). */
const void *gt_temp_file_map(const gt_temp_file *s, uint64_t offset, size_t n);
void gt_temp_file_unmap(const void *map, size_t n);

/* ---- what is kept from run to run (cache.c) ---- */

/* The path of `name` in $GT_CACHE, else in $XDG_CACHE_HOME/gantry, else in ~/.cache/gantry, to be freed; the folder
 * need not be there. NULL: see gt_message(). */
char *gt_cache_path(const char *name);

/* ---- file systems (file_system.c) ---- */

typedef struct gt_file_system {
    const char *name; /* "nfs", "lustre", "ext4", ...; "unknown" */
    /* other hosts use the same file system: readers there may see writes late and out of order, and locks may fail */
    bool shared;
} gt_file_system;

gt_file_system gt_file_system_of(const char *path); /* of an existing file or directory */
bool gt_file_system_has_inodes(const char *path);   /* can another file be made at `path`? */
/* strerror(), except where no file can be made at `path` because all inodes are in use: then the text says so, since
 * people look for bytes where they read "no space left". */
const char *gt_error_text(int error, const char *path);

#endif
