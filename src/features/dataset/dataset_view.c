/* SPDX-License-Identifier: Apache-2.0
 * Datasets as a whole: see features/dataset/dataset_view.h. */
#include "features/dataset/dataset_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/hash.h"
#include "base/door/pool.h"
#include "base/door/progress.h"
#include "files/codec/door/grid.h"
#include "files/codec/door/sample.h"
#include "data/door/dataset.h"
#include "runner/door/items.h"
#include "gantry/memory.h"
#include "runner/door/each_item.h"

/* ---- labels, masks, pixels ---- */

typedef struct sums {
    double sum, squares;
} sums;

static void add_number(gt_moments *m, sums *s, double x) {
    if (!m->n || x < m->min) m->min = x;
    if (!m->n || x > m->max) m->max = x;
    s->sum += x;
    s->squares += x * x;
    m->n++;
}

static void finish_moments(gt_moments *m, const sums *s) {
    double n = m->n ? (double)m->n : 1, variance;
    m->mean = s->sum / n;
    variance = s->squares / n - m->mean * m->mean;
    m->std = sqrt(variance > 0 ? variance : 0);
}

void gt_dataset_count_classes(const gt_dataset *ds, int64_t *images) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    for (int i = 0; i < info->stored_label_width; i++) images[i] = 0;
    for (int64_t i = 0; i < info->count; i++)
        if (gt_dataset_class(ds, i) >= 0) images[gt_dataset_class(ds, i)]++;
}

gt_status gt_dataset_label_moments(const gt_dataset *ds, gt_moments *out) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    int n = info->stored_label_width;
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    float *label = gt_arena_array(a, (size_t)n, sizeof *label);
    sums *sum = gt_arena_array(a, (size_t)n, sizeof *sum);
    gt_status st = label && sum ? GT_OK : GT_NOMEM;
    for (int k = 0; k < n; k++) out[k] = (gt_moments){0};
    for (int64_t i = 0; i < info->count && !st; i++) {
        gt_dataset_label(ds, i, label);
        for (int k = 0; k < n && !isnan(label[0]); k++) add_number(&out[k], &sum[k], (double)label[k]);
    }
    for (int k = 0; k < n && !st; k++) finish_moments(&out[k], &sum[k]);
    return st;
}

static double sample_at(gt_sample type, const void *samples, size_t i) {
    return type == GT_U8    ? ((const uint8_t *)samples)[i]
           : type == GT_U16 ? ((const uint16_t *)samples)[i]
                            : (double)((const float *)samples)[i];
}

/* Leaves out an image that could not be read (`st`): GT_OK, but for memory, which the next one would lack too. */
static gt_status leave_out(gt_unread *unread, gt_status st) {
    if (st == GT_NOMEM) return st;
    if (!unread->n++) snprintf(unread->why, sizeof unread->why, "%s", gt_message());
    return GT_OK;
}

gt_status gt_dataset_pixel_moments(gt_dataset *ds, int64_t n, gt_moments *out, gt_unread *unread) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    size_t channels = (size_t)info->channels, size = (size_t)info->height * (size_t)info->width * channels;
    GT_ARENA gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    void *samples = gt_arena_alloc(a, info->image_bytes);
    sums *sum = gt_arena_array(a, channels, sizeof *sum);
    gt_status st = samples && sum ? GT_OK : GT_NOMEM;
    if (n > info->count) n = info->count;
    *unread = (gt_unread){0};
    for (size_t c = 0; c < channels; c++) out[c] = (gt_moments){0};
    for (int64_t i = 0; i < n && !st; i++) {
        if ((st = gt_dataset_read(ds, info->count * i / n, samples))) {
            st = leave_out(unread, st);
            continue;
        }
        for (size_t k = 0; k < size; k++)
            add_number(&out[k % channels], &sum[k % channels], sample_at(info->type, samples, k));
    }
    if (!st && unread->n == n) st = gt_fail(GT_FORMAT, "%s", unread->why);
    for (size_t c = 0; c < channels && !st; c++) finish_moments(&out[c], &sum[c]);
    return st;
}

static int by_hash(const void *a, const void *b) { return memcmp(a, b, sizeof(gt_hash128)); }

