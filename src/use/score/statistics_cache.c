/* SPDX-License-Identifier: Apache-2.0
 * Statistics of real pictures, kept from run to run (statistics_cache.h). An entry is a head, the key, zeros up to a
 * multiple of 64 bytes, the numbers in the order of this machine's bytes, and the hash of all that. */
#include "use/score/statistics_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "gantry/file.h"
#include "gantry/hash.h"
#include "gantry/log.h"
#include "gantry/memory.h"

enum { GAUSSIAN, GAUSSIAN_ROWS, ROWS }; /* kinds: mean and covariance; mean and rows; rows of float32 */
enum { ALIGN = 64, PIECE = 1 << 20 };

typedef struct head {
    char magic[8];
    uint64_t order; /* of bytes: tells an entry of a machine with the other order */
    uint64_t kind, key_bytes;
    int64_t count, d;
} head;

static const char magic[8] = "gtstat1";
static const uint64_t order = 0x0102030405060708;

/* ---- the folder ---- */

static char *join_and_free(char *dir, const char *name) {
    char *path = dir ? gt_path_join(dir, name) : NULL;
    free(dir);
    return path;
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* NULL: see gt_message(). */
static char *folder_of_home(void) {
    gt_arena *a = gt_arena_new();
    const char *path = a ? gt_path_expand(a, "~/.cache/gantry") : NULL;
    char *dir = path ? strdup(path) : NULL;
    gt_arena_free(a);
    if (!dir) gt_fail(GT_NOMEM, "out of memory for a file name");
    else if (*dir == '~') {
        gt_fail(GT_FAILED, "there is no home folder");
        free(dir);
        dir = NULL;
    }
    return dir;
}

static char *folder(void) {
    const char *own = variable("GT_CACHE"), *user = variable("XDG_CACHE_HOME");
    char *dir = own ? gt_path_join(own, "") : user && *user == '/' ? gt_path_join(user, "gantry") : folder_of_home();
    dir = join_and_free(dir, "statistics");
    static pid_t cleared; /* by this process: not its parent */
    if (dir && cleared != getpid()) gt_halves_clear(dir);
    cleared = getpid();
    return dir;
}

static char *path_of(const char *key) {
    char name[33 + 6];
    gt_hash_hex(gt_hash(key, strlen(key)), name);
    strcat(name, ".stats");
    return join_and_free(folder(), name);
}

static void warn_unwritten(void) {
    static bool said;
    if (!said)
        gt_warn("statistics of real pictures are not kept, and each run computes them anew: %s. The environment "
                "variable GT_CACHE names another folder",
                gt_message());
    said = true;
}

/* ---- the form ---- */

static head head_of(uint64_t kind, const char *key, int64_t count, int64_t d) {
    head h = {.order = order, .kind = kind, .key_bytes = strlen(key), .count = count, .d = d};
    memcpy(h.magic, magic, sizeof magic);
    return h;
}

/* The place of the numbers, and their bytes; false: impossible sizes. */
static bool layout(const head *h, uint64_t *at, uint64_t *bytes) {
    uint64_t numbers, count = (uint64_t)h->count, d = (uint64_t)h->d;
    if (h->count < 0 || h->d < 1 || h->key_bytes > PIECE / 2) return false;
    uint64_t more = h->kind == GAUSSIAN ? d : h->kind == GAUSSIAN_ROWS ? count : 0;
    if (__builtin_mul_overflow(h->kind == ROWS ? count : more + 1, d, &numbers)) return false;
    *at = (sizeof *h + h->key_bytes + ALIGN - 1) / ALIGN * ALIGN;
    return !__builtin_mul_overflow(numbers, h->kind == ROWS ? sizeof(float) : sizeof(double), bytes) &&
           *bytes < INT64_MAX / 2;
}

/* Head, key and zeros: what is before the numbers. */
static void put_start(gt_buffer *b, const head *h, const char *key, uint64_t at) {
    static const char zeros[ALIGN];
    gt_buffer_add(b, h, sizeof *h);
    gt_buffer_add(b, key, h->key_bytes);
    gt_buffer_add(b, zeros, at - b->n);
}

/* ---- reading ---- */

typedef struct entry {
    int fd; /* -1: there is no such entry */
    char *path;
    head head;
    uint64_t at, bytes; /* of the numbers */
} entry;

static void close_entry(entry *e) {
    if (e->fd >= 0) close(e->fd);
    free(e->path);
    *e = (entry){.fd = -1};
}

/* Is the entry that of this key, and whole? */
static gt_status check_entry(entry *e, const char *key, off_t size) {
    uint64_t end = 0;
    gt_status st = gt_read_at(e->fd, 0, &e->head, sizeof e->head);
    if (st) return st;
    const head *h = &e->head;
    if (memcmp(h->magic, magic, sizeof magic) || h->order != order || h->kind > ROWS || h->key_bytes != strlen(key) ||
        !layout(h, &e->at, &e->bytes) || (uint64_t)size != (end = e->at + e->bytes) + sizeof(gt_hash128))
        return gt_fail(GT_FORMAT, "its head or its size is impossible");
    gt_hasher *hasher = gt_hasher_new();
    char *piece = malloc(PIECE);
    if (!hasher || !piece) st = gt_fail(GT_NOMEM, "out of memory");
    for (uint64_t at = 0; at < end && !st; at += PIECE) {
        size_t n = end - at < PIECE ? (size_t)(end - at) : PIECE;
        st = gt_read_at(e->fd, at, piece, n);
        if (!st) gt_hasher_add(hasher, piece, n);
        if (!st && at == 0 && memcmp(piece + sizeof *h, key, h->key_bytes))
            st = gt_fail(GT_FORMAT, "they belong to another key");
    }
    gt_hash128 now = hasher ? gt_hasher_end(hasher) : (gt_hash128){0}, then = {0};
    if (!st) st = gt_read_at(e->fd, end, &then, sizeof then);
    free(piece);
    if (!st && (now.high != then.high || now.low != then.low)) st = gt_fail(GT_FORMAT, "their numbers have changed");
    return st;
}

/* GT_NOMEM is the only error. */
static gt_status open_entry(const char *key, entry *e) {
    *e = (entry){.fd = -1, .path = path_of(key)};
    off_t size = 0;
    gt_status st = GT_OK;
    if (!e->path || access(e->path, F_OK)) {
        close_entry(e);
        return GT_OK;
    }
    st = gt_file_open_regular(e->path, &e->fd, &size);
    if (!st) st = check_entry(e, key, size);
    if (!st) return GT_OK;
    if (st != GT_NOMEM)
        gt_warn("kept statistics of real pictures cannot be used and are computed anew: '%s': %s", e->path,
                gt_message());
    close_entry(e);
    return st == GT_NOMEM ? st : GT_OK;
}

static double *read_doubles(const entry *e, uint64_t *at, int64_t rows, gt_status *st) {
    size_t bytes = (size_t)rows * (size_t)e->head.d * sizeof(double); /* no more than the file has */
    double *x = *st ? NULL : malloc(bytes ? bytes : 1);
    if (!*st && !x) *st = gt_fail(GT_NOMEM, "out of memory for kept statistics (%.0f MB)", (double)bytes / 1e6);
    if (!*st) *st = gt_read_at(e->fd, *at, x, bytes);
    *at += bytes;
    return x;
}

gt_status gt_statistics_cache_get(const char *key, bool *found, gt_gaussian *out) {
    entry e;
    *found = false;
    *out = (gt_gaussian){0};
    gt_status st = open_entry(key, &e);
    if (st || e.fd < 0) return st;
    if (e.head.kind != ROWS) {
        gt_gaussian g = {.count = e.head.count, .d = e.head.d};
        uint64_t at = e.at;
        g.mean = read_doubles(&e, &at, 1, &st);
        if (e.head.kind == GAUSSIAN) g.covariance = read_doubles(&e, &at, g.d, &st);
        else g.rows = read_doubles(&e, &at, g.count, &st);
        *found = !st;
        if (*found) *out = g;
        else gt_gaussian_free(&g);
    }
    close_entry(&e);
    return st == GT_NOMEM ? st : GT_OK;
}

/* ---- writing ---- */

/* The path of an entry that is to be written, in a folder that is there; NULL: a warning was said. */
static char *writable_path(const char *key) {
    char *dir = folder(), *path = NULL;
    if (dir && !gt_make_directories(dir)) path = path_of(key);
    if (!path) warn_unwritten();
    free(dir);
    return path;
}

void gt_statistics_cache_put(const char *key, const gt_gaussian *g) {
    head h = head_of(g->rows ? GAUSSIAN_ROWS : GAUSSIAN, key, g->count, g->d);
    uint64_t at, bytes;
    if (!g->mean || (!g->rows && !g->covariance) || !layout(&h, &at, &bytes)) return;
    char *path = writable_path(key);
    gt_hasher *hasher = path ? gt_hasher_new() : NULL;
    if (!hasher) {
        free(path);
        return;
    }
    gt_buffer start = {0};
    put_start(&start, &h, key, at);
    size_t mean = (size_t)g->d * sizeof(double);
    gt_hash128 hash;
    struct iovec parts[] = {{start.data, start.n},
                            {g->mean, mean},
                            {g->rows ? g->rows : g->covariance, (size_t)bytes - mean},
                            {&hash, sizeof hash}};
    for (int i = 0; i < 3; i++) gt_hasher_add(hasher, parts[i].iov_base, parts[i].iov_len);
    hash = gt_hasher_end(hasher);
    gt_status st = start.failed ? gt_fail(GT_NOMEM, "out of memory") : gt_file_replace(path, parts, 4);
    if (st) warn_unwritten();
    gt_buffer_free(&start);
    free(path);
}

/* ---- rows ---- */

struct gt_cached_rows {
    entry entry; /* that is read; of one that is written fd and path */
    int64_t count, d;
    char *part;        /* the half that is written; NULL: the entry is read */
    gt_hasher *hasher; /* of what was written */
    int64_t written;   /* rows */
    int error;         /* 0 or errno */
};

static void write_part(gt_cached_rows *r, const void *data, size_t bytes) {
    if (r->error) return;
    r->error = gt_write_all(r->entry.fd, data, bytes);
    gt_hasher_add(r->hasher, data, bytes);
}

static void warn_of(const gt_cached_rows *r, size_t bytes) {
    gt_file_write_failed(r->entry.path, r->error, bytes);
    warn_unwritten();
}

static void free_rows(gt_cached_rows *r) {
    if (r->hasher) gt_hasher_end(r->hasher);
    close_entry(&r->entry);
    free(r->part);
    free(r);
}

gt_cached_rows *gt_cached_rows_open(const char *key, int64_t count, int64_t d) {
    gt_cached_rows *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->count = count;
    r->d = d;
    const head *h = &r->entry.head;
    if (!open_entry(key, &r->entry) && r->entry.fd >= 0 && h->kind == ROWS && h->count == count && h->d == d) return r;
    free_rows(r);
    return NULL;
}

gt_status gt_cached_rows_read(gt_cached_rows *r, int64_t first, int64_t n, float *x) {
    if (r->part || first < 0 || n < 0 || first > r->count - n)
        return gt_fail(GT_USAGE, "rows %lld to %lld of %lld kept rows cannot be read", (long long)first,
                       (long long)(first + n), (long long)r->count);
    size_t row = (size_t)r->d * sizeof *x;
    gt_status st = gt_read_at(r->entry.fd, r->entry.at + (uint64_t)first * row, x, (size_t)n * row);
    return st ? gt_wrap(st, "%s", r->entry.path) : GT_OK;
}

gt_cached_rows *gt_cached_rows_create(const char *key, int64_t count, int64_t d) {
    head h = head_of(ROWS, key, count, d);
    uint64_t at, bytes;
    gt_cached_rows *r = layout(&h, &at, &bytes) ? calloc(1, sizeof *r) : NULL;
    if (!r) return NULL;
    gt_buffer start = {0};
    *r = (gt_cached_rows){.entry = {.fd = -1, .path = writable_path(key)}, .count = count, .d = d};
    if (r->entry.path) {
        r->entry.fd = gt_half_open(r->entry.path, &r->part);
        r->error = r->entry.fd < 0 ? errno : 0;
        if (r->error) warn_of(r, (size_t)bytes);
        r->hasher = gt_hasher_new();
    }
    put_start(&start, &h, key, at);
    if (r->entry.fd < 0 || !r->hasher || start.failed) {
        if (r->entry.fd >= 0) unlink(r->part);
        free_rows(r);
        r = NULL;
    } else write_part(r, start.data, start.n);
    gt_buffer_free(&start);
    return r;
}

gt_status gt_cached_rows_append(gt_cached_rows *r, int64_t n, const float *x) {
    if (!r->part || n < 0 || n > r->count - r->written)
        return gt_fail(GT_USAGE, "%lld kept rows cannot be added to %lld of %lld", (long long)n, (long long)r->written,
                       (long long)r->count);
    write_part(r, x, (size_t)n * (size_t)r->d * sizeof *x);
    r->written += n;
    return GT_OK;
}

static void finish(gt_cached_rows *r) {
    gt_hash128 hash = gt_hasher_end(r->hasher);
    r->hasher = NULL;
    if (!r->error) r->error = gt_write_all(r->entry.fd, &hash, sizeof hash);
    if (!r->error) r->error = gt_file_sync(r->entry.fd);
    if (!r->error) r->error = gt_file_rename(r->part, r->entry.path);
}

void gt_cached_rows_close(gt_cached_rows *r) {
    if (!r) return;
    bool appears = false;
    if (r->part && r->written == r->count) {
        finish(r);
        appears = !r->error;
    }
    if (r->part && !appears) unlink(r->part);
    if (r->error) warn_of(r, (size_t)r->count * (size_t)r->d * sizeof(float));
    free_rows(r);
}
