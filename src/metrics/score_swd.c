/* SPDX-License-Identifier: Apache-2.0
 * The sliced Wasserstein distance of progressive GAN, level by level of its pyramid: see sliced.h. */
#include <stdio.h>
#include <stdlib.h>

#include "base/numbers.h"
#include "gantry/progress.h"
#include "metrics/score_list.h"
#include "metrics/sliced.h"

enum { DIRECTIONS = GT_SLICES_REPEATS * GT_SLICES_DIRECTIONS };

static void tell_part(const gt_score_set *set, int level, const char *of, int64_t count) {
    char part[24];
    snprintf(part, sizeof part, "%dx%d", set->width >> level, set->height >> level);
    gt_tell_part(part, of, count);
}

/* This rank's pictures, some at a time. */
static gt_status add_pictures(const gt_score_input *in, const gt_score_set *set, gt_patches *to) {
    enum { AT_ONCE = 64 };
    int64_t own = gt_rows_share(set->count, 1, in->team->comm).own,
            bytes = (int64_t)set->height * set->width * set->channels;
    gt_status st = GT_OK;
    for (int64_t i = 0; i < own && !st && !gt_team_stops(in->team); i += AT_ONCE) {
        int64_t n = gt_least(AT_ONCE, own - i);
        st = gt_patches_add(to, set->pictures + i * bytes, n, NULL, NULL);
        gt_tell(gt_least(set->count, (i + n) * in->team->comm->ranks));
    }
    return st;
}

static gt_status patches_all(const gt_score_input *in, const gt_score_set *set, int level, gt_patches **out) {
    *out = gt_patches_new(in->team, set->count, set->height, set->width, set->channels, level, 0, in->seed);
    tell_part(set, level, "images", set->count);
    gt_status st = gt_comm_agree_all(in->team->comm, *out ? add_pictures(in, set, *out) : GT_FAILED);
    if (!st) st = gt_team_look_all(in->team);
    return st ? st : gt_patches_finish_all(*out, NULL, NULL);
}

static gt_status level_all(const gt_score_input *in, int level, double *distance) {
    gt_patches *a = NULL, *b = NULL;
    double each[DIRECTIONS], sum = 0;
    gt_status st = patches_all(in, &in->fakes, level, &a);
    if (!st) st = patches_all(in, &in->reals, level, &b);
    int64_t d = a ? gt_patches_rows(a)->d : 0;
    float *directions = malloc((size_t)DIRECTIONS * (size_t)d * sizeof *directions + 1);
    if (!st) st = gt_comm_agree_all(in->team->comm, directions ? GT_OK : gt_fail(GT_NOMEM, "out of memory"));
    if (!st) {
        tell_part(&in->fakes, level, "directions", DIRECTIONS);
        gt_sliced_directions(in->seed, level, DIRECTIONS, d, directions);
        st = gt_sliced_distance_all(in->team, gt_patches_rows(a), gt_patches_rows(b), directions, DIRECTIONS, each);
    }
    for (int i = 0; i < DIRECTIONS && !st; i++) sum += each[i];
    *distance = 1000 * sum / DIRECTIONS;
    free(directions);
    gt_patches_free(a);
    gt_patches_free(b);
    return st;
}

static gt_status compute_all(const gt_score_input *in) {
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

const gt_score gt_scores_of_swd[] = {
    {.name = "swd#",
     .plain = "swd",
     .count = 16384,
     .needs = GT_SCORE_REALS | GT_SCORE_PICTURES | GT_SCORE_EQUAL_COUNTS,
     .keys = {"_avg"},
     .recipe = "x1000, 128 patches of each picture",
     .help = "Sliced Wasserstein distance of patches, times 1000",
     .compute_all = compute_all},
    {0},
};
