/* SPDX-License-Identifier: Apache-2.0
 * How a batch is cut into slices, and which rank owns which. */
#include <stdio.h>
#include <stdlib.h>

#include "base/door/memory.h"
#include "base/door/numbers.h"
#include "dist/tree.h"
#include "dist/door/dist.h"
#include "gantry/text.h"

gt_status gt_slices_check(int batch, int slices) {
    if (batch < 1) return gt_fail(GT_USAGE, "--batch=%d: must be at least 1", batch);
    if (slices < 1) return gt_fail(GT_USAGE, "--slices=%d: must be at least 1", slices);
    if (slices > batch)
        return gt_fail(GT_USAGE, "--slices=%d: more slices than the images of --batch=%d", slices, batch);
    return GT_OK;
}

int gt_slices_of(int64_t batch, int64_t images) {
    enum { FEWEST = 8 };
    return (int)gt_largest(gt_smallest(batch, FEWEST), batch / gt_largest(images, 1));
}

gt_status gt_slices_check_ranks(int batch, int slices, int ranks) {
    if (ranks <= slices) return GT_OK;
    if (slices < batch)
        return gt_fail(
            GT_USAGE,
            "%d ranks, but --batch=%d has only %d slice%s: start at most %d rank%s and give them more "
            "threads; a new run with --slices=%d allows up to %d ranks: another recipe, whose last bits differ",
            ranks, batch, slices, gt_plural(slices), slices, gt_plural(slices), batch, batch);
    return gt_fail(
        GT_USAGE,
        "%d ranks, but --batch=%d has work for only %d, with one image each: start at most %d rank%s and give them "
        "more threads. A larger --batch is another recipe: the same images make fewer steps, which costs variety in "
        "short runs (measured: docs/history.md), while gamma, rates and averages do not change",
        ranks, batch, batch, batch, gt_plural(batch));
}

/* From `low` to `high`, both at least 1: a multiple of the largest power of two that has one there, the nearest. */
static int64_t most_even(int64_t low, int64_t high, int64_t nearest) {
    int64_t power = 1;
    while (high / (2 * power) * (2 * power) >= low) power *= 2;
    int64_t at = (nearest + power / 2) / power * power;
    while (at > high) at -= power;
    while (at < low) at += power;
    return at;
}

/* The slices of a host: no rank has more than in equal parts, and each has one; within these bounds they begin and end
 * where large parts of the tree do. */
static void range_of_host(const gt_comm *c, int slices, int host, int64_t *first, int64_t *end) {
    int64_t most = ((int64_t)slices + c->ranks - 1) / c->ranks;
    *end = 0;
    for (int h = 0; h <= host; h++) {
        int64_t next = h + 1 < c->hosts ? c->host_first[h + 1] : c->ranks, rest = c->ranks - next,
                ranks = next - c->host_first[h];
        *first = *end;
        *end = rest ? most_even(gt_largest(*first + ranks, slices - most * rest),
                                gt_smallest(*first + most * ranks, slices - rest),
                                (slices * next + c->ranks / 2) / c->ranks)
                    : slices;
    }
}

void gt_slice_range(const gt_comm *c, int slices, int rank, int *first, int *count) {
    int64_t begin = 0, end = slices;
    int ranks = c->ranks, host = c->hosts - 1;
    if (c->host_first && slices >= ranks) {
        while (host && c->host_first[host] > rank) host--;
        range_of_host(c, slices, host, &begin, &end);
        ranks = (host + 1 < c->hosts ? c->host_first[host + 1] : ranks) - c->host_first[host];
        rank -= c->host_first[host];
    }
    *first = (int)(begin + rank * (end - begin) / ranks);
    *count = (int)(begin + (rank + 1) * (end - begin) / ranks) - *first;
}

