/* SPDX-License-Identifier: Apache-2.0
 * Squares or windows out of large pictures: a source around another one.
 *
 * Several threads want squares of the same picture at the same time, so a decoded picture is shared: a slot holds one,
 * and those who need it wait until the first of them has decoded it. There are never more slots than threads inside
 * read_item, so memory stays at one picture a thread. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"

typedef struct slot {
    int64_t picture; /* -1: none yet */
    int users;
    bool ready;
    uint64_t used; /* when, for the choice of the one to give up */
    gt_status status;
    char *message;
    gt_picture data;
    struct slot *next;
} slot;

typedef struct crops {
    gt_around around;
    int side;        /* of squares */
    gt_box *windows; /* [items]; NULL: squares */
    int64_t *first;  /* item of picture i; [pictures + 1] */
    pthread_mutex_t lock;
    pthread_cond_t decoded;
    slot *slots;
    uint64_t clock;
} crops;

/* Squares along a side of n pixels; the last one is aligned to the border. */
static int64_t along(int n, int side) { return (n + side - 1) / side; }

static int begin_of(int64_t k, int n, int side) {
    int begin = (int)k * side;
    return begin + side > n ? n - side : begin;
}

static int64_t picture_of(const crops *c, int64_t item) {
    int64_t low = 0, high = c->around.inner.count - 1; /* the last picture that begins at or before the item */
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (c->first[middle] <= item) low = middle;
        else high = middle - 1;
    }
    return low;
}

/* The slot of a picture, or one that can be taken for it, with the lock held. NULL: out of memory. */
static slot *find_slot(crops *c, int64_t picture) {
    slot *oldest = NULL;
    for (slot *s = c->slots; s; s = s->next) {
        if (s->picture == picture) return s;
        if (s->users == 0 && (!oldest || s->used < oldest->used)) oldest = s;
    }
    if (oldest) {
        gt_picture_free(&oldest->data);
        free(oldest->message);
        *oldest = (slot){.picture = -1, .next = oldest->next};
        return oldest;
    }
    slot *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->picture = -1;
    s->next = c->slots;
    return c->slots = s;
}

