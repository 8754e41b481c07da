/* SPDX-License-Identifier: Apache-2.0
 * Signed statements: DSSE envelopes (github.com/secure-systems-lab/dsse, 1.0.2) around statements of in-toto
 * (github.com/in-toto/attestation, spec/v1). The signature covers the type and the bytes of the statement, so the form
 * of the JSON is free. */
#ifndef GANTRY_RUNNER_RECORD_DOOR_ENVELOPE_H
#define GANTRY_RUNNER_RECORD_DOOR_ENVELOPE_H

#include <stddef.h>

#include "base/door/signature.h"
#include "gantry/file.h"
#include "gantry/status.h"

#define GT_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define GT_PROVENANCE_TYPE "https://slsa.dev/provenance/v1"
/* Of the values of digests: roots of trees over tensors or samples (runner/contents/door/contents.h), and the head of a
 * run's chain (run/door/chain.h). They are not SHA-256 of bytes that other programs have, so they do not bear that
 * name. */
#define GT_DIGEST_ROOT "gantry_root"
#define GT_DIGEST_HEAD "gantry_head"

/* Appends the envelope of this statement and a newline. */
gt_status gt_envelope_put(gt_buffer *out, const char *statement, const gt_key *private);

/* ---- reading: nothing is trusted ---- */

enum { GT_ENVELOPE_BYTES = 1 << 24 };

typedef struct gt_envelope {
    void *statement; /* [n] and a zero byte */
    size_t n;
    uint8_t (*signature)[GT_SIGNATURE_BYTES]; /* [n_signatures]: those of this length */
    int n_signatures;
} gt_envelope;

/* GT_FORMAT: no envelope of a statement. On failure *out is {0}. */
gt_status gt_envelope_read(gt_envelope *out, const char *text, size_t n);
/* Is one of the signatures that of this key? */
gt_status gt_envelope_check(const gt_envelope *e, const gt_key *public, bool *right);
void gt_envelope_free(gt_envelope *e);

#endif
