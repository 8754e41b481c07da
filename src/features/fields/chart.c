/* SPDX-License-Identifier: Apache-2.0
 * Spectra and histograms of ranks as a figure: a row for each target. */
#include "figures/door/figure.h"
#include "scores.h"

typedef struct drawing {
    gt_arena *arena;
    gt_panel panel[2 * GT_CHARTED];
    int panels;
} drawing;

static double *numbers(drawing *d, int n) { return gt_arena_array(d->arena, (size_t)n, sizeof(double)); }

static void add_spectrum(drawing *d, const char *name, const gt_ensemble_scores *s) {
    const double *truth, *made = gt_ensemble_power(s, &truth);
    int waves = gt_ensemble_waves(s);
    double *wave = numbers(d, waves);
    gt_curve *curve = gt_arena_array(d->arena, 2, sizeof *curve);
    bool any = false;
    for (int k = 0; wave && k < waves; k++) wave[k] = k + 1, any |= truth[k] > 0 || made[k] > 0;
    if (!any || !curve) return; /* no field has all its cells, or all are even */
    curve[0] = (gt_curve){.label = "truth", .n = waves, .x = wave, .y = truth};
    curve[1] = (gt_curve){.label = "members", .n = waves, .x = wave, .y = made};
    d->panel[d->panels++] = (gt_panel){.title = gt_arena_printf(d->arena, "%s: spectrum", name),
                                       .x_label = "wave number",
                                       .y_label = "power",
                                       .x_scale = GT_LOG_2,
                                       .y_scale = GT_LOG_10,
                                       .n_curves = 2,
                                       .curves = curve};
}

/* As multiples of what each rank has if all occur equally often. */
static void add_ranks(drawing *d, const char *name, const gt_ensemble_scores *s) {
    int places = gt_ensemble_members(s) + 1;
    const double *ranks = gt_ensemble_ranks(s);
    double *edge = numbers(d, places + 1), *height = numbers(d, places), *even = numbers(d, 4), sum = 0, most = 1;
    gt_curve *curve = gt_arena_alloc(d->arena, sizeof *curve);
    for (int i = 0; i < places; i++) sum += ranks[i];
    if (!edge || !height || !even || !curve || !(sum > 0)) return;
    for (int i = 0; i <= places; i++) edge[i] = i - 0.5;
    for (int i = 0; i < places; i++) {
        height[i] = ranks[i] * places / sum;
        most = height[i] > most ? height[i] : most;
    }
    even[0] = -0.5, even[1] = places - 0.5, even[2] = even[3] = 1;
    *curve = (gt_curve){.label = "all ranks equally often", .n = 2, .x = even, .y = even + 2};
    double *range = numbers(d, 2);
    if (range) range[1] = 1.1 * most;
    d->panel[d->panels++] = (gt_panel){.title = gt_arena_printf(d->arena, "%s: rank of the truth", name),
                                       .x_label = "members below the truth",
                                       .y_label = "how often, 1: as expected",
                                       .bars = {places, edge, height},
                                       .n_curves = 1,
                                       .curves = curve,
                                       .y_range = range};
}

gt_status gt_ensemble_chart(gt_arena *a, const char *path, int targets, const gt_channel_scale *target,
                            gt_ensemble_scores *const *scores) {
    drawing d = {.arena = a};
    for (int c = 0; c < targets && c < GT_CHARTED; c++) {
        add_spectrum(&d, target[c].name, scores[c]);
        add_ranks(&d, target[c].name, scores[c]);
    }
    if (gt_arena_failed(a)) return GT_NOMEM;
    return d.panels ? gt_figure_write_as(path, d.panel, d.panels, d.panels > 1 ? 2 : 1) : GT_OK;
}
