/* SPDX-License-Identifier: Apache-2.0
 * Fits in a folder and what is shown of them, as a program that uses the library calls them. */
#include "scratch.h"

#include "features/gmm/mixture_view.h"
#include "base/door/random.h"

static gt_comm *comm;

/* Two lumps, labelled. */
static const char *lumps(void) {
    const char *path = at("points.csv");
    FILE *f = fopen(path, "w");
    float z[2];
    assert_non_null(f);
    fprintf(f, "x,y,kind\n");
    for (int i = 0; i < 200; i++) {
        gt_random_normal((gt_key){.seed = 3, .sample = (uint32_t)i}, z, 2);
        fprintf(f, "%.4f,%.4f,%s\n", (double)z[0] + 20 * (i % 2), (double)z[1], i % 2 ? "right" : "left");
    }
    fclose(f);
    return path;
}

static gt_status fit_all(const gt_mixture_points *p, const char *k, int iterations, bool overwrite, gt_fit *best,
                         gt_fit_choice *chosen) {
    gt_fit_folder *folder;
    gt_fit_folder_options o = {.dir = at("fits"),
                               .k = k,
                               .recipe = {.restarts = 1, .iterations = iterations, .tol = 1e-6, .floor = 1e-6},
                               .lloyd = -1,
                               .start = "",
                               .overwrite = overwrite};
    int64_t n;
    *best = (gt_fit){0};
    gt_status st = gt_fit_folder_open_all(&folder, p, &o);
    if (!st) st = gt_fit_folder_fit_all(folder, best);
    if (!st) {
        const gt_fit_choice *choices = gt_fit_folder_choices(folder, &n);
        if (n) *chosen = *gt_fit_choose(choices, n, true);
    }
    gt_fit_folder_close(folder);
    return st;
}

static void a_folder_of_fits(void **state) {
    (void)state;
    gt_mixture_points p;
    gt_fit best, again;
    gt_fit_choice chosen = {0};
    assert_ok(
        gt_mixture_points_read_all(&p, comm, NULL, NULL, &(gt_mixture_source){.path = lumps(), .labels = "kind"}));
    assert_ok(fit_all(&p, "1-3", 100, false, &best, &chosen));
    assert_int_equal(chosen.k, 2);
    assert_int_equal(best.recipe.k, 2);
    for (int i = 0; i < 6; i++)
        assert_true(exists((const char *[]){"fits/mixture.h5", "fits/k1.h5", "fits/k2.h5", "fits/k3.h5", "fits/k.csv",
                                            "fits/k.svg"}[i]));
    assert_ok(fit_all(&p, "2", 100, false, &again, &chosen)); /* it is there */
    assert_memory_equal(again.best.weights, best.best.weights, best.best.size * sizeof *best.best.weights);
    gt_fit_free(&again);
    assert_int_equal(fit_all(&p, "3", 100, false, &again, &chosen), GT_USAGE);
    assert_message("fit with other options");
    gt_fit_free(&again);
    assert_ok(fit_all(&p, "3", 100, true, &again, &chosen));
    assert_int_equal(again.recipe.k, 3);
    gt_fit_free(&again);
    assert_int_equal(fit_all(&p, "201", 100, false, &again, &chosen), GT_USAGE);
    assert_message("201 components for 200 points");
    gt_fit_free(&again);

    gt_prediction of;
    gt_label_table t;
    gt_arena *a = gt_arena_new();
    int axes[2];
    assert_ok(gt_mixture_predict(p.blocks, &best.best, false, &of));
    assert_ok(gt_label_table_count(&t, a, &p, of.labels, 2));
    assert_int_equal(t.labelled, 200);
    assert_true(t.rand_index > 1 - 1e-12 && t.counts[0] + t.counts[1] == 100);
    assert_ok(gt_mixture_axes_read(axes, &p, "y,0"));
    assert_int_equal(axes[0], 1);
    assert_int_equal(gt_mixture_axes_read(axes, &p, "x,2"), GT_USAGE);
    assert_message("axes 0 to 1: x, y");
    gt_arena_free(a);
    gt_prediction_free(&of);
    gt_fit_free(&best);
    gt_mixture_points_free(&p);
}

/* What the floor holds up is worse than anything else; then the least counts, and the first of equal ones. */
static void the_best_of_several_fits(void **state) {
    (void)state;
    const gt_fit_choice all[] = {{.k = 1, .bic = 30, .aic = 20},
                                 {.k = 2, .bic = 10, .aic = 15, .n_held = 1},
                                 {.k = 3, .bic = 20, .aic = 18},
                                 {.k = 4, .bic = 20, .aic = 16},
                                 {.k = 5, .bic = 5, .aic = 5, .n_held = 3}};
    assert_int_equal(gt_fit_choose(all, 5, true)->k, 3);
    assert_int_equal(gt_fit_choose(all, 5, false)->k, 4);
    assert_int_equal(gt_fit_choose(all + 1, 1, true)->k, 2);
    assert_int_equal(gt_fit_choose(all + 1, 2, true)->k, 3);
    const gt_fit_choice held[] = {all[1], all[4]};
    assert_int_equal(gt_fit_choose(held, 2, true)->k, 5);
}

int main(void) {
    gt_status st;
    comm = gt_comm_start_all(1, &st);
    if (!comm) return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_folder_of_fits), cmocka_unit_test(the_best_of_several_fits)};
    int failed = cmocka_run_group_tests(tests, make_scratch, remove_scratch);
    gt_comm_stop_all(comm);
    return failed;
}
