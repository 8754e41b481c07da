/* SPDX-License-Identifier: Apache-2.0
 * The common PNG, fast: 8 or 16 bits, grey or RGB with or without alpha, not interlaced, and without what changes its
 * meaning (profile, orientation, colour key). Unpacked by libdeflate in one go, which takes a third of libpng's time. */
#ifndef GANTRY_CODEC_PNG_PLAIN_H
#define GANTRY_CODEC_PNG_PLAIN_H

#include "codec/raw_picture.h"
#include "gantry/codec.h"

/* `info`: from gt_png_head of the same bytes. False for large pictures, too: libpng needs no second copy of them. */
bool gt_png_is_plain(const uint8_t *bytes, size_t n, const gt_png_info *info);

/* Every chunk's CRC and the stream's checksum are verified. */
gt_status gt_png_plain(gt_raw_picture *raw, const uint8_t *bytes, size_t n, const gt_png_info *info);

#endif
