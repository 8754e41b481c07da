/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dataset_look.h"

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "cli/cli.h"
#include "gantry/dataset.h"
#include "gantry/grid.h"
#include "gantry/train.h"

/* ---- inspect ---- */

static void label_of(void *dataset, int64_t item, float *label) { gt_dataset_label(dataset, item, label); }

static gt_status fill_grid(gt_dataset *ds, const gt_grid *g, int64_t *items, float *images, void *samples) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    size_t floats = info->image_bytes / gt_sample_bytes(info->type);
    gt_status st = gt_grid_choose(g, info->count, info->label_width, label_of, ds, items);
    for (int i = 0; i < g->columns * g->rows && !st; i++) {
        st = gt_dataset_read(ds, items[i], samples);
        if (!st) gt_dataset_floats(info, samples, floats, images + (size_t)i * floats);
    }
    return st;
}

static gt_status write_grid(gt_dataset *ds, const char *path) {
    enum { SIDE = 8, PIXELS_MOST = 4096 };
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_grid g = {.columns = SIDE, .rows = SIDE};
    while (g.columns > 1 && g.columns * info->width > PIXELS_MOST) g.columns /= 2;
    while (g.rows > 1 && g.rows * info->height > PIXELS_MOST) g.rows /= 2;
    size_t cells = (size_t)(g.columns * g.rows);
    int64_t *items = calloc(cells, sizeof *items);
    float *images = calloc(cells, info->image_bytes / gt_sample_bytes(info->type) * sizeof *images);
    void *samples = malloc(info->image_bytes);
    gt_status st = items && images && samples ? fill_grid(ds, &g, items, images, samples) : gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    if (!st) st = gt_grid_write(path, images, g.columns, g.rows, info->height, info->width, info->channels, -1, 1, NULL);
    free(items);
    free(images);
    free(samples);
    return st;
}

gt_status cli_dataset_inspect(const char *spec, const char *grid) {
    gt_dataset *ds;
    gt_status st = cli_inspect_dataset(spec);
    if (st || !grid || (st = gt_dataset_open(&ds, spec, NULL))) return st;
    st = write_grid(ds, grid);
    gt_dataset_close(ds);
    return st;
}

/* ---- verify ---- */

enum { TILE = 64, MESSAGE_BYTES = 600, MOST_LISTED = 1000 };

typedef struct verification { /* of one rank's share */
    gt_dataset *ds;
    int64_t first, count;
    void **samples;   /* [threads] */
    char **message;   /* [count] why an image is bad, NULL: it is not */
    bool out_of_memory;
} verification;

static void verify_tile(void *arg, int tile, int worker) {
    verification *v = arg;
    int64_t from = (int64_t)tile * TILE, to = from + TILE < v->count ? from + TILE : v->count;
    for (int64_t i = from; i < to; i++) {
        gt_progress();
        gt_status st = gt_dataset_read(v->ds, v->first + i, v->samples[worker]);
        if (st && st != GT_NOMEM) v->message[i] = strndup(gt_message(), MESSAGE_BYTES - 1);
        if (st && !v->message[i]) v->out_of_memory = true; /* an image that memory is too short for is not bad */
    }
}

static gt_status list_bad(void *arg, const void *data, size_t bytes) {
    int64_t *bad = arg;
    for (const char *at = data, *end = at + bytes; at < end; at += strlen(at) + 1)
        if (++*bad <= MOST_LISTED) printf("bad: %s\n", at);
    return GT_OK;
}

static gt_status collect(gt_comm *comm, const verification *v, int64_t *bad) {
    gt_arena *a = gt_arena_new();
    size_t bytes = 0;
    for (int64_t i = 0; i < v->count; i++) bytes += v->message[i] ? strlen(v->message[i]) + 1 : 0;
    char *all = a ? gt_arena_alloc(a, bytes + 1) : NULL, *at = all;
    gt_status st = gt_comm_agree_all(comm, all && !v->out_of_memory ? GT_OK : gt_fail(GT_NOMEM, "out of memory for the list of bad images"));
    for (int64_t i = 0; i < v->count && !st; i++)
        if (v->message[i]) at = stpcpy(at, v->message[i]) + 1;
    if (!st) st = gt_comm_funnel_all(comm, all, bytes, list_bad, bad);
    gt_arena_free(a);
    return gt_comm_agree_all(comm, st);
}

static gt_status verify(gt_comm *comm, gt_dataset *ds, const char *spec) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_pool *pool = gt_pool_new(info->main_thread_only ? 1 : comm->threads);
    int threads = gt_pool_threads(pool);
    verification v = {.ds = ds, .first = info->count * comm->rank / comm->ranks};
    v.count = info->count * (comm->rank + 1) / comm->ranks - v.first;
    v.message = calloc((size_t)v.count + 1, sizeof *v.message);
    v.samples = calloc((size_t)threads, sizeof *v.samples);
    bool good = pool && v.message && v.samples;
    for (int i = 0; i < threads && good; i++) good = (v.samples[i] = malloc(info->image_bytes)) != NULL;
    int64_t bad = 0;
    gt_status st = gt_comm_agree_all(comm, good ? GT_OK : gt_fail(GT_NOMEM, "out of memory for reading '%s'", spec));
    if (!st) {
        gt_pool_run(pool, (int)((v.count + TILE - 1) / TILE), verify_tile, &v);
        st = collect(comm, &v, &bad);
    }
    if (!st && !comm->rank && bad) st = gt_fail(GT_FORMAT, "'%s': %lld of %lld images are bad", spec, (long long)bad, (long long)info->count);
    if (!st && !comm->rank) printf("%s: all %lld images are good\n", spec, (long long)info->count);
    for (int64_t i = 0; i < v.count && v.message; i++) free(v.message[i]);
    for (int i = 0; i < threads && v.samples; i++) free(v.samples[i]);
    free(v.message);
    free(v.samples);
    gt_pool_free(pool);
    return gt_comm_agree_all(comm, st);
}

gt_status cli_dataset_verify(gt_comm *comm, const char *spec) {
    gt_dataset *ds;
    gt_status st = gt_comm_agree_all(comm, gt_dataset_open(&ds, spec, NULL));
    if (st) return st;
    st = gt_same_data_all(comm, ds, spec);
    if (!st) st = verify(comm, ds, spec);
    gt_dataset_close(ds);
    return st;
}
