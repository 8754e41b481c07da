/* SPDX-License-Identifier: Apache-2.0
 * Labelled windows out of pictures with masks, for a classifier that is to detect objects (detect.h): the positive and
 * negative examples of Girshick et al., "Rich feature hierarchies", section 2.3.
 *
 * Of the windows of a picture every second one lies about an object and has its class; those between lie elsewhere and
 * have class 0, the ground. Windows of which neither can be said are not taken. Where they lie is a function of the
 * picture's number and the window's number alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/source.h"
#include "data/door/box.h"
#include "base/door/mathfn.h"
#include "base/door/progress.h"
#include "base/door/random.h"

enum { TRIES = 64, PER_TRY = 8, LEAST_SIDE = 4 };
static const double of_object = 0.6, of_ground = 0.35; /* overlap with an object: at least, at most */

typedef struct place { /* of a window's random numbers */
    gt_key key;
    size_t position;
} place;

static double number(place *p, double low, double high) {
    return low + (high - low) * gt_random_below(p->key, p->position++, 1u << 24) * 0x1p-24;
}

/* The window with this middle and these sides, as far as the picture goes. */
static gt_box window_at(double x, double y, double width, double height, const gt_picture *picture) {
    gt_box b = {.left = (int)lround(x - width / 2), .top = (int)lround(y - height / 2)};
    b.right = b.left + (int)lround(width), b.bottom = b.top + (int)lround(height);
    if (b.left < 0) b.left = 0;
    if (b.top < 0) b.top = 0;
    if (b.right > picture->width) b.right = picture->width;
    if (b.bottom > picture->height) b.bottom = picture->height;
    return b;
}

static gt_box about_object(const gt_picture *picture, const gt_box *object, gt_key key) {
    double width = object->right - object->left, height = object->bottom - object->top;
    for (size_t t = 0; t < TRIES; t++) {
        place p = {key, t * PER_TRY};
        double x = object->left + width * number(&p, 0.35, 0.65), y = object->top + height * number(&p, 0.35, 0.65),
               wide = width * number(&p, 0.8, 1.3), high = height * number(&p, 0.8, 1.3);
        gt_box b = window_at(x, y, wide, high, picture);
        b.class = object->class;
        if (gt_box_overlap(&b, object) >= of_object) return b;
    }
    return *object;
}

/* Half of these windows have their middle in an object: parts of objects, and windows that are too large. Where every
 * try lies too much on an object, the one that does so least is taken. */
static gt_box elsewhere(const gt_picture *picture, const gt_box *objects, int n, bool near, gt_key key) {
    gt_box best = {0};
    double least = INFINITY, side = picture->width < picture->height ? picture->width : picture->height;
    for (size_t t = 0; t < TRIES && least > of_ground; t++) {
        place p = {key, t * PER_TRY};
        double most = 0, middle_x = number(&p, 0, 1), middle_y = number(&p, 0, 1),
               size = side * gt_exp(number(&p, -2, -0.2)), aspect = gt_exp(number(&p, -0.35, 0.35));
        gt_box all = {.right = picture->width, .bottom = picture->height},
               in = near ? objects[gt_random_below(key, p.position, (uint32_t)n)] : all;
        gt_box b = window_at(in.left + middle_x * (in.right - in.left), in.top + middle_y * (in.bottom - in.top),
                             size * aspect, size / aspect, picture);
        if (b.right - b.left < LEAST_SIDE || b.bottom - b.top < LEAST_SIDE) continue;
        for (int k = 0; k < n; k++) most = fmax(most, gt_box_overlap(&b, &objects[k]));
        if (most < least) best = b, least = most;
    }
    return best.right ? best : (gt_box){.right = picture->width, .bottom = picture->height};
}

/* The `each` windows of a picture. */
static gt_status place_windows(const gt_source *s, int64_t i, int each, gt_box *windows) {
    gt_picture shape, mask;
    GT_FREED gt_box *objects = NULL;
    int n = 0;
    bool cut;
    gt_status st = gt_item_shape(s, i, GT_PICTURE_HEAD_BYTES, &shape, &cut);
    if (st || shape.height < LEAST_SIDE || shape.width < LEAST_SIDE)
        return st ? gt_item_wrap(s, i, st)
                  : gt_item_wrap(
                        s, i, gt_fail(GT_FORMAT, "%d x %d pixels: too small for windows", shape.width, shape.height));
    st = gt_mask_wrap(s, i, gt_mask_read(s, i, &shape, &mask));
    if (st) return st;
    st = gt_boxes_of_mask(mask.samples, shape.height, shape.width, &objects, &n);
    gt_picture_free(&mask);
    for (int k = 0; k < each && !st; k++) {
        gt_key key = {.stream = gt_stream("windows"), .step = (uint32_t)i, .sample = (uint32_t)k};
        windows[k] = n && k % 2 == 0 ? about_object(&shape, &objects[k / 2 % n], key)
                                     : elsewhere(&shape, objects, n, n && k % 4 == 1, key);
    }
    return st;
}

static gt_status label_windows(gt_source_info *info, const gt_box *windows, int64_t count) {
    gt_notes_drop_labels(info);
    gt_status st = gt_notes_new_classes(info, count);
    for (int64_t i = 0; i < count && !st; i++) info->classes[i] = windows[i].class;
    for (int k = 0; k < info->mask_classes && !st; k++)
        st = gt_notes_add_class_name(info, info->mask_name[k], strlen(info->mask_name[k]));
    gt_masks_free_names(info);
    return st ? st : gt_notes_check(info, count, true);
}

gt_status gt_source_windows(gt_source *s, int each) {
    if (!s->mask) return gt_fail(GT_USAGE, "--windows: the pictures have no masks to locate objects");
    if (s->count > INT32_MAX / each)
        return gt_fail(GT_USAGE, "--windows=%d: at most %d windows fit into a dataset", each, INT32_MAX);
    int64_t count = s->count * each;
    gt_box *windows = gt_arena_array(s->arena, (size_t)count, sizeof *windows);
    gt_status st = windows ? GT_OK : GT_NOMEM;
    for (int64_t i = 0; i < s->count && !st; i++) {
        gt_progress();
        st = place_windows(s, i, each, windows + i * each);
    }
    if (!st) st = label_windows(&s->info, windows, count);
    return st ? st : gt_source_cut(s, each, windows);
}