int gt_slice_owner(const gt_comm *c, int slices, int slice) {
    int low = 0, high = c->ranks - 1;
    while (low < high) {
        int middle = low + (high - low) / 2, first, count;
        gt_slice_range(c, slices, middle, &first, &count);
        if (slice < first + count) high = middle;
        else low = middle + 1;
    }
    return low;
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

/* Does a node of the batch's tree, as wide as `width` slices or shorter at its end, go with stretches? */
static bool goes_with_stretches(gt_group g, int width, int stretch) {
    int place = g.first % stretch, end = place + g.count;
    if (end > stretch) return place == 0 && g.count % stretch == 0;
    return place % width == 0 && (g.count == width || end == stretch);
}

gt_group gt_group_from(gt_slices slices, int stretch, int first, int end, int most) {
    gt_group best = {first, 1};
    /* the node one level up */
    for (int width = 2; first % width == 0 && width / 2 < slices.count - first; width *= 2) {
        gt_group g = {first, width < slices.count - first ? width : slices.count - first};
        if (g.count > most || first + g.count > end ||
            gt_slices_samples(slices, first + g.count - 1) != gt_slices_samples(slices, first))
            break;
        if (goes_with_stretches(g, width, stretch)) best = g;
    }
    return best;
}

/* ---- the work of a rank ---- */

int gt_cut_number(const gt_comm *c, int slices, int stretch, int which) {
    int number = -1, last = -1;
    for (int rank = 1; rank < c->ranks; rank++) {
        int first, count;
        gt_slice_range(c, slices, rank, &first, &count);
        int at = first / stretch;
        if (first % stretch == 0 || at == last || at > which) continue;
        last = at;
        number++;
    }
    return last == which ? number : -1;
}

/* Shared stretches with even numbers come first, those with odd numbers last; those of one rank have numbers in a row.
 */
static bool ascends(const gt_comm *c, int slices, int stretch, int first, int count) {
    if (stretch == 1 || count == 0) return true;
    int left = gt_cut_number(c, slices, stretch, first / stretch),
        right = gt_cut_number(c, slices, stretch, (first + count - 1) / stretch);
    return left >= 0 ? left % 2 == 0 : right < 0 || right % 2 == 1;
}

static bool is_whole(gt_group g, int stretch) { return g.first % stretch == 0 && g.count % stretch == 0; }

void gt_work_plan(const gt_comm *c, gt_slices slices, int stretch, int rank, int most, gt_work *w) {
    int first, count;
    gt_slice_range(c, slices.count, rank, &first, &count);
    w->n_groups = w->n_units = 0;
    for (int next = first; next < first + count;) {
        gt_group g = gt_group_from(slices, stretch, next, first + count, most);
        bool goes_on = next > first && next % stretch && !is_whole(g, stretch);
        if (!goes_on) w->units[w->n_units++] = 0;
        w->units[w->n_units - 1]++;
        w->groups[w->n_groups++] = g;
        next += g.count;
    }
    if (ascends(c, slices.count, stretch, first, count)) return;
    for (int i = 0, j = w->n_groups - 1; i < j; i++, j--) {
        gt_group g = w->groups[i];
        w->groups[i] = w->groups[j];
        w->groups[j] = g;
    }
    for (int i = 0, j = w->n_units - 1; i < j; i++, j--) {
        int n = w->units[i];
        w->units[i] = w->units[j];
        w->units[j] = n;
    }
}

/* ---- the tree ---- */

int gt_tree_nodes_between(int slices, int first, int end, gt_tree_node *nodes) {
    int depth = 0;
    for (int i = first; i < end; i++) gt_tree_push(nodes, &depth, (gt_tree_node){0, i}, slices);
    return depth;
}

int gt_tree_nodes_of(const gt_comm *c, int slices, int rank, gt_tree_node *nodes) {
    int first, count;
    gt_slice_range(c, slices, rank, &first, &count);
    return gt_tree_nodes_between(slices, first, first + count, nodes);
}

/* Each of so many hosts with so many ranks, for a piece of a gradient, on average: the nodes of the tree that its
 * slices add up to. */
static double sums_sent(int slices, int hosts, int ranks) {
    gt_tree_node nodes[GT_TREE_DEPTH];
    GT_FREED int *firsts = calloc((size_t)hosts, sizeof *firsts);
    int sums = 0;
    for (int host = 0; firsts && host < hosts; host++) firsts[host] = host * ranks;
    const gt_comm c = {.ranks = hosts * ranks, .hosts = hosts, .host_first = firsts};
    for (int host = 0; firsts && host < hosts; host++) {
        int64_t first, end;
        range_of_host(&c, slices, host, &first, &end);
        sums += gt_tree_nodes_between(slices, (int)first, (int)end, nodes);
    }
    return (double)sums / hosts;
}

bool gt_slices_tell_hosts(int slices, int hosts, int ranks, char *text, size_t room) {
    const double few = 1.25;
    double sent = hosts < 2 || hosts > slices / ranks ? 0 : sums_sent(slices, hosts, ranks);
    int fewer = hosts;
    if (sent <= few) return false;
    while (sums_sent(slices, --fewer, ranks) > few) continue; /* one has the whole tree */
    snprintf(text, room,
             "each of %d hosts sends %.1f sums for a piece of a gradient, as %d slices for %d ranks on each are not "
             "whole parts of the tree of sums; %d host%s would send %.1f",
             hosts, sent, slices, ranks, fewer, gt_plural(fewer), fewer > 1 ? sums_sent(slices, fewer, ranks) : 0);
    return true;
}
