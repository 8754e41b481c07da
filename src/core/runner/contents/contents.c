/* SPDX-License-Identifier: Apache-2.0
 * Finds out what a file holds, and makes the hashes of its parts and of all. */
#define _GNU_SOURCE
#include "runner/contents/contents.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/hash.h"
#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "runner/contents/door/contents.h"
#include "files/h5/door/arrays.h"
#include "gantry/file.h"
#include "base/door/progress.h"
#include "gantry/source.h"

/* ---- the parts ---- */

gt_status contents_add(gt_contents *c, const gt_part_array *a) {
    if (!gt_arena_grow(c->arena, &c->arrays, (int)c->count, &c->room, sizeof *c->arrays)) return GT_NOMEM;
    int64_t *dims = gt_arena_array(c->arena, (size_t)a->n_dims + 1, sizeof *dims);
    char *name = gt_arena_printf(c->arena, "%s", a->name);
    if (!dims || !name) return gt_fail(GT_NOMEM, "out of memory for the arrays of '%s'", c->path);
    if (a->n_dims) memcpy(dims, a->dims, (size_t)a->n_dims * sizeof *dims);
    c->arrays[c->count++] = (gt_part_array){name, a->type, a->n_dims, dims, a->place};
    return GT_OK;
}

gt_status contents_pour(const gt_contents *c, int64_t i, const gt_part_sink *to) {
    if (!c->arrays) return c->pour(c, i, to);
    gt_status st = to->head(to->arg, &c->arrays[i]);
    return st ? st : c->pour(c, i, to);
}

/* ---- what a file holds ---- */

static bool is_checkpoint(const char *path, gt_file_kind kind) {
    char name[GT_NAME_BYTES];
    gt_path_name(path, name);
    if (kind == GT_KIND_FOLDER) return gt_folder_has(path, "job.ini") || gt_checkpoint_any(path);
    return kind == GT_KIND_CHECKPOINT || !strncmp(name, "checkpoint-", 11);
}

/* An archive may hold the tensors of a network or pictures. Tensors: it is a file of PyTorch, or of a network that is
 * known, or else cannot be read as a dataset. */
static gt_status open_archive(gt_contents *c, const gt_network_options *reading) {
    gt_status st;
    gt_weights *w = gt_weights_open(c->path, &st);
    if (st == GT_NOMEM) return st;
    if (w && (gt_weights_kind_of(w) == GT_WEIGHTS_TORCH || gt_network_is_foreign(c->path, reading)))
        return contents_of_weights(c, w);
    st = contents_of_samples(c);
    if (st == GT_FORMAT && w) return contents_of_weights(c, w);
    gt_weights_close(w);
    return st;
}

/* As a dataset has them; also where they cannot be read, so that the message is about them. */
static bool has_images(const char *path) {
    enum { DAMAGED = 0, N_H_W_C = 4 };
    int axes = gt_array_axes(path, "images");
    return axes == N_H_W_C || axes == DAMAGED;
}

static gt_status open_kind(gt_contents *c, const gt_network_options *reading) {
    gt_file_kind kind = gt_kind_of_file(c->path);
    if (kind == GT_KIND_SPECIAL)
        return gt_fail(GT_FAILED,
                       "'%s' is neither a regular file nor a folder: save its contents to a file and pass that file",
                       c->path);
    if (kind == GT_KIND_MISSING && access(c->path, R_OK) && !gt_synth_of_path(c->path))
        return gt_fail(GT_FAILED, "'%s': %s; a run, a checkpoint, a network, a dataset or a picture is needed", c->path,
                       strerror(errno));
    if (kind == GT_KIND_EMPTY) return gt_fail(GT_FORMAT, "'%s' is empty, so there is nothing to hash", c->path);
    if (is_checkpoint(c->path, kind)) return contents_of_checkpoint(c);
    if (gt_kind_is_foreign_network(kind)) {
        gt_status st;
        gt_weights *w = gt_weights_open(c->path, &st);
        return w ? contents_of_weights(c, w) : st;
    }
    if (kind == GT_KIND_ZIP) return open_archive(c, reading);
    return gt_h5_is(c->path) && !has_images(c->path) ? contents_of_hdf5(c) : contents_of_samples(c);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const gt_part_array *)a)->name, ((const gt_part_array *)b)->name);
}

