/* SPDX-License-Identifier: Apache-2.0
 * Files for programs: names of files, whole files read with a limit and written so that a reader sees the old file or
 * the new one and never half of either, a buffer to build them in, and the kind of a file, found in its bytes. A full
 * disk, a quota or a file-size limit is an error value here, never a signal. All functions may be called from any
 * thread; messages name the path.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
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
bool gt_folder_has(const char *dir, const char *name);     /* does the folder hold something of this name? */
bool gt_is_directory(const char *path);                    /* also through a symbolic link */
bool gt_file_is_older(const char *path, const char *than); /* are both there, and the first was changed before? */

/* ---- whole files ---- */

/* From now on `guard` is asked before a file takes the place of `path`, the name as the caller has given it; from any
 * thread. Where the guard fails, what was written is kept as PATH.new (unless that is there, too), and the guard's
 * failure is that of the writing. NULL: nobody is asked, as at first. */
typedef gt_status gt_file_guard(const char *path);
void gt_file_guard_by(gt_file_guard *guard);

/* ---- a growing buffer of bytes ---- */

/* The first failed allocation sticks in `failed`. Start with {0}; gt_buffer_free at the end. */
typedef struct gt_buffer {
    char *data;
    size_t n, capacity;
    bool failed;
} gt_buffer;

void gt_buffer_printf(gt_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A word as bash reads it: in quotes where its letters need them. What a terminal obeys (gantry/text.h) is written as
 * $'\xNN'. */
void gt_buffer_shell(gt_buffer *b, const char *word);
void gt_buffer_free(gt_buffer *b);
#define GT_BUFFER __attribute__((cleanup(gt_buffer_free))) /* before a local buffer: freed where its block ends */
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
/* "a ZIP archive"; "" for GT_KIND_UNKNOWN and GT_KIND_MISSING. */
const char *gt_kind_text(gt_file_kind kind);
/* Does such a file hold networks of another program? */
bool gt_kind_is_foreign_network(gt_file_kind kind);

/* The entry of a folder whose name without `ending` is nearest to `name`: true, and its whole name. */
bool gt_nearest_entry(const char *folder, const char *name, const char *ending, char near[GT_NAME_BYTES]);

#endif
