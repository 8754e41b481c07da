/* SPDX-License-Identifier: Apache-2.0
 * ZIP archives for reading (PKWARE APPNOTE 6.3: end record, zip64 end record, central directory, local headers). The
 * index is read once; entries are then read by pread alone, so that any number of threads may read. */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "gantry/codec.h"
#include "gantry/hash.h"
#include "gantry/memory.h"

enum {
    LOCAL_BYTES = 30,
    CENTRAL_BYTES = 46,
    END_BYTES = 22,
    LOCATOR_BYTES = 20,
    END64_BYTES = 56,
    COMMENT_MOST = 65535,
    STORED = 0,
    DEFLATED = 8,
    ENCRYPTED = 1,      /* bit of the flags */
    ZIP64_EXTRA = 1,    /* id of the extra field */
    DEFLATE_MOST = 1032 /* no deflate stream unpacks to more than this times its size */
};

#define SMALL_16 0xffffu
#define SMALL_32 0xffffffffu /* "see the zip64 field" */

struct gt_zip {
    int fd;
    uint64_t bytes; /* of the file */
    size_t count;
    gt_zip_entry *entries;
    char *names;
};

struct directory { /* where the index is */
    uint64_t count, bytes, offset;
};

static uint16_t u16(const uint8_t *p) {
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return le16toh(v);
}

static uint32_t u32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static uint64_t u64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

static gt_status read_at(const gt_zip *z, uint64_t offset, void *out, size_t n) {
    char *p = out;
    while (n > 0) {
        ssize_t r = pread(z->fd, p, n, (off_t)offset);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return gt_fail(GT_FAILED, "cannot be read: %s", strerror(errno));
        if (r == 0) return gt_fail(GT_FORMAT, "truncated: it ends at byte %llu", (unsigned long long)offset);
        p += r;
        offset += (uint64_t)r;
        n -= (size_t)r;
    }
    return GT_OK;
}

/* The zip64 end record, when the locator before the end record at `end` leads to one. */
static gt_status find_directory64(const gt_zip *z, uint64_t end, struct directory *d) {
    uint8_t locator[LOCATOR_BYTES], record[END64_BYTES];
    if (end < LOCATOR_BYTES) return GT_OK;
    gt_status st = read_at(z, end - LOCATOR_BYTES, locator, sizeof locator);
    if (st || memcmp(locator, "PK\6\7", 4)) return st;
    uint64_t at = u64(locator + 8);
    if (at > end || end - at < END64_BYTES + LOCATOR_BYTES)
        return gt_fail(GT_FORMAT, "damaged: its zip64 end record is not where it should be");
    if ((st = read_at(z, at, record, sizeof record))) return st;
    if (memcmp(record, "PK\6\6", 4))
        return gt_fail(GT_FORMAT, "damaged: its zip64 end record is not where it should be");
    if (u32(record + 16) || u32(record + 20) || u64(record + 24) != u64(record + 32))
        return gt_fail(GT_FORMAT, "one part of a ZIP in several files; join them first");
    *d = (struct directory){.count = u64(record + 32), .bytes = u64(record + 40), .offset = u64(record + 48)};
    return GT_OK;
}

static gt_status find_directory(const gt_zip *z, struct directory *d) {
    uint64_t tail = z->bytes < END_BYTES + COMMENT_MOST ? z->bytes : END_BYTES + COMMENT_MOST, start = z->bytes - tail;
    uint8_t *buffer = malloc(tail + 1), *end = NULL;
    if (!buffer) return gt_fail(GT_NOMEM, "out of memory for the end of a ZIP");
    gt_status st = read_at(z, start, buffer, tail);
    for (uint64_t i = tail + 1; !st && !end && i-- > 0;) /* the last one: a comment may hold anything */
        if (tail - i >= END_BYTES && !memcmp(buffer + i, "PK\5\6", 4)) end = buffer + i;
    if (!st && !end) st = gt_fail(GT_FORMAT, "no ZIP archive, or truncated: it has no end record");
    if (!st && (u16(end + 4) || u16(end + 6) || u16(end + 8) != u16(end + 10)))
        st = gt_fail(GT_FORMAT, "one part of a ZIP in several files; join them first");
    if (!st) {
        *d = (struct directory){.count = u16(end + 10), .bytes = u32(end + 12), .offset = u32(end + 16)};
        bool large = d->count == SMALL_16 || d->bytes == SMALL_32 || d->offset == SMALL_32;
        uint64_t at = start + (uint64_t)(end - buffer);
        if (large) st = find_directory64(z, at, d);
        if (!st && (d->offset > at || d->bytes > at - d->offset || d->count > d->bytes / CENTRAL_BYTES))
            st = gt_fail(GT_FORMAT, "damaged: its index of %llu entries would lie beyond its end",
                         (unsigned long long)d->count);
    }
    free(buffer);
    return st;
}

