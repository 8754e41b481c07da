/* SPDX-License-Identifier: Apache-2.0
 * fid_from_features: Frechet distance, Inception Score, kernel distance, precision and recall of given rows; metrics:
 * the same beside the reference's own functions, and path length. */
#include <math.h>
#include <string.h>

#include "golden.h"
#include "features/score/distances/distances.h"
#include "features/score/distances/nearest.h"

static gt_gaussian gaussian_of(gold *f, const char *path) {
    gt_rows rows = gold_rows(f, path);
    gt_gaussian g = {0};
    if (rows.x && gt_gaussian_of_rows_all(gold_team(), &rows, &g)) gold_fail(f, "%s: %s", path, gt_message());
    return g;
}

static double distance_of(gold *f, const gt_gaussian *a, const gt_gaussian *b, gt_divisor divisor) {
    double distance = 0;
    if (!f->failed && gt_frechet_distance(a, b, divisor, &distance)) gold_fail(f, "distance: %s", gt_message());
    return distance;
}

/* The covariance of a set with divisor count - less, also where the set is held as rows. */
static double *covariance_of(gold *f, const gt_gaussian *g, int less) {
    double *c = gt_arena_array(f->arena, (size_t)(g->d * g->d), sizeof *c), n = (double)g->count;
    for (int64_t i = 0; i < g->d; i++)
        for (int64_t j = 0; j < g->d; j++) {
            double sum = g->covariance ? g->covariance[i * g->d + j] * n : 0;
            for (int64_t k = 0; g->rows && k < g->count; k++) sum += g->rows[k * g->d + i] * g->rows[k * g->d + j];
            c[i * g->d + j] = sum / (n - less);
        }
    return c;
}

static void frechet_case(gold *f, const char *name) {
    gt_gaussian a = gaussian_of(f, gold_path(f, "%s/a", name)), b = gaussian_of(f, gold_path(f, "%s/b", name));
    size_t values = (size_t)(a.d * a.d);
    const char *path;
    if (!f->failed) {
        double population = distance_of(f, &a, &b, GT_DIVISOR_N), sample = distance_of(f, &a, &b, GT_DIVISOR_N_LESS);
        gold_check_doubles(f, gold_path(f, "%s/fid_population", name), GOLD_PLAIN, &population, 1);
        gold_check_doubles(f, gold_path(f, "%s/fid_sample", name), GOLD_PLAIN, &sample, 1);
        if (gold_has(f, path = gold_path(f, "%s/cov_a_population", name)))
            gold_check_doubles(f, path, GOLD_PLAIN, covariance_of(f, &a, 0), values);
        if (gold_has(f, path = gold_path(f, "%s/cov_b_sample", name)))
            gold_check_doubles(f, path, GOLD_PLAIN, covariance_of(f, &b, 1), values);
    }
    gt_gaussian_free(&a);
    gt_gaussian_free(&b);
}

static void inception_score_case(gold *f) {
    gt_rows p = gold_rows(f, "inception_score/p");
    int splits = (int)gold_attribute(f, "inception_score", "splits");
    if (f->failed || splits < 1) return;
    double mean, std, *each = gt_arena_array(f->arena, (size_t)splits, sizeof *each);
    if (gt_inception_score_all(gold_team(), &p, splits, &mean, &std, each)) gold_fail(f, "%s", gt_message());
    gold_check_doubles(f, "inception_score/scores", GOLD_PLAIN, each, (size_t)splits);
    gold_check_doubles(f, "inception_score/mean", GOLD_PLAIN, &mean, 1);
    gold_check_doubles(f, "inception_score/std", GOLD_PLAIN, &std, 1);
}

static int32_t *row_numbers(gold *f, const char *path, gt_shape *shape) {
    const double *values = gold_read_doubles(f, path, GOLD_PLAIN, shape);
    size_t n = values ? (size_t)gt_shape_size(shape) : 0;
    int32_t *rows = gt_arena_array(f->arena, n, sizeof *rows);
    for (size_t i = 0; i < n; i++) rows[i] = (int32_t)values[i];
    return rows;
}

