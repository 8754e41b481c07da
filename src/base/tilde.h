/* SPDX-License-Identifier: Apache-2.0
 * File names as a shell would read them. Shells leave the ~ of `--data=~/x.zip` as it is, and so do job files. */
#ifndef GANTRY_BASE_TILDE_H
#define GANTRY_BASE_TILDE_H

#include "gantry/memory.h"

/* "~" and "~/x": the folder HOME names, or where HOME is unset or empty the user's own by the password database;
 * "~name/x": that user's. All other names come back as they are, also "~x" where no user is called x; "./~x" always
 * means the file. In the arena when it differs; NULL: out of memory. */
const char *gt_path_expand(gt_arena *a, const char *path);

#endif
