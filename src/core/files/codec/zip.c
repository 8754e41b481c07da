/* SPDX-License-Identifier: Apache-2.0
 * Reads ZIP archives by libzip. This file does what libzip leaves to its users: the archive is opened so that a pipe
 * does not block, impossible sizes are refused before memory is taken for them, names are sorted, and two entries of
 * one name are refused. A handle of libzip serves one thread at a time, so a lock guards the handle. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/door/file.h"
#include "base/door/library.h"
#include "files/codec/door/codec.h"
#include "files/codec/door/zip_records.h"
#include "base/door/text.h"

enum {
    LOCAL_BYTES = 30,    /* in front of an entry's name and data */
    DEFLATE_MOST = 1032, /* no deflate stream unpacks to more than this times its size */
};

struct gt_zip {
    zip_t *handle;
    pthread_mutex_t lock; /* of the handle */
    size_t count;
    gt_zip_entry *entries;
    bool *checked; /* [count] has the CRC-32 of the entry been verified? */
};

/* What a failure inside libzip means. */
static gt_status zip_failure(zip_error_t *e) {
    switch (zip_error_code_zip(e)) {
    case ZIP_ER_MEMORY: return gt_fail(GT_NOMEM, "out of memory");
    case ZIP_ER_CRC: return gt_fail(GT_FORMAT, "damaged: its CRC-32 differs from the one in the archive");
    case ZIP_ER_NOZIP: return gt_fail(GT_FORMAT, "not a ZIP archive, or damaged or truncated");
    case ZIP_ER_EOF: return gt_fail(GT_FORMAT, "damaged or truncated: its end cannot be read");
    case ZIP_ER_MULTIDISK: return gt_fail(GT_FORMAT, "one part of a ZIP in several files; join the parts first");
    case ZIP_ER_SEEK:
    case ZIP_ER_INVAL: return gt_fail(GT_FORMAT, "damaged: its index leads beyond the end of the file");
    case ZIP_ER_READ: return gt_fail(GT_FAILED, "cannot be read: %s", zip_error_strerror(e));
    default: return gt_fail(GT_FORMAT, "damaged: %s", zip_error_strerror(e));
    }
}

/* Takes the open file over. */
static gt_status open_handle(zip_t **handle, int fd) {
    gt_status st = GT_OK;
    FILE *file = fdopen(fd, "rb");
    if (!file) {
        close(fd);
        return gt_fail(GT_NOMEM, "out of memory");
    }
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_filep_create(file, 0, -1, &error);
    if (!source) fclose(file);
    *handle = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!*handle) st = zip_failure(&error);
    if (!*handle && source) zip_source_free(source); /* closes the file */
    zip_error_fini(&error);
    return st;
}

static gt_status check_entry(const zip_stat_t *e, uint64_t file_bytes) {
    if (e->encryption_method != ZIP_EM_NONE) return gt_fail(GT_FORMAT, "entry '%s': encrypted", e->name);
    if (e->comp_method != ZIP_CM_STORE && e->comp_method != ZIP_CM_DEFLATE)
        return gt_fail(GT_FORMAT,
                       "entry '%s': packed with method %d; Gantry reads only stored (0) and deflated (8) entries",
                       e->name, e->comp_method);
    if (file_bytes < LOCAL_BYTES || e->comp_size > file_bytes - LOCAL_BYTES)
        return gt_fail(GT_FORMAT, "entry '%s': damaged or truncated: it would lie beyond the end of the file", e->name);
    if (e->comp_method == ZIP_CM_STORE ? e->size != e->comp_size : e->size / DEFLATE_MOST > e->comp_size)
        return gt_fail(GT_FORMAT, "entry '%s': damaged: %llu bytes cannot be packed into %llu", e->name,
                       (unsigned long long)e->size, (unsigned long long)e->comp_size);
    if (e->size == 0 && e->crc != 0) /* libzip looks at no checksum where there is nothing to read */
        return gt_fail(GT_FORMAT, "entry '%s': damaged: it is empty, but its CRC-32 is not", e->name);
    return GT_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const gt_zip_entry *)a)->name, ((const gt_zip_entry *)b)->name);
}

