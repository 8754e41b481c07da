/* SPDX-License-Identifier: Apache-2.0
 * Merkle trees: see sha256.h. */
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "base/door/sha256.h"

/* SHA-256(mark || a || b) */
static gt_status hash_marked(uint8_t mark, const void *a, size_t a_bytes, const void *b, size_t b_bytes,
                             gt_sha256 *out) {
    gt_sha256_stream *s = gt_sha256_new();
    if (!s) return GT_FAILED;
    gt_sha256_add(s, &mark, 1);
    gt_sha256_add(s, a, a_bytes);
    gt_sha256_add(s, b, b_bytes);
    gt_status st = gt_sha256_take(s, out);
    gt_sha256_free(s);
    return st;
}

gt_status gt_merkle_leaf(const void *data, size_t bytes, gt_sha256 *leaf) {
    return hash_marked(0, data, bytes, NULL, 0, leaf);
}

static gt_status join(const gt_sha256 *left, const gt_sha256 *right, gt_sha256 *out) {
    return hash_marked(1, left->byte, sizeof left->byte, right->byte, sizeof right->byte, out);
}

/* Two whole subtrees of one height are one of the next, as in counting by twos. */
void gt_merkle_add(gt_merkle *m, const gt_sha256 *leaf) {
    gt_sha256 whole = *leaf;
    int height = 0;
    for (; m->count >> height & 1 && !m->status; height++) m->status = join(&m->peak[height], &whole, &whole);
    if (m->status) return;
    m->peak[height] = whole;
    m->count++;
}

/* The right side is the smaller one, so the peaks are joined from the lowest on. */
gt_status gt_merkle_root(const gt_merkle *m, gt_sha256 *root) {
    if (m->status) return m->status;
    if (!m->count) return gt_sha256_of("", 0, root);
    int height = __builtin_ctzll(m->count);
    *root = m->peak[height++];
    gt_status st = GT_OK;
    for (; height < 64 && !st; height++)
        if (m->count >> height & 1) st = join(&m->peak[height], root, root);
    return st;
}

/* ---- bytes, in blocks ---- */

typedef struct blocks {
    const char *data;
    size_t bytes;
    size_t first; /* block of tile 0 */
    gt_sha256 *leaf;
    gt_status *status;
} blocks;

static void hash_block(void *arg, int tile, int worker) {
    const blocks *b = arg;
    size_t at = (b->first + (size_t)tile) * GT_SHA256_BLOCK,
           n = (size_t)gt_smallest((int64_t)(b->bytes - at), GT_SHA256_BLOCK);
    (void)worker;
    b->status[tile] = gt_merkle_leaf(b->data + at, n, &b->leaf[tile]);
}

gt_status gt_merkle_of_bytes(gt_pool *pool, const void *data, size_t bytes, gt_sha256 *root) {
    enum { AT_ONCE = 64 };
    gt_sha256 leaf[AT_ONCE];
    gt_status status[AT_ONCE];
    gt_merkle m = {0};
    size_t count = bytes / GT_SHA256_BLOCK + (bytes % GT_SHA256_BLOCK != 0);
    for (size_t first = 0; first < count && !m.status; first += AT_ONCE) {
        int n = (int)gt_smallest((int64_t)(count - first), AT_ONCE);
        gt_pool_run(pool, n, hash_block, &(blocks){data, bytes, first, leaf, status});
        for (int i = 0; i < n && !m.status; i++) {
            if (status[i]) m.status = gt_fail(status[i], "SHA-256 of %zu bytes failed", bytes); /* in another thread */
            else gt_merkle_add(&m, &leaf[i]);
        }
    }
    return gt_merkle_root(&m, root);
}

struct gt_merkle_stream {
    gt_merkle tree;
    gt_sha256_stream *block;
    size_t filled; /* bytes of the block */
};

static void begin_block(gt_merkle_stream *s) {
    gt_sha256_add(s->block, "", 1); /* the mark of a leaf */
    s->filled = 0;
}

static void end_block(gt_merkle_stream *s) {
    gt_sha256 leaf;
    if (!s->tree.status) s->tree.status = gt_sha256_take(s->block, &leaf);
    if (!s->tree.status) gt_merkle_add(&s->tree, &leaf);
    begin_block(s);
}

gt_merkle_stream *gt_merkle_stream_new(void) {
    gt_merkle_stream *s = calloc(1, sizeof *s);
    if (s && (s->block = gt_sha256_new())) {
        begin_block(s);
        return s;
    }
    if (!s) gt_fail(GT_NOMEM, "out of memory for a hash");
    free(s);
    return NULL;
}

void gt_merkle_stream_add(gt_merkle_stream *s, const void *data, size_t bytes) {
    for (const char *at = data; bytes;) {
        size_t n = (size_t)gt_smallest((int64_t)bytes, (int64_t)(GT_SHA256_BLOCK - s->filled));
        gt_sha256_add(s->block, at, n);
        at += n;
        bytes -= n;
        if ((s->filled += n) == GT_SHA256_BLOCK) end_block(s);
    }
}

gt_status gt_merkle_stream_take(gt_merkle_stream *s, gt_sha256 *root) {
    if (s->filled) end_block(s);
    gt_status st = gt_merkle_root(&s->tree, root);
    s->tree = (gt_merkle){0};
    return st;
}

void gt_merkle_stream_free(gt_merkle_stream *s) {
    if (s) gt_sha256_free(s->block);
    free(s);
}
