/* SPDX-License-Identifier: Apache-2.0
 * The numbers that figures of anomalies show: densities, and the ROC curve; and what is shown of an array. The figures
 * themselves are the report's. */
#include "scratch.h"

#include <math.h>

#include "files/codec/door/npy.h"
#include "features/dataset/dataset_view.h"
#include "features/inspect/file_view.h"
#include "gantry/memory.h"
#include "figures/door/figure.h"
#include "features/anomalies/anomalies.h"

static gt_panel shown;
static double edges[64], bars[64], others[256], others_at[256];

gt_status __wrap_gt_figure_write(const char *stem, const gt_panel *panels, int n, int columns);

gt_status __wrap_gt_figure_write(const char *stem, const gt_panel *panels, int n, int columns) {
    assert_string_equal(stem, "errors");
    assert_true(n == 1 && columns == 1);
    shown = *panels;
    memcpy(edges, shown.bars.edges, (size_t)(shown.bars.n + 1) * sizeof *edges);
    memcpy(bars, shown.bars.heights, (size_t)shown.bars.n * sizeof *bars);
    for (int i = 0; i < shown.curves[0].n; i++) others[i] = shown.curves[0].y[i], others_at[i] = shown.curves[0].x[i];
    return GT_OK;
}

/* The largest error first; 0: normal. */
static gt_anomaly all[] = {
    {.error = 9, .kind = GT_ANOMALY_OTHER},  {.error = 7, .kind = GT_ANOMALY_OTHER},
    {.error = 5, .kind = GT_ANOMALY_NORMAL}, {.error = 5, .kind = GT_ANOMALY_OTHER},
    {.error = 4, .kind = GT_ANOMALY_NORMAL}, {.error = 3, .kind = GT_ANOMALY_NORMAL},
    {.error = 1, .kind = GT_ANOMALY_OTHER},  {.error = 0, .kind = GT_ANOMALY_NORMAL},
};
enum { N = sizeof all / sizeof *all, KIND = N / 2 };
static const gt_anomalies list = {.n = N, .all = all, .normal = "0", .threshold = 4.5, .quantile = NAN};

/* Of each kind of images the bars have an area of 1, whatever the number of images and the width of a bar. */
static void bars_are_densities(void **state) {
    (void)state;
    double sum = 0, of_others = 0;
    assert_ok(gt_anomalies_plot_errors(&list, "errors"));
    assert_true(edges[0] == 0 && edges[shown.bars.n] == 9);
    for (int k = 0; k < shown.bars.n; k++) {
        sum += bars[k] * (edges[k + 1] - edges[k]);
        of_others += others[2 * k] * (others_at[2 * k + 1] - others_at[2 * k]);
    }
    assert_float_equal(sum, 1, 1e-9);
    assert_float_equal(of_others, 1, 1e-9);
}

/* A place for each error that occurs, and the area is counted in pairs. */
static void the_roc_curve_is_counted(void **state) {
    (void)state;
    static const double at[] = {INFINITY, 9, 7, 5, 4, 3, 1, 0}, wrong[] = {0, 0, 0, 1, 2, 3, 3, 4},
                        right[] = {0, 1, 2, 3, 3, 3, 4, 4};
    enum { PLACES = sizeof at / sizeof *at };
    gt_arena *a = gt_arena_new();
    gt_roc roc;
    double pairs = 0;
    assert_ok(gt_roc_of(a, &list, &roc));
    assert_int_equal(roc.n, PLACES);
    for (int i = 0; i < PLACES; i++)
        assert_true(roc.threshold[i] == at[i] && roc.false_positives[i] == wrong[i] / KIND &&
                    roc.true_positives[i] == right[i] / KIND);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            if (all[i].kind == GT_ANOMALY_OTHER && all[k].kind == GT_ANOMALY_NORMAL)
                pairs += all[i].error > all[k].error ? 1 : all[i].error < all[k].error ? 0 : 0.5;
    assert_float_equal(roc.area, pairs / (KIND * KIND), 1e-12);
    gt_arena_free(a);
}

/* ---- an array ---- */

static void numbers_of_an_array(void **state) {
    (void)state;
    static const float x[] = {1, 2, 3, 4, NAN, 15, 15, 8};
    static const char *const lines[] = {"shape        [2,4,1]\n", "not finite   1 of 8 numbers\n",
                                        "range        1 .. 15\n", "mean         6.85714\n", "deviation    5.54021\n"};
    char *text = NULL;
    size_t n;
    bool pictures;
    assert_ok(gt_npy_write(at("array.npy"), x, 2, 4, 1));
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    assert_ok(gt_array_view_print(f, at("array.npy"), &pictures));
    fclose(f);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(text, lines[i])) fail_msg("no '%s' in: %s", lines[i], text);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_densities), cmocka_unit_test(the_roc_curve_is_counted),
        cmocka_unit_test_setup_teardown(numbers_of_an_array, make_scratch, remove_scratch)};
    return cmocka_run_group_tests_name("views", tests, NULL, NULL);
}
