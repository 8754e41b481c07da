/* SPDX-License-Identifier: Apache-2.0
 * Hashes of what is put into a checkpoint (run/door/checkpoint_internal.h), as runner/contents/door/contents.h makes
 * them of the file. Arrays are whole in memory here, and the threads of a pool hash the blocks of each; the hash of
 * data/parts.c takes arrays in pieces, on one thread. */
#include "run/door/checkpoint_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/door/memory.h"
#include "files/codec/door/weights.h"

static gt_weight_type type_of(gt_number type) {
    switch (type) {
    case GT_NUMBER_FLOAT: return GT_WEIGHT_F32;
    case GT_NUMBER_DOUBLE: return GT_WEIGHT_F64;
    case GT_NUMBER_INT64: return GT_WEIGHT_I64;
    default: return GT_WEIGHT_U8; /* texts; nothing else is put into checkpoints */
    }
}

/* Values count as little-endian numbers; *turned is to be freed. */
static const void *little_endian(const void *data, size_t n, size_t size, char **turned) {
    *turned = NULL;
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || size == 1) return data;
    if (!(*turned = malloc(n * size + 1))) return NULL;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < size; k++) (*turned)[i * size + k] = ((const char *)data)[i * size + size - 1 - k];
    return *turned;
}

/* SHA-256(0x00 || what gt_sha256_add_array() adds). */
static gt_status hash_array(const gt_array *a, const gt_sha256 *values, gt_sha256 *leaf) {
    gt_sha256_stream *s = gt_sha256_new();
    if (!s) return GT_FAILED;
    gt_sha256_add(s, &(uint8_t){0}, 1);
    gt_sha256_add_array(s, a->name, gt_weight_type_name(type_of(a->type)), a->n_dims, a->dims, values);
    gt_status st = gt_sha256_take(s, leaf);
    gt_sha256_free(s);
    return st;
}

gt_status checkpoint_leaves_add(checkpoint_leaves *l, const gt_array *a) {
    size_t n = 1, size = gt_weight_type_bytes(type_of(a->type));
    for (int i = 0; i < a->n_dims; i++)
        if (gt_mul_overflows(n, (size_t)a->dims[i], &n)) return gt_fail(GT_FORMAT, "'%s' is too large", a->name);
    if (!l->arena) l->arena = gt_arena_new();
    if (!l->arena || !gt_arena_grow(l->arena, &l->of, l->n, &l->room, sizeof *l->of))
        return gt_fail(GT_NOMEM, "out of memory for the hashes of a checkpoint");
    GT_FREED char *turned = NULL;
    const void *values = little_endian(a->data, n, size, &turned);
    checkpoint_leaf *leaf = &l->of[l->n];
    gt_sha256 root;
    leaf->path = gt_arena_printf(l->arena, "%s", a->name);
    gt_status st = leaf->path && values ? gt_merkle_of_bytes(l->pool, values, n * size, &root)
                                        : gt_fail(GT_NOMEM, "out of memory for the hash of '%s'", a->name);
    if (!st) st = hash_array(a, &root, &leaf->hash);
    l->n += !st;
    return st;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const checkpoint_leaf *)a)->path, ((const checkpoint_leaf *)b)->path);
}

gt_status checkpoint_leaves_root(checkpoint_leaves *l, gt_sha256 *root) {
    gt_merkle tree = {0};
    if (l->n) qsort(l->of, (size_t)l->n, sizeof *l->of, by_path);
    for (int i = 0; i < l->n; i++) gt_merkle_add(&tree, &l->of[i].hash);
    return gt_merkle_root(&tree, root);
}
