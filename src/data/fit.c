/* SPDX-License-Identifier: Apache-2.0
 * Pictures of any shapes as a dataset of one shape: what a transform makes of each. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/source.h"
#include "gantry/progress.h"

enum { SHORT_HEAD = 1024 };

/* The options of gantry dataset that make the same. */
static void print_options(const gt_transform *t, gt_buffer *b) {
    gt_buffer_printf(b, "--width=%d --height=%d --channels=%d", t->width, t->height, t->channels);
    if (t->crop) gt_buffer_printf(b, " --transform=%s", t->crop == GT_CROP_CENTER ? "center-crop" : "center-crop-wide");
    if (t->pad) gt_buffer_printf(b, " --pad");
    if (t->filter == GT_FILTER_BOX) gt_buffer_printf(b, " --resize-filter=box");
}

static gt_status describe_fit(const gt_source *s, const gt_fitting *f, int64_t first, const gt_picture *found,
                              char **said) {
    gt_buffer b = {0};
    char is[GT_SHAPE_BYTES], name[GT_ITEM_NAME_BYTES];
    gt_buffer_printf(&b, "%" PRId64 " of %" PRId64 " picture%s", f->unlike, f->looks, s->count == 1 ? "" : "s");
    if (f->looks < s->count) gt_buffer_printf(&b, " looked at");
    gt_buffer_printf(&b, ", such as '%s' (%s), made as gantry dataset ", gt_source_name(s, first, name),
                     gt_picture_shape(found, is));
    print_options(&f->transform, &b);
    gt_buffer_printf(&b, " makes them");
    gt_buffer_add(&b, "", 1);
    if (!b.failed) *said = b.data;
    else gt_buffer_free(&b);
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

gt_status gt_fitting_plan(gt_fitting *f, const gt_source *s, const gt_transform *wanted, bool some, gt_picture *shape,
                          char **said) {
    gt_picture found, first = {0};
    int64_t at = 0;
    gt_transformed made;
    bool cut;
    *f = (gt_fitting){.transform = *wanted, .looks = gt_source_looks(s)};
    gt_status st = first_shape(s, some, &found);
    if (st) return st;
    f->transform.depth = (gt_depth)(GT_DEPTH_U8 + (int)found.type);
    if (s->info.has_range) memcpy(f->transform.range, s->info.range, sizeof s->info.range);
    st = gt_item_wrap(s, 0, gt_transform_shape(&f->transform, &found, &made));
    *shape = made.shape;
    for (int64_t k = 0; k < f->looks && !st; k++) {
        int64_t i = gt_source_look(s, k, f->looks);
        gt_progress();
        st = gt_item_wrap(s, i, gt_item_shape(s, i, SHORT_HEAD, &found, &cut));
        if (st && some && st != GT_NOMEM) st = GT_OK;
        else if (!st && !is_like(&found, shape) && !f->unlike++) first = found, at = i;
    }
    return !st && f->unlike ? describe_fit(s, f, at, &first, said) : st;
}

gt_status gt_fitting_read(const gt_fitting *f, const gt_source *s, int64_t i, gt_picture *out) {
    bool dropped;
    gt_status st = gt_item_read(s, i, out);
    gt_transformer *w = st ? NULL : gt_transformer_new(&f->transform);
    if (!st && !w) st = GT_NOMEM;
    if (!st && !(st = gt_transformer_run(w, out, &dropped)) && dropped)
        st = gt_fail(GT_FORMAT, "a picture that the transform leaves out: it is too small");
    gt_transformer_free(w);
    return st;
}

gt_status gt_fitting_mask(const gt_fitting *f, gt_source *s, int64_t i, gt_picture *out) {
    gt_picture shape;
    bool cut;
    gt_status st = gt_item_wrap(s, i, gt_item_shape(s, i, SHORT_HEAD, &shape, &cut));
    if (!st) st = gt_source_mask(s, i, &shape, out);
    gt_transformer *w = st ? NULL : gt_transformer_new(&f->transform);
    if (w) {
        st = gt_transformer_mask(w, &shape, out);
        if (!st && (out->height != f->transform.height || out->width != f->transform.width))
            st = gt_fail(GT_FORMAT, "a picture that the transform leaves out: it is too small");
        if (st) gt_picture_free(out);
    } else if (!st) {
        gt_picture_free(out);
        st = GT_NOMEM;
    }
    gt_transformer_free(w);
    return st;
}
