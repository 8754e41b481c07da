/* SPDX-License-Identifier: Apache-2.0
 * The kind of a file, found in its first bytes and never in the ending of its name: for messages to somebody who gave a
 * file of one kind where another kind is wanted. */
#ifndef GANTRY_BASE_FILE_KIND_H
#define GANTRY_BASE_FILE_KIND_H

#include <stdbool.h>
#include <stddef.h>

/* The first line of a checkpoint. */
#define GT_CHECKPOINT_MARK "Gantry checkpoint\n"

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
    GT_KIND_PAGE, /* HTML */
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

bool gt_is_url(const char *name);

#endif
