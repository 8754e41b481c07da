/* SPDX-License-Identifier: Apache-2.0
 * The fields of the ledger's lines (run/door/ledger.h), as reading and writing use them, and the ledger of a training.
 */
#ifndef GANTRY_RUN_LEDGER_INTERNAL_H
#define GANTRY_RUN_LEDGER_INTERNAL_H

#include <pthread.h>
#include <stddef.h>

#include "run/door/appender.h"
#include "run/door/ledger.h"

typedef enum ledger_kind {
    LEDGER_WHOLE,
    LEDGER_TEXT,
    LEDGER_HASH,
    LEDGER_HEAD,     /* a hash, or "" */
    LEDGER_SOURCE,   /* the same, of the networks that a run begins with */
    LEDGER_PICTURES, /* a list of whole numbers */
    LEDGER_FACTS,    /* texts by name */
} ledger_kind;

typedef struct ledger_field {
    const char *key;
    ledger_kind kind;
    unsigned events; /* bits of those that have it */
    size_t offset;   /* in gt_ledger_line */
    bool newer;      /* than 1.0.0, whose lines do not have it */
} ledger_field;

/* In the order of the file; ends with a key NULL. */
extern const ledger_field ledger_fields[];
extern const char *const ledger_events[];
enum { LEDGER_EVENTS = GT_LEDGER_LENGTH + 1 };
/* How a line ends: its own hash (ledger.h). */
#define LEDGER_SELF ",\"self\":\""

struct gt_ledger {
    char *dir;
    gt_ledger_lines *past;
    pthread_mutex_t lock; /* of what follows */
    appender file;
    int64_t lines;
    gt_sha256 last; /* hash of the last line */

    /* ---- ledger_again.c: what this process does, which may be what was done before ---- */
    gt_ledger_line now; /* its start; event 0: it has not started */
    bool has_chain;
    gt_sha256 chain; /* how the chain that it makes begins */
    bool went_back;  /* a rollback: from there on nothing was there before */
};

/* `line` was added. */
void ledger_note_now(gt_ledger *l, const gt_ledger_line *line);

#endif
