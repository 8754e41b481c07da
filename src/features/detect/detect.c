/* SPDX-License-Identifier: Apache-2.0
 * Detection by windows: see detect.h. */
#include "features/detect/detect.h"

#include <math.h>
#include <stdlib.h>

#include "base/door/pool.h"
#include "data/door/box.h"
#include "data/door/resize.h"
#include "base/door/mathfn.h"
#include "base/door/memory.h"
#include "base/door/progress.h"
#include "networks/model/door/model.h"

enum { WINDOWS_MOST = 1 << 24, LEAST_SIDE = 2 };

struct gt_detecting {
    gt_runner *with;
    const gt_model *model;
    gt_pool *pool;
    gt_detect_options options;
    gt_resizer *resizers; /* [threads of the pool] */
    float *batch;
    gt_detection *list; /* [room] windows of the picture, later the objects */
    size_t room;
    const float *pixels; /* of the picture; width and the first window of the batch: for the threads that cut */
    int width;
    int64_t first;
    gt_status *cut; /* [batch] */
};

/* ---- overlaps ---- */

/* The likeliest first; equal ones by their place. */
static int by_probability(const void *x, const void *y) {
    const gt_detection *a = x, *b = y;
    if (a->probability > b->probability || a->probability < b->probability)
        return a->probability > b->probability ? -1 : 1;
    const int of_a[] = {a->box.top, a->box.left, a->box.bottom, a->box.right},
              of_b[] = {b->box.top, b->box.left, b->box.bottom, b->box.right};
    for (int i = 0; i < 4; i++)
        if (of_a[i] != of_b[i]) return of_a[i] < of_b[i] ? -1 : 1;
    return 0;
}

int64_t gt_detect_suppress(gt_detection *list, int64_t n, double overlap) {
    int64_t kept = 0;
    if (n) qsort(list, (size_t)n, sizeof *list, by_probability);
    for (int64_t i = 0; i < n; i++) {
        bool stays = true;
        for (int64_t k = 0; k < kept && stays; k++) stays = gt_box_overlap(&list[k].box, &list[i].box) <= overlap;
        if (stays) list[kept++] = list[i];
    }
    return kept;
}

void gt_detect_score(gt_detect_scores *s, const gt_detection *found, int64_t n, const gt_box *there, int n_there) {
    const double half = 0.5;
    bool taken[GT_TRUTH_MAX] = {false};
    if (n_there > GT_TRUTH_MAX) n_there = GT_TRUTH_MAX;
    for (int64_t i = 0; i < n; i++) {
        int best = -1;
        double most = half;
        for (int k = 0; k < n_there; k++) {
            double part = gt_box_overlap(&found[i].box, &there[k]);
            if (!taken[k] && there[k].class == found[i].box.class && part >= most) best = k, most = part;
        }
        if (best >= 0) taken[best] = true, s->right++;
    }
    s->found += n;
    s->there += n_there;
}

/* ---- windows ---- */

typedef struct windows { /* of one size and aspect, over a picture; rows 0: the picture is smaller */
    int height, width;   /* of a window */
    int64_t rows, columns;
} windows;

static windows windows_of(const gt_detect_options *o, int size, int aspect, int height, int width) {
    double side = (double)o->sizes[size] * (height < width ? height : width), root = sqrt((double)o->aspects[aspect]);
    windows w = {.height = (int)lround(side / root), .width = (int)lround(side * root)};
    if (w.height < LEAST_SIDE || w.width < LEAST_SIDE || w.height > height || w.width > width) return (windows){0};
    w.rows = 1 + (int64_t)ceil((height - w.height) / fmax(o->stride * w.height, 1));
    w.columns = 1 + (int64_t)ceil((width - w.width) / fmax(o->stride * w.width, 1));
    return w;
}

/* Place i of n, evenly from border to border. */
static int place(int64_t i, int64_t n, int room) { return n > 1 ? (int)(i * room / (n - 1)) : room / 2; }

/* The picture's windows into d->list. */
static gt_status list_windows(gt_detecting *d, int height, int width, int64_t *n) {
    const gt_detect_options *o = &d->options;
    *n = 0;
    for (int k = 0; k < o->n_sizes * o->n_aspects; k++) {
        windows w = windows_of(o, k / o->n_aspects, k % o->n_aspects, height, width);
        if (w.rows * w.columns > WINDOWS_MOST - *n)
            return gt_fail(GT_USAGE, "the picture of %dx%d pixels has more than %d windows: a larger stride is needed",
                           width, height, WINDOWS_MOST);
        gt_status st = gt_grow(&d->list, &d->room, (size_t)(*n + w.rows * w.columns), sizeof *d->list, "windows");
        if (st) return st;
        for (int64_t i = 0; i < w.rows * w.columns; i++) {
            int top = place(i / w.columns, w.rows, height - w.height),
                left = place(i % w.columns, w.columns, width - w.width);
            gt_box box = {.left = left, .top = top, .right = left + w.width, .bottom = top + w.height};
            d->list[(*n)++] = (gt_detection){.box = box};
        }
    }
    if (*n) return GT_OK;
    return gt_fail(GT_USAGE, "none of the windows fits into the picture of %dx%d pixels", width, height);
}