/* The kernel distance of the file's subsets; each[subsets]. */
static double kernel_distance(gold *f, const char *fake, const char *real, const char *fake_rows, const char *real_rows,
                              double **each, size_t *subsets) {
    gt_rows fakes = gold_rows(f, fake), reals = gold_rows(f, real);
    gt_shape shape = {0};
    gt_kid_options o = {.fakes = row_numbers(f, fake_rows, &shape), .reals = row_numbers(f, real_rows, &shape)};
    double kid = 0;
    if (f->failed || shape.n != 2) return 0;
    *subsets = (size_t)(o.subsets = (int)shape.d[0]);
    o.size = (int)shape.d[1];
    *each = gt_arena_array(f->arena, *subsets, sizeof **each);
    if (gt_kid_all(gold_team(), &fakes, &reals, &o, &kid, *each)) gold_fail(f, "%s", gt_message());
    return kid;
}

static void kid_case(gold *f) {
    double *each = NULL, kid;
    size_t subsets = 0;
    kid = kernel_distance(f, "kid/gen", "kid/real", "kid/gen_rows", "kid/real_rows", &each, &subsets);
    gold_check_doubles(f, "kid/per_subset", GOLD_PLAIN, each, subsets);
    gold_check_doubles(f, "kid/kid", GOLD_PLAIN, &kid, 1);
}

/* The radii of one set, and which rows of the other lie within. */
static void manifold_case(gold *f, const char *set, const char *other, int k) {
    gt_rows of = gold_rows(f, gold_path(f, "precision_recall/%s", set)),
            rows = gold_rows(f, gold_path(f, "precision_recall/%s", other));
    if (f->failed) return;
    double *radius = gt_arena_array(f->arena, (size_t)of.count, sizeof *radius),
           *inside = gt_arena_array(f->arena, (size_t)rows.count, sizeof *inside);
    uint8_t *flags = gt_arena_array(f->arena, (size_t)rows.count, 1);
    if (gt_manifold_all(gold_team(), &of, k, radius) || gt_within_all(gold_team(), &rows, &of, radius, flags))
        gold_fail(f, "%s", gt_message());
    for (int64_t i = 0; i < rows.count; i++) inside[i] = flags[i];
    gold_check_doubles(f, gold_path(f, "precision_recall/radius_%s", set), GOLD_PLAIN, radius, (size_t)of.count);
    gold_check_doubles(f, gold_path(f, "precision_recall/%s_inside", other), GOLD_PLAIN, inside, (size_t)rows.count);
}

static void precision_recall_case(gold *f) {
    gt_precision_recall_options o = {.k = (int)gold_attribute(f, "precision_recall", "k")};
    gt_rows reals = gold_rows(f, "precision_recall/real"), fakes = gold_rows(f, "precision_recall/gen");
    double precision = 0, recall = 0;
    manifold_case(f, "real", "gen", o.k);
    manifold_case(f, "gen", "real", o.k);
    if (!f->failed && gt_precision_recall_all(gold_team(), &reals, &fakes, &o, &precision, &recall))
        gold_fail(f, "%s", gt_message());
    gold_check_doubles(f, "precision_recall/precision", GOLD_PLAIN, &precision, 1);
    gold_check_doubles(f, "precision_recall/recall", GOLD_PLAIN, &recall, 1);
}

static void case_of(gold *f, const char *name, void *arg) {
    (void)arg;
    if (!strcmp(name, "inception_score")) inception_score_case(f);
    else if (!strcmp(name, "kid")) kid_case(f);
    else if (!strcmp(name, "precision_recall")) precision_recall_case(f);
    else frechet_case(f, name);
}

void gold_fid(gold *f) { gold_each(f, "", case_of, NULL); }

/* ---- metrics.h5 ---- */

static void check_value(gold *f, const char *name, double value) {
    float ours = (float)value;
    gold_check(f, gold_path(f, "out/values/%s", name), GOLD_PLAIN, &ours, 1, 0);
    /* with all digits */
    double theirs = gold_number(gold_get(f->config, "values"), name, 0);
    if (fabs(value - theirs) > 1e-5 * fabs(theirs)) gold_fail(f, "%s is %.9g, not %.9g", name, value, theirs);
}

