/* SPDX-License-Identifier: Apache-2.0
 * "1 image", "2 images". */
#ifndef GANTRY_BASE_PLURAL_H
#define GANTRY_BASE_PLURAL_H

#include <stdint.h>

/* What follows a noun after this number: "s", or "" for one. */
static inline const char *gt_plural(int64_t n) { return n == 1 ? "" : "s"; }

#endif
