/* SPDX-License-Identifier: Apache-2.0
 * The hash of a file in one call, beside gantry/contents.h. */
#ifndef GANTRY_CONTENTS_DOOR_CONTENTS_H
#define GANTRY_CONTENTS_DOOR_CONTENTS_H

#include <stdint.h>

#include "gantry/contents.h"
#include "gantry/file.h"
#include "gantry/status.h"

/* All of the above at once, on this thread alone. name (NULL: not wanted): of the file that was read, without folders.
 */
gt_status gt_contents_hash_file(const char *path, char name[GT_NAME_BYTES], char text[GT_CONTENTS_HASH_BYTES]);
gt_status gt_contents_root_of_file(const char *path, gt_sha256 *root); /* what `gantry hash --sha256` prints */

#endif
