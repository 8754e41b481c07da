/* SPDX-License-Identifier: Apache-2.0
 * Pictures of any shapes as a dataset of one shape: a source around another one, of what a transform makes of each. */
#include <inttypes.h>
#include <string.h>

#include "files/codec/door/sample.h"
#include "data/door/source.h"
#include "base/door/progress.h"
#include "data/door/transform.h"

enum { SHORT_HEAD = 1024 };

typedef struct fitting {
    gt_around around;
    gt_transform transform;
    gt_picture shape;
} fitting;

/* The options of gantry dataset that make the same. */
static void print_options(const gt_transform *t, gt_buffer *b) {
    gt_buffer_printf(b, "--width=%d --height=%d --channels=%d", t->width, t->height, t->channels);
    if (t->crop) gt_buffer_printf(b, " --transform=%s", t->crop == GT_CROP_CENTER ? "center-crop" : "center-crop-wide");
    if (t->pad) gt_buffer_printf(b, " --pad");
    if (t->filter == GT_FILTER_BOX) gt_buffer_printf(b, " --resize-filter=box");
}

typedef struct unlike { /* items that the transform changes */
    int64_t n, looks;   /* so many of those looked at */
    int64_t first;
    gt_picture found; /* the first one's shape */
} unlike;

static gt_status describe_fit(const gt_source *s, const gt_transform *t, const unlike *u, char **said) {
    GT_BUFFER gt_buffer b = {0};
    char is[GT_SHAPE_BYTES], name[GT_ITEM_NAME_BYTES];
    gt_buffer_printf(&b, "%" PRId64 " of %" PRId64 " picture%s", u->n, u->looks, s->count == 1 ? "" : "s");
    if (u->looks < s->count) gt_buffer_printf(&b, " checked");
    gt_buffer_printf(&b, ", such as '%s' (%s), made as gantry dataset ", gt_source_name(s, u->first, name),
                     gt_picture_shape(&u->found, is));
    print_options(t, &b);
    gt_buffer_printf(&b, " makes them");
    if (!b.failed) *said = gt_arena_printf(s->arena, "%.*s", (int)b.n, b.data);
    return *said ? GT_OK : gt_fail(GT_NOMEM, "out of memory for what becomes of pictures");
}

static bool is_like(const gt_picture *a, const gt_picture *b) {
    return a->height == b->height && a->width == b->width && a->channels == b->channels && a->type == b->type;
}

/* The shape of the first item or, with `some`, of the first that can be read. */
static gt_status first_shape(const gt_source *s, bool some, gt_picture *found) {
    bool cut;
    gt_status st = gt_item_wrap(s, 0, gt_item_shape(s, 0, 0, found, &cut));
    for (int64_t i = 1; some && i < s->count && st && st != GT_NOMEM; i++)
        st = gt_item_wrap(s, i, gt_item_shape(s, i, 0, found, &cut));
    return st;
}

/* Completes the transform, says what all items become, and looks at which are changed. */
static gt_status plan_fit(const gt_source *s, gt_transform *t, bool some, gt_picture *shape, unlike *u) {
    gt_picture found;
    gt_transformed made;
    bool cut;
    *u = (unlike){.looks = gt_source_looks(s)};
    gt_status st = first_shape(s, some, &found);
    if (st) return st;
    t->depth = (gt_depth)(GT_DEPTH_U8 + (int)found.type);
    if (s->info.has_range) memcpy(t->range, s->info.range, sizeof s->info.range);
    st = gt_item_wrap(s, 0, gt_transform_shape(t, &found, &made));
    *shape = made.shape;
    for (int64_t k = 0; k < u->looks && !st; k++) {
        int64_t i = gt_source_look(s, k, u->looks);
        gt_progress();
        st = gt_item_wrap(s, i, gt_item_shape(s, i, SHORT_HEAD, &found, &cut));
        if (st && some && st != GT_NOMEM) st = GT_OK;
        else if (!st && !is_like(&found, shape) && !u->n++) u->found = found, u->first = i;
    }
    return st;
}

static gt_status too_small(void) {
    return gt_fail(GT_FORMAT, "a picture that the transform leaves out: it is too small");
}

static gt_status read_fitted(const gt_source *s, int64_t i, gt_picture *out) {
    const fitting *f = s->state;
    bool dropped;
    gt_status st = gt_item_read(&f->around.inner, i, out);
    gt_transformer *w = st ? NULL : gt_transformer_new(&f->transform);
    if (!st && !w) st = GT_NOMEM;
    if (!st && !(st = gt_transformer_run(w, out, &dropped)) && dropped) st = too_small();
    out->alpha = f->shape.alpha; /* whatever the last channel is called, there are as many */
    gt_transformer_free(w);
    return st;
}

static gt_status head_fitted(const gt_source *s, int64_t i, size_t first, gt_picture_info *out) {
    const fitting *f = s->state;
    gt_status st = gt_item_head(&f->around.inner, i, first, out);
    out->height = f->shape.height, out->width = f->shape.width, out->channels = f->shape.channels;
    out->bits = 8 * (int)gt_sample_bytes(f->shape.type);
    out->alpha = f->shape.alpha, out->cut = false;
    return st;
}

static gt_status mask_fitted(const gt_source *s, int64_t i, gt_picture *out) {
    const fitting *f = s->state;
    gt_picture shape;
    bool cut;
    gt_status st = gt_item_shape(&f->around.inner, i, SHORT_HEAD, &shape, &cut);
    if (!st) st = gt_mask_read(&f->around.inner, i, &shape, out);
    gt_transformer *w = st ? NULL : gt_transformer_new(&f->transform);
    if (!st && !w) st = GT_NOMEM;
    if (!st) st = gt_transformer_mask(w, &shape, out);
    if (!st && (out->height != f->shape.height || out->width != f->shape.width)) st = too_small();
    gt_transformer_free(w);
    return st;
}

gt_status gt_source_fit(gt_source *s, const gt_transform *wanted, bool some, gt_picture *shape, char **said) {
    gt_transform t = *wanted;
    unlike u;
    gt_status st = plan_fit(s, &t, some, shape, &u);
    if (!st && u.n) st = describe_fit(s, &t, &u, said);
    if (st || (!u.n && u.looks == s->count)) return st;
    if ((st = gt_source_surround(s, sizeof(fitting), NULL, NULL))) return st;
    fitting *f = s->state;
    f->transform = t;
    f->shape = *shape;
    s->read = read_fitted;
    s->head = head_fitted;
    if (s->mask) s->mask = mask_fitted;
    s->shape = (gt_picture){0}; /* pictures are made in memory of their own */
    s->info.has_range = false;  /* the transform brings samples to the usual range */
    s->info.says_range = true;
    s->info.booleans = NULL;
    return GT_OK;
}
