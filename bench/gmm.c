/* SPDX-License-Identifier: Apache-2.0
 * Iterations of EM beside scikit-learn's: same points, same start, same settings of BLAS, in turns. The log-likelihoods
 * after the iterations stand beside the times: they agree, or something else was computed. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/program.h"
#include "files/h5/door/arrays.h"
#include "base/door/clock.h"
#include "gantry/log.h"
#include "base/door/random.h"
#include "kernels.h"
#include "features/gmm/em.h"
#include "features/gmm/mixture.h"

typedef struct gmm_options {
    bench_common common;
    const char *script;
    gt_covariance covariance;
    int64_t points, dimensions, k, iterations, threads;
} gmm_options;

static gmm_options options;

static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(gmm_options, "points", points, "0", "0: 100,000, with --long a million"), .max = 1e8},
    {BENCH_ROW(gmm_options, "dimensions", dimensions, "16", "Numbers of a point"), .min = 1, .max = 4096},
    {BENCH_ROW(gmm_options, "k", k, "16", "Components"), .min = 1, .max = 4096},
    {BENCH_ROW(gmm_options, "covariance", covariance, "full", "Kind of covariances"), GT_CHOICES(GT_COVARIANCES)},
    {BENCH_ROW(gmm_options, "iterations", iterations, "5", "That are timed"), .min = 1, .max = 1000},
    {BENCH_ROW(gmm_options, "threads", threads, "0", "Threads of both programs; 0: 1 and 2"), .max = 4096},
    {BENCH_ROW(gmm_options, "script", script, "bench/gmm_sklearn.py", "The same in Python")},
};

typedef struct timing {
    double wall, cpu, log_likelihood; /* seconds an iteration */
} timing;

/* Around as many centres as components, apart by a few standard deviations. */
static gt_status make_points(const char *path, int64_t n, int64_t d) {
    GT_FREED double *x = malloc((size_t)(n * d) * sizeof *x);
    GT_FREED float *centres = malloc((size_t)(options.k * d) * sizeof *centres),
                   *noise = malloc((size_t)d * sizeof *noise);
    gt_status st = x && centres && noise ? GT_OK : gt_fail(GT_NOMEM, "out of memory for points");
    if (!st) gt_random_normal((gt_key){.seed = 1}, centres, (size_t)(options.k * d));
    for (int64_t i = 0; i < n && !st; i++) {
        gt_random_normal((gt_key){.seed = 2, .sample = (uint32_t)i}, noise, (size_t)d);
        for (int64_t j = 0; j < d; j++) x[i * d + j] = 2 * (double)centres[i % options.k * d + j] + (double)noise[j];
    }
    return st ? st : gt_arrays_write(path, &(gt_array){"points", GT_NUMBER_DOUBLE, 2, {n, d}, x}, 1);
}

static gt_status write_start(const char *path, const gt_mixture *m) {
    bool full = m->covariance == GT_COVARIANCE_FULL, tied = m->covariance == GT_COVARIANCE_TIED,
         diagonal = m->covariance == GT_COVARIANCE_DIAGONAL;
    gt_array covariances = {"covariances",
                            GT_NUMBER_DOUBLE,
                            full               ? 3
                            : tied || diagonal ? 2
                                               : 1,
                            {tied ? m->d : m->k, m->d, m->d},
                            m->covariances};
    return gt_arrays_write(path,
                           (gt_array[]){{"weights", GT_NUMBER_DOUBLE, 1, {m->k}, m->weights},
                                        {"means", GT_NUMBER_DOUBLE, 2, {m->k, m->d}, m->means},
                                        covariances},
                           3);
}

static gt_status iterate(gt_em *em, timing *t) {
    gt_status st = gt_em_pass(em, &t->log_likelihood); /* the first one also fetches memory: not timed */
    if (!st) st = gt_em_update(em);
    double wall = gt_clock(), cpu = gt_clock_of(CLOCK_PROCESS_CPUTIME_ID);
    for (int64_t i = 0; i < options.iterations && !st; i++) {
        st = gt_em_pass(em, &t->log_likelihood);
        if (!st) st = gt_em_update(em);
    }
    t->wall = (gt_clock() - wall) / (double)options.iterations;
    t->cpu = (gt_clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)options.iterations;
    return st;
}

