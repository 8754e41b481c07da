/* SPDX-License-Identifier: Apache-2.0
 * PNG by itself, and entries of ZIP archives. The functions of gantry/picture.h read pictures of every kind. No byte
 * that is read is trusted: sizes are checked before memory is taken, checksums are verified. A message gives the
 * reason; unless said otherwise the caller puts file and entry in front of the message (gt_wrap). All functions may be
 * called from any thread. */
#ifndef GANTRY_FILES_CODEC_DOOR_CODEC_H
#define GANTRY_FILES_CODEC_DOOR_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/picture.h"
#include "gantry/status.h"

/* ---- PNG ---- */

enum {
    GT_PNG_HEAD_BYTES = 33, /* signature and IHDR chunk: what gt_png_head needs */
    GT_PNG_MAX_SIDE = 32768,
    GT_PNG_MAX_BYTES = 1 << 30, /* of pixels in one image */
};

typedef struct gt_png_info {
    int height, width;
    int channels; /* of the samples in the file: 1 grey or indices of a palette, 2 grey + alpha, 3 RGB, 4 RGBA */
    int bits;     /* of a sample, or of an index: 1, 2, 4, 8, 16 */
    bool palette;
} gt_png_info;

/* Reads the first GT_PNG_HEAD_BYTES of a file: the signature, the IHDR chunk and the CRC of the chunk. GT_FORMAT: no
 * PNG, damaged, or larger than the limits above. */
gt_status gt_png_head(const void *bytes, size_t n, gt_png_info *info);

/* Makes a PNG of a picture of 1 to 4 channels and 8 or 16 bits (in the machine's byte order). The caller frees *bytes
 * (malloc'ed); on failure *bytes is NULL. `level` is that of zlib, 0 (stored) to 9. GT_USAGE: sizes or a level that a
 * PNG cannot have. */
gt_status gt_png_encode(const gt_picture *p, int level, void **bytes, size_t *n);

/* ---- reading ZIP archives: stored or deflated entries, zip64 ---- */

typedef struct gt_zip gt_zip;

typedef struct gt_zip_entry {
    const char *name; /* bytes as in the archive, '/' between folders; never used as a path */
    uint64_t size;    /* bytes when unpacked; never more than the packed bytes in the file can unpack to */
    uint64_t index;   /* number of the entry in the archive */
    uint32_t crc;     /* CRC-32 of the unpacked bytes */
} gt_zip_entry;

/* Opens an archive and reads the index. Folders are left out; entries are sorted by name (code points). GT_FORMAT: the
 * archive is damaged, truncated, no regular file, or one of several files; two entries have one name, or share
 * bytes; an entry is encrypted or packed in another way. Messages name the path. On failure *out is NULL. */
gt_status gt_zip_open(gt_zip **out, const char *path);
void gt_zip_close(gt_zip *z); /* NULL is fine */
size_t gt_zip_count(const gt_zip *z);
const gt_zip_entry *gt_zip_at(const gt_zip *z, size_t i);
/* The name of entry i in UTF-8: as it is where the archive or its bytes say that it is UTF-8, else from cp437, as the
 * standard of ZIP says. Lives as long as the archive. One thread at a time. */
const char *gt_zip_name(const gt_zip *z, size_t i);
/* The entry of this name, NULL: there is no such entry. *i gets the entry's place for gt_zip_at, unless i is NULL. */
const gt_zip_entry *gt_zip_find(const gt_zip *z, const char *name, size_t *i);

/* Reads all of entry i (entry->size bytes) into `out`; the CRC-32 is verified. */
gt_status gt_zip_read(gt_zip *z, size_t i, void *out);

/* Reads the first n bytes of entry i into `out`; the CRC-32 is not verified. GT_FORMAT: damaged, or the entry has fewer
 * bytes. */
gt_status gt_zip_peek(gt_zip *z, size_t i, void *out, size_t n);

/* Gives n bytes of entry i from byte `from` on to `to`, in pieces of 65536 bytes but for the last one. The first call
 * for an entry reads all of the entry and verifies the CRC-32, at the end; later ones read less of a stored entry. */
typedef gt_status gt_zip_sink(void *arg, const void *bytes, size_t n);
gt_status gt_zip_pour(gt_zip *z, size_t i, uint64_t from, uint64_t n, gt_zip_sink *to, void *arg);

#endif
