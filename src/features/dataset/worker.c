/* SPDX-License-Identifier: Apache-2.0
 * Reading, transforming and encoding a block of items by the threads of a rank. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"
#include "files/codec/door/sample.h"
#include "base/door/pool.h"
#include "data/door/transform.h"
#include "features/dataset/tool.h"

enum { BLOCK_MOST = 512, PER_THREAD = 2 };
#define BLOCK_BYTES ((size_t)16 << 20)

typedef struct made { /* by a tile; what gt_made shows */
    gt_outcome outcome;
    gt_sha256 leaf;
    char *text;
    void *image;
    gt_status fatal;          /* a failure of the run, not of the picture; `text` says why */
    gt_picture picture, mask; /* mask: {0} where there is none */
    gt_status read;
} made;

struct gt_worker {
    gt_pool *pool;
    const gt_items *items;
    gt_picture shape;
    const gt_dest_kind *kind;
    bool compress, check_only;
    int threads, block;
    gt_transformer **transformers; /* [threads] */
    int64_t first;
    made *made; /* [block] */
};

/* As many items as make a bearable amount of bytes, of what is read as well as of what is made. */
static int choose_block(const gt_items *items, const gt_picture *shape, int threads) {
    gt_picture_info head;
    size_t bytes = gt_picture_bytes(shape);
    int64_t number;
    gt_source *first = gt_items_at(items, 0, &number);
    /* all of a block are in memory as they were read */
    if (items->main_thread_only && !gt_source_head(first, number, &head))
        bytes += (size_t)head.height * (size_t)head.width * (size_t)head.channels * 4;
    size_t fit = BLOCK_BYTES / (bytes + 1), least = (size_t)(items->main_thread_only ? threads : PER_THREAD * threads);
    if (fit > BLOCK_MOST) fit = BLOCK_MOST;
    return (int)(fit < least ? least : fit);
}

gt_worker *gt_worker_new(gt_pool *pool, const gt_items *items, const gt_transform *t, const gt_picture *shape,
                         const gt_dest_kind *kind, bool compress) {
    gt_worker *w = calloc(1, sizeof *w);
    int threads = gt_pool_threads(pool);
    bool good = w != NULL;
    if (good) {
        *w = (gt_worker){
            .pool = pool, .items = items, .shape = *shape, .kind = kind, .compress = compress, .threads = threads};
        w->block = choose_block(items, shape, threads);
        w->made = calloc((size_t)w->block, sizeof *w->made);
        w->transformers = calloc((size_t)threads, sizeof *w->transformers);
        good = w->made && w->transformers;
    }
    for (int i = 0; i < threads && good; i++) good = (w->transformers[i] = gt_transformer_new(t)) != NULL;
    if (good) return w;
    gt_fail(GT_NOMEM, "out of memory for %d threads", threads);
    gt_worker_free(w);
    return NULL;
}

void gt_worker_free(gt_worker *w) {
    if (!w) return;
    for (int i = 0; i < w->threads && w->transformers; i++) gt_transformer_free(w->transformers[i]);
    free(w->transformers);
    free(w->made);
    free(w);
}

int gt_worker_block(const gt_worker *w) { return w->block; }

static void fail_run(made *m, gt_status st) {
    m->fatal = st;
    free(m->text);
    m->text = strdup(gt_message());
}

static void set_remark(made *m, gt_remark left_out, const char *text) {
    m->outcome.left_out = m->outcome.remark = 1 + left_out;
    m->text = strdup(text);
    if (!m->text) m->fatal = GT_NOMEM;
}

static void read_one(const gt_worker *w, made *m, int64_t item) {
    int64_t number;
    gt_source *from = gt_items_at(w->items, item, &number);
    m->read = gt_source_read(from, number, &m->picture);
    if (!m->read && (m->read = gt_item_wrap(from, number, gt_check_finite(from, &m->picture))))
        gt_picture_free(&m->picture);
    if (!m->read && w->items->info.masks) m->read = gt_source_mask(from, number, &m->picture, &m->mask);
    if (m->read == GT_NOMEM) fail_run(m, m->read);
    else if (m->read) set_remark(m, GT_REMARK_BAD, gt_message());
}

/* Of samples and shape: equal ones are duplicates, whatever file they came in. */
static gt_hash128 hash_of(const gt_picture *p) {
    int64_t shape[4] = {p->height, p->width, p->channels, p->type};
    gt_hash128 h[2] = {gt_hash(shape, sizeof shape), gt_hash(p->samples, gt_picture_bytes(p))};
    return gt_hash(h, sizeof h);
}

/* The smallest and the largest sample, beside what stands for black and white. */
static void look_at_samples(const gt_picture *p, gt_outcome *o) {
    size_t n = gt_picture_bytes(p) / gt_sample_bytes(p->type);
    o->looked = (uint8_t)(1 + GT_F32 - p->type);
    gt_sample_ends(p->type, p->samples, n, &o->low, &o->high);
}

/* Puts the mask's bytes behind those of the image. */
static gt_status encode_mask(const gt_worker *w, made *m, size_t n) {
    GT_FREED void *mask = NULL;
    size_t more = 0;
    gt_status st = w->kind->encode(&m->mask, w->compress, &mask, &more);
    char *both = st ? NULL : realloc(m->image, n + more);
    if (!st && !both) st = gt_fail(GT_NOMEM, "out of memory for a mask");
    if (!st) {
        m->image = both;
        memcpy(both + n, mask, more);
        m->outcome.mask_size = (uint32_t)more;
        m->outcome.mask_crc = gt_crc32(0, mask, more);
    }
    return st;
}

static bool has_one_colour(const gt_picture *p) {
    size_t pixel = gt_sample_bytes(p->type) * (size_t)p->channels, n = gt_picture_bytes(p);
    return n > pixel && !memcmp(p->samples, (const char *)p->samples + pixel, n - pixel);
}