gt_status gt_dataset_count_alike(gt_dataset *ds, int64_t n, int64_t *uniform, int64_t *equal) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    size_t pixel = info->image_bytes / ((size_t)info->height * (size_t)info->width);
    if (n > info->count) n = info->count;
    GT_ARENA gt_arena *a = gt_arena_new();
    char *samples = a ? gt_arena_alloc(a, info->image_bytes) : NULL;
    gt_hash128 *hash = samples ? gt_arena_array(a, (size_t)n + 1, sizeof *hash) : NULL;
    gt_status st = hash ? GT_OK : GT_NOMEM;
    int64_t read = 0;
    gt_unread unread = {0};
    *uniform = *equal = 0;
    for (int64_t i = 0; i < n && !st; i++) {
        if ((st = gt_dataset_read(ds, info->count * i / n, samples))) {
            st = leave_out(&unread, st);
            continue;
        }
        hash[read++] = gt_hash(samples, info->image_bytes);
        *uniform += info->image_bytes > pixel && !memcmp(samples, samples + pixel, info->image_bytes - pixel);
    }
    if (!st) qsort(hash, (size_t)read, sizeof *hash, by_hash);
    for (int64_t i = 1; i < read && !st; i++) *equal += !by_hash(&hash[i - 1], &hash[i]);
    return st;
}

gt_status gt_dataset_count_mask_pixels(gt_dataset *ds, int64_t n, int64_t pixels[GT_MASK_IGNORE + 1]) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    size_t size = gt_mask_bytes(info);
    GT_ARENA gt_arena *a = gt_arena_new();
    uint8_t *mask = a ? gt_arena_alloc(a, size) : NULL;
    gt_status st = mask ? GT_OK : GT_NOMEM;
    if (n > info->count) n = info->count;
    for (int k = 0; k <= GT_MASK_IGNORE; k++) pixels[k] = 0;
    for (int64_t i = 0; i < n && !st && size; i++) {
        st = gt_dataset_mask(ds, info->count * i / n, mask);
        for (size_t k = 0; k < size && !st; k++) pixels[mask[k]]++;
    }
    return st;
}

/* ---- a picture ---- */

static void label_of(void *dataset, int64_t item, float *label) { gt_dataset_label(dataset, item, label); }

typedef struct drawing {
    gt_dataset *ds;
    bool *used; /* [items]: it has a cell, or cannot be read */
    gt_unread *unread;
} drawing;

/* The image of the item or, where that cannot be read, of the next one without a cell, of the same class if there is
 * one. The cell stays as it is where none is left. */
static gt_status read_cell(const drawing *d, int64_t item, float *image, int64_t *drawn) {
    int64_t n = gt_dataset_get_info(d->ds)->count;
    int class = gt_dataset_class(d->ds, item);
    for (int64_t k = 0; k < 2 * n; k++) {
        int64_t other = (item + k) % n;
        if (k && (d->used[other] || (k < n && gt_dataset_class(d->ds, other) != class))) continue;
        d->used[other] = true;
        gt_status st = gt_read_images(d->ds, 1, &other, image);
        *drawn += !st;
        if (!st || (st = leave_out(d->unread, st))) return st;
    }
    return GT_OK;
}

/* Cells without an item of their own stay empty: grey. */
static gt_status read_cells(const drawing *d, int64_t cells, const int64_t *items, size_t floats, float *images) {
    gt_status st = GT_OK;
    int64_t drawn = 0;
    for (int64_t i = 0; i < cells; i++) d->used[items[i]] = true;
    for (int64_t i = 0; i < cells && !st; i++)
        if (!gt_grid_repeats(items, i)) st = read_cell(d, items[i], images + (size_t)i * floats, &drawn);
    return st || drawn ? st : gt_fail(GT_FORMAT, "%s", d->unread->why);
}

static gt_status draw_grid(gt_arena *a, gt_dataset *ds, const char *path, gt_grid_png *picture, gt_unread *unread) {
    enum { SIDE = 8, PIXELS_MAX = 4096 };
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_grid g = {.columns = SIDE, .rows = SIDE};
    if (info->count == 1) g.columns = g.rows = 1;
    while (g.columns > 1 && g.columns * info->width > PIXELS_MAX) g.columns /= 2;
    while (g.rows > 1 && g.rows * info->height > PIXELS_MAX) g.rows /= 2;
    size_t cells = (size_t)(g.columns * g.rows);
    int64_t *items = gt_arena_array(a, cells, sizeof *items);
    size_t floats = info->image_bytes / gt_sample_bytes(info->type);
    float *images = gt_arena_array(a, cells, floats * sizeof *images);
    drawing d = {ds, gt_arena_array(a, (size_t)info->count, sizeof *d.used), unread};
    gt_status st = gt_arena_failed(a) ? GT_NOMEM
                                      : gt_grid_choose(&g, info->count, info->label_width, label_of, ds, items);
    if (!st) st = read_cells(&d, (int64_t)cells, items, floats, images);
    if (!st)
        st = gt_grid_write(path, images, g.columns, g.rows, info->height, info->width, info->channels, -1, 1, picture);
    return st;
}

