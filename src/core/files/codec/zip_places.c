/* SPDX-License-Identifier: Apache-2.0
 * Do entries of a ZIP archive share bytes (zip_records.h)? libzip does not tell where entries lie, so the index is read
 * once more. Where this reader finds no index that it understands, libzip decides whether the archive is one. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/codec/door/zip_records.h"

enum { LOCAL_BYTES = 30, CENTRAL_BYTES = 46, END_BYTES = 22, LOCATOR_BYTES = 20, END64_BYTES = 56, TAIL = 1 << 17 };

typedef struct place {
    uint64_t first, end; /* bytes, as few as it can have */
    const uint8_t *record;
} place;

static uint64_t number(const uint8_t *p, size_t bytes) {
    uint64_t v = 0;
    memcpy(&v, p, bytes);
    return le64toh(v);
}

static bool read_at(int fd, void *out, size_t n, uint64_t at) { return pread(fd, out, n, (off_t)at) == (ssize_t)n; }

/* The last end record whose comment reaches the end of the file; what is in the one of zip64 takes its place. */
static bool find_index(int fd, uint64_t file_bytes, uint64_t *at, uint64_t *bytes) {
    size_t n = file_bytes < TAIL ? (size_t)file_bytes : TAIL, i = n < END_BYTES ? 0 : n - END_BYTES + 1;
    uint8_t *tail = malloc(n + 1), end64[END64_BYTES];
    bool found = false;
    if (tail && read_at(fd, tail, n, file_bytes - n))
        while (!found && i-- > 0)
            found = !memcmp(tail + i, "PK\5\6", 4) && i + END_BYTES + number(tail + i + 20, 2) == n;
    if (found) {
        *bytes = number(tail + i + 12, 4);
        *at = number(tail + i + 16, 4);
        const uint8_t *locator = i < LOCATOR_BYTES ? NULL : tail + i - LOCATOR_BYTES;
        if (locator && !memcmp(locator, "PK\6\7", 4) && read_at(fd, end64, END64_BYTES, number(locator + 8, 8)) &&
            !memcmp(end64, "PK\6\6", 4)) {
            *bytes = number(end64 + 40, 8);
            *at = number(end64 + 48, 8);
        }
    }
    free(tail);
    return found && *at <= file_bytes && *bytes <= file_bytes - *at;
}

/* Sizes and place that do not fit into their fields follow, in this order, in an extra field. */
static void take_extra(const uint8_t *extra, const uint8_t *end, uint64_t *const of[3]) {
    while (end - extra >= 4) {
        const uint8_t *p = extra + 4, *next = p + number(extra + 2, 2);
        if (next > end) return;
        for (int i = 0; i < 3 && number(extra, 2) == 1; i++)
            if (*of[i] == GT_ZIP_TOO_LARGE && next - p >= 8) *of[i] = number(p, 8), p += 8;
        extra = next;
    }
}

static int by_first(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->record < y->record ? -1 : 1;
}

/* The entries of an index; *n is at most bytes / CENTRAL_BYTES. */
static void list_places(const uint8_t *index, uint64_t bytes, place *list, size_t *n) {
    for (const uint8_t *p = index, *end = index + bytes; end - p >= CENTRAL_BYTES && !memcmp(p, "PK\1\2", 4);) {
        const uint8_t *extra = p + CENTRAL_BYTES + number(p + 28, 2), *comment = extra + number(p + 30, 2);
        uint64_t size = number(p + 24, 4), packed = number(p + 20, 4), first = number(p + 42, 4);
        if (comment > end) return;
        take_extra(extra, comment, (uint64_t *const[]){&size, &packed, &first});
        place one = {.first = first, .record = p};
        if (__builtin_add_overflow(packed, first, &one.end) || __builtin_add_overflow(one.end, LOCAL_BYTES, &one.end))
            one.end = UINT64_MAX;
        list[(*n)++] = one;
        p = comment + number(p + 32, 2);
    }
}

gt_status gt_zip_check_places(int fd, uint64_t file_bytes) {
    uint64_t at, bytes;
    size_t n = 0;
    gt_status st = GT_OK;
    if (!find_index(fd, file_bytes, &at, &bytes)) return GT_OK;
    GT_FREED uint8_t *index = malloc(bytes + 1);
    GT_FREED place *list = malloc((bytes / CENTRAL_BYTES + 1) * sizeof *list);
    if (!index || !list) st = gt_fail(GT_NOMEM, "out of memory for an index of %llu bytes", (unsigned long long)bytes);
    if (!st && read_at(fd, index, bytes, at)) list_places(index, bytes, list, &n);
    if (n) qsort(list, n, sizeof *list, by_first);
    for (size_t i = 1; i < n && !st; i++)
        if (list[i].first < list[i - 1].end)
            st = gt_fail(GT_FORMAT, "entry '%.*s': damaged: it shares bytes with another entry",
                         (int)number(list[i].record + 28, 2), (const char *)list[i].record + CENTRAL_BYTES);
    return st;
}