static void check_floats(gold *f, const char *path, const double *ours, size_t n) {
    float *x = gt_arena_array(f->arena, n, sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = (float)ours[i];
    gold_check(f, path, GOLD_PLAIN, x, n, 0);
}

static void frechet_and_kernel(gold *f) {
    gt_gaussian fake = gaussian_of(f, "in/fake"), real = gaussian_of(f, "in/real");
    double *each = NULL, kid;
    size_t d = (size_t)fake.d, subsets = 0;
    if (!f->failed) {
        check_floats(f, "out/fid/mean_fake", fake.mean, d);
        check_floats(f, "out/fid/mean_real", real.mean, d);
        check_floats(f, "out/fid/cov_fake", covariance_of(f, &fake, 0), d * d);
        check_floats(f, "out/fid/cov_real", covariance_of(f, &real, 0), d * d);
        check_value(f, "fid", distance_of(f, &fake, &real, GT_DIVISOR_N));
        kid = kernel_distance(f, "in/fake", "in/real", "in/kid/idx_fake", "in/kid/idx_real", &each, &subsets);
        check_value(f, "kid", kid);
        check_value(f, "kid_float64", kid);
    }
    gt_gaussian_free(&fake);
    gt_gaussian_free(&real);
}

static void precision_and_recall(gold *f) {
    gt_rows reals = gold_rows(f, "in/real"), fakes = gold_rows(f, "in/fake");
    gt_precision_recall_options o = {.k = gold_int(gold_get(f->config, "pr"), "nhood_size", 3)};
    for (int half = 0; half < 2 && !f->failed; half++) {
        double precision = 0, recall = 0;
        o.half = half;
        if (half) {
            gt_round_half((float *)reals.x, (size_t)(reals.own * reals.d));
            gt_round_half((float *)fakes.x, (size_t)(fakes.own * fakes.d));
        }
        if (gt_precision_recall_all(gold_team(), &reals, &fakes, &o, &precision, &recall))
            gold_fail(f, "%s", gt_message());
        check_value(f, half ? "precision_fp16" : "precision_fp32", precision);
        check_value(f, half ? "recall_fp16" : "recall_fp32", recall);
    }
}

static void score_and_path(gold *f) {
    gt_rows p = gold_rows(f, "in/is/probs");
    gt_shape shape = {0};
    const float *distances = gold_read(f, "in/ppl/dist", GOLD_PLAIN, &shape);
    double mean = 0, std = 0, length = 0;
    int splits = gold_int(gold_get(f->config, "inception_score"), "num_splits", 10);
    if (f->failed || gt_inception_score_all(gold_team(), &p, splits, &mean, &std, NULL) ||
        gt_path_length(distances, gt_shape_size(&shape), &length)) {
        gold_fail(f, "%s", gt_message());
        return;
    }
    check_value(f, "is_mean", mean);
    check_value(f, "is_std", std);
    check_value(f, "ppl", length);
}

static void slerp(gold *f) {
    gt_shape shape = {0};
    const float *a = gold_read(f, "in/slerp/a", GOLD_PLAIN, &shape), *b = gold_read(f, "in/slerp/b", GOLD_PLAIN, NULL),
                *t = gold_read(f, "in/slerp/t", GOLD_PLAIN, NULL);
    if (f->failed) return;
    size_t n = (size_t)shape.d[0], d = (size_t)shape.d[1];
    float *y = gt_arena_array(f->arena, n * d, sizeof *y);
    for (size_t i = 0; i < n; i++) gt_slerp(d, a + i * d, b + i * d, (double)t[i], y + i * d);
    gold_check(f, "out/slerp/y", GOLD_PLAIN, y, n * d, 0);
}

void gold_metrics(gold *f) {
    frechet_and_kernel(f);
    precision_and_recall(f);
    score_and_path(f);
    slerp(f);
}
