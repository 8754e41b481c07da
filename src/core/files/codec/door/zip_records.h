/* SPDX-License-Identifier: Apache-2.0
 * The records of a ZIP archive that is written from front to back: the plain core of the format (PKWARE APPNOTE 6.3:
 * 4.3.7 local header, 4.3.12 central header, 4.3.14-16 end records): stored entries without extra fields, zip64 where a
 * place outgrows its field. No times: equal entries give equal bytes. */
#ifndef GANTRY_FILES_CODEC_DOOR_ZIP_RECORDS_H
#define GANTRY_FILES_CODEC_DOOR_ZIP_RECORDS_H

#include <stdint.h>

#include "base/door/file.h"

#define GT_ZIP_TOO_LARGE 0xffffffffu /* bytes of an entry are less */

/* The bytes of an entry with its local header. */
uint64_t gt_zip_entry_bytes(const char *name, uint32_t size);
/* What stands in front of the bytes of an entry. */
void gt_zip_put_local(gt_buffer *b, const char *name, uint32_t size, uint32_t crc);
/* A line of the index for the entry at *offset, which moves on to the next one. */
void gt_zip_put_central(gt_buffer *b, const char *name, uint32_t size, uint32_t crc, uint64_t *offset);
/* The end, behind an index of so many entries, which begins at `start`. */
void gt_zip_put_end(gt_buffer *b, uint64_t entries, uint64_t start, uint64_t length);

/* ---- reading ---- */

/* Of an open file: GT_FORMAT where two entries share bytes, as far as an index is found and its numbers tell; GT_OK
 * does not say that it is an archive. */
gt_status gt_zip_check_places(int fd, uint64_t file_bytes);

#endif
