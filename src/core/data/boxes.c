/* SPDX-License-Identifier: Apache-2.0
 * Boxes around objects: see box.h. */
#include "data/door/box.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/door/memory.h"
#include "gantry/source.h"

double gt_box_overlap(const gt_box *a, const gt_box *b) {
    int left = a->left > b->left ? a->left : b->left, right = a->right < b->right ? a->right : b->right;
    int top = a->top > b->top ? a->top : b->top, bottom = a->bottom < b->bottom ? a->bottom : b->bottom;
    if (right <= left || bottom <= top) return 0;
    double both = (double)(right - left) * (bottom - top);
    double areas = (double)(a->right - a->left) * (a->bottom - a->top) +
                   (double)(b->right - b->left) * (b->bottom - b->top);
    return both / (areas - both);
}

typedef struct fill { /* of one object after the other */
    const uint8_t *classes;
    int height, width;
    bool *seen;
    int32_t *waiting; /* pixels of the object whose neighbours have not been looked at */
} fill;

static void reach(fill *f, int x, int y, int class, int64_t *n) {
    if (x < 0 || y < 0 || x >= f->width || y >= f->height) return;
    int32_t at = y * f->width + x;
    if (f->seen[at] || f->classes[at] != class) return;
    f->seen[at] = true;
    f->waiting[(*n)++] = at;
}

/* The box of the object with this pixel; returns the number of its pixels. */
static int64_t fill_object(fill *f, int32_t pixel, gt_box *box) {
    int class = f->classes[pixel];
    int64_t waiting = 0, pixels = 0;
    *box = (gt_box){.class = class, .left = f->width, .top = f->height};
    for (reach(f, pixel % f->width, pixel / f->width, class, &waiting); waiting; pixels++) {
        int32_t at = f->waiting[--waiting];
        int x = at % f->width, y = at / f->width;
        box->left = x < box->left ? x : box->left, box->right = x >= box->right ? x + 1 : box->right;
        box->top = y < box->top ? y : box->top, box->bottom = y >= box->bottom ? y + 1 : box->bottom;
        for (int k = 0; k < 9; k++) reach(f, x + k % 3 - 1, y + k / 3 - 1, class, &waiting);
    }
    return pixels;
}

gt_status gt_boxes_of_mask(const uint8_t *classes, int height, int width, gt_box **boxes, int *n) {
    size_t pixels = (size_t)height * (size_t)width, room = 0; /* at most GT_PICTURE_MAX_BYTES, which an int32_t holds */
    fill f = {classes, height, width, calloc(pixels, sizeof *f.seen), malloc(pixels * sizeof *f.waiting)};
    gt_status st = f.seen && f.waiting ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the objects of a mask");
    *boxes = NULL;
    *n = 0;
    for (size_t p = 0; p < pixels && !st; p++) {
        gt_box box;
        if (!classes[p] || classes[p] == GT_MASK_IGNORE || f.seen[p]) continue;
        if (fill_object(&f, (int32_t)p, &box) < GT_OBJECT_PIXELS) continue;
        st = gt_grow(boxes, &room, (size_t)*n + 1, sizeof **boxes, "the objects of a mask");
        if (!st) (*boxes)[(*n)++] = box;
    }
    free(f.seen);
    free(f.waiting);
    if (!st) return GT_OK;
    free(*boxes);
    *boxes = NULL;
    *n = 0;
    return st;
}
