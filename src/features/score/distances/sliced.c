/* SPDX-License-Identifier: Apache-2.0
 * Sliced Wasserstein distance of rows. Directions are shared out over the ranks; a rank projects the rows of all ranks,
 * as they come by, on a few of its directions at a time. */
#include "features/score/distances/sliced.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/memory.h"
#include "base/door/pool.h"
#include "base/door/progress.h"
#include "base/door/random.h"
#include "kernels/door/gemm.h"
#include "metrics/door/metric.h"
#include "metrics/door/metric_list.h"

enum { AT_ONCE = 16 /* directions */ };

void gt_sliced_directions(uint64_t seed, int level, int64_t n, int64_t d, float *directions) {
    for (int64_t i = 0; i < n; i++, directions += d) {
        gt_key key = {.seed = seed, .stream = gt_stream("swd/slices"), .step = (uint32_t)level, .sample = (uint32_t)i};
        gt_random_normal(key, directions, (size_t)d);
        double square = 0;
        for (int64_t k = 0; k < d; k++) square += (double)directions[k] * (double)directions[k];
        for (int64_t k = 0; k < d; k++) directions[k] = (float)((double)directions[k] / sqrt(square));
    }
}

/* ---- sorting ---- */

/* A radix sort by the digits of the floats' bits: no comparisons, and a time that depends on n alone. */
enum { DIGIT = 11, DIGITS = 3 }; /* bits of a digit; digits of 32 bits */

/* In the order of the floats. */
static uint32_t key_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

static uint32_t digit_of(float x, int digit) { return key_of(x) >> digit * DIGIT & ((1 << DIGIT) - 1); }

void gt_sort_floats(float *x, float *other, size_t n) {
    size_t starts[DIGITS][1 << DIGIT] = {0};
    for (size_t i = 0; i < n; i++)
        for (int digit = 0; digit < DIGITS; digit++) starts[digit][digit_of(x[i], digit)]++;
    for (int digit = 0; digit < DIGITS; digit++) {
        float *from = digit % 2 ? other : x, *to = digit % 2 ? x : other;
        size_t next = 0;
        for (size_t k = 0; k < 1 << DIGIT; k++) {
            size_t count = starts[digit][k];
            starts[digit][k] = next;
            next += count;
        }
        for (size_t i = 0; i < n; i++) to[starts[digit][digit_of(from[i], digit)]++] = from[i];
    }
    memcpy(x, other, n * sizeof *x); /* an odd number of digits ends there */
}

/* ---- projections ---- */

typedef struct projection {
    const gt_team *team;
    const gt_rows *rows;
    const float *directions; /* [count,d] */
    int count;
    float *to[2]; /* [AT_ONCE,rows], of each set */
    int set;
    float *spare; /* [threads,rows] */
    void *workspace;
    double *each;
} projection;

static gt_gemm_args args_of(const projection *p, int64_t n) {
    return (gt_gemm_args){.kernels = p->team->kernels,
                          .m = p->count,
                          .n = n,
                          .k = p->rows->d,
                          .transpose_b = true,
                          .a = p->directions,
                          .lda = p->rows->d,
                          .ldb = p->rows->d,
                          .ldc = p->rows->count};
}

static void project(void *arg, int64_t first, int64_t n, const float *x) {
    const projection *p = arg;
    gt_gemm_args g = args_of(p, n);
    g.b = x;
    g.c = p->to[p->set] + first;
    if (p->count) gt_gemm(&g, p->team->pool, p->workspace);
}

