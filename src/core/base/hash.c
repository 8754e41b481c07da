/* SPDX-License-Identifier: Apache-2.0
 * Checksums. xxHash and zlib compute most of them; CRC-32C is short enough to be computed here. */
#include "base/door/hash.h"

#include <stdio.h>
#include <xxhash.h>
#include <zlib.h>

#include "gantry/status.h"

static gt_hash128 from_xxh(XXH128_hash_t h) { return (gt_hash128){.high = h.high64, .low = h.low64}; }

gt_hash128 gt_hash(const void *data, size_t bytes) { return from_xxh(XXH3_128bits(data, bytes)); }

void gt_hash_hex(gt_hash128 h, char out[33]) {
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)h.high, (unsigned long long)h.low);
}

/* The public name is never completed: it is xxHash's state under another name. */
gt_hasher *gt_hasher_new(void) {
    XXH3_state_t *state = XXH3_createState();
    if (!state) {
        gt_fail(GT_NOMEM, "out of memory for a checksum");
        return NULL;
    }
    XXH3_128bits_reset(state);
    return (gt_hasher *)state;
}

void gt_hasher_add(gt_hasher *h, const void *data, size_t bytes) {
    XXH3_128bits_update((XXH3_state_t *)h, data, bytes);
}

gt_hash128 gt_hasher_end(gt_hasher *h) {
    gt_hash128 result = from_xxh(XXH3_128bits_digest((XXH3_state_t *)h));
    XXH3_freeState((XXH3_state_t *)h);
    return result;
}

uint32_t gt_crc32(uint32_t crc, const void *data, size_t bytes) { return (uint32_t)crc32_z(crc, data, bytes); }

/* Castagnoli's polynomial 0x1EDC6F41, reflected, four bits at a time: entry i is the remainder of the nibble i. */
uint32_t gt_crc32c(uint32_t crc, const void *data, size_t bytes) {
    static const uint32_t nibble[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const unsigned char *p = data;
    crc = ~crc;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ nibble[crc & 15];
        crc = crc >> 4 ^ nibble[crc & 15];
    }
    return ~crc;
}
