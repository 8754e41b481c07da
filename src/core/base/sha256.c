/* SPDX-License-Identifier: Apache-2.0
 * SHA-256: libcrypto computes it, with the processor's instructions where it has them. */
#include "base/door/sha256.h"

#include <endian.h>
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/library.h"
#include "base/door/progress.h"

struct gt_sha256_stream {
    EVP_MD_CTX *context;
    bool failed;
};

/* Looked up once: to look it up takes longer than to hash a small text. */
static EVP_MD *algorithm;

static void look_up(void) { algorithm = EVP_MD_fetch(NULL, "SHA256", NULL); }

static bool begin(gt_sha256_stream *s) { return EVP_DigestInit_ex2(s->context, algorithm, NULL) == 1; }

/* GT_NOMEM, the likelier cause: who has no error for a damaged file must have one for this. */
static gt_status fail(void) {
    return gt_fail(GT_NOMEM, "libcrypto cannot compute SHA-256 (is memory short, or does its configuration forbid "
                             "SHA-256?)");
}

gt_sha256_stream *gt_sha256_new(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (gt_library_open("libcrypto")) return NULL;
    pthread_once(&once, look_up);
    gt_sha256_stream *s = calloc(1, sizeof *s);
    if (s && algorithm && (s->context = EVP_MD_CTX_new()) && begin(s)) return s;
    gt_sha256_free(s);
    fail();
    return NULL;
}

void gt_sha256_add(gt_sha256_stream *s, const void *data, size_t bytes) {
    if (!s->failed && bytes && EVP_DigestUpdate(s->context, data, bytes) != 1) s->failed = true;
}

gt_status gt_sha256_take(gt_sha256_stream *s, gt_sha256 *out) {
    bool done = !s->failed && EVP_DigestFinal_ex(s->context, out->byte, NULL) == 1;
    s->failed = !begin(s);
    return done ? GT_OK : fail();
}

void gt_sha256_free(gt_sha256_stream *s) {
    if (s) EVP_MD_CTX_free(s->context);
    free(s);
}

gt_status gt_sha256_of(const void *data, size_t bytes, gt_sha256 *out) {
    gt_sha256_stream *s = gt_sha256_new();
    if (s) gt_sha256_add(s, data, bytes);
    gt_status st = s ? gt_sha256_take(s, out) : GT_NOMEM;
    gt_sha256_free(s);
    return st;
}

static gt_status add_file(gt_sha256_stream *s, const char *path, int fd) {
    enum { PIECE = 1 << 20 };
    GT_FREED char *piece = malloc(PIECE);
    ssize_t got = 0;
    if (!piece) return gt_fail(GT_NOMEM, "out of memory reading '%s'", path);
    do {
        if (got > 0) gt_sha256_add(s, piece, (size_t)got);
        gt_progress();
    } while ((got = read(fd, piece, PIECE)) > 0 || (got < 0 && errno == EINTR));
    return got < 0 ? gt_fail(GT_FAILED, "cannot read '%s': %s", path, strerror(errno)) : GT_OK;
}

gt_status gt_sha256_of_file(const char *path, gt_sha256 *out) {
    gt_sha256_stream *s = gt_sha256_new();
    int fd = -1;
    off_t bytes;
    gt_status st = s ? gt_file_open_regular(path, &fd, &bytes) : GT_NOMEM;
    if (!st) st = add_file(s, path, fd);
    if (!st) st = gt_sha256_take(s, out);
    if (fd >= 0) close(fd);
    gt_sha256_free(s);
    return st;
}

/* ---- as texts ---- */

bool gt_sha256_equal(const gt_sha256 *a, const gt_sha256 *b) { return !memcmp(a->byte, b->byte, sizeof a->byte); }

static const char digits[] = "0123456789abcdef";

const char *gt_sha256_text(const gt_sha256 *h, char text[GT_SHA256_TEXT]) {
    for (size_t i = 0; i < sizeof h->byte; i++) {
        text[2 * i] = digits[h->byte[i] >> 4];
        text[2 * i + 1] = digits[h->byte[i] & 15];
    }
    text[GT_SHA256_TEXT - 1] = 0;
    return text;
}

bool gt_sha256_parse(const char *text, gt_sha256 *out) {
    if (strlen(text) != GT_SHA256_TEXT - 1 || strspn(text, digits) != GT_SHA256_TEXT - 1) return false;
    for (size_t i = 0; i < sizeof out->byte; i++)
        out->byte[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
                                 (strchr(digits, text[2 * i + 1]) - digits));
    return true;
}

/* ---- arrays ---- */

static void add_count(gt_sha256_stream *s, uint64_t n) { gt_sha256_add(s, &(uint64_t){htole64(n)}, sizeof n); }

static void add_text(gt_sha256_stream *s, const char *text) {
    add_count(s, strlen(text));
    gt_sha256_add(s, text, strlen(text));
}

void gt_sha256_add_array(gt_sha256_stream *s, const char *name, const char *type, int n_dims, const int64_t *dims,
                         const gt_sha256 *values) {
    add_text(s, name);
    add_text(s, type);
    add_count(s, (uint64_t)n_dims);
    for (int i = 0; i < n_dims; i++) add_count(s, (uint64_t)dims[i]);
    gt_sha256_add(s, values->byte, sizeof values->byte);
}