/* ---- their classes ---- */

static void cut(void *arg, int tile, int worker) {
    gt_detecting *d = arg;
    const gt_model *m = d->model;
    const gt_box *b = &d->list[d->first + tile].box;
    gt_resize_job job = {.filter = GT_FILTER_LANCZOS,
                         .in_height = b->bottom - b->top,
                         .in_width = b->right - b->left,
                         .height = m->height,
                         .width = m->width,
                         .channels = m->channels,
                         .in_stride = (size_t)d->width * (size_t)m->channels};
    const float *from = d->pixels + ((size_t)b->top * (size_t)d->width + (size_t)b->left) * (size_t)m->channels;
    d->cut[tile] = gt_resize(&d->resizers[worker], &job, GT_F32, from, d->batch + (size_t)tile * gt_model_floats(m));
}

/* The likeliest class but the ground, with its probability among all classes. */
static void classify_window(const gt_detecting *d, const float *logits, gt_detection *window) {
    int classes = d->model->label_dim, best = -1;
    double most = -INFINITY, sum = 0;
    for (int i = 0; i < classes; i++) {
        most = fmax(most, (double)logits[i]);
        if (i != d->options.ground && (best < 0 || logits[i] > logits[best])) best = i;
    }
    for (int i = 0; i < classes; i++) sum += gt_exp((double)logits[i] - most);
    window->box.class = best;
    window->probability = best < 0 ? 0 : (float)(gt_exp((double)logits[best] - most) / sum);
}

static gt_status classify(gt_detecting *d, int64_t n) {
    int batch = gt_runner_batch(d->with);
    gt_status st = GT_OK;
    for (d->first = 0; d->first < n && !st; d->first += batch) {
        int count = (int)(n - d->first < batch ? n - d->first : batch);
        gt_progress();
        gt_pool_run(d->pool, count, cut, d);
        for (int i = 0; i < count && !st; i++) st = d->cut[i];
        if (!st) st = gt_runner_run(d->with, &(gt_run_batch){.n = count, .images = d->batch});
        const float *logits = st ? NULL : gt_runner_output(d->with, "logits");
        for (int i = 0; i < count && !st; i++)
            classify_window(d, logits + i * d->model->label_dim, &d->list[d->first + i]);
    }
    return st;
}

gt_status gt_detecting_run(gt_detecting *d, const float *pixels, int height, int width, const gt_detection **found,
                           int64_t *n) {
    int64_t all, likely = 0;
    *found = NULL;
    *n = 0;
    d->pixels = pixels;
    d->width = width;
    gt_status st = list_windows(d, height, width, &all);
    if (!st) st = classify(d, all);
    if (st) return st;
    for (int64_t i = 0; i < all; i++)
        if ((double)d->list[i].probability >= d->options.threshold) d->list[likely++] = d->list[i];
    *n = gt_detect_suppress(d->list, likely, d->options.overlap);
    *found = d->list;
    return GT_OK;
}

/* ---- life ---- */

gt_detecting *gt_detecting_new(gt_runner *classifier, gt_pool *pool, const gt_detect_options *o) {
    const gt_model *m = gt_runner_model(classifier);
    gt_detecting *d = calloc(1, sizeof *d);
    size_t batch = (size_t)gt_runner_batch(classifier);
    if (d) {
        *d = (gt_detecting){.with = classifier, .model = m, .pool = pool, .options = *o};
        d->resizers = calloc((size_t)gt_pool_threads(pool), sizeof *d->resizers);
        d->batch = calloc(batch * gt_model_floats(m), sizeof *d->batch);
        d->cut = calloc(batch, sizeof *d->cut);
    }
    if (d && d->resizers && d->batch && d->cut) return d;
    gt_fail(GT_NOMEM, "out of memory for a detector");
    gt_detecting_free(d);
    return NULL;
}

void gt_detecting_free(gt_detecting *d) {
    if (!d) return;
    for (int i = 0; d->resizers && i < gt_pool_threads(d->pool); i++) gt_resizer_free(&d->resizers[i]);
    free(d->resizers);
    free(d->batch);
    free(d->list);
    free(d->cut);
    free(d);
}
