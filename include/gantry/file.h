/* SPDX-License-Identifier: Apache-2.0
 * Files for programs: names of files, whole files read with a limit and written so that a reader sees the old file or
 * the new one and never half of either, a buffer to build them in, and the kind of a file, found in its bytes. A full
 * disk, a quota or a file-size limit is an error value here, never a signal. All functions may be called from any
 * thread; messages name the path. */
#ifndef GANTRY_FILE_H
#define GANTRY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "gantry/memory.h"
#include "gantry/status.h"

/* ---- names ---- */

/* "dir/name", to be freed; NULL: out of memory. */
char *gt_path_join(const char *dir, const char *name);
/* The last part of a path, slashes at the path's end aside: "runs/first/" gives "first". */
enum { GT_NAME_BYTES = 256 };
void gt_path_name(const char *path, char name[GT_NAME_BYTES]);
/* A leading ~, which shells do not expand in `--data=~/x.zip`, and nobody expands in job files. In "~" and "~/x" the ~
 * becomes the folder that HOME names, or, where HOME is unset or empty, the user's folder in the password database; in
 * "~name/x" ~name becomes the folder of the user `name`. All other names stay as they are, also "~x" where no user is
 * called x; "./~x" always means the file. Returns `path` itself, or a text in the arena; NULL: out of memory. */
const char *gt_path_expand(gt_arena *a, const char *path);
bool gt_ends_with(const char *text, const char *end); /* as "a.h5" ends with ".h5" */
bool gt_is_url(const char *name);
bool gt_folder_has(const char *dir, const char *name); /* does the folder hold something of this name? */
bool gt_is_directory(const char *path);                /* also through a symbolic link */
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

/* From now on `guard` is asked before a file takes the place of `path`, the name as the caller has given it; from any
 * thread. Where the guard fails, what was written is kept as PATH.new (unless that is there, too), and the guard's
 * failure is that of the writing. NULL: nobody is asked, as at first. */
typedef gt_status gt_file_guard(const char *path);
void gt_file_guard_by(gt_file_guard *guard);

double gt_space_free(const char *path); /* bytes that the user may still write at `path`; infinity: unknown */

/* ---- a growing buffer of bytes ---- */

/* The first failed allocation sticks in `failed`. Start with {0}; gt_buffer_free at the end. */
typedef struct gt_buffer {
    char *data;
    size_t n, capacity;
    bool failed;
} gt_buffer;

void gt_buffer_add(gt_buffer *b, const void *data, size_t bytes);
void gt_buffer_printf(gt_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A word as bash reads it: in quotes, or where its letters need them. What a terminal obeys (gantry/text.h) is written
 * as $'\xNN'. */
void gt_buffer_quote(gt_buffer *b, const char *word);
void gt_buffer_shell(gt_buffer *b, const char *word);
/* A text as a field of a CSV file, in quotes where its letters need them; NULL: an empty field. Spreadsheets take what
 * begins with one of GT_CSV_FORMULA for a formula, unless an apostrophe stands before it: such a text that is not a
 * number gets one, and loses it when it is read (data/csv.h). */
#define GT_CSV_FORMULA "=+-@\t\r"
void gt_buffer_csv(gt_buffer *b, const char *text);
void gt_buffer_free(gt_buffer *b);
/* Writes the buffer into a file as gt_file_write() does, and frees the buffer, also after an error. GT_NOMEM: `failed`,
 * or no path. */
gt_status gt_buffer_write(gt_buffer *b, const char *path);

/* ---- the kind of a file ---- */

/* Found in the file's first bytes and never in the ending of its name: for messages to somebody who gave a file of one
 * kind where another kind is wanted. */
typedef enum gt_file_kind {
    GT_KIND_UNKNOWN,
    GT_KIND_MISSING, /* there is no such file, or the file cannot be read */
    GT_KIND_EMPTY,
    GT_KIND_FOLDER,
    GT_KIND_SPECIAL, /* a device, pipe or socket */
    GT_KIND_CHECKPOINT,
    GT_KIND_HDF5,
    GT_KIND_ZIP,
    GT_KIND_NUMPY,
    GT_KIND_GZIP,
    GT_KIND_PICTURE,
    GT_KIND_FILM,
    GT_KIND_PAGE,    /* HTML */
    GT_KIND_POINTER, /* of Git LFS, in place of a file */
    GT_KIND_TEXT,
    /* networks of other programs */
    GT_KIND_REFERENCE,
    GT_KIND_PICKLE,
    GT_KIND_TORCH,
    GT_KIND_SAFETENSORS,
    GT_KIND_ONNX,
} gt_file_kind;

gt_file_kind gt_kind_of_file(const char *path);
/* From the first `n` bytes of a file of `all` bytes; 512 are enough. */
gt_file_kind gt_kind_of_bytes(const void *head, size_t n, size_t all);
/* "a ZIP archive"; "" for GT_KIND_UNKNOWN and GT_KIND_MISSING. */
const char *gt_kind_text(gt_file_kind kind);
/* Does such a file hold networks of another program? */
bool gt_kind_is_foreign_network(gt_file_kind kind);

#endif
