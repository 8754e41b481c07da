/* SPDX-License-Identifier: Apache-2.0
 * File names with a leading ~, which shells do not expand in `--data=~/x.zip`, and nobody expands in job files. */
#ifndef GANTRY_BASE_TILDE_H
#define GANTRY_BASE_TILDE_H

#include "gantry/memory.h"

/* In "~" and "~/x" the ~ becomes the folder that HOME names, or, where HOME is unset or empty, the user's folder in the
 * password database; in "~name/x" ~name becomes the folder of the user `name`. All other names stay as they are, also
 * "~x" where no user is called x; "./~x" always means the file. Returns `path` itself, or a text in the arena; NULL:
 * out of memory. */
const char *gt_path_expand(gt_arena *a, const char *path);

#endif
