/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * Each rank looks at the heads of one range of the items, each thread at tiles of the range. An item's shape after the
 * transform becomes one 64-bit code, so that all of them fit into memory; rank 0 collects the codes and finds the most
 * frequent one. Reasons are found again for the few that need one.
 * Codes are part of the key of DEST.progress, with the bit CUT that earlier programs set there: so this program resumes
 * with conversions that those began. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "data/door/source.h"
#include "data/door/transform.h"
#include "features/dataset/tool.h"
#include "dist/door/dist.h"
#include "gantry/log.h"
#include "base/door/progress.h"

enum { TILE = 64, WIDTH_BITS = 20 };

enum { BAD, DROPPED }; /* codes; shapes have the top bit set */
#define SHAPE ((uint64_t)1 << 63)
#define LAID ((uint64_t)1 << 61) /* a transparent picture that is laid over a colour */
#define ENLARGED ((uint64_t)1 << 60)
#define CUT                                                                                                          \
    ((uint64_t)1 << 62) /* gt_picture_info.cut, of an item that would have another shape if its sides were exchanged \
                         */

static uint64_t code_of(const gt_picture *p) {
    return SHAPE | (uint64_t)p->height << 40 | (uint64_t)p->width << 20 | (uint64_t)p->channels << 4 |
           (uint64_t)p->type << 1 | p->alpha;
}

static gt_picture shape_of(uint64_t code) {
    return (gt_picture){.height = (int)(code >> 40 & 0xfffff),
                        .width = (int)(code >> 20 & 0xfffff),
                        .channels = (int)(code >> 4 & 0xffff),
                        .type = (gt_sample)(code >> 1 & 3),
                        .alpha = code & 1};
}

bool gt_scan_same_shape(const gt_picture *a, const gt_picture *b) { return code_of(a) == code_of(b); }

const char *gt_scan_odd_text(const gt_items *items, int64_t i, const gt_picture *shape, const gt_picture *most,
                             char text[GT_ODD_BYTES]) {
    char name[GT_ITEM_NAME_BYTES], is[GT_SHAPE_BYTES], others[GT_SHAPE_BYTES];
    snprintf(text, GT_ODD_BYTES, "'%s': becomes %s; the most frequent shape is %s", gt_items_name(items, i, name),
             gt_picture_shape(shape, is), gt_picture_shape(most, others));
    return text;
}

/* The code of a picture of p's shape. */
static gt_status shape_code(const gt_transform *t, const gt_picture *p, uint64_t *code) {
    gt_transformed made;
    gt_status st = gt_transform_shape(t, p, &made);
    if (!st)
        *code = made.dropped ? DROPPED : code_of(&made.shape) | (made.laid ? LAID : 0) | (made.enlarged ? ENLARGED : 0);
    return st;
}

/* *size: pixels of the picture as it is, and its width; 0: unknown. *floats becomes true of a picture of floats. */
static gt_status scan_one(const gt_items *items, const gt_transform *t, int64_t i, uint64_t *code, int64_t *size,
                          bool *floats) {
    gt_picture p = {0};
    bool cut;
    gt_progress();
    *code = BAD;
    *size = 0;
    int64_t number;
    const gt_source *from = gt_items_at(items, i, &number);
    gt_status st = gt_item_wrap(from, number, gt_item_shape(from, number, GT_PICTURE_HEAD_BYTES, &p, &cut));
    if (!st) st = gt_item_wrap(from, number, shape_code(t, &p, code));
    if (!st) *size = (int64_t)p.height * p.width << WIDTH_BITS | p.width;
    *floats |= !st && p.type == GT_F32;
    if (st || !cut || *code == DROPPED) return st;
    gt_picture turned = p;
    turned.height = p.width, turned.width = p.height;
    uint64_t other;
    if (!shape_code(t, &turned, &other) && other != *code) *code |= CUT;
    return GT_OK;
}

typedef struct scan_range { /* of one rank */
    const gt_items *items;
    const gt_transform *t;
    int64_t first, count;
    uint64_t *code;
    int ranks;
    int64_t count_all; /* of all ranks */
    _Atomic int64_t done;
    _Atomic int64_t smallest; /* of those that are enlarged: as scan_one() says; INT64_MAX: there is none */
    atomic_bool floats;
    _Atomic uint64_t stamps[2]; /* sums, in which the order of threads and ranks does not show */
} scan_range;

