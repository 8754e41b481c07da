/* SPDX-License-Identifier: Apache-2.0
 * Picture files of every common kind: bytes in, samples out.
 *
 *     gt_picture p;
 *     gt_status st = gt_picture_decode(&p, bytes, n, 0);
 *     if (st) return gt_wrap(st, "'%s'", path);
 *     ... p.samples: [p.height, p.width, p.channels] of p.type ...
 *     gt_picture_free(&p);
 *
 * The first bytes tell the kind of the picture; its name never does. These pictures are made:
 *   PNG    as stored: grey, grey + alpha, RGB, RGBA of 8 or 16 bits; 1, 2 and 4 bits spread over 0..255; a palette
 *          gives RGB, or RGBA where the palette has transparent colours. The colour key of grey and RGB (tRNS) does
 *          not become a channel: `note` says so.
 *   JPEG   8-bit grey or RGB, baseline or progressive; CMYK and YCCK become RGB
 *   BMP    1, 4, 8, 24 and 32 bits, without bit fields and run lengths: RGB; grey where the palette is the ramp 0..255
 *          (or 0, 255)
 *   PNM    PGM and PPM; maxval up to 255 spread over 0..255 in 8 bits, a larger one over 0..65535 in 16
 *   WebP   lossy and lossless, RGB or RGBA
 *   GIF    RGB, or RGBA where the picture has a transparent colour; grey where the table of colours is the ramp
 *   TIFF   first page; strips or tiles; 8 and 16 bits, 32- and 64-bit float (as GT_F32), any number of channels; grey
 *          of 1, 2 and 4 bits, palettes, 8-bit CMYK, YCbCr as JPEG; alpha that is multiplied into the colours with 8
 *          bits only
 * Of an animation (GIF, WebP, PNG) the first picture is read, and `note` says so.
 * Samples of 8-bit files equal Pillow's; of 16-bit RGB files Pillow keeps the high byte, here they stay 16-bit.
 * The picture is turned as the EXIF orientation says; an orientation behind the pixels of a PNG is ignored, and `note`
 * says so. Colours of an ICC profile other than sRGB are converted to sRGB (8 and 16 bits, relative colorimetric with
 * black point compensation); where a profile cannot be used the samples stay, and `note` says so.
 *
 * These are refused with a message: run lengths, bit fields and OS/2 headers of BMP, bitmaps of PNM (P1, P4), and TIFF
 * of other kinds than above. No byte that is read is trusted: sizes are checked before memory is taken. Messages give
 * the reason only; the caller puts file and entry in front (gt_wrap). Any thread may call, several at a time.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_PICTURE_H
#define GANTRY_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/sample.h"
#include "gantry/status.h"

typedef struct gt_picture {
    int height, width, channels;
    gt_sample type;
    bool alpha;       /* the last channel is alpha; it is not multiplied into the colours */
    const char *note; /* what the user should know about the conversion (static text); NULL: nothing */
    void *samples;    /* [H,W,C], malloc'ed */
} gt_picture;

/* `most_bytes`: how many bytes of samples are allowed; 0 or more than GT_PICTURE_MAX_BYTES: GT_PICTURE_MAX_BYTES. On
 * failure *out is {0}. GT_FORMAT: damaged, truncated, of a kind that is not read, or larger than allowed. */
gt_status gt_picture_decode(gt_picture *out, const void *bytes, size_t n, size_t most_bytes);

/* Frees the samples; *p becomes {0}. A picture that is {0} already is fine. */
void gt_picture_free(gt_picture *p);

/* Whether a name ends like that of a picture file, of a kind that is read or not. */
bool gt_picture_is_name(const char *name);

/* ---- PNG ---- */

/* Writes pixels [H,W,C] of 8 bits as a PNG. A reader of the file never sees half a picture. The message names the path.
 */
gt_status gt_png_write(const char *path, const uint8_t *pixels, int height, int width, int channels);

#endif
