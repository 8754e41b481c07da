/* SPDX-License-Identifier: Apache-2.0
 * The files of CIFAR-10 and CIFAR-100, and where they lie in a folder. */
#ifndef GANTRY_FEATURES_CIFAR_CIFAR_H
#define GANTRY_FEATURES_CIFAR_CIFAR_H

#include "gantry/status.h"

/* What may be there: of one of the sets, one member of each place. */
typedef struct gt_cifar_kind {
    const char *name;
    int batch;   /* its place in the order of items; -1: names of the classes */
    int batches; /* of the set it belongs to */
    int labels;  /* of the binary version: bytes in front of each image, the last one of which is the fine label */
} gt_cifar_kind;

enum { GT_CIFAR_KINDS = 17, GT_CIFAR_IMAGE = 3 * 32 * 32 };
extern const gt_cifar_kind gt_cifar_kinds[GT_CIFAR_KINDS];

/* The files of a folder by kind: path[i] is to be freed (gt_cifar_forget), NULL: there is none. They lie in the folder,
 * or in one below it where the folders down to there hold few files and no pictures. Names of files and folders do not
 * matter where the pickles of a batch say which one they are. GT_FORMAT: they lie in two folders, or two files are the
 * same batch. */
gt_status gt_cifar_find(const char *folder, char *path[GT_CIFAR_KINDS]);
void gt_cifar_forget(char *path[GT_CIFAR_KINDS]);

#endif