/* Sizes and offset of 4 GiB and more stand in an extra field, those that need it in this order. */
static bool apply_zip64(gt_zip_entry *e, const uint8_t *extra, size_t n) {
    uint64_t *const field[] = {&e->size, &e->packed, &e->offset};
    while (n >= 4) {
        size_t id = u16(extra), length = u16(extra + 2);
        extra += 4;
        n -= 4;
        if (length > n) return false;
        for (size_t f = 0, used = 0; id == ZIP64_EXTRA && f < 3; f++) {
            if (*field[f] != SMALL_32) continue;
            if (length - used < 8) return false;
            *field[f] = u64(extra + used);
            used += 8;
        }
        if (id == ZIP64_EXTRA) return true;
        extra += length;
        n -= length;
    }
    return e->size != SMALL_32 && e->packed != SMALL_32 && e->offset != SMALL_32;
}

static gt_status check_entry(const gt_zip *z, const gt_zip_entry *e) {
    if (e->flags & ENCRYPTED) return gt_fail(GT_FORMAT, "entry '%s': encrypted", e->name);
    if (e->method != STORED && e->method != DEFLATED)
        return gt_fail(GT_FORMAT, "entry '%s': packed by method %d; stored (0) and deflated (8) can be read", e->name,
                       e->method);
    if (e->offset > z->bytes || z->bytes - e->offset < LOCAL_BYTES || e->packed > z->bytes - e->offset - LOCAL_BYTES)
        return gt_fail(GT_FORMAT, "entry '%s': damaged or truncated: it would lie beyond the end of the file", e->name);
    if (e->method == STORED ? e->size != e->packed : e->size / DEFLATE_MOST > e->packed)
        return gt_fail(GT_FORMAT, "entry '%s': damaged: %llu bytes cannot be packed into %llu", e->name,
                       (unsigned long long)e->size, (unsigned long long)e->packed);
    return GT_OK;
}

static gt_status parse_directory(gt_zip *z, const struct directory *d, const uint8_t *p) {
    const uint8_t *stop = p + d->bytes;
    char *name = z->names;
    for (uint64_t i = 0; i < d->count; i++) {
        if (stop - p < CENTRAL_BYTES || memcmp(p, "PK\1\2", 4))
            return gt_fail(GT_FORMAT, "damaged: entry %llu of its index is not there", (unsigned long long)i);
        size_t name_bytes = u16(p + 28), extra_bytes = u16(p + 30), comment_bytes = u16(p + 32);
        if ((size_t)(stop - p) < CENTRAL_BYTES + name_bytes + extra_bytes + comment_bytes)
            return gt_fail(GT_FORMAT, "damaged: entry %llu of its index is cut", (unsigned long long)i);
        const uint8_t *text = p + CENTRAL_BYTES;
        if (memchr(text, 0, name_bytes))
            return gt_fail(GT_FORMAT, "damaged: the name of entry %llu holds a zero byte", (unsigned long long)i);
        memcpy(name, text, name_bytes);
        name[name_bytes] = 0;
        gt_zip_entry e = {.name = name,
                          .size = u32(p + 24),
                          .packed = u32(p + 20),
                          .offset = u32(p + 42),
                          .crc = u32(p + 16),
                          .method = u16(p + 10),
                          .flags = u16(p + 8)};
        if (!apply_zip64(&e, text + name_bytes, extra_bytes))
            return gt_fail(GT_FORMAT, "entry '%s': damaged: its zip64 field is cut", name);
        p = text + name_bytes + extra_bytes + comment_bytes;
        if (name_bytes == 0 || name[name_bytes - 1] == '/') continue; /* a folder */
        gt_status st = check_entry(z, &e);
        if (st) return st;
        z->entries[z->count++] = e;
        name += name_bytes + 1;
    }
    return GT_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const gt_zip_entry *)a)->name, ((const gt_zip_entry *)b)->name);
}

static gt_status read_index(gt_zip *z) {
    struct directory d = {0};
    gt_status st = find_directory(z, &d);
    if (st) return st;
    /* both bounded by the size of the file: a header of 46 bytes is larger than a name's zero byte, and about an
     * entry's record */
    uint8_t *raw = malloc(d.bytes + 1);
    z->entries = calloc(d.count + 1, sizeof *z->entries);
    z->names = malloc(d.bytes + 1);
    if (!raw || !z->entries || !z->names)
        st = gt_fail(GT_NOMEM, "out of memory for an index of %llu entries", (unsigned long long)d.count);
    if (!st) st = read_at(z, d.offset, raw, d.bytes);
    if (!st) st = parse_directory(z, &d, raw);
    free(raw);
    if (st) return st;
    qsort(z->entries, z->count, sizeof *z->entries, by_name);
    for (size_t i = 1; i < z->count; i++)
        if (!strcmp(z->entries[i - 1].name, z->entries[i].name))
            return gt_fail(GT_FORMAT, "holds two entries named '%s'", z->entries[i].name);
    return GT_OK;
}