/* Which item has which stamp. */
static void add_stamp(scan_range *s, int64_t i) {
    struct {
        int64_t item;
        gt_hash128 stamp;
    } known = {.item = i};
    int64_t number;
    gt_source *from = gt_items_at(s->items, i, &number);
    known.stamp = gt_source_item_stamp(from, number);
    gt_hash128 h = gt_hash(&known, sizeof known);
    atomic_fetch_add(&s->stamps[0], h.high);
    atomic_fetch_add(&s->stamps[1], h.low);
}

static void scan_tile(void *arg, int tile, int worker) {
    (void)worker;
    scan_range *s = arg;
    int64_t from = (int64_t)tile * TILE, to = from + TILE < s->count ? from + TILE : s->count;
    bool floats = false;
    for (int64_t i = from; i < to; i++) {
        add_stamp(s, s->first + i); /* before its head is read: a change in between is noticed the next time */
        int64_t size, least = atomic_load(&s->smallest);
        scan_one(s->items, s->t, s->first + i, &s->code[i], &size, &floats);
        while (s->code[i] & ENLARGED && size < least && !atomic_compare_exchange_weak(&s->smallest, &least, size)) {}
    }
    if (floats) atomic_store(&s->floats, true);
    gt_tell(gt_smallest((atomic_fetch_add(&s->done, to - from) + to - from) * s->ranks, s->count_all));
}

typedef struct coded {
    uint64_t code;
    int64_t item;
} coded;

static int by_code(const void *a, const void *b) {
    const coded *x = a, *y = b;
    int order = (x->code > y->code) - (x->code < y->code);
    return order ? order : (x->item > y->item) - (x->item < y->item);
}

/* The most frequent shape; of equally frequent ones that of the earliest item. 0: there is none. */
static gt_status most_frequent(const uint64_t *code, size_t n, uint64_t *best) {
    GT_FREED coded *sorted = malloc(n * sizeof *sorted);
    if (!sorted) return gt_fail(GT_NOMEM, "out of memory for a scan of %zu images", n);
    for (size_t i = 0; i < n; i++) sorted[i] = (coded){code[i], (int64_t)i};
    qsort(sorted, n, sizeof *sorted, by_code);
    size_t most = 0, first = 0; /* first: the item */
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && sorted[end].code == sorted[i].code;) end++;
        if (!(sorted[i].code & SHAPE) || end - i < most || (end - i == most && (size_t)sorted[i].item > first))
            continue;
        most = end - i;
        first = (size_t)sorted[i].item;
        *best = sorted[i].code;
    }
    return GT_OK;
}

/* Of pictures of 8 and of 16 bits those of 16 get 8, where nobody asked for a depth or said what is black and white. */
static bool mend_depth(const gt_transform *t, uint64_t *code, int64_t n) {
    const uint64_t type = (uint64_t)3 << 1, wide = (uint64_t)GT_U16 << 1, narrow = (uint64_t)GT_U8 << 1;
    int64_t of_16 = 0, of_8 = 0;
    if (t->depth != GT_DEPTH_KEEP || t->range[0] != 0 || t->range[1] != 0) return false;
    for (int64_t i = 0; i < n; i++) {
        of_16 += (code[i] & SHAPE) && (code[i] & type) == wide;
        of_8 += (code[i] & SHAPE) && (code[i] & type) == narrow;
    }
    if (!of_16 || !of_8) return false;
    for (int64_t i = 0; i < n; i++)
        if ((code[i] & SHAPE) && (code[i] & type) == wide) code[i] = (code[i] & ~type) | narrow;
    gt_info("%lld of %lld pictures have 16 bits, the others 8: all become 8-bit pictures (--depth=u16: 16-bit)",
            (long long)of_16, (long long)n);
    return true;
}

/* Of pictures with and without colours and transparency all get colours, where nobody asked for a number of channels;
 * transparency where all have some. */
