/* SPDX-License-Identifier: Apache-2.0
 * What a picture file says beside its pixels: a text of this program, and a packet of XMP. PNG has both (iTXt), WebP,
 * JPEG, MP4 and TIFF have XMP alone. Nothing that is read is trusted: no text is unpacked, none is longer than
 * GT_NOTES_MOST, and XMP is not parsed here. */
#ifndef GANTRY_FILES_CODEC_DOOR_NOTES_H
#define GANTRY_FILES_CODEC_DOOR_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/file.h"
#include "gantry/picture.h"
#include "gantry/status.h"

#define GT_NOTES_KEY "gantry" /* of the text, in PNG */
enum { GT_NOTES_MOST = 1 << 17 };

/* To be written. UTF-8; NULL: none. */
typedef struct gt_picture_notes {
    const char *text, *xmp;
} gt_picture_notes;

/* As gt_png_encode() (codec.h), and as a file of which no reader sees half a picture, its path in the message; with
 * notes in front of the pixels; `notes` may be NULL. */
gt_status gt_png_encode_noted(const gt_picture *p, int level, const gt_picture_notes *notes, void **bytes, size_t *n);
gt_status gt_png_write_noted(const char *path, const gt_picture *p, const gt_picture_notes *notes);

/* What is to stand at the end of an MP4 file. */
void gt_mp4_put_xmp(gt_buffer *out, const char *xmp);

typedef enum gt_picture_said_kind {
    GT_PICTURE_SAID_PNG,
    GT_PICTURE_SAID_WEBP,
    GT_PICTURE_SAID_JPEG,
    GT_PICTURE_SAID_MP4,
    GT_PICTURE_SAID_TIFF
} gt_picture_said_kind;

typedef struct gt_picture_said {
    gt_picture_said_kind kind;
    char *text, *xmp;  /* to be freed; NULL: none */
    bool animated;     /* it has several pictures */
    int64_t frames;    /* of WebP and MP4, without unpacking any; 0: not known */
    int height, width; /* of MP4, in the same way */
    bool lossy;        /* the pixels of the file are not those that were put in */
    size_t before_xmp; /* WebP or MP4 that ends with the XMP: bytes in front of it; else 0 */
    /* Why programs may show something else than the pixels that gt_picture_decode() gives; "": nothing known. Of a PNG
     * all that this program does not write is known; of a TIFF, which others write, all tags but those of
     * pixels and XMP. Of a WebP the bytes in front of the XMP must be compared. */
    char beyond[128];
} gt_picture_said;

/* GT_FORMAT: a kind of picture without notes, or damaged. On failure *out is {0}. */
gt_status gt_picture_said_read(gt_picture_said *out, const void *bytes, size_t n);
void gt_picture_said_free(gt_picture_said *f);

#endif
