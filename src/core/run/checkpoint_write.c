/* SPDX-License-Identifier: Apache-2.0
 * Builds a checkpoint in memory, and the first bytes of its file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"
#include "run/door/checkpoint_internal.h"
#include "base/door/hash.h"
#include "gantry/version.h"
#include "files/h5/door/h5.h"

static const char DESCRIPTION[] =
    "Checkpoint of Gantry: networks or mixtures, and the state from which training resumes. Each group and each number "
    "of /state has a description, and a unit if there is one";

struct gt_checkpoint {
    gt_h5_file file;
    bool root_alone; /* there is no file */
    bool wants_root; /* leaves are made */
    checkpoint_leaves leaves;
    char group[512];  /* that the latest entry is in */
    gt_status status; /* the first error; its message: */
    char message[1024];
};

/* ---- content ---- */

gt_status checkpoint_stick(gt_checkpoint *c, gt_status st) {
    if (st && !c->status) {
        c->status = st;
        snprintf(c->message, sizeof c->message, "%s", gt_message());
    }
    return c->status ? gt_fail(c->status, "%s", c->message) : GT_OK;
}

static gt_status describe(gt_checkpoint *c, const char *path, const char *unit, const char *description) {
    gt_status st = gt_h5_attribute_text(&c->file, path, "description", description);
    return st || !*unit ? st : gt_h5_attribute_text(&c->file, path, "unit", unit);
}

void checkpoint_describe(gt_checkpoint *c, const char *path, const char *unit, const char *description) {
    if (!c->status && !c->root_alone) checkpoint_stick(c, describe(c, path, unit, description));
}

static gt_status describe_entry(gt_checkpoint *c, const char *path) {
    const checkpoint_note *note = checkpoint_note_of(path);
    return note ? describe(c, path, note->unit, note->description) : GT_OK;
}

/* Makes and describes the groups above an entry, unless they are those of the entry before. */
static gt_status make_groups(gt_checkpoint *c, const char *path) {
    char group[sizeof c->group];
    size_t n = (size_t)(strrchr(path, '/') - path);
    if (n >= sizeof group) return GT_OK; /* gt_h5_write() makes them */
    snprintf(group, sizeof group, "%.*s", (int)n, path);
    if (!strcmp(group, c->group)) return GT_OK;
    gt_status st = GT_OK;
    for (size_t i = 1; i <= n && !st; i++) {
        if (path[i] != '/') continue;
        snprintf(group, sizeof group, "%.*s", (int)i, path);
        if (gt_h5_has(&c->file, group)) continue;
        st = gt_h5_group(&c->file, group);
        if (!st) st = describe_entry(c, group);
    }
    snprintf(c->group, sizeof c->group, "%s", group);
    return st;
}

bool checkpoint_is_state(const char *path) {
    return strcmp(path, "/recipe") != 0 && strncmp(path, "/data/", 6) != 0 && strncmp(path, "/chain/", 7) != 0;
}

static gt_status write_array(gt_checkpoint *c, const gt_array *a) {
    gt_status st = make_groups(c, a->name);
    if (!st) st = gt_h5_write(&c->file, a);
    return st ? st : describe_entry(c, a->name);
}

static gt_status put_array(gt_checkpoint *c, const gt_array *a) {
    if (c->status) return checkpoint_stick(c, c->status);
    if (!c->file.id && !c->root_alone)
        return checkpoint_stick(c, gt_fail(GT_FAILED, "'%s' was added after the end of a checkpoint", a->name));
    if (a->name[0] != '/' || !a->name[1])
        return checkpoint_stick(c,
                                gt_fail(GT_FAILED, "a checkpoint's path begins with a slash: '%s' does not", a->name));
    gt_status st = c->root_alone ? GT_OK : write_array(c, a);
    if (!st && c->wants_root && checkpoint_is_state(a->name)) st = checkpoint_leaves_add(&c->leaves, a);
    return checkpoint_stick(c, st ? gt_wrap(st, "a checkpoint") : GT_OK);
}

