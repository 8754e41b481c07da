/* SPDX-License-Identifier: Apache-2.0
 * Writes and reads the first bytes of a checkpoint (checkpoint_block.h). */
#include "run/checkpoint_block.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "gantry/hash.h"

static void print_block(char block[CHECKPOINT_BLOCK], int format, size_t file_bytes, const char *hash) {
    memset(block, 0, CHECKPOINT_BLOCK);
    snprintf(block, CHECKPOINT_BLOCK, GT_CHECKPOINT_MARK "format %d\nbytes %zu\nxxh3-128 %s\n", format, file_bytes,
             hash);
}

gt_status checkpoint_block_make(char block[CHECKPOINT_BLOCK], int format, const void *data, size_t bytes) {
    gt_hasher *h = gt_hasher_new();
    if (!h) return GT_NOMEM;
    char hex[33];
    print_block(block, format, CHECKPOINT_BLOCK + bytes, "00000000000000000000000000000000");
    gt_hasher_add(h, block, CHECKPOINT_BLOCK);
    gt_hasher_add(h, data, bytes);
    gt_hash_hex(gt_hasher_end(h), hex);
    print_block(block, format, CHECKPOINT_BLOCK + bytes, hex);
    return GT_OK;
}

gt_status checkpoint_block_parse(const char block[CHECKPOINT_BLOCK], int *format, size_t *file_bytes) {
    char text[CHECKPOINT_BLOCK + 1];
    uintmax_t bytes;
    memcpy(text, block, CHECKPOINT_BLOCK);
    text[CHECKPOINT_BLOCK] = 0;
    if (sscanf(text, GT_CHECKPOINT_MARK "format %9d\nbytes %18ju\n", format, &bytes) != 2 || *format < 1 ||
        bytes <= CHECKPOINT_BLOCK)
        return gt_fail(GT_FORMAT, "it is not a Gantry checkpoint, or its first bytes are damaged");
    *file_bytes = (size_t)bytes;
    return GT_OK;
}
