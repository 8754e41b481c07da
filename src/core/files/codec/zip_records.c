/* SPDX-License-Identifier: Apache-2.0
 * The records of ZIP archives: see zip_records.h. */
#include "files/codec/door/zip_records.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

enum { LOCAL_BYTES = 30, END64_BYTES = 56, EXTRA_BYTES = 12 };
enum { VERSION = 20, VERSION_ZIP64 = 45, UNIX = 3 << 8, DATE_1980_01_01 = 0x21 };
#define MODE_0644 (0100644u << 16)

/* Numbers of 2, 4 or 8 bytes each, as the digits of `sizes` say. */
static void put_numbers(gt_buffer *b, const char *sizes, const uint64_t *number) {
    for (; *sizes; sizes++, number++) gt_buffer_add(b, &(uint64_t){htole64(*number)}, (size_t)(*sizes - '0'));
}

uint64_t gt_zip_entry_bytes(const char *name, uint32_t size) { return LOCAL_BYTES + strlen(name) + size; }

/* What local and central headers have in common, from the version needed on. */
static void put_common(gt_buffer *b, const char *name, uint32_t size, uint32_t crc, unsigned version, unsigned extra) {
    /* version, flags, stored, time, date, checksum, sizes, length of the name */
    put_numbers(b, "2222244422", (uint64_t[]){version, 0, 0, 0, DATE_1980_01_01, crc, size, size, strlen(name), extra});
}

void gt_zip_put_local(gt_buffer *b, const char *name, uint32_t size, uint32_t crc) {
    put_numbers(b, "4", (uint64_t[]){0x04034b50});
    put_common(b, name, size, crc, VERSION, 0);
    gt_buffer_add(b, name, strlen(name));
}

void gt_zip_put_central(gt_buffer *b, const char *name, uint32_t size, uint32_t crc, uint64_t *offset) {
    bool far = *offset >= GT_ZIP_TOO_LARGE;
    unsigned version = far ? VERSION_ZIP64 : VERSION;
    put_numbers(b, "42", (uint64_t[]){0x02014b50, UNIX | version});
    put_common(b, name, size, crc, version, far ? EXTRA_BYTES : 0);
    /* comment, disk, kind of contents, attributes */
    put_numbers(b, "22244", (uint64_t[]){0, 0, 0, MODE_0644, far ? GT_ZIP_TOO_LARGE : *offset});
    gt_buffer_add(b, name, strlen(name));
    if (far) put_numbers(b, "228", (uint64_t[]){1, EXTRA_BYTES - 4, *offset}); /* 1: zip64 */
    *offset += gt_zip_entry_bytes(name, size);
}

void gt_zip_put_end(gt_buffer *b, uint64_t entries, uint64_t start, uint64_t length) {
    bool large = entries > 0xffff - 1 || start >= GT_ZIP_TOO_LARGE || length >= GT_ZIP_TOO_LARGE;
    if (large) { /* the record of zip64, and where that record is */
        put_numbers(b, "48224488884484",
                    (uint64_t[]){0x06064b50, END64_BYTES - 12, UNIX | VERSION_ZIP64, VERSION_ZIP64, 0, 0, entries,
                                 entries, length, start, 0x07064b50, 0, start + length, 1});
    }
    uint64_t count = large ? 0xffff : entries;
    put_numbers(b, "42222442",
                (uint64_t[]){0x06054b50, 0, 0, count, count, large ? GT_ZIP_TOO_LARGE : length,
                             large ? GT_ZIP_TOO_LARGE : start, 0});
}
