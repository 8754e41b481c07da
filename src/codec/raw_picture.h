/* SPDX-License-Identifier: Apache-2.0
 * What a kind of picture file must provide. A new kind is one file with one gt_picture_kind, and one line in picture.c.
 */
#ifndef GANTRY_CODEC_RAW_PICTURE_H
#define GANTRY_CODEC_RAW_PICTURE_H

#include "gantry/picture.h"

/* A picture as stored in the file: before orientation and colours are applied. */
typedef struct gt_raw_picture {
    gt_picture picture;
    size_t most_bytes;      /* of samples; 0: GT_PICTURE_MAX_BYTES */
    int orientation;        /* EXIF's 1 to 8; 0: not given */
    bool cmyk;              /* 4 channels, 0 = no ink */
    unsigned char *profile; /* ICC, malloc'ed; NULL: none */
    size_t profile_bytes;
} gt_raw_picture;

typedef struct gt_picture_kind {
    const char *name;
    bool (*begins)(const uint8_t *bytes, size_t n);
    gt_status (*head)(gt_picture_info *out, const uint8_t *bytes, size_t n);
    /* the caller frees *raw, also on failure */
    gt_status (*decode)(gt_raw_picture *raw, const uint8_t *bytes, size_t n);
} gt_picture_kind;

extern const gt_picture_kind gt_kind_png, gt_kind_jpeg, gt_kind_bmp, gt_kind_pnm, gt_kind_webp, gt_kind_tiff;

/* gt_picture_new for raw->picture of at most raw->most_bytes. */
gt_status gt_raw_new(gt_raw_picture *raw, uint64_t height, uint64_t width, unsigned channels, gt_sample type);

/* The checks alone, in 64 bits: no side 0, none above the limits. */
gt_status gt_picture_check_size(uint64_t height, uint64_t width, uint64_t channels, gt_sample type, size_t most_bytes);

/* Keeps a copy of an ICC profile, or of none when out of memory. */
void gt_raw_keep_profile(gt_raw_picture *raw, const void *profile, size_t n);

int gt_exif_orientation(const uint8_t *exif, size_t n); /* of a TIFF header with its tags; 0: not given */

gt_status gt_raw_turn(gt_raw_picture *raw); /* applies the orientation */
void gt_turn_head(gt_picture_info *head, int orientation);
gt_status gt_raw_colours(gt_raw_picture *raw); /* applies the profile; CMYK to RGB */

#endif
