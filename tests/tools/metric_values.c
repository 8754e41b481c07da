/* SPDX-License-Identifier: Apache-2.0
 * Every metric of src/features/score on rows and pictures by formula, to the last bit: what it prints is the same on
 * any number of ranks and threads. metric_values THREADS [ITEMS [LOOKS]]: with LOOKS the last rank is told to stop when
 * it has asked so often, and all ranks do. */
#include <stdio.h>
#include <stdlib.h>

#include "base/door/random.h"
#include "features/score/distances/authenticity.h"
#include "features/score/distances/distances.h"
#include "features/score/distances/sliced.h"
#include "features/score/distances/wavelet_distance.h"

enum { WIDTH = 40, CLASSES = 12, H = 32, W = 48, C = 3, PIXELS = H * W * C };

static gt_team team;
static int looks;
static _Atomic int asked;

static int stop_later(void) { return team.comm->rank == team.comm->ranks - 1 && ++asked > looks; }

static void must(gt_status st) {
    if (!st) return;
    fprintf(stderr, "%s\n", gt_message());
    exit(1);
}

static void show(const char *name, const double *values, int64_t n) {
    for (int64_t i = 0; i < n && !team.comm->rank; i++) printf("%s %a\n", name, values[i]);
}

/* Features of item i of a set: normal numbers, those of the fakes narrower and moved. */
static gt_rows features(int64_t count, int set, int64_t d, bool probabilities) {
    gt_rows rows = gt_rows_share(count, d, team.comm);
    float *x = malloc((size_t)(rows.own * d) * sizeof *x + 1);
    for (int64_t i = 0; i < rows.own; i++) {
        float *to = x + i * d, sum = 0;
        gt_random_normal((gt_key){.seed = 7, .stream = (uint32_t)set, .sample = (uint32_t)(rows.first + i)}, to,
                         (size_t)d);
        for (int64_t k = 0; k < d; k++) {
            if (set) to[k] = 0.8f * to[k] + 0.2f;
            if (probabilities) sum += to[k] *= to[k];
        }
        for (int64_t k = 0; k < d && probabilities; k++) to[k] /= sum;
    }
    rows.x = x;
    must(gt_rows_check_all(&team, &rows, set ? "fakes" : "reals"));
    return rows;
}

static void picture(int set, int64_t i, uint8_t *to) {
    float shift[C];
    gt_random_uniform((gt_key){.seed = 9, .stream = (uint32_t)set, .sample = (uint32_t)i}, shift, C);
    for (int k = 0; k < PIXELS; k++) {
        int x = k / C % W, y = k / C / W, wave = (int)(64 * shift[k % C]) + (4 + set) * x + 3 * y;
        to[k] = (uint8_t)(wave % 64 < 32 ? 40 + 5 * (wave % 32) : 200 - 5 * (wave % 32));
    }
}

/* Work that is to end early. */
static void stops(const char *name, gt_status st) {
    int others = gt_comm_sum_all(team.comm, st != GT_STOPPED) > 0;
    if (!team.comm->rank) printf("%s %s\n", name, others ? "goes on" : "stopped");
    asked = 0;
}

static void of_stops(int64_t n) {
    gt_rows reals = features(n + 3, 0, WIDTH, false), fakes = features(n, 1, WIDTH, false);
    gt_likeness *likeness = malloc((size_t)fakes.count * sizeof *likeness);
    enum { DIRECTIONS = 37 };
    static float directions[DIRECTIONS * WIDTH];
    double value[2], each[DIRECTIONS];
    gt_gaussian g;
    gt_sliced_directions(3, 0, DIRECTIONS, WIDTH, directions);
    stops("precision_recall",
          gt_precision_recall_all(&team, &reals, &fakes, &(gt_precision_recall_options){0}, &value[0], &value[1]));
    stops("authenticity", gt_authenticity_all(&team, &reals, &fakes, false, value, likeness));
    stops("left_out", gt_authenticity_of_left_out_all(&team, &reals, false, n, value));
    stops("kid", gt_kid_all(&team, &fakes, &reals, &(gt_kid_options){.subsets = 21, .size = 30}, value, NULL));
    stops("sliced", gt_sliced_distance_all(&team, &fakes, &fakes, directions, DIRECTIONS, each));
    stops("gaussian", gt_gaussian_of_rows_all(&team, &fakes, &g));
    free(likeness);
    free((void *)reals.x);
    free((void *)fakes.x);
}

