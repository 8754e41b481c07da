/* SPDX-License-Identifier: Apache-2.0
 * How a batch is cut into slices, and which of them a rank computes: for all ranks, in one process. */
#include "expect.h"

#include <math.h>

#include "dist/tree.h"
#include "work_plan.h"

/* Ranks on hosts, the later ones of which have a rank more where they cannot have equally many. */
typedef struct layout {
    gt_comm comm;
    int first[8];
} layout;

static const gt_comm *ranks_on(layout *l, int ranks, int hosts) {
    for (int i = 0; i < hosts; i++) l->first[i] = i * ranks / hosts;
    l->comm = (gt_comm){.ranks = ranks, .hosts = hosts, .host_first = hosts > 1 ? l->first : NULL};
    return &l->comm;
}

/* Ranges follow each other; no rank has more than in equal parts, none is without a slice, and the ranks of a host
 * differ by one. */
static void check_ranges(int slices, int ranks, int hosts) {
    layout l;
    const gt_comm *c = ranks_on(&l, ranks, hosts);
    for (int rank = 0, next = 0, host = 0, fewest = 0; rank < ranks; rank++) {
        int first, count;
        gt_slice_range(c, slices, rank, &first, &count);
        assert_true(first == next && count >= 1 && count <= (slices + ranks - 1) / ranks);
        if (hosts == 1) assert_true(count >= slices / ranks);
        if (host < hosts && rank == l.first[host]) host++, fewest = count;
        assert_true(count - fewest >= 0 ? count - fewest <= 1 : fewest - count <= 1);
        for (int slice = first; slice < first + count; slice++)
            assert_int_equal(gt_slice_owner(c, slices, slice), rank);
        next += count;
        assert_true(rank + 1 < ranks || next == slices);
    }
}

static void slices_of_a_batch(void **state) {
    (void)state;
    static const struct {
        int batch, slices, ranks;
        const char *says; /* NULL: it fits */
    } table[] = {
        {64, 64, 64, NULL},
        {64, 8, 8, NULL},
        {7, 7, 7, NULL},
        {5, 6, 1, "--slices=6: more slices than the images of --batch=5"},
        {0, 1, 1, "--batch=0"},
        {8, 0, 1, "--slices=0"},
        {64, 2, 4, "a new run with --slices=64 allows up to 64"},
        {8, 8, 32, "--batch=8 has work for only 8, with one image each"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        gt_status st = gt_slices_check(table[i].batch, table[i].slices);
        if (!st) st = gt_slices_check_ranks(table[i].batch, table[i].slices, table[i].ranks);
        assert_int_equal(st, table[i].says ? GT_USAGE : GT_OK);
        if (st && !strstr(gt_message(), table[i].says)) fail_msg("'%s' does not say '%s'", gt_message(), table[i].says);
    }
    for (int slices = 1; slices < 20; slices++)
        for (int ranks = 1; ranks <= slices; ranks++)
            for (int hosts = 1; hosts <= ranks && hosts <= 8; hosts++) check_ranges(slices, ranks, hosts);
    layout l; /* more ranks than slices: some have none */
    for (int rank = 0, next = 0; rank < 9; rank++) {
        int first, count;
        gt_slice_range(ranks_on(&l, 9, 3), 4, rank, &first, &count);
        assert_true(first == next && count <= 1);
        if (count) assert_int_equal(gt_slice_owner(&l.comm, 4, first), rank);
        next += count;
    }
    int begin[3], count; /* whole parts of the tree: 32, 16, 16 */
    for (int host = 0; host < 3; host++) gt_slice_range(ranks_on(&l, 48, 3), 64, 16 * host, &begin[host], &count);
    assert_true(begin[0] == 0 && begin[1] == 32 && begin[2] == 48);
}

static void unequal_slices_of_a_batch(void **state) {
    (void)state;
    for (int samples = 1; samples < 40; samples++)
        for (int s = 1; s <= samples; s++) {
            gt_slices c = {samples, s};
            double weight = 0;
            for (int i = 0, next = 0; i < s; i++) {
                assert_int_equal(gt_slices_first(c, i), next);
                next += gt_slices_samples(c, i);
                weight += gt_slices_weight(c, i) / s;
                assert_true(gt_slices_samples(c, 0) - gt_slices_samples(c, i) <= 1 &&
                            (!i || gt_slices_samples(c, i) <= gt_slices_samples(c, i - 1)));
                if (samples % s == 0) assert_true(gt_slices_weight(c, i) == 1);
                assert_true(i + 1 < s || next == samples);
            }
            assert_true(fabs(weight - 1) < 1e-14);
        }
    static const struct {
        gt_slices full;
        int rest, slices;
    } rests[] = {{{32, 8}, 8, 2},   {{32, 8}, 7, 7},   {{32, 8}, 10, 8}, {{150, 8}, 38, 2},
                 {{150, 8}, 36, 2}, {{150, 8}, 70, 8}, {{150, 8}, 3, 3}, {{6, 1}, 5, 1}};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        gt_slices c = gt_slices_of_rest(rests[i].full, rests[i].rest);
        assert_true(c.samples == rests[i].rest && c.count == rests[i].slices &&
                    gt_slices_samples(c, 0) <= gt_slices_samples(rests[i].full, 0));
    }
}

