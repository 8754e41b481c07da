/* SPDX-License-Identifier: Apache-2.0
 * Files of mixtures that are sound as checkpoints (the target `checkpoint` is for those that are not) and whose members
 * are anything: what is read can be gone on with, scores points and is sampled from. And CSV files of points. */
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/door/checkpoint_internal.h"
#include "features/gmm/mixture.h"

enum { POINTS = 40, SAMPLES = 8, MOST_NUMBERS = 1 << 16 };

static gt_comm *comm(void) {
    static gt_comm *c;
    if (!c) c = gt_comm_start_all(1, NULL);
    fuzz_check(c);
    return c;
}

/* Some points of d numbers. */
static gt_blocks *blocks_of(int d) {
    static char text[POINTS * 16 * 8];
    size_t n = 0;
    for (int i = 0; i < POINTS; i++)
        for (int j = 0; j < d; j++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%d%c", (i * 7 + j * 3) % 11, j == d - 1 ? '\n' : ',');
    gt_cloud *cloud;
    gt_blocks *b;
    fuzz_check(!gt_cloud_open(&cloud, fuzz_named("points.csv", text, n), ""));
    fuzz_check(!gt_blocks_read(&b, comm(), NULL, NULL, cloud));
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
    if (f->n_curve && !gt_mixture_sample(&f->best, 1, SAMPLES, NULL, points, components))
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

/* ---- a fit as bytes: its recipe up to the first 0, then records of its members: which one, how many numbers, the
 * numbers ---- */

static const char *const members[] = {
    "/state/points",        "/state/dimensions",     "/state/height",       "/state/width",     "/state/channels",
    "/state/finished",      "/state/log_likelihood", "/state/best_restart", "/state/converged", "/state/curve_length",
    "/state/restart",       "/state/started",        "/state/iteration",    "/mixture/weights", "/mixture/means",
    "/mixture/covariances", "/mixture/curve",        "/going_on/weights",   "/going_on/means",  "/going_on/covariances",
    "/going_on/curve",
};
/* the first WHOLE are whole numbers, but one */
enum { MEMBERS = sizeof members / sizeof *members, WHOLE = 13, REAL = 6, RECIPE_MOST = 512 };

static bool is_whole(int member) { return member < WHOLE && member != REAL; }

/* The checkpoint as a file that is not synced to the disk, which would take longer than all else. NULL: it has an
 * error. */
static const char *file_of(gt_checkpoint *c) {
    if (gt_checkpoint_finish(c)) return NULL;
    size_t n;
    uint8_t *data = checkpoint_take_data(c, &n), *all = malloc(CHECKPOINT_BLOCK + n);
    fuzz_check(data && all && !checkpoint_block_make((char *)all, GT_CHECKPOINT_FORMAT, data, n));
    memcpy(all + CHECKPOINT_BLOCK, data, n);
    const char *path = fuzz_named("fit.h5", all, CHECKPOINT_BLOCK + n);
    free(data);
    free(all);
    return path;
}

/* The file that such bytes describe; NULL: they describe none that can be written, as a member comes twice. */
static const char *described(const uint8_t *bytes, size_t n) {
    char recipe[RECIPE_MOST] = "";
    size_t at = 0;
    for (; at < n && bytes[at] && at < sizeof recipe - 1; at++) recipe[at] = (char)bytes[at];
    gt_checkpoint *c = gt_checkpoint_begin(
        &(gt_checkpoint_about){"gmm", "avx2", "00112233445566778899aabbccddeeff", recipe});
    fuzz_check(c);
    for (at++; at + 2 <= n;) {
        int member = bytes[at] % MEMBERS;
        size_t count = bytes[at + 1];
        double numbers[256];
        at += 2;
        if (member < WHOLE) count = 1;
        if (count * sizeof *numbers > n - at) break;
        memcpy(numbers, bytes + at, count * sizeof *numbers);
        at += count * sizeof *numbers;
        int64_t whole;
        memcpy(&whole, numbers, sizeof whole);
        if (is_whole(member)) gt_checkpoint_int(c, members[member], whole);
        else if (member == REAL) gt_checkpoint_double(c, members[member], numbers[0]);
        else gt_checkpoint_doubles(c, members[member], &GT_SHAPE((int64_t)count), numbers);
    }
    const char *path = file_of(c);
    gt_checkpoint_free(c);
    return path;
}

static size_t describe(const char *path, uint8_t *bytes, size_t room) {
    gt_checkpoint_file *f = gt_checkpoint_open(path, NULL);
    fuzz_check(f);
    size_t n = strlen(gt_checkpoint_info(f)->recipe) + 1;
    fuzz_check(n < room);
    memcpy(bytes, gt_checkpoint_info(f)->recipe, n);
    for (int i = 0; i < MEMBERS; i++) {
        const gt_checkpoint_entry *e = gt_checkpoint_find(f, members[i]);
        if (!e) continue;
        fuzz_check(e->size < 256 && n + 2 + e->size * sizeof(double) < room);
        bytes[n++] = (uint8_t)i;
        bytes[n++] = (uint8_t)e->size;
        int64_t whole;
        double numbers[256];
        if (is_whole(i)) fuzz_check(!gt_checkpoint_get_int(f, e->path, &whole));
        else fuzz_check(!gt_checkpoint_read_doubles(f, e->path, numbers, e->size));
        memcpy(bytes + n, is_whole(i) ? (void *)&whole : (void *)numbers, e->size * sizeof(double));
        n += e->size * sizeof(double);
    }
    gt_checkpoint_close(f);
    return n;
}

static void seed(fuzz_put *put, void *arg, gt_covariance covariance, int stops) {
    static uint8_t bytes[1 << 14];
    const char *path = fuzz_named("fit.h5", "", 0);
    gt_blocks *b = blocks_of(2);
    gt_fit f;
    gt_mixture_recipe r = {
        .covariance = covariance, .k = 2, .restarts = 2, .iterations = 4, .tol = 1e-3, .floor = 1e-3};
    fuzz_check(!gt_fit_init(&f, &r, (gt_cloud_info){POINTS, 2, 0, 0, 0}));
    for (int i = 0; i < stops && !f.finished; i++) (void)gt_mixture_fit(b, &f, &(gt_fit_hooks){.stop = stop_now});
    if (!stops) fuzz_check(!gt_mixture_fit(b, &f, NULL));
    fuzz_check(!gt_fit_write(&f, path));
    gt_fit_free(&f);
    gt_blocks_free(b);
    size_t n = describe(path, bytes, sizeof bytes);
    path = described(bytes, n);
    fuzz_check(path && read_and_use(path));
    put(arg, bytes, n);
}

static void seeds(fuzz_put *put, void *arg) {
    static const char table[] = "a,b\n1,2\n-3.5e2,4\n";
    put(arg, table, sizeof table - 1);
    for (int covariance = GT_COVARIANCE_FULL; covariance <= GT_COVARIANCE_SPHERICAL; covariance++)
        for (int stops = 0; stops < 7; stops += 3) seed(put, arg, (gt_covariance)covariance, stops);
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
    const char *path = memchr(bytes, 0, n) ? described(bytes, n) : NULL;
    if (path) read_and_use(path);
    else as_table(bytes, n);
}

const fuzz_target target = {.variants = 200, .seeds = seeds, .run = run};
