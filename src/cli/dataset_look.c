/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dataset_look.h"

#include <stdlib.h>

#include "cli/cli.h"
#include "gantry/dataset.h"
#include "gantry/grid.h"
#include "gantry/items.h"
#include "gantry/progress.h"
#include "gantry/train.h"
#include "use/runner/each_item.h"

/* ---- inspect ---- */

static void label_of(void *dataset, int64_t item, float *label) { gt_dataset_label(dataset, item, label); }

static gt_status write_grid(gt_dataset *ds, const char *path) {
    enum { SIDE = 8, PIXELS_MOST = 4096 };
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_grid g = {.columns = SIDE, .rows = SIDE};
    while (g.columns > 1 && g.columns * info->width > PIXELS_MOST) g.columns /= 2;
    while (g.rows > 1 && g.rows * info->height > PIXELS_MOST) g.rows /= 2;
    size_t cells = (size_t)(g.columns * g.rows);
    gt_arena *a = gt_arena_new();
    if (!a) return GT_NOMEM;
    int64_t *items = gt_arena_array(a, cells, sizeof *items);
    float *images = gt_arena_array(a, cells, info->image_bytes / gt_sample_bytes(info->type) * sizeof *images);
    gt_status st = gt_arena_failed(a) ? GT_NOMEM
                                      : gt_grid_choose(&g, info->count, info->label_width, label_of, ds, items);
    if (!st) st = gt_read_images(ds, (int64_t)cells, items, images);
    if (!st)
        st = gt_grid_write(path, images, g.columns, g.rows, info->height, info->width, info->channels, -1, 1, NULL);
    gt_arena_free(a);
    return st;
}

gt_status cli_dataset_inspect(const char *spec, const char *grid) {
    gt_dataset *ds;
    gt_status st = cli_inspect_dataset(spec);
    if (st || !*grid || (st = gt_dataset_open(&ds, spec, NULL))) return st;
    st = write_grid(ds, grid);
    gt_dataset_close(ds);
    return st;
}

/* ---- verify ---- */

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
    gt_status st = gt_dataset_read(v->ds, item, samples);
    return st || !info->masks ? st : gt_dataset_mask(v->ds, item, (uint8_t *)samples + info->image_bytes);
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
static gt_status list_bad(const verification *v, const bool *bad, const char *spec) {
    enum { MOST_LISTED = 1000 };
    int64_t n = gt_dataset_get_info(v->ds)->count, n_bad = 0;
    for (int64_t i = 0; i < n; i++)
        if (bad[i] && ++n_bad <= MOST_LISTED && read_both(v, i, 0)) printf("bad: %s\n", gt_message());
    if (n_bad) return gt_fail(GT_FORMAT, "'%s': %lld of %lld images are bad", spec, (long long)n_bad, (long long)n);
    if (n == 1) printf("%s: the one image is good\n", spec);
    else printf("%s: all %lld images are good\n", spec, (long long)n);
    return GT_OK;
}

static gt_status verify_all(gt_comm *comm, gt_dataset *ds, const char *spec) {
    enum { BATCH = 1024 };
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    verification v = {.ds = ds, .pool = gt_pool_new(info->main_thread_only ? 1 : comm->threads)};
    int threads = gt_pool_threads(v.pool);
    void *bad = NULL;
    gt_arena *a = gt_arena_new();
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
                              &bad);
    if (!st && !comm->rank) st = list_bad(&v, bad, spec);
    free(bad);
    gt_arena_free(a);
    gt_pool_free(v.pool);
    return gt_comm_agree_all(comm, st);
}

gt_status cli_dataset_verify_all(gt_comm *comm, const char *spec) {
    gt_dataset *ds;
    gt_status st = gt_comm_agree_all(comm, gt_dataset_open(&ds, spec, NULL));
    if (st) return st;
    st = gt_same_data_all(comm, ds, spec);
    if (!st) st = verify_all(comm, ds, spec);
    gt_dataset_close(ds);
    return st;
}