static bool lies_in_tree(gt_group g, int slices) {
    gt_tree_node n = gt_tree_node_of(g.first, g.count);
    int end = (n.index + 1) << n.level;
    return g.first == n.index << n.level && g.first + g.count == (end < slices ? end : slices);
}

/* Every slice in one group; groups are nodes of both trees; a unit of several groups is what the rank has of a stretch.
 */
static void check_plan(const gt_work *w, const gt_comm *c, int slices, int stretch, int rank, int most) {
    int first, count, sum = 0, at = 0, step = 0;
    gt_slice_range(c, slices, rank, &first, &count);
    for (int i = 0; i < w->n_groups; i++) {
        gt_group g = w->groups[i];
        int place = g.first % stretch;
        sum += g.count;
        assert_true(g.count >= 1 && g.count <= most && g.first >= first && g.first + g.count <= first + count);
        assert_true(lies_in_tree(g, slices));
        if (place + g.count > stretch) assert_true(place == 0 && g.count % stretch == 0);
        else assert_true(lies_in_tree((gt_group){place, g.count}, stretch));
        if (!i) continue;
        int now = g.first > w->groups[i - 1].first ? 1 : -1;
        assert_true(!step || step == now);
        step = now;
    }
    assert_int_equal(sum, count);
    for (int u = 0; u < w->n_units; at += w->units[u++]) {
        int low = slices, high = 0, which = w->groups[at].first / stretch;
        for (int i = at; i < at + w->units[u]; i++) {
            gt_group g = w->groups[i];
            if (g.first < low) low = g.first;
            if (g.first + g.count > high) high = g.first + g.count;
        }
        int begin = which * stretch > first ? which * stretch : first,
            end = (which + 1) * stretch < first + count ? (which + 1) * stretch : first + count;
        assert_true(low == begin && (high == end || w->units[u] == 1));
    }
    assert_int_equal(at, w->n_groups);
}

/* Ranks that each wait, in a stretch that they share, for all that share it: does everybody come to the end? */
static void check_meetings(const gt_comm *c, int slices, int stretch) {
    plan p[8];
    int ranks = c->ranks, at[8] = {0}, unit[8] = {0};
    for (int r = 0; r < ranks; r++) plan_of(&p[r], c, slices, stretch, r, 4);
    for (bool moved = true; moved;) {
        moved = false;
        for (int r = 0; r < ranks; r++) {
            const gt_work *w = &p[r].work;
            if (unit[r] == w->n_units) continue;
            int which = w->groups[at[r]].first / stretch;
            bool ready = true;
            for (int q = 0; q < ranks; q++) {
                int first, count;
                gt_slice_range(c, slices, q, &first, &count);
                bool shares = count && first < (which + 1) * stretch && first + count > which * stretch;
                if (!shares || gt_cut_number(c, slices, stretch, which) < 0) continue;
                ready &= unit[q] < p[q].work.n_units && p[q].work.groups[at[q]].first / stretch == which;
            }
            for (int q = 0; ready && q < ranks; q++) {
                bool here = unit[q] < p[q].work.n_units && p[q].work.groups[at[q]].first / stretch == which;
                if (q != r && (!here || gt_cut_number(c, slices, stretch, which) < 0)) continue;
                at[q] += p[q].work.units[unit[q]++];
                moved = true;
            }
        }
    }
    for (int r = 0; r < ranks; r++) assert_int_equal(unit[r], p[r].work.n_units);
}

