/* SPDX-License-Identifier: Apache-2.0
 * Fits of mixtures with the checksum made right, as somebody who means harm would make it: what is read can be gone on with, scores points and is
 * sampled from. And the bytes as a CSV file of points. */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/checkpoint_block.h"
#include "gantry/checkpoint.h"
#include "gantry/mixture.h"

enum { POINTS = 40, SAMPLES = 8, MOST_NUMBERS = 1 << 16 };

static gt_comm *comm(void) {
    static gt_comm *c;
    if (!c) c = gt_comm_start(1, NULL);
    fuzz_check(c);
    return c;
}

/* Some points of d numbers. */
static gt_blocks *blocks_of(int d) {
    static char text[POINTS * 16 * 8];
    size_t n = 0;
    for (int i = 0; i < POINTS; i++)
        for (int j = 0; j < d; j++) n += (size_t)snprintf(text + n, sizeof text - n, "%d%c", (i * 7 + j * 3) % 11, j == d - 1 ? '\n' : ',');
    gt_cloud *cloud;
    gt_blocks *b;
    fuzz_check(!gt_cloud_open(&cloud, fuzz_named("points.csv", text, n), ""));
    fuzz_check(!gt_blocks_read(&b, comm(), NULL, cloud));
    gt_cloud_close(cloud);
    return b;
}

static bool stop_now(void *arg) {
    (void)arg;
    return true;
}

static void use(gt_fit *f) {
    double l, points[SAMPLES * 16];
    int32_t components[SAMPLES];
    if (f->points.d > 16 || f->now.size > MOST_NUMBERS) return;
    gt_blocks *b = blocks_of(f->points.d);
    if (f->n_curve && !gt_mixture_score(b, &f->best, &l)) fuzz_check(!isnan(l));
    if (f->n_curve && !gt_mixture_sample(&f->best, 1, SAMPLES, points, components))
        for (int i = 0; i < SAMPLES; i++) fuzz_check(components[i] >= 0 && components[i] < f->best.k);
    (void)gt_mixture_fit(b, f, &(gt_fit_hooks){.stop = stop_now});
    gt_blocks_free(b);
}

static bool read_and_use(const char *path) {
    gt_fit f;
    gt_status st = gt_fit_read(&f, path);
    if (!st) use(&f);
    gt_fit_free(&f);
    return !st;
}

static void seed(fuzz_put *put, void *arg, gt_covariance covariance, int stops) {
    const char *path = fuzz_scratch();
    gt_blocks *b = blocks_of(2);
    gt_fit f;
    gt_mixture_recipe r = {.covariance = covariance, .k = 2, .restarts = 2, .iterations = 4, .tol = 1e-3, .floor = 1e-3};
    fuzz_check(!gt_fit_init(&f, &r, (gt_cloud_info){POINTS, 2, 0, 0, 0}));
    for (int i = 0; i < stops; i++) fuzz_check(gt_mixture_fit(b, &f, &(gt_fit_hooks){.stop = stop_now}) == GT_STOPPED);
    if (!stops) fuzz_check(!gt_mixture_fit(b, &f, NULL));
    fuzz_check(!gt_fit_write(&f, path));
    gt_fit_free(&f);
    gt_blocks_free(b);
    fuzz_check(fuzz_hdf5_passes(path) && read_and_use(path));
    fuzz_put_scratch(put, arg, path);
}

static void seeds(fuzz_put *put, void *arg) {
    static const char table[] = "a,b\n1,2\n-3.5e2,4\n";
    put(arg, table, sizeof table - 1);
    for (int covariance = GT_COVARIANCE_FULL; covariance <= GT_COVARIANCE_SPHERICAL; covariance++)
        for (int stops = 0; stops < 2; stops++) seed(put, arg, (gt_covariance)covariance, stops);
}

static void as_table(const uint8_t *bytes, size_t n) {
    gt_cloud *c;
    if (gt_cloud_open(&c, fuzz_named("table.csv", bytes, n), "")) return;
    gt_cloud_info info = gt_cloud_get_info(c);
    fuzz_check(info.count > 0 && info.d > 0);
    double *points = malloc((size_t)info.d * sizeof *points);
    fuzz_check(points);
    for (int64_t i = info.count - 1; i >= 0 && i > info.count - 4; i--)
        if (!gt_cloud_read(c, i, 1, points))
            for (int j = 0; j < info.d; j++) fuzz_check(isfinite(points[j]));
    free(points);
    gt_cloud_close(c);
}

static void run(const uint8_t *bytes, size_t n) {
    static unsigned turn;
    if (n <= CHECKPOINT_BLOCK) as_table(bytes, n);
    if (n <= CHECKPOINT_BLOCK || turn++ % 16) return; /* starting a process takes a hundred times as long as all else */
    uint8_t *copy = malloc(n);
    fuzz_check(copy);
    memcpy(copy, bytes, n);
    fuzz_check(!checkpoint_block_make((char *)copy, GT_CHECKPOINT_FORMAT, copy + CHECKPOINT_BLOCK, n - CHECKPOINT_BLOCK));
    const char *path = fuzz_file(copy, n);
    if (fuzz_hdf5_passes(path)) read_and_use(path);
    free(copy);
}

const fuzz_target target = {.variants = 300, .seeds = seeds, .run = run};
