/* SPDX-License-Identifier: Apache-2.0
 * The usual kind of PNG, read about twice as fast as libpng reads it: 8 or 16 bits, no palette, not interlaced, no
 * chunk that could change what the pixels mean, and up to 16 MB of pixels, since the unpacked bytes need memory beside
 * the samples. */
#ifndef CODEC_PNG_PLAIN_H
#define CODEC_PNG_PLAIN_H

#include <stdbool.h>

#include "gantry/codec.h"

/* Samples [H,W,C] as stored, those of 16 bits in the machine's byte order; `info` is what gt_png_head says of the file,
 * without a palette and of 8 or 16 bits.
 * Every checksum is verified. False: the file is of another kind, or damaged, and libpng must read it; `samples` may
 * then be half written. */
bool gt_png_plain(const void *bytes, size_t n, const gt_png_info *info, void *samples);

#endif