static void of_rows(int64_t n) {
    gt_rows reals = features(n + 3, 0, WIDTH, false), fakes = features(n, 1, WIDTH, false);
    gt_gaussian a, b, few;
    gt_rows small = features(WIDTH / 2, 0, WIDTH, false);
    double value[2], all[3] = {0};
    must(gt_gaussian_of_rows_all(&team, &reals, &a));
    must(gt_gaussian_of_rows_all(&team, &fakes, &b));
    must(gt_gaussian_of_rows_all(&team, &small, &few));
    if (!team.comm->rank) {
        must(gt_frechet_distance(&a, &b, GT_DIVISOR_N, &all[0]));
        must(gt_frechet_distance(&few, &b, GT_DIVISOR_N_LESS, &all[1]));
        must(gt_frechet_distance(&few, &few, GT_DIVISOR_N_LESS, &all[2]));
    }
    show("frechet", all, 3);
    must(gt_kid_all(&team, &fakes, &reals, &(gt_kid_options){.subsets = 21, .size = 30}, value, NULL));
    show("kid", value, 1);
    must(gt_precision_recall_all(&team, &reals, &fakes, &(gt_precision_recall_options){0}, &value[0], &value[1]));
    show("precision_recall", value, 2);
    gt_likeness *likeness = malloc((size_t)fakes.count * sizeof *likeness);
    must(gt_authenticity_all(&team, &reals, &fakes, false, value, likeness));
    gt_sort_by_likeness(likeness, fakes.count);
    show("authenticity", value, 1);
    show("likeness", &likeness[0].distance, 2);
    must(gt_authenticity_of_left_out_all(&team, &reals, false, n, &value[0]));
    must(gt_authenticity_of_left_out_all(&team, &reals, false, 20, &value[1]));
    show("left_out", value, 2);
    gt_rows p = features(n, 2, CLASSES, true);
    must(gt_inception_score_all(&team, &p, GT_INCEPTION_SPLITS, &value[0], &value[1], NULL));
    show("inception_score", value, 2);
    gt_gaussian_free(&a);
    gt_gaussian_free(&b);
    gt_gaussian_free(&few);
    free(likeness);
    free((void *)reals.x);
    free((void *)fakes.x);
    free((void *)small.x);
    free((void *)p.x);
}

/* This rank's pictures, or with `whole` all of them. */
static uint8_t *pictures_of(int set, const gt_rows *share, bool whole) {
    int64_t n = whole ? share->count : share->own, first = whole ? 0 : share->first;
    uint8_t *to = malloc((size_t)n * PIXELS + 1);
    for (int64_t i = 0; i < n; i++) picture(set, first + i, to + i * PIXELS);
    return to;
}

static void of_pictures(int64_t n) {
    enum { DIRECTIONS = 37, RINGS = H / 2 + 1 };
    gt_rows share = gt_rows_share(n, 1, team.comm);
    gt_packets *packets[2];
    gt_patches *patches[2];
    double power[2][RINGS], each[DIRECTIONS], value;
    for (int set = 0; set < 2; set++) {
        uint8_t *own = pictures_of(set, &share, false), *all = pictures_of(set, &share, true);
        gt_spectrum *s = gt_spectrum_new(&team, n, H, W, C);
        gt_packets_options o = {.wavelet = gt_wavelet_find("sym5"), .level = 1};
        patches[set] = gt_patches_new(&team, n, H, W, C, 1, 24, 3);
        packets[set] = gt_packets_new(&team, n, H, W, C, &o);
        must(s && patches[set] && packets[set] ? GT_OK : GT_FAILED);
        must(gt_spectrum_add(s, own, share.own));
        must(gt_spectrum_finish_all(s, power[set]));
        must(gt_patches_add(patches[set], own, share.own, NULL, NULL));
        must(gt_patches_finish_all(patches[set], NULL, NULL));
        must(gt_packets_add(packets[set], all, n));
        must(gt_packets_finish(packets[set]));
        show("spectrum", power[set], RINGS);
        gt_spectrum_free(s);
        free(own);
        free(all);
    }
    value = gt_spectrum_distance(power[0], power[1], RINGS);
    show("spectrum_distance", &value, 1);
    int64_t d = gt_patches_rows(patches[0])->d;
    float *directions = malloc(DIRECTIONS * (size_t)d * sizeof *directions);
    gt_sliced_directions(3, 1, DIRECTIONS, d, directions);
    must(gt_sliced_distance_all(&team, gt_patches_rows(patches[0]), gt_patches_rows(patches[1]), directions, DIRECTIONS,
                                each));
    show("sliced", each, DIRECTIONS);
    must(gt_packets_distance_all(packets[0], packets[1], &value, NULL));
    show("wavelet_distance", &value, 1);
    for (int set = 0; set < 2; set++) {
        gt_packets_free(packets[set]);
        gt_patches_free(patches[set]);
    }
    free(directions);
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    int64_t n = argc > 2 ? atoi(argv[2]) : 150;
    team = (gt_team){.comm = gt_comm_start_all(threads, NULL), .pool = gt_pool_new(threads)};
    if (!team.comm || !team.pool) return 1;
    if (argc > 3) {
        looks = atoi(argv[3]);
        team.stop = stop_later;
        of_stops(n);
    } else {
        of_rows(n);
        of_pictures(n / 3);
    }
    gt_pool_free(team.pool);
    gt_comm_stop_all(team.comm);
    return 0;
}
