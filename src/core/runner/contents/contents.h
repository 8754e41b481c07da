/* SPDX-License-Identifier: Apache-2.0
 * What a kind of file must provide: a list of arrays, or a number of samples, and their values. */
#ifndef GANTRY_RUNNER_CONTENTS_CONTENTS_H
#define GANTRY_RUNNER_CONTENTS_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/codec/door/weights.h"
#include "data/door/parts.h"
#include "runner/contents/door/contents.h"
#include "gantry/memory.h"

struct gt_contents {
    char *path;
    const char *kind;
    gt_arena *arena;
    gt_part_array *arrays; /* [count], by name; NULL: the parts are samples */
    int room;
    int64_t count;
    bool main_thread_only;
    gt_contents_form form;
    gt_hash128 *hashes, whole; /* of the parts, of all; of the form g1 */
    gt_sha256 *leaves, root;   /* of SHA-256 */
    void *state;               /* of the kind */
    void (*close)(void *state);
    /* The values of array i, or the heads and values of sample i; messages name the file. */
    gt_status (*pour)(const gt_contents *c, int64_t i, const gt_part_sink *to);
    gt_status (*describe)(const gt_contents *c, int64_t i, char *text, size_t room); /* of a sample */
};

/* Each opens the file c->path, sets c->kind and adds arrays or sets c->count. What it opened lies in c->state as soon
 * as it is open, and is closed with `c`. */
gt_status contents_of_checkpoint(gt_contents *c);
gt_status contents_of_weights(gt_contents *c, gt_weights *w); /* takes `w` over */
gt_status contents_of_hdf5(gt_contents *c);
gt_status contents_of_samples(gt_contents *c);

/* Copies name and dims. */
gt_status contents_add(gt_contents *c, const gt_part_array *a);

/* "float32 [16,4,4]" */
void contents_shape_text(const gt_part_array *a, char *text, size_t room);
/* Part i: heads and values. */
gt_status contents_pour(const gt_contents *c, int64_t i, const gt_part_sink *to);

#endif