gt_status gt_contents_open(gt_contents **out, const char *path, const gt_network_options *reading) {
    gt_contents *c = calloc(1, sizeof *c);
    *out = NULL;
    if (c) *c = (gt_contents){.path = strdup(path), .arena = gt_arena_new()};
    gt_status st = c && c->path && c->arena ? open_kind(c, reading)
                                            : gt_fail(GT_NOMEM, "out of memory for opening '%s'", path);
    if (!st && c->count == 0) st = gt_fail(GT_FORMAT, "'%s' holds no numbers to hash", path);
    if (st) {
        gt_contents_close(c);
        return st;
    }
    if (c->arrays) qsort(c->arrays, (size_t)c->count, sizeof *c->arrays, compare_names);
    *out = c;
    return GT_OK;
}

void gt_contents_close(gt_contents *c) {
    if (!c) return;
    if (c->close) c->close(c->state);
    gt_arena_free(c->arena);
    free(c->hashes);
    free(c->leaves);
    free(c->path);
    free(c);
}

const char *gt_contents_path(const gt_contents *c) { return c->path; }
const char *gt_contents_kind(const gt_contents *c) { return c->kind; }
int64_t gt_contents_parts(const gt_contents *c) { return c->count; }
const char *gt_contents_parts_are(const gt_contents *c) { return c->arrays ? "tensors" : "samples"; }

/* ---- hashes ---- */

static void add_count(gt_hasher *h, uint64_t n) { gt_hasher_add(h, &(uint64_t){htole64(n)}, sizeof n); }

static void add_text(gt_hasher *h, const char *text) {
    add_count(h, strlen(text));
    gt_hasher_add(h, text, strlen(text));
}

static gt_status hash_head(void *arg, const gt_part_array *a) {
    add_text(arg, a->name);
    add_text(arg, gt_weight_type_name(a->type));
    add_count(arg, (uint64_t)a->n_dims);
    for (int i = 0; i < a->n_dims; i++) add_count(arg, (uint64_t)a->dims[i]);
    return GT_OK;
}

static gt_status hash_values(void *arg, const void *bytes, size_t n) {
    gt_hasher_add(arg, bytes, n);
    gt_progress();
    return GT_OK;
}

static gt_status hash_part(gt_contents *c, int64_t i) {
    gt_hasher *h = gt_hasher_new();
    if (!h) return GT_NOMEM;
    gt_status st = contents_pour(c, i, &(gt_part_sink){hash_head, hash_values, h});
    c->hashes[i] = gt_hasher_end(h);
    return st;
}

static gt_status sha_of_part(gt_contents *c, int64_t i) {
    gt_part_hash *l = gt_part_hash_new();
    if (!l) return GT_NOMEM;
    const gt_part_sink to = gt_part_hash_sink(l);
    gt_status st = contents_pour(c, i, &to);
    if (!st) st = gt_part_hash_take(l, &c->leaves[i]);
    gt_part_hash_free(l);
    gt_progress();
    return st;
}

/* Parts that threads take one by one. */
enum { BLOCK = 1024, WHY_BYTES = 1024 };
typedef struct block {
    gt_contents *c;
    int64_t first;
    struct {
        gt_status status;
        char *why;
    } of[BLOCK];
} block;

static void hash_tile(void *arg, int tile, int worker) {
    block *b = arg;
    (void)worker;
    bool sha = b->c->form == GT_CONTENTS_SHA256;
    b->of[tile].status = (sha ? sha_of_part : hash_part)(b->c, b->first + tile);
    if (b->of[tile].status) b->of[tile].why = strndup(gt_message(), WHY_BYTES);
}

/* The failure of the first part that fails, whichever thread was the first to fail. */
static gt_status hash_block(block *b, gt_pool *pool, int n) {
    gt_status st = GT_OK;
    memset(b->of, 0, sizeof b->of);
    gt_pool_run(pool, n, hash_tile, b);
    for (int i = 0; i < n; i++) {
        if (b->of[i].status && !st) st = gt_fail(b->of[i].status, "%s", b->of[i].why ? b->of[i].why : "out of memory");
        free(b->of[i].why);
    }
    return st;
}

static gt_status root_of_leaves(gt_contents *c) {
    gt_merkle tree = {0};
    for (int64_t i = 0; i < c->count; i++) gt_merkle_add(&tree, &c->leaves[i]);
    return gt_merkle_root(&tree, &c->root);
}

