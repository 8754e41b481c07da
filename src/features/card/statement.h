/* SPDX-License-Identifier: Apache-2.0
 * A statement of where networks came from, for programs that know in-toto: what a run's ledger says, as SLSA
 * provenance.
 *
 *     gt_buffer text = {0};
 *     gt_statement_options options = {.run = "runs/first", .key = "key.pem"};
 *     gt_status st = gt_statement_make(&options, &text);
 *     if (!st) st = gt_buffer_write(&text, "first.intoto.json");
 *
 * Subjects are files of networks by their SHA-256. The data, the file that a transfer took networks from, and each
 * version of the program are dependencies; the head of the chain (features/audit/audit.h) is a by-product. Nothing of
 * this is computed again but the hashes of the files: whether the ledger is true an audit tells. The same files give
 * the same bytes. The statement has no path and no name of a host. */
#ifndef GANTRY_FEATURES_CARD_STATEMENT_H
#define GANTRY_FEATURES_CARD_STATEMENT_H

#include "gantry/file.h"
#include "gantry/status.h"

typedef struct gt_statement_options {
    const char *run;
    const char *file; /* of the run: the statement is of this network alone; "": of checkpoints and exports */
    const char *key;  /* PEM of a private key (Ed25519): the statement is signed, in a DSSE envelope; "": it is not */
} gt_statement_options;

/* Appends the text. GT_FAILED: the run has no chain, a checkpoint is not the one of the ledger, or the file has no key.
 */
gt_status gt_statement_make(const gt_statement_options *o, gt_buffer *out);

#endif
