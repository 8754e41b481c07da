/* SPDX-License-Identifier: Apache-2.0
 * Images per second from ZIP archives of PNG, on one core: reading and decoding alone, and through the loader with its
 * thread; then how long training waits for it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "common/program.h"
#include "common/recipe.h"
#include "base/door/clock.h"
#include "files/codec/door/codec.h"

static bench_common options;
static const gt_option rows[] = {BENCH_OPTIONS};

static const struct {
    const char *name;
    int level; /* of deflate within the PNG; the archive stores them as they are */
} kinds[] = {{"stored", 0}, {"deflated", 6}};

/* ---- an archive to read ---- */

static gt_status add_picture(zip_t *z, gt_dataset *ds, int64_t i, int level) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    GT_FREED uint8_t *pixels = malloc((size_t)info->height * (size_t)info->width * (size_t)info->channels);
    void *png = NULL;
    size_t n = 0;
    char name[64];
    gt_status st = pixels ? gt_dataset_read(ds, i, pixels) : GT_NOMEM;
    if (!st)
        st = gt_png_encode(
            &(gt_picture){.height = info->height, .width = info->width, .channels = info->channels, .samples = pixels},
            level, &png, &n);
    snprintf(name, sizeof name, "img%08lld.png", (long long)i);
    zip_source_t *source = st ? NULL : zip_source_buffer(z, png, n, 1);
    zip_int64_t at = source ? zip_file_add(z, name, source, 0) : -1;
    if (!st && (at < 0 || zip_set_file_compression(z, (zip_uint64_t)at, ZIP_CM_STORE, 0)))
        st = gt_fail(GT_FAILED, "archive: %s", zip_strerror(z));
    return st;
}

static gt_status make_archive(const char *path, int size, int64_t count, int level) {
    char spec[64];
    int error;
    gt_dataset *ds;
    snprintf(spec, sizeof spec, "synth:shapes:size=%d,n=%lld", size, (long long)count);
    gt_status st = gt_dataset_open(&ds, spec, NULL);
    if (st) return st;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    if (!z) st = gt_fail(GT_FAILED, "%s: cannot be made (libzip error %d)", path, error);
    for (int64_t i = 0; i < count && !st; i++) st = add_picture(z, ds, i, level);
    if (z && (st ? (zip_discard(z), 0) : zip_close(z))) st = gt_fail(GT_FAILED, "%s: %s", path, zip_strerror(z));
    gt_dataset_close(ds);
    return st;
}

/* ---- measuring ---- */

/* Images per second of one thread's processor time: other programs on this core do not count. */
static gt_status decode_rate(gt_dataset *ds, double seconds, double *rate) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    GT_FREED uint8_t *pixels = malloc((size_t)info->height * (size_t)info->width * (size_t)info->channels);
    gt_status st = pixels ? GT_OK : gt_fail(GT_NOMEM, "out of memory for an image");
    int64_t done = 0;
    double start = gt_clock_of(CLOCK_THREAD_CPUTIME_ID), now = start;
    while (!st && now - start < seconds) {
        for (int i = 0; i < 64 && !st; i++, done++) st = gt_dataset_read(ds, done * 7919 % info->count, pixels);
        now = gt_clock_of(CLOCK_THREAD_CPUTIME_ID);
    }
    *rate = (double)done / (now - start);
    return st;
}

/* Images per second of processor time of this thread and the loader's together: decoding, order, conversion to float32.
 */
