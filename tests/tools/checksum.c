/* SPDX-License-Identifier: Apache-2.0
 * Makes the first bytes of a checkpoint right again for a test that has changed the others, as somebody who means harm
 * would; or makes them those of another format. checksum FILE [FORMAT] */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/door/file.h"
#include "run/door/checkpoint_internal.h"
#include "run/door/checkpoint.h"

int main(int argc, char **argv) {
    void *data;
    size_t bytes;
    if (argc < 2 || argc > 3 || gt_file_read(argv[1], (size_t)1 << 30, &data, &bytes) || bytes <= CHECKPOINT_BLOCK)
        return 1;
    int fd = open(argv[1], O_WRONLY);
    bool fine = fd >= 0 &&
                !checkpoint_block_make(data, argc > 2 ? atoi(argv[2]) : GT_CHECKPOINT_FORMAT,
                                       (char *)data + CHECKPOINT_BLOCK, bytes - CHECKPOINT_BLOCK) &&
                pwrite(fd, data, CHECKPOINT_BLOCK, 0) == CHECKPOINT_BLOCK;
    free(data);
    return fine ? 0 : 1;
}