static gt_status put_shaped(gt_checkpoint *c, const char *path, gt_number type, const gt_shape *shape,
                            const void *data) {
    gt_array a = {path, type, shape->n, {0}, data};
    memcpy(a.dims, shape->d, (size_t)shape->n * sizeof *a.dims);
    return put_array(c, &a);
}

gt_status gt_checkpoint_tensor(gt_checkpoint *c, const char *path, const gt_shape *shape, const float *data) {
    return put_shaped(c, path, GT_NUMBER_FLOAT, shape, data);
}

gt_status gt_checkpoint_doubles(gt_checkpoint *c, const char *path, const gt_shape *shape, const double *data) {
    return put_shaped(c, path, GT_NUMBER_DOUBLE, shape, data);
}

gt_status gt_checkpoint_int(gt_checkpoint *c, const char *path, int64_t value) {
    return put_array(c, &(gt_array){path, GT_NUMBER_INT64, 0, {0}, &value});
}

gt_status gt_checkpoint_double(gt_checkpoint *c, const char *path, double value) {
    return put_array(c, &(gt_array){path, GT_NUMBER_DOUBLE, 0, {0}, &value});
}

/* Fixed length, its final 0 included: readers need no heap, and "" has a size. */
gt_status gt_checkpoint_text(gt_checkpoint *c, const char *path, const char *value) {
    return put_array(c, &(gt_array){path, GT_NUMBER_TEXT, 1, {(int64_t)strlen(value) + 1}, value});
}

void checkpoint_attribute_texts(gt_checkpoint *c, const char *name, const char *const *text, int n) {
    size_t width = 1, count = n ? (size_t)n : 1;
    for (size_t i = 0; i < count; i++) width = strlen(text[i]) + 1 > width ? strlen(text[i]) + 1 : width;
    if (c->status || width > GT_H5_LONGEST_ATTRIBUTE || width * count > GT_H5_LONGEST_ATTRIBUTE) return;
    GT_FREED char *rows = calloc(count, width);
    gt_array a = {name, GT_NUMBER_TEXT, 1 + (n > 0), {n ? n : (int64_t)width, (int64_t)width}, rows};
    for (size_t i = 0; i < count && rows; i++) strcpy(rows + i * width, text[i]);
    checkpoint_stick(c, rows ? gt_h5_attribute(&c->file, "/", &a) : gt_fail(GT_NOMEM, "out of memory"));
}

static void put_about(gt_checkpoint *c, const gt_checkpoint_about *about) {
    const struct {
        const char *name, *value;
    } texts[] = {{"model", about->model},        {"kernel_set", about->kernel_set}, {"dataset", about->dataset},
                 {"gantry_version", GT_VERSION}, {"description", DESCRIPTION},      {"job", about->recipe}};
    int32_t format = GT_CHECKPOINT_FORMAT;
    checkpoint_stick(c,
                     gt_h5_attribute(&c->file, "/", &(gt_array){"format_version", GT_NUMBER_INT32, 0, {0}, &format}));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        checkpoint_attribute_texts(c, texts[i].name, &(const char *){texts[i].value ? texts[i].value : ""}, 0);
    gt_checkpoint_text(c, "/recipe", about->recipe ? about->recipe : "");
}

/* ---- begin and end ---- */

gt_checkpoint *gt_checkpoint_begin(const gt_checkpoint_about *about) {
    gt_checkpoint *c = calloc(1, sizeof *c);
    if (!c) gt_fail(GT_NOMEM, "out of memory for a checkpoint");
    if (!c || gt_h5_create_memory(&c->file)) {
        free(c);
        return NULL;
    }
    put_about(c, about);
    return c;
}

void gt_checkpoint_want_root(gt_checkpoint *c, gt_pool *pool) {
    c->wants_root = true;
    c->leaves.pool = pool;
}

gt_checkpoint *gt_checkpoint_begin_root(gt_pool *pool) {
    gt_checkpoint *c = calloc(1, sizeof *c);
    if (!c) gt_fail(GT_NOMEM, "out of memory for the hashes of a checkpoint");
    if (c) c->root_alone = true, gt_checkpoint_want_root(c, pool);
    return c;
}