static gt_status run_ours(bench *b, int threads, gt_cloud *cloud, const char *start, timing *t) {
    gt_pool *pool = gt_pool_new(threads);
    gt_blocks *blocks = NULL;
    gt_em *em = NULL;
    gt_status st = pool ? gt_blocks_read(&blocks, b->comm, pool, bench_kernels(), cloud) : GT_FAILED;
    if (!st) st = gt_em_new(&em, blocks, options.covariance, (int)options.k, 0);
    if (!st) st = gt_em_start(em, &(gt_mixture_recipe){.seed = 1}, NULL, 0);
    if (!st) st = write_start(start, &em->mixture);
    if (!st) st = iterate(em, t);
    gt_em_free(em);
    gt_blocks_free(blocks);
    gt_pool_free(pool);
    return st;
}

/* NANs where there is no scikit-learn. */
static timing run_theirs(int threads, const char *points, const char *start) {
    static const char *const settings[] = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"};
    timing t = {NAN, NAN, NAN};
    char command[2048], number[16];
    snprintf(number, sizeof number, "%d", threads);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) setenv(settings[i], number, 1);
    snprintf(command, sizeof command,
             "python3=/usr/bin/python3; [ -x $python3 ] || python3=python3; exec $python3 '%s' '%s' '%s' %s %lld "
             "2>/dev/null",
             options.script, points, start, gt_covariance_name(options.covariance), (long long)options.iterations);
    FILE *p = popen(command, "r");
    if (p && fscanf(p, "%lf %lf %lf", &t.wall, &t.cpu, &t.log_likelihood) != 3) t = (timing){NAN, NAN, NAN};
    if (p) pclose(p);
    return t;
}

static void add_row(gt_table *table, const char *who, int threads, timing t, timing other) {
    gt_table_row(table, who, gt_covariance_name(options.covariance), (double)threads, t.wall, t.cpu,
                 other.wall / t.wall, other.cpu / t.cpu, t.log_likelihood);
}

static gt_status compare(bench *b, const char *folder) {
    static const gt_column columns[] = {{"who", "who", GT_COLUMN_TEXT},
                                        {"covariance", "covariance", GT_COLUMN_TEXT},
                                        {"threads", "threads", 0},
                                        {"wall", "s/iteration", 4},
                                        {"cpu", "of processor time", 4},
                                        {"ratio", "x scikit-learn", 1},
                                        {"cpu_ratio", "x by processor time", 1},
                                        {"log_likelihood", "log-likelihood", 12}};
    char points[512], start[512];
    snprintf(points, sizeof points, "%s/points.h5", folder);
    snprintf(start, sizeof start, "%s/start.h5", folder);
    int64_t n = options.points ? options.points : b->common->careful ? 1000000 : 100000;
    gt_results_say(b->results, "points", "%lld of %lld numbers, %lld components", (long long)n,
                   (long long)options.dimensions, (long long)options.k);
    gt_table *table = gt_results_table(b->results, "em", columns, sizeof columns / sizeof *columns);
    gt_cloud *cloud = NULL;
    gt_status st = make_points(points, n, options.dimensions);
    if (!st) st = gt_cloud_open(&cloud, points, "");
    int least = options.threads ? (int)options.threads : 1, most = options.threads ? (int)options.threads : 2;
    for (int threads = least; threads <= most && !st; threads++) {
        timing ours;
        if ((st = run_ours(b, threads, cloud, start, &ours))) break;
        timing theirs = run_theirs(threads, points, start);
        if (isnan(theirs.wall))
            gt_warn("no comparison: %s does not run (python3-sklearn, python3-h5py)", options.script);
        else add_row(table, "scikit-learn", threads, theirs, theirs);
        add_row(table, "gantry", threads, ours, theirs);
    }
    gt_cloud_close(cloud);
    unlink(points);
    unlink(start);
    return st;
}

static gt_status run(bench *b) { return bench_in_folder(b, compare); }

static const int64_t two = 2; /* as many cores as are compared */
BENCH_MAIN(.name = "gmm", .help = "Iterations of EM beside scikit-learn", .run = run, .ranks = true, .threads = &two)
