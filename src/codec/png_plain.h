/* SPDX-License-Identifier: Apache-2.0
 * The usual kind of PNG, read about twice as fast as libpng reads it: 8 or 16 bits, no palette, not interlaced, and
 * nothing beside the pixels that could change what they mean; up to 16 MB, as it holds what it unpacks beside the
 * samples. */
#ifndef CODEC_PNG_PLAIN_H
#define CODEC_PNG_PLAIN_H

#include <stdbool.h>

#include "gantry/codec.h"

/* Samples [H,W,C] as stored, 16-bit ones in the machine's byte order; `info` from gt_png_head. Every checksum is
 * verified. False: it is of another kind, or something is wrong with it; libpng is to say what. `samples` may be half
 * written then. */
bool gt_png_plain(const void *bytes, size_t n, const gt_png_info *info, void *samples);

#endif
