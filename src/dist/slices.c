/* SPDX-License-Identifier: Apache-2.0
 * How a batch is cut into slices, and which rank owns which. */
#include <stdio.h>

#include "base/numbers.h"
#include "dist/tree.h"
#include "gantry/dist.h"

enum { AUTO_MOST = 8 };

bool gt_slices_hold_mbstd(int batch, int mbstd, int slices) {
    return !mbstd || (batch % slices == 0 && batch / slices % gt_smallest(mbstd, batch) == 0);
}

/* Sample i belongs to stddev group i mod their number: a multiple of that number of samples has equal parts of all
 * groups. */
static bool fits(int batch, int mbstd, int slices) {
    return gt_slices_hold_mbstd(batch, mbstd, slices) || (batch % slices == 0 && batch / slices % (batch / mbstd) == 0);
}

/* "2 and 4", "4": the nearest numbers below and above `wanted` that fit. */
static void nearest(int batch, int mbstd, int wanted, char *text, size_t room) {
    int below = wanted < batch ? wanted - 1 : batch, above = wanted + 1;
    while (below > 0 && !fits(batch, mbstd, below)) below--;
    while (above <= batch && !fits(batch, mbstd, above)) above++;
    if (below > 0 && above <= batch) snprintf(text, room, "%d and %d", below, above);
    else snprintf(text, room, "%d", below > 0 ? below : above);
}

/* The smallest number from `from` on of slices that hold whole groups or, if `parts`, equal parts of all of them; 0:
 * none. */
static int slices_from(int batch, int mbstd, int from, bool parts) {
    for (int s = from; s <= batch; s++)
        if (parts ? fits(batch, mbstd, s) : gt_slices_hold_mbstd(batch, mbstd, s)) return s;
    return 0;
}

/* The largest smaller stddev group of which a batch has one for each rank; 0: none. */
static int smaller_group(int batch, int whole, int ranks) {
    int g = (int)gt_smallest(whole - 1, batch / ranks);
    while (g > 0 && batch % g) g--;
    return g > 0 ? g : 0;
}

void gt_slices_advise(int batch, int mbstd, int ranks, char text[GT_SLICES_ADVICE]) {
    enum { MOST_BATCH = 1 << 20 }; /* of --batch */
    int whole = (int)gt_smallest(mbstd, batch), n = 0, s = slices_from(batch, whole, ranks, true);
    bool parts = s && !gt_slices_hold_mbstd(batch, whole, s);
    if (s)
        n = snprintf(text, GT_SLICES_ADVICE, "--slices=%d%s", s,
                     parts ? " (stddev groups then reach over slices)" : "");
    int g = parts || !s ? smaller_group(batch, whole, ranks) : 0;
    if (g)
        n += snprintf(text + n, (size_t)(GT_SLICES_ADVICE - n), "%s--mbstd=%d --slices=%d", n ? ", or " : "", g,
                      slices_from(batch, g, ranks, false));
    /* the first multiple of the batch with a stddev group for each rank */
    int larger = batch <= MOST_BATCH / 2 ? 2 * batch : 0;
    while (larger && (larger % (mbstd ? gt_smallest(mbstd, larger) : 1) ||
                      larger / (mbstd ? gt_smallest(mbstd, larger) : 1) < ranks))
        larger = larger <= MOST_BATCH - batch ? larger + batch : 0;
    if (larger)
        n += snprintf(text + n, (size_t)(GT_SLICES_ADVICE - n), "%s--batch=%d --slices=%d", n ? ", or " : "", larger,
                      slices_from(larger, mbstd, ranks, false));
    if (!n) snprintf(text, GT_SLICES_ADVICE, "fewer ranks with more threads");
}

