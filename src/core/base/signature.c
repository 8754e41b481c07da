/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 by libcrypto: see door/signature.h. */
#include "base/door/signature.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/library.h"
#include "base/door/sha256.h"

struct gt_key {
    EVP_PKEY *key;
};

enum { MOST_PEM = 1 << 14 };

static gt_status no_memory(void) { return gt_fail(GT_NOMEM, "out of memory for a signature"); }

/* ---- keys ---- */

typedef struct pem {
    const char *path;
    bool private, asked; /* asked: for a passphrase */
    char text[MOST_PEM + 1];
    int n;
} pem;

/* Whoever reads a private key can sign. The mode is that of the file that is open, not of one that takes its name. */
static gt_status read_pem(pem *p) {
    int fd = -1;
    off_t bytes;
    struct stat s;
    gt_status st = gt_file_open_regular(p->path, &fd, &bytes);
    if (!st && (fstat(fd, &s) || bytes > MOST_PEM)) st = gt_fail(GT_FAILED, "'%s' is not a key in a PEM file", p->path);
    if (!st && p->private && (s.st_mode & (S_IRWXG | S_IRWXO)))
        st = gt_fail(GT_FAILED,
                     "'%s' is a private key, and others than its owner may open it: chmod 600, or make a new "
                     "key if somebody may have read it",
                     p->path);
    if (!st) st = gt_read_at(fd, 0, p->text, (size_t)bytes);
    if (!st) p->n = (int)bytes;
    if (fd >= 0) close(fd);
    return st;
}

/* Without asking: the command may have no terminal. */
static int refuse_passphrase(char *to, int room, int writing, void *arg) {
    (void)to, (void)room, (void)writing;
    ((pem *)arg)->asked = true;
    return -1;
}

static gt_status say_why(const pem *p, const EVP_PKEY *key) {
    static const char make[] = "openssl genpkey -algorithm ed25519 -out KEY.pem";
    if (p->asked)
        return gt_fail(GT_FAILED,
                       "'%s' has a passphrase, which is not asked for: openssl pkey -in '%s' writes the "
                       "key without it",
                       p->path, p->path);
    if (key)
        return gt_fail(GT_FAILED, "'%s' has a key of type %s, and Ed25519 is needed: %s", p->path,
                       EVP_PKEY_get0_type_name(key), make);
    if (!p->private && strstr(p->text, "PRIVATE KEY"))
        return gt_fail(GT_FAILED,
                       "'%s' is a private key, and --key wants the public one: openssl pkey -in '%s' -pubout", p->path,
                       p->path);
    return gt_fail(GT_FAILED, "'%s' has no %s key in PEM: %s%s", p->path, p->private ? "private" : "public", make,
                   p->private ? "" : ", then openssl pkey -in KEY.pem -pubout -out PUB.pem");
}

/* Points whose order divides 8, by their y, with either sign of x: with such a key signatures are right that nobody has
 * made with a private one. And a y that is not below p = 2^255 - 19 (RFC 8032, section 5.1.3). Little-endian. */
static gt_status check_point(const pem *p, const EVP_PKEY *key) {
    enum { BYTES = 32, LAST = BYTES - 1, SIGN = 0x80, LEAST_OVER = 0xed };
    static const uint8_t small[][BYTES] = {
        {0},
        {1},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
         0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
         0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}};
    uint8_t y[BYTES];
    size_t n = sizeof y;
    if (EVP_PKEY_get_raw_public_key(key, y, &n) != 1 || n != sizeof y) return no_memory();
    y[LAST] &= (uint8_t)~SIGN;
    bool weak = !memcmp(y + 1, small[sizeof small / sizeof *small - 1] + 1, LAST) && y[0] >= LEAST_OVER;
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) weak |= !memcmp(y, small[i], sizeof y);
    return weak
               ? gt_fail(GT_FAILED,
                         "'%s' has a public key that belongs to no private one, with which anybody can sign: it proves "
                         "nothing",
                         p->path)
               : GT_OK;
}

