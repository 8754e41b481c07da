/* SPDX-License-Identifier: Apache-2.0
 * What a kind of picture file must provide. A new kind is one file with one gt_picture_kind, and a line of the table
 * in picture.c for each way in which such files begin. */
#ifndef GANTRY_FILES_CODEC_DOOR_RAW_PICTURE_H
#define GANTRY_FILES_CODEC_DOOR_RAW_PICTURE_H

#include "files/codec/door/codec.h"
#include "files/codec/door/picture.h"

/* A picture as stored in the file: before orientation and colours are applied. */
typedef struct gt_raw_picture {
    gt_picture picture;
    size_t most_bytes;      /* of samples that are allowed; 0: GT_PICTURE_MAX_BYTES */
    int orientation;        /* EXIF's 1 to 8; 0: not given */
    bool cmyk;              /* 4 channels, 0 = no ink */
    unsigned char *profile; /* an ICC profile, malloc'ed; NULL: none */
    size_t profile_bytes;
} gt_raw_picture;

typedef struct gt_picture_kind {
    gt_status (*head)(gt_picture_info *out, const uint8_t *bytes, size_t n); /* *out is {0}; the caller sets format */
    /* The caller frees what *raw holds, also on failure. */
    gt_status (*decode)(gt_raw_picture *raw, const uint8_t *bytes, size_t n);
} gt_picture_kind;

extern const gt_picture_kind gt_kind_png, gt_kind_jpeg, gt_kind_bmp, gt_kind_pnm, gt_kind_webp, gt_kind_tiff,
    gt_kind_gif;

#define GT_FIRST_OF_ANIMATION "only the first picture of its animation is read" /* a note of pictures */

/* Makes raw->picture as gt_picture_new() does, of at most raw->most_bytes. */
gt_status gt_raw_new(gt_raw_picture *raw, size_t height, size_t width, size_t channels, gt_sample type);

/* GT_FORMAT: a side is 0, or something is above the limits of picture.h. */
gt_status gt_picture_check_size(size_t height, size_t width, size_t channels, gt_sample type, size_t most_bytes);
/* Sizes and bits of *out; all else becomes 0. GT_FORMAT: as gt_picture_check_size(). */
gt_status gt_head_fill(gt_picture_info *out, size_t height, size_t width, size_t channels, gt_sample type, int bits);

/* Keeps a copy of an ICC profile; keeps none when memory is short. */
void gt_raw_keep_profile(gt_raw_picture *raw, const void *profile, size_t n);

/* The orientation in EXIF data, which are a TIFF header with its tags; 0: not given. */
int gt_exif_orientation(const uint8_t *exif, size_t n);

gt_status gt_raw_turn(gt_raw_picture *raw);                /* turns the picture upright */
void gt_turn_head(gt_picture_info *head, int orientation); /* the height and width of the upright picture */
gt_status gt_raw_colours(gt_raw_picture *raw);             /* applies the profile; CMYK becomes RGB */

/* The usual kind of PNG (png_plain.c), read about twice as fast as libpng reads it: 8 or 16 bits, no palette, not
 * interlaced, no chunk that could change what the pixels mean, and up to 16 MB of pixels, since the unpacked bytes need
 * memory beside the samples. */
/* Samples [H,W,C] as stored, those of 16 bits in the machine's byte order; `info` is what gt_png_head says of the file,
 * without a palette and of 8 or 16 bits.
 * Every checksum is verified. False: the file is of another kind, or damaged, and libpng must read it; `samples` may
 * then be half written. */
bool gt_png_plain(const void *bytes, size_t n, const gt_png_info *info, void *samples);

#endif