gt_status gt_checkpoint_root(gt_checkpoint *c, gt_sha256 *root) {
    return checkpoint_stick(c, c->status ? c->status : checkpoint_leaves_root(&c->leaves, root));
}

gt_status gt_checkpoint_finish(gt_checkpoint *c) {
    return checkpoint_stick(c, c->file.id ? gt_h5_finish(&c->file) : c->status);
}

size_t gt_checkpoint_bytes(const gt_checkpoint *c) { return CHECKPOINT_BLOCK + c->file.bytes; }

void *checkpoint_take_data(gt_checkpoint *c, size_t *bytes) {
    void *data = c->file.data;
    *bytes = c->file.bytes;
    c->file = (gt_h5_file){0};
    return data;
}

/* ---- the file ---- */

static void print_block(char block[CHECKPOINT_BLOCK], int format, size_t file_bytes, const char *hash) {
    memset(block, 0, CHECKPOINT_BLOCK);
    snprintf(block, CHECKPOINT_BLOCK, GT_CHECKPOINT_MARK "format %d\nbytes %zu\nxxh3-128 %s\n", format, file_bytes,
             hash);
}

gt_status checkpoint_block_make(char block[CHECKPOINT_BLOCK], int format, const void *data, size_t bytes) {
    gt_hasher *h = gt_hasher_new();
    if (!h) return GT_NOMEM;
    char hex[33];
    print_block(block, format, CHECKPOINT_BLOCK + bytes, "00000000000000000000000000000000");
    gt_hasher_add(h, block, CHECKPOINT_BLOCK);
    gt_hasher_add(h, data, bytes);
    gt_hash_hex(gt_hasher_end(h), hex);
    print_block(block, format, CHECKPOINT_BLOCK + bytes, hex);
    return GT_OK;
}

gt_status checkpoint_block_parse(const char block[CHECKPOINT_BLOCK], int *format, size_t *file_bytes) {
    char text[CHECKPOINT_BLOCK + 1];
    uintmax_t bytes;
    memcpy(text, block, CHECKPOINT_BLOCK);
    text[CHECKPOINT_BLOCK] = 0;
    if (sscanf(text, GT_CHECKPOINT_MARK "format %9d\nbytes %18ju\n", format, &bytes) != 2 || *format < 1 ||
        bytes <= CHECKPOINT_BLOCK)
        return gt_fail(GT_FORMAT, "it is not a Gantry checkpoint, or its first bytes are damaged");
    *file_bytes = (size_t)bytes;
    return GT_OK;
}

static gt_status hash_file(const char block[CHECKPOINT_BLOCK], const void *data, size_t bytes, gt_sha256 *hash) {
    gt_sha256_stream *s = gt_sha256_new();
    if (!s) return GT_FAILED;
    gt_sha256_add(s, block, CHECKPOINT_BLOCK);
    gt_sha256_add(s, data, bytes);
    gt_status st = gt_sha256_take(s, hash);
    gt_sha256_free(s);
    return st;
}

gt_status checkpoint_store(const char *path, const void *data, size_t bytes, gt_sha256 *hash) {
    char block[CHECKPOINT_BLOCK];
    gt_status st = checkpoint_block_make(block, GT_CHECKPOINT_FORMAT, data, bytes);
    if (!st && hash) st = hash_file(block, data, bytes, hash);
    if (st) return st;
    const struct iovec parts[] = {{block, sizeof block}, {(void *)data, bytes}};
    return gt_file_replace(path, parts, 2);
}

gt_status gt_checkpoint_write(gt_checkpoint *c, const char *path) {
    gt_status st = gt_checkpoint_finish(c);
    return st ? st : checkpoint_store(path, c->file.data, c->file.bytes, NULL);
}

void gt_checkpoint_free(gt_checkpoint *c) {
    if (!c) return;
    if (!c->root_alone) gt_h5_close(&c->file);
    gt_arena_free(c->leaves.arena);
    free(c);
}