gt_status gt_zip_open(gt_zip **out, const char *path) {
    *out = NULL;
    gt_zip *z = calloc(1, sizeof *z);
    if (!z) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", path);
    z->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat s;
    gt_status st = GT_OK;
    if (z->fd < 0 || fstat(z->fd, &s) != 0) st = gt_fail(GT_FAILED, "cannot be opened: %s", strerror(errno));
    else if (!S_ISREG(s.st_mode)) st = gt_fail(GT_FORMAT, "not a regular file");
    else if (s.st_size == 0) st = gt_fail(GT_FORMAT, "empty");
    else z->bytes = (uint64_t)s.st_size;
    if (!st) st = read_index(z);
    if (st) {
        gt_zip_close(z);
        return gt_wrap(st, "'%s'", path);
    }
    *out = z;
    return GT_OK;
}

void gt_zip_close(gt_zip *z) {
    if (!z) return;
    if (z->fd >= 0) close(z->fd);
    free(z->entries);
    free(z->names);
    free(z);
}

size_t gt_zip_count(const gt_zip *z) {
    return z->count;
}

const gt_zip_entry *gt_zip_at(const gt_zip *z, size_t i) {
    return &z->entries[i];
}

const gt_zip_entry *gt_zip_find(const gt_zip *z, const char *name, size_t *i) {
    gt_zip_entry key = {.name = name};
    gt_zip_entry *e = bsearch(&key, z->entries, z->count, sizeof key, by_name);
    if (e && i) *i = (size_t)(e - z->entries);
    return e;
}

/* Where the entry's bytes begin: its local header repeats name and extra field, the latter often of another length. */
static gt_status find_data(const gt_zip *z, const gt_zip_entry *e, uint64_t *at) {
    uint8_t head[LOCAL_BYTES];
    gt_status st = read_at(z, e->offset, head, sizeof head);
    if (st) return st;
    if (memcmp(head, "PK\3\4", 4))
        return gt_fail(GT_FORMAT, "damaged: its header in the archive is not where the index says");
    *at = e->offset + LOCAL_BYTES + u16(head + 26) + u16(head + 28);
    if (*at > z->bytes || e->packed > z->bytes - *at) return gt_fail(GT_FORMAT, "truncated");
    return GT_OK;
}

/* The first n bytes of a deflated entry, from `packed` bytes in the archive. */
static gt_status inflate_entry(const gt_zip *z, uint64_t at, size_t packed, void *out, size_t n) {
    uint8_t *in = malloc(packed + 1);
    if (!in) return gt_fail(GT_NOMEM, "out of memory for %zu bytes", packed);
    gt_status st = read_at(z, at, in, packed);
    z_stream s = {0};
    if (!st && inflateInit2(&s, -MAX_WBITS) != Z_OK) st = gt_fail(GT_NOMEM, "out of memory for unpacking");
    if (!st) {
        int result = Z_OK;
        size_t fed = 0, made = 0; /* zlib counts in 32 bits */
        while (result == Z_OK && made < n) {
            if (s.avail_in == 0 && fed < packed) {
                s.next_in = in + fed;
                s.avail_in = packed - fed > 1 << 30 ? 1u << 30 : (uInt)(packed - fed);
                fed += s.avail_in;
            }
            uInt room = n - made > 1 << 30 ? 1u << 30 : (uInt)(n - made);
            s.next_out = (uint8_t *)out + made;
            s.avail_out = room;
            result = inflate(&s, Z_SYNC_FLUSH);
            made += room - s.avail_out;
        }
        inflateEnd(&s);
        if (made < n) st = gt_fail(GT_FORMAT, "damaged: it cannot be unpacked");
    }
    free(in);
    return st;
}

static gt_status read_front(const gt_zip *z, const gt_zip_entry *e, void *out, size_t n, size_t packed_needed) {
    uint64_t at = 0;
    gt_status st = find_data(z, e, &at);
    if (st) return st;
    if (e->method == STORED) return read_at(z, at, out, n);
    return inflate_entry(z, at, e->packed < packed_needed ? (size_t)e->packed : packed_needed, out, n);
}

gt_status gt_zip_read(const gt_zip *z, size_t i, void *out) {
    const gt_zip_entry *e = &z->entries[i];
    gt_status st = read_front(z, e, out, e->size, e->packed);
    if (!st && gt_crc32(0, out, e->size) != e->crc)
        st = gt_fail(GT_FORMAT, "damaged: its CRC-32 is not the one in the archive");
    return st;
}

gt_status gt_zip_peek(const gt_zip *z, size_t i, void *out, size_t n) {
    const gt_zip_entry *e = &z->entries[i];
    if (e->size < n) return gt_fail(GT_FORMAT, "truncated: %llu bytes", (unsigned long long)e->size);
    /* a deflated block may begin with the description of its codes, at most some 300 bytes; incompressible bytes take
     * little more than their number */
    return read_front(z, e, out, n, n + 1024);
}
