/* SPDX-License-Identifier: Apache-2.0
 * Pictures by their bytes: heads, kinds, decoding, beside gantry/picture.h. */
#ifndef GANTRY_FILES_CODEC_DOOR_PICTURE_H
#define GANTRY_FILES_CODEC_DOOR_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/picture.h"
#include "gantry/sample.h"
#include "gantry/status.h"

enum {
    GT_PICTURE_MAX_SIDE = 1 << 17,
    GT_PICTURE_MAX_CHANNELS = 256,
    GT_PICTURE_MAX_BYTES = 1 << 30, /* of samples in one picture */
    GT_PICTURE_HEAD_BYTES = 65536,  /* this many first bytes are nearly always enough for gt_picture_head */
};

/* A new picture with unset samples; sizes are checked against the limits above. */
gt_status gt_picture_new(gt_picture *out, int height, int width, int channels, gt_sample type);
size_t gt_picture_bytes(const gt_picture *p); /* the bytes of the picture's samples */

typedef struct gt_picture_info {
    const char *format;          /* "PNG", "JPEG", "BMP", "PNM", "WebP", "TIFF", "GIF" */
    int height, width, channels; /* as gt_picture_decode gives them */
    int bits;                    /* per sample in the file */
    bool alpha;
    /* The picture is a PNG that is not square, gives no orientation in front of its pixels, and has more than
     * GT_PICTURE_HEAD_BYTES. */
    bool cut;
} gt_picture_info;

/* Size and kind of a picture, without decoding its pixels. `bytes` may be the beginning of the file only; GT_FORMAT
 * then also means that more of the file is needed (TIFF, and WebP with EXIF: all; PNG: all in front of the pixels). */
gt_status gt_picture_head(gt_picture_info *out, const void *bytes, size_t n);

/* GT_OK: these first bytes of a file (64 are enough) are those of a picture of a kind that is read. GT_FORMAT: they are
 * not; the message says of which kind the file is. To be called before a large entry is unpacked. */
gt_status gt_picture_recognise(const void *bytes, size_t n);
/* Are they those of a file of a kind that is known, and not read? */
bool gt_picture_is_unread(const void *bytes, size_t n);

/* "8-bit RGB", "16-bit grey + alpha", "float32, 5 channels": for messages. Returns `text`. */
const char *gt_picture_describe(const gt_picture *p, char text[48]);

/* Whether a name ends like that of a picture file of a kind that is not read. */
bool gt_picture_is_unread_name(const char *name);

#endif
