/* SPDX-License-Identifier: Apache-2.0
 * What kind of thing a name stands for, told by first bytes and never by the name's ending: for messages to somebody
 * who gave a file where another kind is wanted. */
#ifndef GANTRY_BASE_FILE_KIND_H
#define GANTRY_BASE_FILE_KIND_H

#include <stdbool.h>
#include <stddef.h>

typedef enum gt_file_kind {
    GT_KIND_UNKNOWN,
    GT_KIND_MISSING, /* nothing has this name, or it cannot be read */
    GT_KIND_EMPTY,
    GT_KIND_FOLDER,
    GT_KIND_SPECIAL, /* a device, pipe or socket */
    GT_KIND_CHECKPOINT,
    GT_KIND_HDF5,
    GT_KIND_ZIP,
    GT_KIND_NUMPY,
    GT_KIND_GZIP,
    GT_KIND_PICTURE,
    GT_KIND_TEXT,
    /* networks of other programs */
    GT_KIND_REFERENCE,
    GT_KIND_PICKLE,
    GT_KIND_TORCH,
    GT_KIND_SAFETENSORS,
    GT_KIND_ONNX,
} gt_file_kind;

enum { GT_KIND_HEAD = 512 }; /* bytes of a file that are looked at */

gt_file_kind gt_kind_of_file(const char *path);
/* From a file's first bytes, `n` of them; the whole file has `all`. */
gt_file_kind gt_kind_of_bytes(const void *head, size_t n, size_t all);
/* "a ZIP archive"; "" for those without a name (unknown, missing). */
const char *gt_kind_text(gt_file_kind kind);
/* Parameters of networks that another program has written, as far as that can be told. */
bool gt_kind_is_foreign_network(gt_file_kind kind);

bool gt_is_url(const char *name);
/* One of the networks that the reference implementation downloads by name ("ffhq256"). */
bool gt_is_published_network(const char *name);

#endif