static gt_status sum_up(gt_contents *c) {
    gt_hasher *h = gt_hasher_new();
    if (!h) return GT_NOMEM;
    gt_hasher_add(h, c->arrays ? "arrays" : "samples", 7);
    add_count(h, (uint64_t)c->count);
    for (int64_t i = 0; i < c->count; i++)
        gt_hasher_add(h, (uint64_t[]){htobe64(c->hashes[i].high), htobe64(c->hashes[i].low)}, 16);
    c->whole = gt_hasher_end(h);
    return GT_OK;
}

static gt_status make_room(gt_contents *c, gt_contents_form form) {
    c->form = form;
    if (form == GT_CONTENTS_SHA256 && !c->leaves) c->leaves = calloc((size_t)c->count, sizeof *c->leaves);
    if (form == GT_CONTENTS_G1 && !c->hashes) c->hashes = calloc((size_t)c->count, sizeof *c->hashes);
    bool good = form == GT_CONTENTS_SHA256 ? c->leaves != NULL : c->hashes != NULL;
    return good ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the hashes of '%s'", c->path);
}

gt_status gt_contents_read(gt_contents *c, gt_pool *pool, gt_contents_form form) {
    GT_FREED block *b = malloc(sizeof *b);
    gt_status st = b ? make_room(c, form) : gt_fail(GT_NOMEM, "out of memory for hashes");
    for (int64_t first = 0; first < c->count && !st; first += BLOCK) {
        *b = (block){.c = c, .first = first};
        st = hash_block(b, c->main_thread_only ? NULL : pool, (int)gt_smallest(BLOCK, c->count - first));
        gt_tell(gt_smallest(first + BLOCK, c->count));
    }
    return st ? st : form == GT_CONTENTS_SHA256 ? root_of_leaves(c) : sum_up(c);
}

gt_hash128 gt_contents_hash(const gt_contents *c) { return c->whole; }
gt_hash128 gt_contents_part_hash(const gt_contents *c, int64_t i) { return c->hashes[i]; }
gt_sha256 gt_contents_root(const gt_contents *c) { return c->root; }
gt_sha256 gt_contents_leaf(const gt_contents *c, int64_t i) { return c->leaves[i]; }

const char *gt_contents_text(gt_hash128 hash, char text[GT_CONTENTS_HASH_BYTES]) {
    memcpy(text, "g1:", 3);
    gt_hash_hex(hash, text + 3);
    return text;
}

gt_status gt_contents_hash_file(const char *path, char name[GT_NAME_BYTES], char text[GT_CONTENTS_HASH_BYTES]) {
    gt_contents *c;
    gt_status st = gt_contents_open(&c, path, NULL);
    if (!st) st = gt_contents_read(c, NULL, GT_CONTENTS_G1);
    if (!st) gt_contents_text(gt_contents_hash(c), text);
    if (!st && name) gt_path_name(gt_contents_path(c), name);
    gt_contents_close(c);
    return st;
}

gt_status gt_contents_root_of_file(const char *path, gt_sha256 *root) {
    gt_contents *c;
    gt_status st = gt_contents_open(&c, path, NULL);
    if (!st) st = gt_contents_read(c, NULL, GT_CONTENTS_SHA256);
    if (!st) *root = gt_contents_root(c);
    gt_contents_close(c);
    return st;
}

/* ---- for people ---- */

void contents_shape_text(const gt_part_array *a, char *text, size_t room) {
    size_t n = (size_t)snprintf(text, room, "%s", gt_weight_type_name(a->type));
    for (int i = 0; i < a->n_dims && n < room; i++)
        n += (size_t)snprintf(text + n, room - n, "%s%" PRId64, i ? "," : " [", a->dims[i]);
    if (a->n_dims && n < room) snprintf(text + n, room - n, "]");
}

gt_status gt_contents_part_text(const gt_contents *c, int64_t i, char text[GT_CONTENTS_NAME_BYTES]) {
    gt_status st = GT_OK;
    if (c->arrays) {
        int n = snprintf(text, GT_CONTENTS_NAME_BYTES, "%.4000s  ", c->arrays[i].name);
        contents_shape_text(&c->arrays[i], text + n, GT_CONTENTS_NAME_BYTES - (size_t)n);
    } else st = c->describe(c, i, text, GT_CONTENTS_NAME_BYTES);
    for (char *at = text; !st && *at; at++)
        if (iscntrl((unsigned char)*at)) *at = '?';
    return st;
}
