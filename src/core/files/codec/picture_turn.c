/* SPDX-License-Identifier: Apache-2.0
 * EXIF orientation: how a camera was held. The eight values are the symmetries of the square: transpose, then mirror
 * rows or columns. */
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "files/codec/door/raw_picture.h"
#include "files/codec/door/sample.h"

enum { TAG_BYTES = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3 };
enum { TRANSPOSED = 5 }; /* this orientation and those above it exchange height and width */

static size_t number(const uint8_t *p, bool big, int bytes) {
    if (bytes == 4) return big ? gt_be32(p) : gt_le32(p);
    return big ? gt_be16(p) : gt_le16(p);
}

int gt_exif_orientation(const uint8_t *exif, size_t n) {
    if (n >= 6 && !memcmp(exif, "Exif\0", 6)) exif += 6, n -= 6;
    if (n < 8) return 0;
    bool big = !memcmp(exif, "MM\0*", 4);
    if (!big && memcmp(exif, "II*", 4)) return 0;
    size_t at = number(exif + 4, big, 4);
    if (at > n || n - at < 2) return 0;
    size_t tags = number(exif + at, big, 2);
    for (const uint8_t *tag = exif + at + 2; tags > 0 && exif + n - tag >= TAG_BYTES; tag += TAG_BYTES, tags--) {
        size_t value = number(tag + 8, big, 2);
        if (number(tag, big, 2) == TAG_ORIENTATION)
            return number(tag + 2, big, 2) == TYPE_SHORT && value >= 1 && value <= 8 ? (int)value : 0;
    }
    return 0;
}

void gt_turn_head(gt_picture_info *head, int orientation) {
    int height = head->height;
    if (orientation < TRANSPOSED) return;
    head->height = head->width;
    head->width = height;
}

gt_status gt_raw_turn(gt_raw_picture *raw) {
    int o = raw->orientation;
    if (o <= 1) return GT_OK;
    bool transpose = o >= TRANSPOSED, flip_x = o == 2 || o == 3 || o == 6 || o == 7,
         flip_y = o == 3 || o == 4 || o == 7 || o == 8;
    const gt_picture *from = &raw->picture;
    size_t bytes = (size_t)from->channels * gt_sample_bytes(from->type), all = gt_picture_bytes(from);
    size_t width = (size_t)(transpose ? from->height : from->width),
           height = (size_t)(transpose ? from->width : from->height);
    uint8_t *turned = malloc(all);
    if (!turned) return gt_fail(GT_NOMEM, "out of memory for turning a picture of %zu bytes", all);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            size_t across = flip_x ? width - 1 - x : x, down = flip_y ? height - 1 - y : y;
            size_t pixel = transpose ? across * (size_t)from->width + down : down * (size_t)from->width + across;
            memcpy(turned + (y * width + x) * bytes, (const uint8_t *)from->samples + pixel * bytes, bytes);
        }
    free(raw->picture.samples);
    raw->picture.samples = turned;
    raw->picture.width = (int)width;
    raw->picture.height = (int)height;
    return GT_OK;
}
