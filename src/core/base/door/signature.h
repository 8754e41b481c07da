/* SPDX-License-Identifier: Apache-2.0
 * Signatures: Ed25519 (RFC 8032, by libcrypto), with keys in PEM files, as `openssl genpkey -algorithm ed25519` writes
 * the private one, and `openssl pkey -pubout` the public one. */
#ifndef GANTRY_BASE_DOOR_SIGNATURE_H
#define GANTRY_BASE_DOOR_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/hash.h"
#include "gantry/status.h"

enum { GT_SIGNATURE_BYTES = 64 };

typedef struct gt_key gt_key;

/* GT_FAILED: the file is missing, others may read it, or it has a passphrase, another key, or none; a public key is of
 * a small order, or not in its canonical form. The messages say what to do. On failure *out is NULL. */
gt_status gt_key_read_private(gt_key **out, const char *path);
gt_status gt_key_read_public(gt_key **out, const char *path);
void gt_key_free(gt_key *k); /* NULL is fine */

/* SHA-256 of the public key as DER (openssl pkey -pubin -outform DER | sha256sum). */
gt_status gt_key_id(const gt_key *k, gt_sha256 *out);

gt_status gt_signature_make(const gt_key *private, const void *data, size_t n, uint8_t signature[GT_SIGNATURE_BYTES]);
bool gt_signature_is_right(const gt_key *k, const void *data, size_t n, const uint8_t *signature, size_t bytes);

/* Base64 (RFC 4648, section 4, or the letters of section 5), as gt_buffer_base64() writes it. *to is to be freed, and
 * holds a zero byte behind its *n bytes. GT_FORMAT: something else. */
gt_status gt_base64_decode(const char *text, void **to, size_t *n);

#endif
