/* SPDX-License-Identifier: Apache-2.0
 * Frechet wavelet distance, Haar with 4 levels: see wavelet_distance.h. */
#include "gantry/progress.h"
#include "metrics/score_list.h"
#include "metrics/wavelet_distance.h"

enum { LEVEL = 4, AT_ONCE = 16 };

typedef struct feeding {
    gt_packets *packets;
    gt_status status;
} feeding;

static void feed(void *arg, int64_t first, int64_t n, const void *pictures) {
    feeding *f = arg;
    if (!f->status) f->status = gt_packets_add(f->packets, pictures, n);
    gt_tell(first + n);
}

static gt_status packets_all(const gt_score_input *in, const gt_score_set *set, const char *part, gt_packets **out) {
    gt_comm *c = in->team->comm;
    gt_tell_part(part, "images", set->count);
    *out = gt_packets_new(in->team, set->count, set->height, set->width, set->channels,
                          &(gt_packets_options){.wavelet = gt_wavelet_find("haar"), .level = LEVEL});
    feeding f = {.packets = *out};
    gt_status st = gt_comm_agree_all(c, *out ? GT_OK : GT_FAILED);
    size_t bytes = (size_t)set->height * (size_t)set->width * (size_t)set->channels;
    if (!st) st = gt_bytes_each_all(in->team, set->count, bytes, AT_ONCE, set->pictures, feed, &f);
    if (!st) st = f.status ? f.status : gt_packets_finish(*out);
    return gt_comm_agree_all(c, st);
}

static gt_status compute_all(const gt_score_input *in) {
    gt_packets *fakes = NULL, *reals = NULL;
    double distance;
    gt_status st = packets_all(in, &in->fakes, "fakes", &fakes);
    if (!st) st = packets_all(in, &in->reals, "reals", &reals);
    if (!st) st = gt_packets_distance_all(fakes, reals, &distance, NULL);
    if (!st) in->put(in->arg, "", distance);
    gt_packets_free(fakes);
    gt_packets_free(reals);
    return st;
}

const gt_score gt_scores_of_fwd[] = {
    {.name = "fwd#",
     .plain = "fwd",
     .count = 10000,
     .needs = GT_SCORE_REALS | GT_SCORE_PICTURES,
     .keys = {""},
     .recipe = "Haar, 4 levels",
     .help = "Frechet distance of wavelet packets",
     .compute_all = compute_all},
    {0},
};
