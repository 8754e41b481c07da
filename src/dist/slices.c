/* SPDX-License-Identifier: Apache-2.0
 * How a batch is cut into slices, and which rank owns which. */
#include <stdio.h>

#include "gantry/dist.h"

enum { AUTO_MOST = 8 };

static int least(int a, int b) { return a < b ? a : b; }

bool gt_slices_hold_groups(int batch, int group, int slices) {
    return !group || (batch % slices == 0 && batch / slices % least(group, batch) == 0);
}

/* Sample i belongs to group i mod their number: a multiple of that number of samples has equal parts of all groups. */
static bool fits(int batch, int group, int slices) {
    return gt_slices_hold_groups(batch, group, slices) || (batch % slices == 0 && batch / slices % (batch / group) == 0);
}

/* "2 and 4", "4": the nearest numbers below and above `wanted` that fit. */
static void nearest(int batch, int group, int wanted, char *text, size_t room) {
    int below = wanted < batch ? wanted - 1 : batch, above = wanted + 1;
    while (below > 0 && !fits(batch, group, below)) below--;
    while (above <= batch && !fits(batch, group, above)) above++;
    if (below > 0 && above <= batch) snprintf(text, room, "%d and %d", below, above);
    else snprintf(text, room, "%d", below > 0 ? below : above);
}

/* The smallest number from `from` on of slices that hold whole groups or, if `parts`, equal parts of all of them; 0: none. */
static int slices_from(int batch, int group, int from, bool parts) {
    for (int s = from; s <= batch; s++)
        if (parts ? fits(batch, group, s) : gt_slices_hold_groups(batch, group, s)) return s;
    return 0;
}

/* The largest smaller group of which a batch has one for each rank; 0: none. */
static int smaller_group(int batch, int whole, int ranks) {
    int g = least(whole - 1, batch / ranks);
    while (g > 0 && batch % g) g--;
    return g > 0 ? g : 0;
}

void gt_slices_advise(int batch, int group, int ranks, char text[GT_SLICES_ADVICE]) {
    enum { MOST_BATCH = 1 << 20 }; /* of --batch */
    int whole = least(group, batch), n = 0, s = slices_from(batch, whole, ranks, true);
    bool parts = s && !gt_slices_hold_groups(batch, whole, s);
    if (s) n = snprintf(text, GT_SLICES_ADVICE, "--slices=%d%s", s, parts ? " (stddev groups then reach over slices)" : "");
    int g = parts || !s ? smaller_group(batch, whole, ranks) : 0;
    if (g) n += snprintf(text + n, (size_t)(GT_SLICES_ADVICE - n), "%s--mbstd=%d --slices=%d", n ? ", or " : "", g, slices_from(batch, g, ranks, false));
    int larger = batch <= MOST_BATCH / 2 ? 2 * batch : 0; /* the first multiple of the batch with a group for each rank */
    while (larger && (larger % (group ? least(group, larger) : 1) || larger / (group ? least(group, larger) : 1) < ranks))
        larger = larger <= MOST_BATCH - batch ? larger + batch : 0;
    if (larger)
        n += snprintf(text + n, (size_t)(GT_SLICES_ADVICE - n), "%s--batch=%d --slices=%d", n ? ", or " : "", larger, slices_from(larger, group, ranks, false));
    if (!n) snprintf(text, GT_SLICES_ADVICE, "fewer ranks with more threads");
}

static int largest_common_divisor(int a, int b) {
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

gt_status gt_slices_choose(int batch, int group, int wanted, int ranks, int *slices) {
    if (batch < 1) return gt_fail(GT_USAGE, "--batch=%d: must be at least 1", batch);
    if (group < 0) return gt_fail(GT_USAGE, "--mbstd=%d: must be at least 1", group);
    int whole = least(group, batch);
    if (whole && batch % whole != 0) {
        int below = batch / whole * whole;
        return gt_fail(GT_USAGE, "--batch=%d is not a multiple of the minibatch-stddev group of %d: the nearest batches that fit are %d and %d, or use --mbstd=%d",
                       batch, group, below, below + whole, largest_common_divisor(batch, group));
    }
    char near[64];
    if (!whole && wanted > batch) return gt_fail(GT_USAGE, "--slices=%d are more than --batch=%d has images", wanted, batch);
    if (wanted != 0 && (wanted < 1 || wanted > batch || !fits(batch, whole, wanted))) {
        nearest(batch, whole, wanted < 1 ? 0 : wanted, near, sizeof near);
        return gt_fail(GT_USAGE, "--slices=%d does not cut --batch=%d into equal slices of whole minibatch-stddev groups of %d, or of equal parts of all groups: nearest that fit: %s",
                       wanted, batch, whole, near);
    }
    int chosen = wanted;
    for (int s = 1; wanted == 0 && s <= AUTO_MOST && s <= batch; s++)
        if (gt_slices_hold_groups(batch, whole, s)) chosen = s;
    if (ranks > chosen) {
        char more[GT_SLICES_ADVICE];
        gt_slices_advise(batch, group, ranks, more);
        return gt_fail(GT_USAGE, "%d ranks, but --batch=%d has %d slice%s of work: start at most %d rank%s and give them threads, or use %s", ranks, batch, chosen,
                       chosen == 1 ? "" : "s", chosen, chosen == 1 ? "" : "s", more);
    }
    *slices = chosen;
    return GT_OK;
}

void gt_slice_range(int slices, int ranks, int rank, int *first, int *count) {
    *first = (int)((int64_t)rank * slices / ranks);
    *count = (int)((int64_t)(rank + 1) * slices / ranks) - *first;
}

int gt_cut_size(gt_cut c, int slice) { return c.samples / c.slices + (slice < c.samples % c.slices); }

int gt_cut_first(gt_cut c, int slice) {
    int larger = c.samples % c.slices;
    return c.samples / c.slices * slice + (slice < larger ? slice : larger);
}

double gt_cut_weight(gt_cut c, int slice) { return (double)gt_cut_size(c, slice) * c.slices / c.samples; }

gt_cut gt_cut_rest(gt_cut full, int rest) {
    for (int slice = 0; slice < full.slices; slice += full.slices > 1 ? full.slices - 1 : 1) { /* the first and the last */
        int size = gt_cut_size(full, slice);
        if (rest % size == 0) return (gt_cut){rest, rest / size};
    }
    return (gt_cut){rest, rest < full.slices ? rest : full.slices};
}

gt_bundle gt_bundle_from(gt_cut cut, int first, int end, int most) {
    gt_bundle b = {first, 1};
    for (int width = 2; first % width == 0 && width / 2 < cut.slices - first; width *= 2) { /* the node one level up */
        int count = width < cut.slices - first ? width : cut.slices - first;
        if (count > most || first + count > end || gt_cut_size(cut, first + count - 1) != gt_cut_size(cut, first)) break;
        b.count = count;
    }
    return b;
}