/* A slot with the decoded picture, which the caller gives back. */
static slot *take_picture(crops *c, int64_t picture) {
    pthread_mutex_lock(&c->lock);
    slot *s = find_slot(c, picture);
    if (s) {
        s->users++;
        s->used = ++c->clock;
        if (s->picture < 0) {
            s->picture = picture;
            pthread_mutex_unlock(&c->lock);
            s->status = gt_item_read(&c->around.inner, picture, &s->data);
            if (s->status) s->message = strdup(gt_message());
            pthread_mutex_lock(&c->lock);
            s->ready = true;
            pthread_cond_broadcast(&c->decoded);
        }
        while (!s->ready) pthread_cond_wait(&c->decoded, &c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return s;
}

static void give_back(crops *c, slot *s) {
    pthread_mutex_lock(&c->lock);
    s->users--;
    pthread_mutex_unlock(&c->lock);
}

/* The place of a picture's square. */
static gt_status square_of(const crops *c, const gt_picture *p, int64_t square, gt_box *out) {
    if (p->height < c->side || p->width < c->side)
        return gt_fail(GT_FORMAT, "%d x %d pixels: smaller than a square of --crops=%d", p->width, p->height, c->side);
    int64_t columns = along(p->width, c->side);
    if (square >= columns * along(p->height, c->side)) return gt_fail(GT_FORMAT, "smaller than in its header");
    int x = begin_of(square % columns, p->width, c->side), y = begin_of(square / columns, p->height, c->side);
    *out = (gt_box){.left = x, .top = y, .right = x + c->side, .bottom = y + c->side};
    return GT_OK;
}

static gt_status cut_window(const crops *c, const gt_picture *p, int64_t item, int64_t picture, gt_picture *out) {
    gt_box b = {0};
    gt_status st = GT_OK;
    if (c->windows) b = c->windows[item];
    else st = square_of(c, p, item - c->first[picture], &b);
    if (!st && (b.right > p->width || b.bottom > p->height)) st = gt_fail(GT_FORMAT, "smaller than in its header");
    if (!st) st = gt_picture_new(out, b.bottom - b.top, b.right - b.left, p->channels, p->type);
    if (st) return st;
    out->alpha = p->alpha;
    out->note = p->note;
    gt_picture_paste(p, b.top, b.left, out->height, out->width, out);
    return GT_OK;
}

static gt_status read_item(const gt_source *s, int64_t i, gt_picture *out) {
    crops *c = s->state;
    int64_t picture = picture_of(c, i);
    slot *p = take_picture(c, picture);
    if (!p) return gt_fail(GT_NOMEM, "out of memory for a picture");
    gt_status st = p->status ? gt_fail(p->status, "%s", p->message ? p->message : "cannot be read")
                             : cut_window(c, &p->data, i, picture, out);
    give_back(c, p);
    return st;
}

static gt_status mask_item(const gt_source *s, int64_t i, gt_picture *out) {
    const crops *c = s->state;
    int64_t picture = picture_of(c, i);
    gt_picture mask, shape;
    bool cut_head;
    gt_status st = gt_item_shape(&c->around.inner, picture, GT_PICTURE_HEAD_BYTES, &shape, &cut_head);
    if (!st) st = gt_mask_read(&c->around.inner, picture, &shape, &mask);
    if (st) return st;
    st = cut_window(c, &mask, i, picture, out);
    gt_picture_free(&mask);
    return st;
}

static gt_status head_item(const gt_source *s, int64_t i, size_t first, gt_picture_info *out) {
    const crops *c = s->state;
    gt_status st = gt_item_head(&c->around.inner, picture_of(c, i), first, out);
    out->height = c->windows ? c->windows[i].bottom - c->windows[i].top : c->side;
    out->width = c->windows ? c->windows[i].right - c->windows[i].left : c->side;
    return st;
}

static const char *name_item(const gt_source *s, int64_t i, char buffer[GT_ITEM_NAME_BYTES]) {
    const crops *c = s->state;
    int64_t picture = picture_of(c, i);
    char inner[GT_ITEM_NAME_BYTES];
    int n = snprintf(buffer, GT_ITEM_NAME_BYTES, "%s", gt_source_name(&c->around.inner, picture, inner));
    size_t room = GT_ITEM_NAME_BYTES - 32, end = n < 0 ? 0 : (size_t)n < room ? (size_t)n : room;
    snprintf(buffer + end, 32, "#%" PRId64, i - c->first[picture]);
    return buffer;
}

static void close_crops(void *state) {
    crops *c = state;
    for (slot *s = c->slots, *next; s; s = next) {
        next = s->next;
        gt_picture_free(&s->data);
        free(s->message);
        free(s);
    }
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->decoded);
}

/* Squares of a picture; one for a picture that cannot be read or is too small, so that it comes up as an error. */
static int64_t squares(const crops *c, int64_t picture) {
    gt_picture_info head = {0};
    if (gt_item_head(&c->around.inner, picture, GT_PICTURE_HEAD_BYTES, &head) || head.height < c->side ||
        head.width < c->side)
        return 1;
    return along(head.height, c->side) * along(head.width, c->side);
}

/* Each square has the label of its picture. */
static gt_status spread_labels(const crops *c, gt_source *s, int64_t count) {
    gt_source_info *n = &s->info;
    size_t width = n->label_kind == GT_LABELS_VECTORS ? (size_t)n->label_width : 1;
    if (n->label_kind == GT_LABELS_NONE) return GT_OK;
    int32_t *classes = n->classes ? malloc((size_t)count * sizeof *classes) : NULL;
    double *vectors = n->vectors ? malloc((size_t)count * width * sizeof *vectors) : NULL;
    if (!classes && !vectors) return gt_fail(GT_NOMEM, "out of memory for %" PRId64 " labels", count);
    for (int64_t i = 0; i < c->around.inner.count; i++)
        for (int64_t k = c->first[i]; k < c->first[i + 1]; k++) {
            if (classes) classes[k] = n->classes[i];
            if (vectors) memcpy(vectors + (size_t)k * width, n->vectors + (size_t)i * width, width * sizeof *vectors);
        }
    free(n->classes);
    free(n->vectors);
    n->classes = classes;
    n->vectors = vectors;
    return GT_OK;
}

static int64_t inner_item(const gt_around *a, int64_t i) { return picture_of((const crops *)a, i); }

/* Puts the cutting source around *s; crops->first is to be filled in. */
static gt_status surround(gt_source *s, int side, gt_box *windows) {
    int64_t *first = gt_arena_array(s->arena, (size_t)s->count + 1, sizeof *first);
    gt_status st = first ? gt_source_surround(s, sizeof(crops), inner_item, close_crops) : GT_NOMEM;
    if (st) return st;
    crops *c = s->state;
    c->side = side, c->windows = windows, c->first = first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->decoded, NULL);
    s->read = read_item;
    s->head = head_item;
    s->mask = s->mask && !windows ? mask_item : NULL;
    s->name = name_item;
    s->fingerprint = NULL;
    s->shape = (gt_picture){0};
    s->files = false;
    return GT_OK;
}

gt_status gt_source_crops(gt_source *s, int side) {
    gt_status st = surround(s, side, NULL);
    if (st) return st;
    crops *c = s->state;
    int64_t count = 0;
    for (int64_t i = 0; i < c->around.inner.count; i++) {
        c->first[i] = count;
        count += squares(c, i);
    }
    c->first[c->around.inner.count] = s->count = count;
    return spread_labels(c, s, count);
}

gt_status gt_source_cut(gt_source *s, int each, gt_box *windows) {
    gt_status st = surround(s, 0, windows);
    if (st) return st;
    crops *c = s->state;
    for (int64_t i = 0; i <= c->around.inner.count; i++) c->first[i] = i * each;
    s->count = c->around.inner.count * each;
    return GT_OK;
}