gt_status gt_slices_choose(int batch, int mbstd, int wanted, int ranks, int *slices) {
    if (batch < 1) return gt_fail(GT_USAGE, "--batch=%d: must be at least 1", batch);
    if (mbstd < 0) return gt_fail(GT_USAGE, "--mbstd=%d: must be at least 1", mbstd);
    int whole = (int)gt_smallest(mbstd, batch);
    if (whole && batch % whole != 0) {
        int below = batch / whole * whole;
        return gt_fail(GT_USAGE,
                       "--batch=%d is not a multiple of the minibatch-stddev group of %d: the nearest batches that fit "
                       "are %d and %d, or use --mbstd=%d",
                       batch, mbstd, below, below + whole, (int)gt_common_divisor(batch, mbstd));
    }
    char near[64];
    if (!whole && wanted > batch)
        return gt_fail(GT_USAGE, "--slices=%d are more than --batch=%d has images", wanted, batch);
    if (wanted != 0 && (wanted < 1 || wanted > batch || !fits(batch, whole, wanted))) {
        nearest(batch, whole, wanted < 1 ? 0 : wanted, near, sizeof near);
        return gt_fail(GT_USAGE,
                       "--slices=%d does not cut --batch=%d into equal slices of whole minibatch-stddev groups of %d, "
                       "or of equal parts of all groups: nearest that fit: %s",
                       wanted, batch, whole, near);
    }
    int chosen = wanted;
    for (int s = 1; wanted == 0 && s <= AUTO_MOST && s <= batch; s++)
        if (gt_slices_hold_mbstd(batch, whole, s)) chosen = s;
    if (ranks > chosen) {
        char more[GT_SLICES_ADVICE];
        gt_slices_advise(batch, mbstd, ranks, more);
        return gt_fail(
            GT_USAGE,
            "%d ranks, but --batch=%d has %d slice%s of work: start at most %d rank%s and give them threads, or use %s",
            ranks, batch, chosen, chosen == 1 ? "" : "s", chosen, chosen == 1 ? "" : "s", more);
    }
    *slices = chosen;
    return GT_OK;
}

void gt_slice_range(int slices, int ranks, int rank, int *first, int *count) {
    *first = (int)((int64_t)rank * slices / ranks);
    *count = (int)((int64_t)(rank + 1) * slices / ranks) - *first;
}

int gt_slices_samples(gt_slices c, int slice) { return c.samples / c.count + (slice < c.samples % c.count); }

int gt_slices_first(gt_slices c, int slice) {
    int larger = c.samples % c.count;
    return c.samples / c.count * slice + (slice < larger ? slice : larger);
}

double gt_slices_weight(gt_slices c, int slice) { return (double)gt_slices_samples(c, slice) * c.count / c.samples; }

gt_slices gt_slices_of_rest(gt_slices full, int rest) {
    for (int slice = 0; slice<full.count; slice += full.count> 1 ? full.count - 1 : 1) { /* the first and the last */
        int size = gt_slices_samples(full, slice);
        if (rest % size == 0) return (gt_slices){rest, rest / size};
    }
    return (gt_slices){rest, rest < full.count ? rest : full.count};
}

gt_group gt_group_from(gt_slices slices, int first, int end, int most) {
    gt_group g = {first, 1};
    /* the node one level up */
    for (int width = 2; first % width == 0 && width / 2 < slices.count - first; width *= 2) {
        int count = width < slices.count - first ? width : slices.count - first;
        if (count > most || first + count > end ||
            gt_slices_samples(slices, first + count - 1) != gt_slices_samples(slices, first))
            break;
        g.count = count;
    }
    return g;
}

int gt_tree_nodes_between(int slices, int first, int end, gt_tree_node *nodes) {
    int depth = 0;
    for (int i = first; i < end; i++) gt_tree_push(nodes, &depth, (gt_tree_node){0, i}, slices);
    return depth;
}

int gt_tree_nodes_of(int slices, int ranks, int rank, gt_tree_node *nodes) {
    int first, count;
    gt_slice_range(slices, ranks, rank, &first, &count);
    return gt_tree_nodes_between(slices, first, first + count, nodes);
}
