/* SPDX-License-Identifier: Apache-2.0
 * PNG for writing, entries of ZIP archives for reading. Pictures of every kind are read by picture.h. No byte that is
 * read is trusted: sizes are checked before memory is taken, checksums are verified. A message gives the reason; the
 * caller puts file and entry in front of the message (gt_wrap). All functions may be called from any thread. */
#ifndef GANTRY_CODEC_H
#define GANTRY_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/status.h"

/* ---- PNG ---- */

enum {
    GT_PNG_HEAD_BYTES = 33, /* signature and IHDR chunk: what gt_png_head needs */
    GT_PNG_MAX_SIDE = 32768,
    GT_PNG_MAX_BYTES = 1 << 30, /* of pixels in one image */
};

typedef struct gt_png_info {
    int height, width;
    int channels; /* of the samples in the file: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; 1 for a palette's indices */
    int bits;     /* per sample (per index): 1, 2, 4, 8, 16 */
    bool palette;
} gt_png_info;

/* Reads the first GT_PNG_HEAD_BYTES: signature, IHDR chunk and its CRC. GT_FORMAT: not a PNG, damaged, or larger than
 * the limits above. */
gt_status gt_png_head(const void *bytes, size_t n, gt_png_info *info);

/* Samples [H,W,C] of 1 to 4 channels as a PNG. *bytes is malloc'ed, the caller frees it; NULL on failure. `level` is
 * that of zlib, 0 (stored) to 9. GT_USAGE: sizes or a level that a PNG cannot have. */
gt_status gt_png_encode(const uint8_t *pixels, int height, int width, int channels, int level, void **bytes, size_t *n);

/* The same from samples of 8 bits, or of 16 in the machine's byte order, as `as` says. */
gt_status gt_png_encode_samples(const void *pixels, const gt_png_info *as, int level, void **bytes, size_t *n);

/* Encodes and writes the file as a whole: a reader never sees half a picture. The message names the path. */
gt_status gt_png_write(const char *path, const uint8_t *pixels, int height, int width, int channels);

/* ---- ZIP archives, for reading: stored or deflated entries, zip64 ---- */

typedef struct gt_zip gt_zip;

typedef struct gt_zip_entry {
    const char *name; /* bytes as in the archive, '/' between folders; never used as a path */
    uint64_t size;    /* bytes when unpacked; not more than the packed bytes in the file can unpack to */
    uint64_t index;   /* place in the archive */
    uint32_t crc;     /* CRC-32 of the unpacked bytes */
} gt_zip_entry;

/* Reads the index once; folders are left out, entries are sorted by name (code points). GT_FORMAT: damaged, truncated,
 * two entries of one name, encrypted or packed otherwise, spread over several files. Messages name the path. */
gt_status gt_zip_open(gt_zip **out, const char *path);
void gt_zip_close(gt_zip *z); /* NULL is fine */
size_t gt_zip_count(const gt_zip *z);
const gt_zip_entry *gt_zip_at(const gt_zip *z, size_t i);
const gt_zip_entry *gt_zip_find(const gt_zip *z, const char *name, size_t *i); /* NULL: none; i may be NULL */

/* All of entry i (entry->size bytes) into `out`; the CRC-32 is verified. Messages do not name path and entry. */
gt_status gt_zip_read(gt_zip *z, size_t i, void *out);

/* The first n bytes, not verified; fewer than n in the entry: GT_FORMAT. */
gt_status gt_zip_peek(gt_zip *z, size_t i, void *out, size_t n);

#endif