/* Of the image that was made, or in a scan would be. */
static void identify(made *m) {
    gt_hash128 h = hash_of(&m->picture);
    if (!m->image) m->outcome.crc = (uint32_t)(h.low >> 32);
    m->outcome.made[0] = (uint8_t)(h.low | 1);
    m->outcome.made[1] = (uint8_t)(h.low >> 8);
    m->outcome.made[2] = (uint8_t)(h.low >> 16);
}

static void encode_item(const gt_worker *w, made *m, int64_t item, const gt_picture *p) {
    char text[GT_UNLABELLED_BYTES], odd[GT_ODD_BYTES];
    if (!gt_scan_same_shape(p, &w->shape))
        set_remark(m, GT_REMARK_ODD, gt_scan_odd_text(w->items, item, p, &w->shape, odd));
    else if (gt_items_lacks_label(w->items, item, text)) set_remark(m, GT_REMARK_UNLABELLED, text);
    if (m->text || w->check_only) return;
    size_t n = 0;
    gt_status st = w->kind->encode(p, w->compress, &m->image, &n);
    if (!st && n > UINT32_MAX - (1 << 20))
        st = gt_fail(GT_USAGE, "an image of %zu bytes is too large for the destination", n);
    if (!st) m->outcome.crc = gt_crc32(0, m->image, n);
    if (!st && m->mask.samples) st = encode_mask(w, m, n);
    if (!st) st = gt_item_leaf(w->items, item, p, &m->mask, &m->leaf);
    if (st) {
        fail_run(m, st);
        return;
    }
    m->outcome.size = (uint32_t)n;
}

static void make_one(gt_worker *w, made *m, int64_t item, int worker) {
    char name[GT_ITEM_NAME_BYTES], text[GT_ITEM_NAME_BYTES + 300];
    bool dropped = false;
    if (!w->items->main_thread_only) read_one(w, m, item);
    if (m->read) return;
    m->outcome.hash = hash_of(&m->picture);
    if (m->mask.samples) { /* equal pictures with other masks are not duplicates */
        gt_hash128 both[2] = {m->outcome.hash, hash_of(&m->mask)};
        m->outcome.hash = gt_hash(both, sizeof both);
    }
    look_at_samples(&m->picture, &m->outcome);
    const char *note = m->picture.note;
    gt_status st = m->mask.samples ? gt_transformer_mask(w->transformers[worker], &m->picture, &m->mask) : GT_OK;
    if (!st) st = gt_transformer_run(w->transformers[worker], &m->picture, &dropped);
    if (st == GT_NOMEM) fail_run(m, st);
    else if (st || dropped) {
        snprintf(text, sizeof text, "'%s': %s", gt_items_name(w->items, item, name), st ? gt_message() : "too small");
        set_remark(m, st ? GT_REMARK_BAD : GT_REMARK_DROPPED, text);
    } else {
        m->outcome.uniform = has_one_colour(&m->picture);
        encode_item(w, m, item, &m->picture);
        identify(m);
        if (note && !m->text) {
            snprintf(text, sizeof text, "'%s': %s", gt_items_name(w->items, item, name), note);
            set_remark(m, GT_REMARK_NOTE, text);
            m->outcome.left_out = 0;
        }
    }
    gt_picture_free(&m->picture);
}

static void make_tile(void *arg, int tile, int worker) {
    gt_worker *w = arg;
    make_one(w, &w->made[tile], w->first + tile, worker);
}

/* Sources that only the main thread may read. */
static void read_ahead(gt_worker *w, int n) {
    for (int i = 0; i < n; i++) read_one(w, &w->made[i], w->first + i);
}

static void add_made(gt_buffer *out, const made *m) {
    uint32_t text = m->text ? (uint32_t)strlen(m->text) + 1 : 0;
    gt_buffer_add(out, &m->outcome, sizeof m->outcome);
    gt_buffer_add(out, &m->leaf, sizeof m->leaf);
    gt_buffer_add(out, &text, sizeof text);
    gt_buffer_add(out, m->text, text);
    gt_buffer_add(out, m->image, (size_t)m->outcome.size + m->outcome.mask_size);
}

gt_status gt_worker_run(gt_worker *w, int64_t first, int n, bool check_only, gt_buffer *out) {
    gt_status st = GT_OK;
    w->first = first;
    w->check_only = check_only;
    memset(w->made, 0, (size_t)n * sizeof *w->made);
    if (w->items->main_thread_only) read_ahead(w, n);
    gt_pool_run(w->pool, n, make_tile, w);
    out->n = 0;
    for (int i = 0; i < n; i++) {
        made *m = &w->made[i];
        if (m->fatal && !st)
            st = gt_fail(m->fatal, "item %lld: %s", (long long)(first + i), m->text ? m->text : "out of memory");
        add_made(out, m);
        free(m->text);
        free(m->image);
        gt_picture_free(&m->mask);
    }
    if (!st && out->failed) st = gt_fail(GT_NOMEM, "out of memory for %d images", n);
    return st;
}

bool gt_made_next(const char **at, const char *end, gt_made *made) {
    uint32_t text;
    if (*at >= end) return false;
    memcpy(&made->outcome, *at, sizeof made->outcome);
    *at += sizeof made->outcome;
    memcpy(&made->leaf, *at, sizeof made->leaf);
    *at += sizeof made->leaf;
    memcpy(&text, *at, sizeof text);
    *at += sizeof text;
    made->text = text ? *at : NULL;
    *at += text;
    made->image = made->outcome.size ? *at : NULL;
    *at += (size_t)made->outcome.size + made->outcome.mask_size;
    return true;
}