static void mend_channels(gt_transform *t, uint64_t *code, int64_t n) {
    int64_t of[5] = {0}, all = 0, alpha = 0, laid_already = 0;
    if (t->channels) return;
    for (int64_t i = 0; i < n; i++) {
        gt_picture p = shape_of(code[i]);
        if (!(code[i] & SHAPE)) continue;
        if (p.channels > 4 || (p.channels - p.alpha != 1 && p.channels - p.alpha != 3)) return;
        of[p.channels]++, all++, alpha += p.alpha, laid_already += (code[i] & LAID) != 0;
    }
    int64_t grey = of[1] + of[2];
    for (int k = 1; k <= 4; k++)
        if (of[k] == all) return;
    bool keeps = alpha == all, colours = grey < all;
    t->channels = (colours ? 3 : 1) + keeps;
    for (int64_t i = 0; i < n; i++) {
        gt_picture p = shape_of(code[i]);
        if (!(code[i] & SHAPE)) continue;
        uint64_t laid = p.alpha && !keeps ? LAID : 0, flags = code[i] & (CUT | LAID | ENLARGED);
        p.channels = t->channels, p.alpha = keeps;
        code[i] = code_of(&p) | flags | laid;
    }
    gt_info("%lld pictures, %lld of them grey and %lld with transparency, all become %s%s", (long long)all,
            (long long)grey, (long long)(alpha + laid_already), colours ? "RGB" : "grey",
            keeps ? " with transparency" : "");
}

static const char *colour_text(const gt_transform *t, char text[8]) {
    if (t->alpha != GT_ALPHA_FLATTEN) return "white";
    int rgb[3];
    for (int c = 0; c < 3; c++) rgb[c] = (int)(t->background[c] * 255 + 0.5);
    snprintf(text, 8, "%02x%02x%02x", rgb[0] & 255, rgb[1] & 255, rgb[2] & 255);
    return !strcmp(text, "000000") ? "black" : !strcmp(text, "ffffff") ? "white" : text;
}

/* What becomes of pictures without anybody having asked for it. Takes the marks away. *laid: how many pictures. */
static void tell_changes(const gt_transform *t, uint64_t *code, int64_t n, int64_t smallest, int64_t *laid) {
    int64_t enlarged = 0, kept = 0;
    char text[8];
    *laid = 0;
    for (int64_t i = 0; i < n; i++) {
        *laid += (code[i] & LAID) != 0;
        enlarged += (code[i] & ENLARGED) != 0;
        kept += (code[i] & SHAPE) && (code[i] & 1);
        code[i] &= ~(CUT | LAID | ENLARGED);
    }
    if (*laid)
        gt_info("%lld of %lld pictures have transparency and are laid over %s (--background=COLOUR: another colour; "
                "--channels=4 keeps transparency)",
                (long long)*laid, (long long)n, colour_text(t, text));
    if (kept && !t->channels)
        gt_info("%lld pictures keep their transparency as a channel (--channels=3 lays them over white)",
                (long long)kept);
    if (enlarged)
        gt_warn("%lld of %lld pictures are enlarged, the smallest from %lld x %lld pixels", (long long)enlarged,
                (long long)n, (long long)(smallest & ((1 << WIDTH_BITS) - 1)),
                (long long)((smallest >> WIDTH_BITS) / (smallest & ((1 << WIDTH_BITS) - 1))));
}

static gt_status report_one(const gt_items *items, const gt_transform *t, int64_t i, uint64_t code,
                            const gt_picture *shape, gt_remarks *remarks) {
    uint64_t again;
    int64_t size;
    bool floats = false;
    char text[GT_ODD_BYTES];
    if (code == BAD) {
        if (!scan_one(items, t, i, &again, &size, &floats)) return GT_OK; /* better now */
        return gt_remarks_add(remarks, GT_REMARK_BAD, i, gt_message(), false);
    }
    gt_picture p = shape_of(code);
    return gt_remarks_add(remarks, GT_REMARK_ODD, i, gt_scan_odd_text(items, i, &p, shape, text), false);
}

static gt_status compare_items(const gt_items *items, const gt_transform *t, const uint64_t *code, gt_remarks *remarks,
                               gt_picture *shape) {
    uint64_t best = 0;
    gt_status st = most_frequent(code, (size_t)items->count, &best);
    *shape = shape_of(best);
    char text[GT_UNLABELLED_BYTES];
    for (int64_t i = 0; i < items->count && !st; i++) {
        if ((code[i] != best || code[i] == BAD) && code[i] != DROPPED)
            st = report_one(items, t, i, code[i], shape, remarks);
        else if (code[i] != DROPPED && gt_items_lacks_label(items, i, text))
            st = gt_remarks_add(remarks, GT_REMARK_UNLABELLED, i, text, false);
    }
    if (st || best) return st;
    const char *first = gt_remarks_first(remarks, GT_REMARK_BAD);
    return first ? gt_fail(GT_FORMAT, "none of the %lld pictures can be used; the first: %s", (long long)items->count,
                           first)
                 : gt_fail(GT_USAGE, "the transform leaves out all %lld pictures: they are too small",
                           (long long)items->count);
}