static void compare(void *arg, int tile, int worker) {
    const projection *p = arg;
    size_t n = (size_t)p->rows->count;
    if (gt_team_stops(p->team)) return;
    float *a = p->to[0] + (size_t)tile * n, *b = p->to[1] + (size_t)tile * n, *spare = p->spare + (size_t)worker * n;
    gt_sort_floats(a, spare, n);
    gt_sort_floats(b, spare, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += fabs((double)a[i] - (double)b[i]);
    p->each[tile] = sum / (double)n;
}

gt_status gt_sliced_distance_all(const gt_team *team, const gt_rows *a, const gt_rows *b, const float *directions,
                                 int64_t n, double *each) {
    if (a->count != b->count || a->d != b->d)
        return gt_fail(GT_USAGE, "a sliced distance needs sets of one size, and these have %lld and %lld rows",
                       (long long)a->count, (long long)b->count);
    projection p = {.team = team, .rows = a, .count = AT_ONCE};
    int first, own, threads = gt_pool_threads(team->pool);
    gt_slice_range(team->comm, (int)n, team->comm->rank, &first, &own);
    gt_gemm_args g = args_of(&p, GT_ROWS_AT_ONCE);
    size_t bytes = gt_gemm_workspace(&g, threads) + 1, list = (size_t)a->count * sizeof(float);
    GT_FREED double *mine = malloc((size_t)own * sizeof *mine + 1);
    p.workspace = gt_block_alloc(bytes, "projections");
    p.spare = malloc((size_t)threads * list);
    for (int i = 0; i < 2; i++) p.to[i] = malloc(AT_ONCE * list);
    gt_status st = mine && p.workspace && p.spare && p.to[0] && p.to[1]
                       ? GT_OK
                       : gt_fail(GT_NOMEM, "out of memory for projections of %lld rows", (long long)a->count);
    st = gt_comm_agree_all(team->comm, st);
    int turns = gt_comm_max_all(team->comm, (int)gt_pieces(own, AT_ONCE));
    for (int turn = 0; turn < turns && !st; turn++) {
        int done = (int)gt_smallest(own, turn * AT_ONCE);
        p.count = (int)gt_smallest(AT_ONCE, own - done);
        p.directions = directions + (int64_t)(first + done) * a->d;
        p.each = mine + done;
        for (p.set = 0; p.set < 2 && !st; p.set++) st = gt_rows_each_all(team, p.set ? b : a, project, &p);
        if (!st) gt_pool_run(team->pool, p.count, compare, &p);
        if (!st) st = gt_team_look_all(team);
        gt_tell(gt_smallest(n, (done + p.count) * team->comm->ranks));
    }
    if (!st) {
        gt_comm_gather_all(team->comm, mine, (size_t)own * sizeof *mine, each);
        gt_comm_broadcast_all(team->comm, each, (size_t)n * sizeof *each, 0);
    }
    free(p.spare);
    for (int i = 0; i < 2; i++) free(p.to[i]);
    if (p.workspace) gt_block_free(p.workspace, bytes);
    return st;
}

/* ---- the metric ---- */

/* What is drawn: pictures of a set, patches of each at each level, and directions. */
typedef struct sample {
    int64_t pictures;
    int patches, directions;
} sample;

/* Of a sheet less, since its value is one of each tick: of more than 256 pictures (or 2^24 pixels) so many, evenly. */
static sample sample_of(const gt_metric_input *in) {
    enum { PICTURES = 256, PIXELS = 1 << 24, PATCHES = 32, DIRECTIONS = 128 };
    const gt_metric_set *s = &in->fakes;
    if (!in->is_sheet) return (sample){s->count, GT_PATCHES_EACH, GT_SLICES_REPEATS * GT_SLICES_DIRECTIONS};
    int64_t pictures = gt_smallest(PICTURES, gt_largest(1, PIXELS / ((int64_t)s->height * s->width)));
    return (sample){gt_smallest(s->count, pictures), PATCHES, DIRECTIONS};
}

static void tell_part(const gt_metric_set *set, int level, const char *of, int64_t count) {
    char part[24];
    snprintf(part, sizeof part, "%dx%d", set->width >> level, set->height >> level);
    gt_tell_part(part, of, count);
}

/* This rank's pictures. */
static gt_status add_pictures(const gt_metric_input *in, const gt_metric_set *set, int64_t count, gt_patches *to) {
    int64_t own = gt_rows_share(count, 1, in->team->comm).own,
            bytes = (int64_t)set->height * set->width * set->channels;
    gt_status st = GT_OK;
    for (int64_t i = 0; i < own && !st && !gt_team_stops(in->team); i++) {
        st = gt_patches_add(to, set->pictures + i * set->count / count * bytes, 1, NULL, NULL);
        gt_tell(gt_smallest(count, (i + 1) * in->team->comm->ranks));
    }
    return st;
}

static gt_status patches_all(const gt_metric_input *in, const gt_metric_set *set, int level, gt_patches **out) {
    sample n = sample_of(in);
    *out = gt_patches_new(in->team, n.pictures, set->height, set->width, set->channels, level, n.patches, in->seed);
    tell_part(set, level, "images", n.pictures);
    gt_status st = *out ? add_pictures(in, set, n.pictures, *out) : gt_failure();
    st = gt_comm_agree_all(in->team->comm, st);
    if (!st) st = gt_team_look_all(in->team);
    return st ? st : gt_patches_finish_all(*out, NULL, NULL);
}

/* The mean over directions. */
static gt_status distance_all(const gt_metric_input *in, int level, const gt_patches *a, const gt_patches *b,
                              double *distance) {
    int n = sample_of(in).directions;
    int64_t d = gt_patches_rows(a)->d;
    GT_ARENA gt_arena *arena = gt_arena_new();
    float *directions = arena ? gt_arena_array(arena, (size_t)n, (size_t)d * sizeof *directions) : NULL;
    double *each = arena ? gt_arena_array(arena, (size_t)n, sizeof *each) : NULL, sum = 0;
    gt_status st = directions && each ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %d directions", n);
    st = gt_comm_agree_all(in->team->comm, st);
    if (!st) {
        tell_part(&in->fakes, level, "directions", n);
        gt_sliced_directions(in->seed, level, n, d, directions);
        st = gt_sliced_distance_all(in->team, gt_patches_rows(a), gt_patches_rows(b), directions, n, each);
    }
    for (int i = 0; i < n && !st; i++) sum += each[i];
    *distance = 1000 * sum / n;
    return st;
}

static gt_status level_all(const gt_metric_input *in, int level, double *distance) {
    gt_patches *a = NULL, *b = NULL;
    gt_status st = patches_all(in, &in->fakes, level, &a);
    if (!st) st = patches_all(in, &in->reals, level, &b);
    if (!st) st = distance_all(in, level, a, b, distance);
    gt_patches_free(a);
    gt_patches_free(b);
    return st;
}

static gt_status swd_all(const gt_metric_input *in) {
    int levels = gt_patches_levels(in->fakes.height, in->fakes.width);
    double sum = 0;
    for (int level = 0; level < levels; level++) {
        double distance;
        char suffix[24];
        gt_status st = level_all(in, level, &distance);
        if (st) return st;
        snprintf(suffix, sizeof suffix, "_%d", in->fakes.height >> level);
        in->put(in->arg, suffix, distance);
        sum += distance;
    }
    in->put(in->arg, "_avg", sum / levels);
    return GT_OK;
}

#define DISTANCE "Generated from real images: patches at all scales (sliced Wasserstein distance, times 1000)"

const gt_metric gt_metrics_of_swd[] = {
    {.series = "Fakes/swd",
     .label = "old swd",
     .format = "%.1f",
     .title = "Distance by the formula of earlier versions",
     .legend = "SWD",
     .note = DISTANCE},
    {.name = "swd#",
     .plain = "swd",
     .count = 16384,
     .needs = GT_METRIC_REALS | GT_METRIC_PICTURES | GT_METRIC_EQUAL_COUNTS,
     .keys = {"_avg"},
     .recipe = "x1000, 128 patches of each picture",
     .help = "Sliced Wasserstein distance of patches, times 1000",
     .each_sheet = true,
     .series = "Fakes/swd_avg",
     .before = "Fakes/swd",
     .label = "swd",
     .format = "%.1f",
     .title = "Distance",
     .legend = "SWD",
     .note = DISTANCE,
     .compute_all = swd_all},
    {0},
};