static gt_status parse_pem(pem *p, gt_key *k) {
    BIO *bio = BIO_new_mem_buf(p->text, p->n);
    if (!bio) return no_memory();
    EVP_PKEY *key = p->private ? PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, p)
                               : PEM_read_bio_PUBKEY(bio, NULL, refuse_passphrase, p);
    BIO_free(bio);
    ERR_clear_error();
    bool right = key && EVP_PKEY_is_a(key, "ED25519");
    gt_status st = !right ? say_why(p, key) : p->private ? GT_OK : check_point(p, key);
    if (!st) k->key = key;
    else EVP_PKEY_free(key);
    return st;
}

static gt_status read_key(gt_key **out, const char *path, bool private) {
    *out = NULL;
    if (gt_library_open("libcrypto")) return gt_failure();
    pem *p = calloc(1, sizeof *p);
    gt_key *k = calloc(1, sizeof *k);
    gt_status st = p && k ? GT_OK : no_memory();
    if (!st) *p = (pem){.path = path, .private = private};
    if (!st) st = read_pem(p);
    if (!st) st = parse_pem(p, k);
    if (p) OPENSSL_cleanse(p, sizeof *p);
    free(p);
    if (st) free(k);
    else *out = k;
    return st;
}

gt_status gt_key_read_private(gt_key **out, const char *path) { return read_key(out, path, true); }
gt_status gt_key_read_public(gt_key **out, const char *path) { return read_key(out, path, false); }

void gt_key_free(gt_key *k) {
    if (k) EVP_PKEY_free(k->key);
    free(k);
}

gt_status gt_key_id(const gt_key *k, gt_sha256 *out) {
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(k->key, &der);
    gt_status st = n > 0 ? gt_sha256_of(der, (size_t)n, out) : no_memory();
    OPENSSL_free(der);
    return st;
}

/* ---- signatures ---- */

gt_status gt_signature_make(const gt_key *private, const void *data, size_t n, uint8_t signature[GT_SIGNATURE_BYTES]) {
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    size_t bytes = GT_SIGNATURE_BYTES;
    bool done = c && EVP_DigestSignInit(c, NULL, NULL, NULL, private->key) == 1 &&
                EVP_DigestSign(c, signature, &bytes, data, n) == 1 && bytes == GT_SIGNATURE_BYTES;
    EVP_MD_CTX_free(c);
    ERR_clear_error();
    return done ? GT_OK : gt_fail(GT_NOMEM, "libcrypto cannot sign (is memory short?)");
}

bool gt_signature_is_right(const gt_key *k, const void *data, size_t n, const uint8_t *signature, size_t bytes) {
    EVP_MD_CTX *c = bytes == GT_SIGNATURE_BYTES ? EVP_MD_CTX_new() : NULL;
    bool right = c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k->key) == 1 &&
                 EVP_DigestVerify(c, signature, bytes, data, n) == 1;
    EVP_MD_CTX_free(c);
    ERR_clear_error();
    return right;
}

/* ---- base64 ---- */

enum { BYTES = 3, LETTERS = 4 };

/* libcrypto leaves out spaces, and counts what stands for nothing at the end. */
gt_status gt_base64_decode(const char *text, void **to, size_t *n) {
    size_t letters = strlen(text), end = letters;
    *to = NULL;
    *n = 0;
    if (gt_library_open("libcrypto")) return gt_failure();
    while (end && letters - end < 2 && text[end - 1] == '=') end--;
    bool good = letters % LETTERS == 0 && letters < INT_MAX / 2;
    GT_FREED char *copy = good ? strdup(text) : NULL;
    GT_FREED unsigned char *out = good ? calloc(letters / LETTERS * BYTES + 1, 1) : NULL;
    for (size_t i = 0; copy && i < end; i++) {
        if (copy[i] == '-') copy[i] = '+';
        if (copy[i] == '_') copy[i] = '/';
        if (copy[i] <= ' ' || copy[i] == '=') good = false;
    }
    gt_status st = good && (!copy || !out) ? no_memory() : GT_OK;
    if (!st && good && letters) good = EVP_DecodeBlock(out, (unsigned char *)copy, (int)letters) >= 0;
    if (!st && !good) st = gt_fail(GT_FORMAT, "it is not base64");
    if (!st) *n = letters / LETTERS * BYTES - (letters - end), *to = out, out = NULL;
    if (*to) ((char *)*to)[*n] = 0;
    return st;
}
