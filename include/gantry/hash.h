/* SPDX-License-Identifier: Apache-2.0
 * Checksums: XXH3-128 for whole files and fingerprints, CRC-32 (zlib's polynomial) for archive entries, CRC-32C for
 * TFEvents. And SHA-256, where it matters that nobody can make other contents with the same hash.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_HASH_H
#define GANTRY_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct gt_hash128 {
    uint64_t high, low;
} gt_hash128;

void gt_hash_hex(gt_hash128 h, char out[33]);

enum { GT_SHA256_TEXT = 65 };

typedef struct gt_sha256 {
    uint8_t byte[32];
} gt_sha256;

const char *gt_sha256_text(const gt_sha256 *h, char text[GT_SHA256_TEXT]); /* 64 hexadecimal digits */

#endif
