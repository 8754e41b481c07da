/* SPDX-License-Identifier: Apache-2.0
 * The dataset tool against a loop in Python with Pillow that does the same work: PNG pictures of 64 x 64 pixels in a
 * ZIP become 32 x 32. By the clock, and by processor time: on a machine that does other things too only the latter
 * means something. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "common/program.h"
#include "base/door/clock.h"
#include "files/codec/door/codec.h"
#include "features/dataset/dataset_tool.h"
#include "gantry/log.h"
#include "base/door/random.h"

enum { SIDE = 64, TO_SIDE = 32, LEVEL = 6 };

typedef struct dataset_options {
    bench_common common;
    int64_t images, threads;
    const char *script;
} dataset_options;

static dataset_options options;
static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(dataset_options, "images", images, "0", "Pictures; 0: 4000, and 60000 with --long"), .max = 1e7},
    {BENCH_ROW(dataset_options, "threads", threads, "0", "Threads of the dataset tool; 0: one per core"), .max = 4096},
    {BENCH_ROW(dataset_options, "script", script, "bench/dataset_pillow.py", "The loop in Python")},
};

/* As hard to compress as a photograph: slow waves and a little noise. */
static void paint(uint32_t i, uint8_t *pixels) {
    float wave[9], noise[SIDE * SIDE * 3];
    gt_random_normal((gt_key){.seed = 1, .stream = gt_stream("bench/waves"), .sample = i}, wave, 9);
    gt_random_normal((gt_key){.seed = 1, .stream = gt_stream("bench/noise"), .sample = i}, noise, SIDE * SIDE * 3);
    for (int k = 0; k < SIDE * SIDE * 3; k++) {
        float x = (float)(k / 3 % SIDE) / SIDE, y = (float)(k / 3 / SIDE) / SIDE, *w = wave + k % 3 * 3;
        float v = 128 + 90 * sinf(6 * (w[0] * x + w[1] * y + w[2])) + 6 * noise[k];
        pixels[k] = v < 0 ? 0 : v > 255 ? 255 : (uint8_t)v;
    }
}

static gt_status add_picture(zip_t *z, uint32_t i) {
    uint8_t pixels[SIDE * SIDE * 3];
    void *png;
    size_t n;
    char name[64];
    paint(i, pixels);
    gt_status st = gt_png_encode(&(gt_picture){.height = SIDE, .width = SIDE, .channels = 3, .samples = pixels}, LEVEL,
                                 &png, &n);
    if (st) return st;
    snprintf(name, sizeof name, "%03u/%08u.png", i / 1000, i);
    zip_source_t *source = zip_source_buffer(z, png, n, 1);
    zip_int64_t at = source ? zip_file_add(z, name, source, 0) : -1;
    if (at < 0 || zip_set_file_compression(z, (zip_uint64_t)at, ZIP_CM_STORE, 0))
        return gt_fail(GT_FAILED, "archive: %s", zip_strerror(z));
    return GT_OK;
}

static gt_status make_source(const char *path, int64_t images) {
    int error;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    gt_status st = z ? GT_OK : gt_fail(GT_FAILED, "%s: cannot be made (libzip error %d)", path, error);
    for (int64_t i = 0; i < images && !st; i++) st = add_picture(z, (uint32_t)i);
    if (z && (st ? (zip_discard(z), 0) : zip_close(z))) st = gt_fail(GT_FAILED, "%s: %s", path, zip_strerror(z));
    return st;
}

typedef struct times {
    double wall, cpu; /* NAN: not measured */
} times;

static gt_status run_ours(gt_comm *comm, const char *source, const char *dest, times *t) {
    gt_convert_request r = {.n_sources = 1,
                            .sources = &source,
                            .dest = dest,
                            .restart = true,
                            .overwrite = true,
                            .transform = {.width = TO_SIDE, .height = TO_SIDE, .filter = GT_FILTER_LANCZOS}};
    gt_convert_result result;
    double wall = gt_clock(), cpu = gt_clock_of(CLOCK_PROCESS_CPUTIME_ID);
    gt_log_setup(0, 1, GT_WARNING);
    gt_status st = gt_convert_all(comm, &r, &result);
    gt_log_setup(0, 1, GT_INFO);
    *t = (times){gt_clock() - wall, gt_clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu};
    gt_convert_result_free(&result);
    return st;
}

static times run_pillow(const char *source, const char *dest) {
    char command[2048];
    times t = {NAN, NAN};
    snprintf(
        command, sizeof command,
        "python3=/usr/bin/python3; [ -x $python3 ] || python3=python3; exec $python3 '%s' '%s' '%s' %d 2>/dev/null",
        options.script, source, dest, TO_SIDE);
    FILE *f = popen(command, "r");
    if (f && fscanf(f, "%lf %lf", &t.wall, &t.cpu) != 2) t = (times){NAN, NAN};
    if (f) pclose(f);
    return t;
}

static void add_row(gt_table *table, const char *name, int64_t images, int threads, times t, times other) {
    gt_table_row(table, name, (double)threads, (double)images / t.wall, 1e6 * t.cpu / (double)images,
                 other.wall / t.wall, threads * other.cpu / t.cpu);
}

static gt_status run_in(bench *b, const char *folder) {
    static const gt_column columns[] = {{"tool", "tool", GT_COLUMN_TEXT},
                                        {"threads", "threads", 0},
                                        {"rate", "images/s", 0},
                                        {"cpu", "processor us/image", 1},
                                        {"speedup", "x Pillow by the clock", 2},
                                        {"speedup_cpu", "x Pillow by processor time", 2}};
    int64_t images = options.images ? options.images : b->common->careful ? 60000 : 4000;
    char source[512], ours[512], theirs[512];
    snprintf(source, sizeof source, "%s/source.zip", folder);
    snprintf(ours, sizeof ours, "%s/gantry.zip", folder);
    snprintf(theirs, sizeof theirs, "%s/pillow.zip", folder);
    gt_results_say(b->results, "work", "%lld PNG pictures of %dx%d in a ZIP -> %dx%d by lanczos, stored PNG in a ZIP",
                   (long long)images, SIDE, SIDE, TO_SIDE, TO_SIDE);
    gt_results_say(b->results, "x Pillow by processor time",
                   "threads x its time / ours: what the clock would say on cores that do nothing else");
    times t, pillow = {NAN, NAN};
    gt_status st = make_source(source, images);
    if (!st) pillow = run_pillow(source, theirs);
    if (isnan(pillow.wall)) gt_warn("no comparison: %s does not run (python3-pil)", options.script);
    if (!st) st = run_ours(b->comm, source, ours, &t);
    gt_table *table = gt_results_table(b->results, "dataset tool", columns, 6);
    if (!st) add_row(table, "pillow", images, 1, pillow, pillow);
    if (!st) add_row(table, "gantry", images, b->comm->threads, t, pillow);
    unlink(source);
    unlink(ours);
    unlink(theirs);
    return st;
}

static gt_status run(bench *b) { return bench_in_folder(b, run_in); }

BENCH_MAIN(.name = "dataset", .help = "Images per second of the dataset tool, against a loop with Pillow", .run = run,
           .ranks = true, .threads = &options.threads)