static gt_status read_index(gt_zip *z, uint64_t file_bytes) {
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC |
                                ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    zip_int64_t n = zip_get_num_entries(z->handle, 0);
    z->entries = calloc((size_t)n + 1, sizeof *z->entries);
    z->checked = calloc((size_t)n + 1, sizeof *z->checked);
    if (!z->entries || !z->checked)
        return gt_fail(GT_NOMEM, "out of memory for an index of %lld entries", (long long)n);
    uint64_t packed = 0; /* with this, what is unpacked is at most DEFLATE_MOST times the file */
    for (zip_int64_t i = 0; i < n; i++) {
        zip_stat_t e;
        if (zip_stat_index(z->handle, (zip_uint64_t)i, ZIP_FL_ENC_RAW, &e))
            return zip_failure(zip_get_error(z->handle));
        if ((e.valid & needed) != needed)
            return gt_fail(GT_FORMAT, "damaged: entry %lld of its index is incomplete", (long long)i);
        size_t length = strlen(e.name);
        if (length == 0 || e.name[length - 1] == '/') continue; /* a folder */
        gt_status st = check_entry(&e, file_bytes);
        if (st) return st;
        packed += LOCAL_BYTES + e.comp_size; /* each at most the file: no overflow */
        if (packed > file_bytes)
            return gt_fail(GT_FORMAT, "damaged: its entries have more bytes than the file, so that some share bytes");
        z->entries[z->count++] = (gt_zip_entry){.name = e.name, .size = e.size, .crc = e.crc, .index = (uint64_t)i};
    }
    qsort(z->entries, z->count, sizeof *z->entries, by_name);
    for (size_t i = 1; i < z->count; i++)
        if (!strcmp(z->entries[i - 1].name, z->entries[i].name))
            return gt_fail(GT_FORMAT, "holds two entries named '%s'", z->entries[i].name);
    return GT_OK;
}

gt_status gt_zip_open(gt_zip **out, const char *path) {
    *out = NULL;
    gt_status st = gt_library_open("libzip");
    if (st) return st;
    gt_zip *z = calloc(1, sizeof *z);
    if (!z) return gt_fail(GT_NOMEM, "out of memory for opening '%s'", path);
    pthread_mutex_init(&z->lock, NULL);
    int fd;
    off_t bytes = 0;
    st = gt_file_open_regular(path, &fd, &bytes);
    if (!st && (st = gt_zip_check_places(fd, (uint64_t)bytes))) st = gt_wrap(st, "'%s'", path), close(fd);
    if (!st && (st = open_handle(&z->handle, fd))) st = gt_wrap(st, "'%s'", path);
    if (!st && (st = read_index(z, (uint64_t)bytes))) st = gt_wrap(st, "'%s'", path);
    if (st) gt_zip_close(z);
    else *out = z;
    return st;
}

void gt_zip_close(gt_zip *z) {
    if (!z) return;
    if (z->handle) zip_discard(z->handle);
    pthread_mutex_destroy(&z->lock);
    free(z->entries);
    free(z->checked);
    free(z);
}

size_t gt_zip_count(const gt_zip *z) { return z->count; }

const gt_zip_entry *gt_zip_at(const gt_zip *z, size_t i) { return &z->entries[i]; }

const char *gt_zip_name(const gt_zip *z, size_t i) {
    const char *raw = z->entries[i].name;
    if (gt_text_is_utf8(raw, strlen(raw))) return raw; /* libzip takes controls for cp437 */
    const char *name = zip_get_name(z->handle, z->entries[i].index, ZIP_FL_ENC_GUESS);
    return name ? name : raw;
}

const gt_zip_entry *gt_zip_find(const gt_zip *z, const char *name, size_t *i) {
    gt_zip_entry key = {.name = name};
    gt_zip_entry *e = bsearch(&key, z->entries, z->count, sizeof key, by_name);
    if (e && i) *i = (size_t)(e - z->entries);
    return e;
}

