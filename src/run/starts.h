/* SPDX-License-Identifier: Apache-2.0
 * starts.jsonl of a run: a line for each start and each end of the program that trained it. Rank 0 writes.
 *
 *     {"event": "start", "time": 1795378003.2, "images": 0, "total": 25000000, "facts": {"data": "...", ...}}
 *     {"event": "end", "time": 1795378010.4, "images": 3008, "state": "stopped", "message": ""}
 *
 * A start without an end is a run that goes on, or a program that was killed: the lock tells (gt_lock_look). */
#ifndef GANTRY_RUN_STARTS_H
#define GANTRY_RUN_STARTS_H

#include <stdint.h>

#include "gantry/memory.h"
#include "gantry/status.h"

typedef struct gt_start_fact { /* "data", "synth:shapes: 4096 images 32x32x3" */
    const char *name, *text;
} gt_start_fact;

typedef struct gt_starts {
    int count;                  /* starts so far; 0: the rest is empty */
    double first, last;         /* when the first and the last start were; Unix time */
    int64_t images, total;      /* shown at the last start; of the whole training */
    const gt_start_fact *facts; /* of the last start: what was run, in words; ends with a name NULL */
    const char *state;          /* how the last start ended: "finished", "stopped", "failed"; "": no word of an end */
    const char *message;        /* why it failed; "" */
    double ended;               /* Unix time */
    gt_arena *arena;
} gt_starts;

/* Append a line each. `facts` end with a name NULL. A failure is a warning. */
void gt_starts_begin(const char *dir, int64_t images, int64_t total, const gt_start_fact *facts);
void gt_starts_end(const char *dir, int64_t images, const char *state, const char *message);

/* What the file says; a missing file and damaged lines say nothing. NULL: out of memory. */
gt_starts *gt_starts_read(const char *dir);
/* "running", "finished", "stopped", "failed", "interrupted" (killed, or the power was cut), "" (there is no word). */
const char *gt_starts_state(const char *dir, const gt_starts *s);
void gt_starts_free(gt_starts *s); /* NULL is fine */

#endif
