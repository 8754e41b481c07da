/* SPDX-License-Identifier: Apache-2.0
 * HDF5 files that Gantry writes, beside checkpoints and datasets: metric logs, arrays, results of benchmarks. As in
 * `gantry inspect` and `gantry bench report` the checking process sees them first; then each reader has its try. */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "common/results.h"
#include "files/h5/door/arrays.h"
#include "run/door/runlog.h"
#include "points_use.h"

enum { MOST_BYTES = 1 << 20, MOST_RESULTS = 8 };

static void put_metrics(fuzz_put *put, void *arg, gt_swmr_rule swmr) {
    const gt_stat_value values[] = {{"Loss/G/loss", 64, 0.5, 0.1}, {"Progress/kimg", 1, 0.008, 0}};
    char *path = gt_path_join(fuzz_folder(), "metrics.h5");
    gt_runlog *l = gt_runlog_open(fuzz_folder(), 0, &(gt_runlog_options){.swmr = swmr});
    fuzz_check(path && l);
    for (int t = 1; t <= 3; t++) gt_runlog_tick(l, 8 * t, values, 2);
    gt_runlog_close(l);
    void *bytes;
    size_t n;
    fuzz_check(fuzz_hdf5_passes(path) && !gt_file_read(path, MOST_BYTES, &bytes, &n));
    put(arg, bytes, n);
    free(bytes);
    free(path);
}

static void put_arrays(fuzz_put *put, void *arg) {
    static const float numbers[6] = {0.5f, -1, 2};
    static const int32_t classes[2] = {1, 0};
    const gt_array arrays[] = {{"latent", GT_NUMBER_FLOAT, 2, {2, 3}, numbers},
                               {"labels", GT_NUMBER_INT32, 1, {2}, classes}};
    const char *path = fuzz_scratch();
    fuzz_check(!gt_arrays_write(path, arrays, 2) && fuzz_hdf5_passes(path));
    fuzz_put_scratch(put, arg, path);
}

static void put_results(fuzz_put *put, void *arg) {
    static const gt_column columns[] = {{"rate", "images/s", 1}, {"set", "kernel set", GT_COLUMN_TEXT}};
    gt_results *r = gt_results_new("loader");
    fuzz_check(r);
    gt_results_say(r, "machine", "small");
    gt_table_row(gt_results_table(r, "decoding", columns, 2), 51234.5, "avx2");
    const char *path = fuzz_scratch();
    fuzz_check(!gt_results_write_h5(&r, 1, path) && fuzz_hdf5_passes(path));
    fuzz_put_scratch(put, arg, path);
    gt_results_free(r);
}

static void seeds(fuzz_put *put, void *arg) {
    put_metrics(put, arg, GT_SWMR_ON);
    put_metrics(put, arg, GT_SWMR_OFF);
    put_arrays(put, arg);
    put_results(put, arg);
}

static void read_metrics(const char *path) {
    bool other;
    gt_stats *s = gt_metrics_read(path, &other);
    for (int i = 0; s && i < s->n_series; i++) fuzz_check(gt_stats_find(s, s->series[i].name));
    for (int i = 0; s && i < s->ticks; i++) fuzz_check(s->images[i] >= 0);
    gt_stats_free(s);
}

static void read_results(const char *path) {
    gt_results *list[MOST_RESULTS];
    int n = gt_results_read_h5(path, list, MOST_RESULTS);
    for (int i = 0; i < n; i++) {
        char *text = gt_results_json(list[i]);
        gt_results *again = text ? gt_results_read_json(text, "again") : NULL;
        gt_results_free(again);
        free(text);
        gt_results_free(list[i]);
    }
}

static void run(const uint8_t *bytes, size_t n) {
    const char *path = fuzz_named("input.h5", bytes, n);
    if (!fuzz_hdf5_passes(path)) return;
    read_metrics(path);
    read_results(path);
    fuzz_use_points(path);
}

const fuzz_target target = {.variants = 12, .seeds = seeds, .run = run};