static gt_status loader_rate(gt_dataset *ds, size_t cache, double seconds, double *rate) {
    enum { BATCH = 32 };
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    float *images = malloc((size_t)BATCH * (size_t)info->height * (size_t)info->width * (size_t)info->channels *
                           sizeof *images);
    gt_loader *l = NULL;
    gt_loader_plan plan = {.batch = BATCH, .full = {1, (gt_sample_range[]){{0, BATCH}}}, .cache_bytes = cache};
    gt_status st = images ? gt_loader_new(&l, ds, &plan) : gt_fail(GT_NOMEM, "out of memory for a batch");
    /* with a cache: from the second epoch on */
    uint64_t step = 0, first = cache ? ((uint64_t)info->count + BATCH - 1) / BATCH : 1;
    double start = 0, now = 0;
    for (; !st && (step <= first || now - start < seconds); step++) {
        st = gt_loader_step(l, step, 0, images, NULL);
        now = gt_clock_of(CLOCK_PROCESS_CPUTIME_ID);
        if (step == first) start = now;
    }
    *rate = (double)(step - first - 1) * BATCH / (now - start);
    gt_loader_free(l);
    free(images);
    return st;
}

static gt_status measure(const bench *b, const char *path, int size, const char *kind, gt_table *table) {
    double seconds = b->common->careful ? 3 : 0.5, decode = NAN, loaded = NAN, cached = NAN;
    gt_dataset *ds;
    gt_status st = gt_dataset_open(&ds, path, NULL);
    if (st) return st;
    st = decode_rate(ds, seconds, &decode);
    if (!st) st = loader_rate(ds, 0, seconds, &loaded);
    if (!st) st = loader_rate(ds, GT_LOADER_CACHE, seconds, &cached);
    gt_dataset_close(ds);
    double megabytes = 3.0 * size * size / 1e6;
    if (!st) gt_table_row(table, kind, (double)size, decode, decode * megabytes, loaded, cached);
    return st;
}

/* Of the time of steps, what passed while waiting for images: the first epoch, when nothing is decoded yet. */
static gt_status measure_waiting(bench *b, const char *path) {
    static const gt_column columns[] = {
        {"recipe", "recipe", GT_COLUMN_TEXT}, {"rate", "images/s", 1}, {"wait", "waiting %", 2}};
    gt_table *table = gt_results_table(b->results, "training from stored PNG, first epoch", columns, 3);
    gt_engine e;
    gt_status st = bench_recipe_open(&e, b->comm, bench_recipe_find("demo"), &(bench_changes){.data = path});
    if (st) return st;
    st = gt_engine_step_all(&e); /* touches the memory */
    gt_loader_wait_seconds(e.loader);
    double start = gt_clock();
    int64_t shown = e.shown;
    for (int i = 0; i < 8 && !st; i++) st = gt_engine_step_all(&e);
    double time = gt_clock() - start;
    if (!st)
        gt_table_row(table, "demo", (double)(e.shown - shown) / time, 100 * gt_loader_wait_seconds(e.loader) / time);
    bench_recipe_close(&e);
    return st;
}

static gt_status run_in(bench *b, const char *folder) {
    static const gt_column columns[] = {{"kind", "PNG in ZIP", GT_COLUMN_TEXT},
                                        {"size", "pixels", 0},
                                        {"decode", "decoded/s", 0},
                                        {"bandwidth", "MB/s", 0},
                                        {"loader", "through loader/s", 0},
                                        {"cached", "from cache/s", 0}};
    gt_results_say(b->results, "per core", "images per second of processor time");
    gt_table *table = gt_results_table(b->results, "loading, one core", columns, 6);
    char path[512];
    gt_status st = GT_OK;
    for (int size = 32; size <= 256 && !st; size *= 8)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds && !st; k++) {
            snprintf(path, sizeof path, "%s/%s%d.zip", folder, kinds[k].name, size);
            st = make_archive(path, size, size == 32 ? 2048 : 128, kinds[k].level);
            if (!st) st = measure(b, path, size, kinds[k].name, table);
            unlink(path);
        }
    if (!st) st = make_archive(path, 32, 2048, 0);
    if (!st) st = measure_waiting(b, path);
    unlink(path);
    return st;
}

static gt_status run(bench *b) { return bench_in_folder(b, run_in); }

BENCH_MAIN(.name = "loader", .help = "Decoded images per second and core; waiting in training", .run = run,
           .ranks = true)