/* Without what earlier programs did not mark. */
static gt_hash128 hash_of_codes(uint64_t *code, int64_t n) {
    gt_hasher *h = gt_hasher_new();
    if (!h) return (gt_hash128){0};
    for (int64_t i = 0; i < n; i++) gt_hasher_add(h, &(uint64_t){code[i] & ~(LAID | ENLARGED)}, sizeof *code);
    return gt_hasher_end(h);
}

/* Modulo 2^64, by halves: no half of the sum outgrows 64 bits. */
static uint64_t sum_all(gt_comm *comm, uint64_t value) {
    uint64_t high = (uint64_t)gt_comm_sum_all(comm, (int64_t)(value >> 32)),
             low = (uint64_t)gt_comm_sum_all(comm, (int64_t)(value & UINT32_MAX));
    return (high << 32) + low;
}

/* The smallest number of all ranks, on rank 0; `room`: [ranks], there. */
static int64_t smallest_all(gt_comm *comm, int64_t value, uint64_t *room) {
    gt_comm_gather_all(comm, &value, sizeof value, room);
    for (int i = 0; i < comm->ranks && room; i++) value = gt_smallest(value, (int64_t)room[i]);
    return value;
}

gt_status gt_scan_all(gt_comm *comm, gt_pool *pool, const gt_items *items, gt_transform *t, gt_remarks *remarks,
                      gt_picture *shape, gt_hash128 *digest, bool *floats) {
    int64_t first = items->count * comm->rank / comm->ranks, end = items->count * (comm->rank + 1) / comm->ranks;
    scan_range s = {.items = items, .t = t, .first = first, .count = end - first, .ranks = comm->ranks};
    s.smallest = INT64_MAX;
    s.count_all = items->count;
    s.code = malloc((size_t)(s.count + 1) * sizeof *s.code);
    uint64_t stamps[2], *all = comm->rank ? NULL : malloc(((size_t)items->count + (size_t)comm->ranks) * sizeof *all);
    gt_status st = s.code && (all || comm->rank)
                       ? GT_OK
                       : gt_fail(GT_NOMEM, "out of memory for a scan of %lld images", (long long)items->count);
    st = gt_comm_agree_all(comm, st);
    if (!st) {
        gt_tell_start("looking at", "pictures", items->count);
        gt_pool_run(items->main_thread_only ? NULL : pool, (int)((s.count + TILE - 1) / TILE), scan_tile, &s);
        gt_tell_end();
        gt_comm_gather_all(comm, s.code, (size_t)s.count * sizeof *s.code, all);
        *floats = gt_comm_max_all(comm, atomic_load(&s.floats)) != 0;
        for (int k = 0; k < 2; k++) stamps[k] = sum_all(comm, atomic_load(&s.stamps[k]));
        int64_t laid, smallest = smallest_all(comm, atomic_load(&s.smallest), all ? all + items->count : NULL);
        if (!comm->rank) {
            gt_hash128 codes = hash_of_codes(all, items->count);
            if (mend_depth(t, all, items->count)) t->depth = GT_DEPTH_U8;
            mend_channels(t, all, items->count);
            tell_changes(t, all, items->count, smallest, &laid);
            /* once transparency was laid over black: what was begun so does not resume */
            uint64_t parts[] = {codes.high, codes.low, stamps[0], stamps[1], 1};
            *digest = gt_hash(parts, (laid && t->alpha == GT_ALPHA_KEEP ? 5 : 4) * sizeof *parts);
            st = compare_items(items, t, all, remarks, shape);
        }
        st = gt_comm_agree_all(comm, st);
        gt_comm_broadcast_all(comm, shape, sizeof *shape, 0);
        gt_comm_broadcast_all(comm, &t->depth, sizeof t->depth, 0);
        gt_comm_broadcast_all(comm, &t->channels, sizeof t->channels, 0);
    }
    free(s.code);
    free(all);
    return st;
}
