/* SPDX-License-Identifier: Apache-2.0
 * Envelopes of signed statements: see door/envelope.h. */
#include "runner/record/door/envelope.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "base/door/sha256.h"

#define PAYLOAD_TYPE "application/vnd.in-toto+json"

enum { MOST_SIGNATURES = 64 };

/* What is signed: the lengths stand before the texts, so no other type and statement have the same bytes. */
static void put_signed(gt_buffer *out, const void *statement, size_t n) {
    gt_buffer_printf(out, "DSSEv1 %zu %s %zu ", strlen(PAYLOAD_TYPE), PAYLOAD_TYPE, n);
    gt_buffer_add(out, statement, n);
}

gt_status gt_envelope_put(gt_buffer *out, const char *statement, const gt_key *private) {
    gt_buffer bytes = {0};
    uint8_t signature[GT_SIGNATURE_BYTES];
    gt_sha256 id;
    char hex[GT_SHA256_TEXT];
    put_signed(&bytes, statement, strlen(statement));
    gt_status st = bytes.failed ? gt_fail(GT_NOMEM, "out of memory for a statement") : gt_key_id(private, &id);
    if (!st) st = gt_signature_make(private, bytes.data, bytes.n, signature);
    if (!st) {
        gt_buffer_printf(out, "{\"payloadType\": \"%s\",\n \"payload\": \"", PAYLOAD_TYPE);
        gt_buffer_base64(out, statement, strlen(statement));
        gt_buffer_printf(out, "\",\n \"signatures\": [{\"keyid\": \"%s\", \"sig\": \"", gt_sha256_text(&id, hex));
        gt_buffer_base64(out, signature, sizeof signature);
        gt_buffer_printf(out, "\"}]}\n");
    }
    gt_buffer_free(&bytes);
    return st;
}

/* ---- reading ---- */

static gt_status text_of(const json_t *from, const char *key, const char **out) {
    const json_t *v = json_object_get(from, key);
    if (!json_is_string(v)) return gt_fail(GT_FORMAT, "it is not a signed statement: it lacks the text '%s'", key);
    *out = json_string_value(v);
    return GT_OK;
}

/* Signatures of other algorithms have other lengths, and are passed over. */
static gt_status read_signatures(gt_envelope *e, const json_t *list) {
    size_t all = json_array_size(list);
    if (!all || all > MOST_SIGNATURES)
        return gt_fail(GT_FORMAT, "it has %zu signatures, and may have 1 to %d", all, MOST_SIGNATURES);
    e->signature = calloc(all, sizeof *e->signature);
    if (!e->signature) return gt_fail(GT_NOMEM, "out of memory for a signed statement");
    gt_status st = GT_OK;
    for (size_t i = 0; i < all && !st; i++) {
        const char *text = NULL;
        void *bytes = NULL;
        size_t n = 0;
        st = text_of(json_array_get(list, i), "sig", &text);
        if (!st && (st = gt_base64_decode(text, &bytes, &n))) gt_wrap(st, "a signature");
        if (!st && n == GT_SIGNATURE_BYTES) memcpy(e->signature[e->n_signatures++], bytes, n);
        free(bytes);
    }
    return st;
}

static gt_status read_envelope(gt_envelope *e, const json_t *json) {
    const char *type = NULL, *payload = NULL;
    gt_status st = text_of(json, "payloadType", &type);
    if (!st && strcmp(type, PAYLOAD_TYPE))
        st = gt_fail(GT_FORMAT, "it is signed, but not a statement of in-toto: its type is '%.60s'", type);
    if (!st) st = text_of(json, "payload", &payload);
    if (!st && (st = gt_base64_decode(payload, &e->statement, &e->n))) gt_wrap(st, "the statement");
    return st ? st : read_signatures(e, json_object_get(json, "signatures"));
}

gt_status gt_envelope_read(gt_envelope *out, const char *text, size_t n) {
    json_error_t error;
    *out = (gt_envelope){0};
    if (n > GT_ENVELOPE_BYTES) return gt_fail(GT_FORMAT, "it has more than %d bytes", GT_ENVELOPE_BYTES);
    json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (!json) return gt_fail(GT_FORMAT, "it is not JSON: %.100s", error.text);
    gt_status st = read_envelope(out, json);
    json_decref(json);
    if (st) gt_envelope_free(out);
    return st;
}

gt_status gt_envelope_check(const gt_envelope *e, const gt_key *public, bool *right) {
    gt_buffer bytes = {0};
    *right = false;
    put_signed(&bytes, e->statement, e->n);
    for (int i = 0; i < e->n_signatures && !bytes.failed && !*right; i++)
        *right = gt_signature_is_right(public, bytes.data, bytes.n, e->signature[i], GT_SIGNATURE_BYTES);
    gt_status st = bytes.failed ? gt_fail(GT_NOMEM, "out of memory for a signed statement") : GT_OK;
    gt_buffer_free(&bytes);
    return st;
}

void gt_envelope_free(gt_envelope *e) {
    free(e->statement);
    free(e->signature);
    *e = (gt_envelope){0};
}
