/* SPDX-License-Identifier: Apache-2.0
 * Makes the first bytes of a checkpoint right again for a test that has changed the others, as somebody who means harm
 * would. checksum FILE */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "run/checkpoint_block.h"
#include "gantry/checkpoint.h"

int main(int argc, char **argv) {
    void *data;
    size_t bytes;
    if (argc != 2 || gt_file_read(argv[1], (size_t)1 << 30, &data, &bytes) || bytes <= CHECKPOINT_BLOCK) return 1;
    int fd = open(argv[1], O_WRONLY);
    bool fine = fd >= 0 &&
                !checkpoint_block_make(data, GT_CHECKPOINT_FORMAT, (char *)data + CHECKPOINT_BLOCK,
                                       bytes - CHECKPOINT_BLOCK) &&
                pwrite(fd, data, CHECKPOINT_BLOCK, 0) == CHECKPOINT_BLOCK;
    free(data);
    return fine ? 0 : 1;
}
