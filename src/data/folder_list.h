/* SPDX-License-Identifier: Apache-2.0
 * The files of a folder and of its subfolders. */
#ifndef GANTRY_DATA_FOLDER_LIST_H
#define GANTRY_DATA_FOLDER_LIST_H

#include <stdbool.h>

#include "data/name_list.h"

/* Adds the paths, relative to `path`, of all files that `accept` wants, in no order. Links to files are followed, links to
 * folders are not (they may lead round in a circle). Messages name the path. */
gt_status gt_folder_list(gt_name_list *l, const char *path, bool (*accept)(const char *name));

#endif
