/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/npy_file.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

gt_status gt_npy_write(const char *path, const float *samples, int height, int width, int channels) {
    enum { HEAD = 128 }; /* magic, version, length of the text, and the text, padded with spaces to a line end */
    char head[HEAD + 1];
    int n = snprintf(head, sizeof head, "\x93NUMPY\x01%c%c%c{'descr': '%cf4', 'fortran_order': False, 'shape': (%d, %d, %d), }", 0, HEAD - 10, 0,
                     __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>', height, width, channels);
    memset(head + n, ' ', (size_t)(HEAD - 1 - n));
    head[HEAD - 1] = '\n';
    size_t bytes = (size_t)height * (size_t)width * (size_t)channels * sizeof *samples;
    return gt_file_replace(path, (struct iovec[]){{head, HEAD}, {(void *)samples, bytes}}, 2);
}