gt_status gt_dataset_draw(gt_dataset *ds, const char *path, gt_grid_png *picture, gt_unread *unread) {
    GT_ARENA gt_arena *a = gt_arena_new();
    *unread = (gt_unread){0};
    *picture = (gt_grid_png){0};
    return a ? draw_grid(a, ds, path, picture, unread) : GT_NOMEM;
}

/* ---- are all images readable? ---- */

typedef struct verification {
    gt_dataset *ds;
    gt_pool *pool;
    char *samples; /* an image of each thread */
    int64_t first; /* of the batch */
    bool *bad;     /* [images of the batch] */
    bool out_of_memory;
} verification;

/* An image with its mask, into the room of one of the threads. */
static gt_status read_both(const verification *v, int64_t item, int worker) {
    const gt_dataset_info *info = gt_dataset_get_info(v->ds);
    char *samples = v->samples + (size_t)worker * (info->image_bytes + gt_mask_bytes(info));
    return gt_dataset_take(v->ds, &item, samples, info->masks ? (uint8_t *)samples + info->image_bytes : NULL);
}

static void verify_item(void *arg, int i, int worker) {
    verification *v = arg;
    gt_progress();
    gt_status st = read_both(v, v->first + i, worker);
    v->bad[i] = st && st != GT_NOMEM; /* an image that memory is too short for is not bad */
    if (st == GT_NOMEM) v->out_of_memory = true;
}

static gt_status verify_batch(void *arg, int64_t first, int n, const float *none, void *records) {
    (void)none;
    verification *v = arg;
    v->first = first;
    v->bad = records;
    gt_pool_run(v->pool, n, verify_item, v);
    return v->out_of_memory ? gt_fail(GT_NOMEM, "out of memory for reading images") : GT_OK;
}

/* Reads the bad images again, for what is wrong with each. */
static gt_status tell_bad(const verification *v, const bool *bad, const char *spec,
                          void (*tell)(void *arg, int64_t item), void *arg) {
    enum { LISTED_MAX = 1000 };
    int64_t n = gt_dataset_get_info(v->ds)->count, n_bad = 0;
    for (int64_t i = 0; i < n; i++)
        if (bad[i] && ++n_bad <= LISTED_MAX && read_both(v, i, 0)) tell(arg, i);
    if (!n_bad) return GT_OK;
    return gt_fail(GT_FORMAT, "'%s': %lld of %lld images are bad", spec, (long long)n_bad, (long long)n);
}

gt_status gt_dataset_verify_all(gt_comm *comm, gt_dataset *ds, const char *spec, void (*bad)(void *arg, int64_t item),
                                void *arg) {
    enum { BATCH = 1024 };
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    verification v = {.ds = ds, .pool = gt_pool_new(info->main_thread_only ? 1 : comm->threads)};
    int threads = gt_pool_threads(v.pool);
    GT_FREED void *found = NULL;
    GT_ARENA gt_arena *a = gt_arena_new();
    v.samples = a ? gt_arena_array(a, (size_t)threads, info->image_bytes + gt_mask_bytes(info)) : NULL;
    gt_status st = gt_comm_agree_all(
        comm, v.pool && v.samples ? GT_OK : gt_fail(GT_NOMEM, "out of memory for reading '%s'", spec));
    if (!st)
        st = gt_each_item_all(&(gt_each_item){.comm = comm,
                                              .count = info->count,
                                              .batch = BATCH,
                                              .bytes = sizeof(bool),
                                              .doing = "reading",
                                              .make = verify_batch,
                                              .arg = &v},
                              &found);
    if (!st && !comm->rank) st = tell_bad(&v, found, spec, bad, arg);
    gt_pool_free(v.pool);
    return gt_comm_agree_all(comm, st);
}
