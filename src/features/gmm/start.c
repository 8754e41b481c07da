/* SPDX-License-Identifier: Apache-2.0
 * Where means begin: points drawn with probabilities proportional to the squared distance from the nearest one drawn so
 * far (D. Arthur, S. Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007). A draw walks along the
 * blocks' sums, then along the points of one block, so it is the same point on any number of ranks. */
#include <math.h>

#include "base/door/numbers.h"
#include "gantry/progress.h"
#include "features/gmm/em.h"

typedef struct seeding {
    const gt_em *em;
    const double *latest; /* [d] the mean drawn last; NULL: none */
    double *nearest;      /* [own points, rounded up to panels] squared distances from the nearest mean */
    double *sums;         /* [blocks] */
} seeding;

static void measure_distances(void *arg, const gt_panel_of_points *panel, int worker, double *sums) {
    (void)worker;
    const seeding *s = arg;
    size_t p = s->em->blocks->panel;
    double *nearest = s->nearest + panel->own, squared[p];
    if (s->latest)
        s->em->blocks->kernels->mixture->distance(p, s->em->blocks->d, panel->x, s->latest, s->em->density.ones,
                                                  squared);
    for (size_t n = 0; n < panel->count; n++) {
        nearest[n] = s->latest ? fmin(nearest[n], squared[n]) : 1; /* the first one: all alike */
        sums[0] += nearest[n];
    }
    for (size_t n = 0; n < panel->count && !s->latest; n++) nearest[n] = INFINITY;
}

/* The owner of the block: the point that `rest` falls on. `nearest` is NULL for the first mean. */
static void choose_point(const seeding *s, int block, double rest, double *mean) {
    const gt_blocks *b = s->em->blocks;
    int64_t own = b->own_points, before = gt_slices_first(b->slices, b->first);
    int64_t begin = (gt_slices_first(b->slices, block) - before) * (int64_t)b->panel,
            end = begin + (int64_t)gt_slices_samples(b->slices, block) * (int64_t)b->panel,
            n = gt_smallest(end, own) - begin;
    int64_t chosen = s->latest ? gt_mixture_choose(s->nearest + begin, n, &rest) : gt_smallest((int64_t)rest, n - 1);
    int64_t at = begin + gt_largest(chosen, 0); /* the sum of the block is above 0, so one is chosen */
    const double *panel = b->x + (size_t)(at / (int64_t)b->panel) * b->panel * b->d;
    for (size_t j = 0; j < b->d; j++) mean[j] = panel[j * b->panel + (size_t)(at % (int64_t)b->panel)];
}

static int owner_of(const gt_blocks *b, int block) { return gt_slice_owner(b->comm, b->slices.count, block); }

static gt_status draw_mean(seeding *s, double share, int c, double *mean) {
    gt_blocks *b = s->em->blocks;
    double rest = 0;
    gt_status st = gt_blocks_each(b, 1, measure_distances, s, s->sums);
    if (st) return st;
    for (int i = 0; i < b->slices.count; i++) rest += s->sums[i];
    rest *= share;
    int block = (int)gt_mixture_choose(s->sums, b->slices.count, &rest);
    if (block < 0)
        return gt_fail(GT_FORMAT, "the points have only %d different values: too few for %d components", c,
                       s->em->mixture.k);
    int owner = owner_of(b, block);
    if (b->comm->rank == owner) choose_point(s, block, rest, mean);
    gt_comm_broadcast_all(b->comm, mean, b->d * sizeof *mean, owner);
    return GT_OK;
}

gt_status gt_em_seed_means(gt_em *em, uint64_t seed, uint32_t restart) {
    gt_blocks *b = em->blocks;
    seeding s = {.em = em};
    GT_ARENA gt_arena *a = gt_arena_new();
    if (a) s.nearest = gt_arena_array(a, (size_t)b->own_points + b->panel, sizeof *s.nearest);
    if (a) s.sums = gt_arena_array(a, (size_t)b->slices.count, sizeof *s.sums);
    gt_status st = gt_comm_agree_all(b->comm, a && !gt_arena_failed(a) ? GT_OK : GT_NOMEM);
    gt_tell_start("seeding", "means", em->mixture.k);
    for (int c = 0; c < em->mixture.k && !st; c++) {
        double *mean = em->mixture.means + (size_t)c * b->d;
        st = draw_mean(&s, gt_mixture_uniform((gt_key){seed, gt_stream("mixture/means"), restart, (uint32_t)c}), c,
                       mean);
        s.latest = mean;
        gt_tell(c + 1);
    }
    return st;
}
