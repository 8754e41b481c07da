/* SPDX-License-Identifier: Apache-2.0
 * The canonical form of a sample, and the SHA-256 of a part: see parts.h. */
#include "data/door/parts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/pool.h"
#include "base/door/progress.h"
#include "files/codec/door/sample.h"
#include "data/door/source.h"

gt_status gt_part_give(const gt_part_sink *to, gt_weight_type type, const void *values, size_t n) {
    size_t size = gt_weight_type_bytes(type);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return to->values(to->arg, values, n * size);
#else
    gt_status st = GT_OK;
    for (size_t i = 0; i < n && !st; i++) {
        uint8_t turned[8];
        for (size_t k = 0; k < size; k++) turned[k] = ((const uint8_t *)values)[i * size + size - 1 - k];
        st = to->values(to->arg, turned, size);
    }
    return st;
#endif
}

/* ---- samples ---- */

gt_weight_type gt_part_type(gt_sample type) {
    return type == GT_U8 ? GT_WEIGHT_U8 : type == GT_U16 ? GT_WEIGHT_U16 : GT_WEIGHT_F32;
}

static gt_status give_array(const gt_part_sink *to, const gt_part_array *a, const void *values) {
    size_t n = 1;
    for (int i = 0; i < a->n_dims; i++) n *= (size_t)a->dims[i]; /* of a picture that is in memory */
    gt_status st = to->head(to->arg, a);
    return st ? st : gt_part_give(to, a->type, values, n);
}

static gt_status give_picture(const gt_part_sink *to, const char *name, const gt_picture *p, int n_dims) {
    const int64_t dims[] = {p->height, p->width, p->channels};
    return give_array(to, &(gt_part_array){.name = name, .type = gt_part_type(p->type), .n_dims = n_dims, .dims = dims},
                      p->samples);
}

static gt_status give_label(const gt_sample_parts *s, const gt_part_sink *to) {
    const int64_t width = s->label_width;
    if (s->class >= 0) return give_array(to, &(gt_part_array){.name = "label", .type = GT_WEIGHT_I64}, &s->class);
    if (!s->vector) return GT_OK;
    GT_FREED float *numbers = calloc((size_t)width, sizeof *numbers);
    if (!numbers) return gt_fail(GT_NOMEM, "out of memory for a label");
    for (int64_t k = 0; k < width; k++) numbers[k] = (float)s->vector[k];
    return give_array(to, &(gt_part_array){.name = "label", .type = GT_WEIGHT_F32, .n_dims = 1, .dims = &width},
                      numbers);
}

gt_status gt_sample_pour(const gt_sample_parts *s, const gt_part_sink *to) {
    gt_status st = GT_OK;
    if (s->picture && s->picture->samples) st = give_picture(to, "pixels", s->picture, 3);
    if (!st) st = give_label(s, to);
    if (!st && s->mask && s->mask->samples) st = give_picture(to, "mask", s->mask, 2);
    return st;
}

typedef struct sample {
    gt_picture picture, mask;
    gt_sample_parts parts; /* point to these two */
} sample;

/* What was read is to be freed in any case. */
static gt_status read_sample(gt_source *s, int64_t i, sample *to) {
    *to = (sample){.parts = {.picture = &to->picture,
                             .mask = &to->mask,
                             .class = gt_source_class(s, i),
                             .vector = gt_source_vector(s, i),
                             .label_width = s->info.label_width}};
    gt_status st = gt_source_read(s, i, &to->picture);
    return !st && s->mask ? gt_source_mask(s, i, &to->picture, &to->mask) : st;
}

static void free_sample(sample *s) {
    gt_picture_free(&s->picture);
    gt_picture_free(&s->mask);
}

gt_status gt_source_pour(gt_source *s, int64_t i, const gt_part_sink *to) {
    sample read;
    gt_status st = read_sample(s, i, &read);
    if (!st) st = gt_sample_pour(&read.parts, to);
    free_sample(&read);
    return st;
}

/* ---- the hash of a part ---- */

struct gt_part_hash {
    gt_sha256_stream *part;
    gt_merkle_stream *values; /* of the array that came last */
    bool any;                 /* there is one */
    gt_part_array head;
    int64_t dims[GT_PART_MOST_DIMS];
};

static void begin_part(gt_part_hash *l) {
    gt_sha256_add(l->part, "", 1); /* the mark of a leaf */
    l->any = false;
}