/* The first n bytes of an entry. `whole`: there must be no more, and then libzip compares the CRC-32. */
static gt_status read_front(const gt_zip *z, size_t i, char *out, size_t n, bool whole) {
    zip_file_t *file = zip_fopen_index(z->handle, z->entries[i].index, 0);
    if (!file) return zip_failure(zip_get_error(z->handle));
    gt_status st = GT_OK;
    zip_int64_t got = 1;
    for (size_t done = 0; !st && done < n; done += (size_t)got) {
        got = zip_fread(file, out + done, n - done);
        if (got < 0) st = zip_failure(zip_file_get_error(file));
        else if (got == 0) st = gt_fail(GT_FORMAT, "damaged: it ends after %zu of %zu bytes", done, n);
    }
    char beyond;
    if (!st && whole && (got = zip_fread(file, &beyond, 1)) != 0)
        st = got < 0 ? zip_failure(zip_file_get_error(file))
                     : gt_fail(GT_FORMAT, "damaged: it continues after %zu bytes", n);
    zip_fclose(file);
    return st;
}

static gt_status read_locked(gt_zip *z, size_t i, void *out, size_t n, bool whole) {
    pthread_mutex_lock(&z->lock);
    gt_status st = read_front(z, i, out, n, whole);
    pthread_mutex_unlock(&z->lock);
    return st;
}

gt_status gt_zip_read(gt_zip *z, size_t i, void *out) { return read_locked(z, i, out, z->entries[i].size, true); }

gt_status gt_zip_peek(gt_zip *z, size_t i, void *out, size_t n) {
    uint64_t size = z->entries[i].size;
    return size < n ? gt_fail(GT_FORMAT, "truncated: %llu bytes", (unsigned long long)size)
                    : read_locked(z, i, out, n, false);
}

/* Whole pieces of the entry from where `file` stands, `n` bytes in all; `to` NULL: they are passed over. */
static gt_status pour_entry(zip_file_t *file, uint64_t n, gt_zip_sink *to, void *arg) {
    enum { PIECE = 1 << 16 };
    char piece[PIECE];
    gt_status st = GT_OK;
    for (uint64_t done = 0; done < n && !st;) {
        size_t want = n - done < PIECE ? (size_t)(n - done) : PIECE, have = 0;
        while (have < want && !st) {
            zip_int64_t got = zip_fread(file, piece + have, want - have);
            if (got < 0) st = zip_failure(zip_file_get_error(file));
            else if (got == 0) st = gt_fail(GT_FORMAT, "damaged: it ends too early");
            else have += (size_t)got;
        }
        if (!st && to) st = to(arg, piece, have);
        done += have;
    }
    return st;
}

static gt_status pour_part(gt_zip *z, size_t i, uint64_t from, uint64_t n, gt_zip_sink *to, void *arg) {
    zip_file_t *file = zip_fopen_index(z->handle, z->entries[i].index, 0);
    if (!file) return zip_failure(zip_get_error(z->handle));
    zip_stat_t e;
    bool jumps = z->checked[i] && !zip_stat_index(z->handle, z->entries[i].index, ZIP_FL_ENC_RAW, &e) &&
                 e.comp_method == ZIP_CM_STORE && !zip_fseek(file, (zip_int64_t)from, SEEK_SET);
    uint64_t behind = z->entries[i].size - from - n;
    gt_status st = jumps ? GT_OK : pour_entry(file, from, NULL, NULL);
    if (!st) st = pour_entry(file, n, to, arg);
    if (!st && !z->checked[i]) {
        char beyond;
        st = pour_entry(file, behind, NULL, NULL);
        zip_int64_t got = st ? 0 : zip_fread(file, &beyond, 1); /* now libzip compares the CRC-32 */
        if (got) st = got < 0 ? zip_failure(zip_file_get_error(file)) : gt_fail(GT_FORMAT, "damaged: it is too long");
        z->checked[i] = !st;
    }
    zip_fclose(file);
    return st;
}

gt_status gt_zip_pour(gt_zip *z, size_t i, uint64_t from, uint64_t n, gt_zip_sink *to, void *arg) {
    uint64_t size = z->entries[i].size;
    if (from > size || n > size - from) return gt_fail(GT_FORMAT, "truncated: %llu bytes", (unsigned long long)size);
    pthread_mutex_lock(&z->lock);
    gt_status st = pour_part(z, i, from, n, to, arg);
    pthread_mutex_unlock(&z->lock);
    return st;
}
