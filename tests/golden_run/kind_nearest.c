/* SPDX-License-Identifier: Apache-2.0
 * nn_spectrum: nearest training rows, authenticity, radial power spectra. */
#include <string.h>

#include "golden.h"
#include "features/score/distances/authenticity.h"
#include "features/score/distances/distances.h"

static void authenticity_case(gold *f) {
    gt_rows train = gold_rows(f, "authenticity/train"), fakes = gold_rows(f, "authenticity/gen");
    if (f->failed) return;
    size_t n = (size_t)fakes.count, m = (size_t)train.count;
    gt_likeness *all = gt_arena_array(f->arena, n, sizeof *all);
    gt_neighbour *near = gt_arena_array(f->arena, m, sizeof *near);
    double share = 0, *nearest = gt_arena_array(f->arena, n, sizeof(double)),
           *distance = gt_arena_array(f->arena, n, sizeof(double)),
           *authentic = gt_arena_array(f->arena, n, sizeof(double)), *gap = gt_arena_array(f->arena, m, sizeof(double));
    if (gt_authenticity_all(gold_team(), &train, &fakes, false, &share, all) ||
        gt_nearest_all(gold_team(), &train, &train, 1, GT_NEAREST_BUT_ITSELF, near))
        gold_fail(f, "%s", gt_message());
    for (size_t i = 0; i < n; i++) {
        nearest[i] = (double)all[i].nearest;
        distance[i] = all[i].distance;
        authentic[i] = gt_is_authentic(&all[i]);
    }
    for (size_t i = 0; i < m; i++) gap[i] = near[i].distance;
    gold_check_doubles(f, "authenticity/nearest", GOLD_PLAIN, nearest, n);
    gold_check_doubles(f, "authenticity/distance", GOLD_PLAIN, distance, n);
    gold_check_doubles(f, "authenticity/authentic", GOLD_PLAIN, authentic, n);
    gold_check_doubles(f, "authenticity/train_gap", GOLD_PLAIN, gap, m);
    gold_check_doubles(f, "authenticity/authenticity", GOLD_PLAIN, &share, 1);
}

static const double *powers(gold *f, const char *group, const char *set) {
    gt_shape shape = {0};
    const uint8_t *pictures = gold_pictures(f, gold_path(f, "%s/%s", group, set), GOLD_IMAGE, &shape);
    if (!pictures) return NULL;
    int h = (int)shape.d[1], w = (int)shape.d[2], rings = gt_spectrum_rings(h, w);
    double *power = gt_arena_array(f->arena, (size_t)rings, sizeof *power);
    gt_spectrum *s = gt_spectrum_new(gold_team(), shape.d[0], h, w, (int)shape.d[3]);
    if (!s || gt_spectrum_add(s, pictures, shape.d[0]) || gt_spectrum_finish_all(s, power))
        gold_fail(f, "%s", gt_message());
    gt_spectrum_free(s);
    gold_check_doubles(f, gold_path(f, "%s/power_%s", group, set), GOLD_PLAIN, power, (size_t)rings);
    return power;
}

static void spectrum_case(gold *f, const char *name) {
    gt_shape shape = {0};
    const double *a = powers(f, name, "a"), *b = powers(f, name, "b");
    if (!a || !b || !gold_read(f, gold_path(f, "%s/a", name), GOLD_IMAGE, &shape)) return;
    double distance = gt_spectrum_distance(a, b, gt_spectrum_rings((int)shape.d[1], (int)shape.d[2]));
    gold_check_doubles(f, gold_path(f, "%s/distance_db", name), GOLD_PLAIN, &distance, 1);
}

static void case_of(gold *f, const char *name, void *arg) {
    (void)arg;
    if (!strcmp(name, "authenticity")) authenticity_case(f);
    else spectrum_case(f, name);
}

void gold_nearest(gold *f) { gold_each(f, "", case_of, NULL); }