static void the_work_of_ranks(void **state) {
    (void)state;
    for (int stretch = 1; stretch <= 12; stretch++)
        for (int stretches = 1; stretches * stretch <= MOST_SLICES; stretches++) {
            int slices = stretch * stretches;
            for (int ranks = 1; ranks <= 8; ranks++)
                for (int hosts = 1; hosts <= 3 && hosts <= ranks; hosts++) {
                    layout l;
                    const gt_comm *c = ranks_on(&l, ranks, hosts);
                    for (int most = 1; most <= MOST_SLICES; most *= 4)
                        for (int rank = 0; rank < ranks; rank++) {
                            plan p;
                            check_plan(plan_of(&p, c, slices, stretch, rank, most), c, slices, stretch, rank, most);
                        }
                    check_meetings(c, slices, stretch);
                }
        }
    layout l;
    plan p; /* a rank with whole stretches has executions of several, and meets nobody */
    const gt_work *w = plan_of(&p, ranks_on(&l, 2, 1), 64, 4, 0, 32);
    assert_true(w->n_groups == 1 && w->groups[0].count == 32);
    w = plan_of(&p, ranks_on(&l, 3, 1), 64, 4, 1, 32); /* slices 21 to 41: 21 | 22 23 | 24 to 31 | 32 to 39 | 40 41 */
    assert_true(w->n_groups == 5 && w->n_units == 4 && w->units[0] == 2 && w->groups[0].first == 21);
    w = plan_of(&p, &l.comm, 64, 4, 2, 32); /* its only shared stretch has the number 1: last */
    assert_true(w->groups[0].first > w->groups[w->n_groups - 1].first);
}

/* 64 slices are whole parts of the tree on 2, 4 and 8 hosts; on three only where ranks have one slice or two, so that a
 * host may have twice as many as another. */
static void several_sums_of_a_host_are_told(void **state) {
    (void)state;
    static const struct {
        int slices, hosts, ranks;
        const char *sends, *better;
    } rows[] = {{64, 1, 8, NULL, NULL},
                {64, 2, 24, NULL, NULL},
                {64, 8, 4, NULL, NULL},
                {96, 3, 32, NULL, NULL},
                {64, 3, 16, NULL, NULL},
                {64, 5, 8, NULL, NULL},
                {64, 3, 1, "each of 3 hosts sends 3.0 sums ", "; 2 hosts would send 1.0"},
                {64, 3, 3, "each of 3 hosts sends 1.7 sums ", "; 2 hosts would send 1.0"},
                {64, 5, 2, "each of 5 hosts sends 2.6 sums ", "; 4 hosts would send 1.0"},
                {96, 4, 12, "each of 4 hosts sends 2.0 sums ", "; 3 hosts would send 1.0"},
                {104, 2, 52, "each of 2 hosts sends 3.0 sums ", "; 1 host would send 0.0"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256] = "";
        assert_int_equal(gt_slices_tell_hosts(rows[i].slices, rows[i].hosts, rows[i].ranks, text, sizeof text),
                         rows[i].sends != NULL);
        if (rows[i].sends) assert_non_null(strstr(text, rows[i].sends));
        if (rows[i].better) assert_non_null(strstr(text, rows[i].better));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_sums_of_a_host_are_told),
        cmocka_unit_test(slices_of_a_batch),
        cmocka_unit_test(unequal_slices_of_a_batch),
        cmocka_unit_test(the_work_of_ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
