/* SPDX-License-Identifier: Apache-2.0
 * Hashes and checksums of bytes, beside gantry/hash.h. */
#ifndef GANTRY_BASE_DOOR_HASH_H
#define GANTRY_BASE_DOOR_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/hash.h"

gt_hash128 gt_hash(const void *data, size_t bytes);

typedef struct gt_hasher gt_hasher; /* the same hash of bytes that come in pieces */
gt_hasher *gt_hasher_new(void);
void gt_hasher_add(gt_hasher *h, const void *data, size_t bytes);
gt_hash128 gt_hasher_end(gt_hasher *h); /* frees it */

uint32_t gt_crc32(uint32_t crc, const void *data, size_t bytes);  /* start with 0 */
uint32_t gt_crc32c(uint32_t crc, const void *data, size_t bytes); /* start with 0 */

#endif