gt_part_hash *gt_part_hash_new(void) {
    gt_part_hash *l = calloc(1, sizeof *l);
    if (!l) gt_fail(GT_NOMEM, "out of memory for a hash");
    if (l && (l->part = gt_sha256_new()) && (l->values = gt_merkle_stream_new())) {
        begin_part(l);
        return l;
    }
    gt_part_hash_free(l);
    return NULL;
}

void gt_part_hash_free(gt_part_hash *l) {
    if (!l) return;
    gt_sha256_free(l->part);
    gt_merkle_stream_free(l->values);
    free(l);
}

/* An array is added when all of its values are there. */
static gt_status end_array(gt_part_hash *l) {
    gt_sha256 root;
    if (!l->any) return GT_OK;
    gt_status st = gt_merkle_stream_take(l->values, &root);
    if (!st)
        gt_sha256_add_array(l->part, l->head.name, gt_weight_type_name(l->head.type), l->head.n_dims, l->dims, &root);
    l->any = false;
    return st;
}

static gt_status take_head(void *arg, const gt_part_array *a) {
    gt_part_hash *l = arg;
    gt_status st = end_array(l);
    l->head = *a;
    if (a->n_dims) memcpy(l->dims, a->dims, (size_t)a->n_dims * sizeof *a->dims);
    l->any = true;
    return st;
}

static gt_status take_values(void *arg, const void *bytes, size_t n) {
    gt_merkle_stream_add(((gt_part_hash *)arg)->values, bytes, n);
    return GT_OK;
}

gt_part_sink gt_part_hash_sink(gt_part_hash *l) { return (gt_part_sink){take_head, take_values, l}; }

gt_status gt_part_hash_take(gt_part_hash *l, gt_sha256 *out) {
    gt_status st = end_array(l), taken = gt_sha256_take(l->part, out);
    begin_part(l);
    return st ? st : taken;
}

gt_status gt_sample_leaf(const gt_sample_parts *s, gt_sha256 *out) {
    gt_part_hash *h = gt_part_hash_new();
    if (!h) return GT_NOMEM;
    const gt_part_sink to = gt_part_hash_sink(h);
    gt_status st = gt_sample_pour(s, &to);
    if (!st) st = gt_part_hash_take(h, out);
    gt_part_hash_free(h);
    return st;
}

/* ---- the leaves of a source ---- */

typedef struct hashing {
    gt_source *source;
    int64_t first;
    gt_sha256 *leaf;
    pthread_mutex_t lock; /* of what follows: the first item that fails */
    int failed;           /* -1: none */
    gt_status status;
    char why[1024];
} hashing;

/* An item that does not decode has its label all the same. */
static gt_status hash_item(gt_source *s, int64_t i, gt_sha256 *out) {
    sample read;
    gt_status st = read_sample(s, i, &read);
    if (st == GT_FORMAT) {
        read.parts.picture = read.parts.mask = NULL;
        st = GT_OK;
    }
    if (!st) st = gt_sample_leaf(&read.parts, out);
    free_sample(&read);
    return st;
}

static void hash_tile(void *arg, int tile, int worker) {
    hashing *h = arg;
    (void)worker;
    gt_status st = hash_item(h->source, h->first + tile, &h->leaf[tile]);
    gt_progress();
    if (!st) return;
    pthread_mutex_lock(&h->lock);
    if (h->failed < 0 || tile < h->failed) {
        h->failed = tile;
        h->status = st;
        snprintf(h->why, sizeof h->why, "%s", gt_message());
    }
    pthread_mutex_unlock(&h->lock);
}

gt_status gt_source_leaves(gt_source *s, gt_pool *pool, int64_t first, int n, gt_sha256 *leaf) {
    hashing h = {.source = s, .first = first, .leaf = leaf, .failed = -1};
    pthread_mutex_init(&h.lock, NULL);
    gt_pool_run(s->info.main_thread_only ? NULL : pool, n, hash_tile, &h);
    pthread_mutex_destroy(&h.lock);
    return h.failed < 0 ? GT_OK : gt_fail(h.status, "%s", h.why);
}

gt_status gt_source_stored_leaves(gt_source *s, gt_sha256 **leaf) {
    void *bytes = NULL;
    size_t n = 0, wanted = (size_t)s->count * sizeof **leaf;
    *leaf = NULL;
    gt_status st = s->leaves ? s->leaves(s, wanted, &bytes, &n) : GT_OK;
    if (!st && bytes && n != wanted)
        st = gt_fail(GT_FORMAT, "%zu bytes are not 32 for each of %lld images", n, (long long)s->count);
    if (!st) {
        *leaf = bytes;
        return GT_OK;
    }
    free(bytes);
    return gt_wrap(st, "'%s': " GT_LEAVES_FILE, s->spec);
}
