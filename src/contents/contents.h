/* SPDX-License-Identifier: Apache-2.0
 * What a kind of file must provide: a list of arrays, or a number of samples, and their values. */
#ifndef GANTRY_CONTENTS_CONTENTS_H
#define GANTRY_CONTENTS_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/door/weights.h"
#include "gantry/contents.h"
#include "gantry/memory.h"

enum { CONTENTS_MOST_DIMS = 33 };

typedef struct contents_array {
    const char *name;
    gt_weight_type type;
    int n_dims;
    const int64_t *dims;
    int64_t place; /* in the file, where the kind wants it */
} contents_array;

/* Takes the arrays of a part one after the other: the head, then the values, little-endian, in pieces of any size. */
typedef struct contents_sink {
    gt_status (*head)(void *arg, const contents_array *a);
    gt_status (*values)(void *arg, const void *bytes, size_t n);
    void *arg;
} contents_sink;

struct gt_contents {
    char *path;
    const char *kind;
    gt_arena *arena;
    contents_array *arrays; /* [count], by name; NULL: the parts are samples */
    int room;
    int64_t count;
    bool main_thread_only;
    gt_hash128 *hashes, whole; /* of the parts, of all */
    void *state;               /* of the kind */
    void (*close)(void *state);
    /* The values of array i, or the heads and values of sample i; messages name the file. */
    gt_status (*pour)(const gt_contents *c, int64_t i, const contents_sink *to);
    gt_status (*describe)(const gt_contents *c, int64_t i, char *text, size_t room); /* of a sample */
};

/* Each opens the file c->path, sets c->kind and adds arrays or sets c->count. What it opened lies in c->state as soon
 * as it is open, and is closed with `c`. */
gt_status contents_of_checkpoint(gt_contents *c);
gt_status contents_of_weights(gt_contents *c, gt_weights *w); /* takes `w` over */
gt_status contents_of_hdf5(gt_contents *c);
gt_status contents_of_samples(gt_contents *c);

/* Copies name and dims. */
gt_status contents_add(gt_contents *c, const contents_array *a);

/* "float32 [16,4,4]" */
void contents_shape_text(const contents_array *a, char *text, size_t room);
/* Hands on n values in the machine's order of bytes. */
gt_status contents_give(const contents_sink *to, gt_weight_type type, const void *values, size_t n);
/* Part i: heads and values. */
gt_status contents_pour(const gt_contents *c, int64_t i, const contents_sink *to);

#endif
