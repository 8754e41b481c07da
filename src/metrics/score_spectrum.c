/* SPDX-License-Identifier: Apache-2.0
 * Distance of radial power spectra, in decibel: see spectrum.h. */
#include <stdlib.h>

#include "base/numbers.h"
#include "gantry/progress.h"
#include "metrics/score_list.h"
#include "metrics/spectrum.h"

/* This rank's pictures, some at a time. */
static gt_status add_pictures(const gt_score_input *in, const gt_score_set *set, gt_spectrum *to) {
    enum { AT_ONCE = 256 };
    int64_t own = gt_rows_share(set->count, 1, in->team->comm).own,
            bytes = (int64_t)set->height * set->width * set->channels;
    gt_status st = GT_OK;
    for (int64_t i = 0; i < own && !st && !gt_team_stops(in->team); i += AT_ONCE) {
        int64_t n = gt_least(AT_ONCE, own - i);
        st = gt_spectrum_add(to, set->pictures + i * bytes, n);
        gt_tell(gt_least(set->count, (i + n) * in->team->comm->ranks));
    }
    return st;
}

static gt_status power_all(const gt_score_input *in, const gt_score_set *set, const char *part, double *power) {
    gt_spectrum *s = gt_spectrum_new(in->team, set->count, set->height, set->width, set->channels);
    gt_tell_part(part, "images", set->count);
    gt_status st = gt_comm_agree_all(in->team->comm, s ? add_pictures(in, set, s) : GT_FAILED);
    if (!st) st = gt_team_look_all(in->team);
    if (!st) st = gt_spectrum_finish_all(s, power);
    gt_spectrum_free(s);
    return st;
}

static gt_status compute_all(const gt_score_input *in) {
    int rings = gt_spectrum_rings(in->fakes.height, in->fakes.width);
    if (rings < 2) return gt_fail(GT_USAGE, "pictures of one pixel across have no ring of frequencies");
    double *power = malloc(2 * (size_t)rings * sizeof *power);
    gt_status st = power ? GT_OK : gt_fail(GT_NOMEM, "out of memory for %d rings", rings);
    st = gt_comm_agree_all(in->team->comm, st);
    if (!st) st = power_all(in, &in->fakes, "fakes", power);
    if (!st) st = power_all(in, &in->reals, "reals", power + rings);
    if (!st) in->put(in->arg, "", gt_spectrum_distance(power, power + rings, rings));
    free(power);
    return st;
}

const gt_score gt_scores_of_spectrum[] = {
    {.name = "spectrum#",
     .plain = "spectrum",
     .count = 10000,
     .needs = GT_SCORE_REALS | GT_SCORE_PICTURES,
     .keys = {""},
     .recipe = "decibel",
     .help = "Distance of radial power spectra, in decibel",
     .compute_all = compute_all},
    {0},
};
