/* SPDX-License-Identifier: Apache-2.0
 * LPIPS against values of a program in PyTorch (float64), with weights by formula: tests/golden/networks. */
#include "expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "files/h5/door/arrays.h"
#include "base/door/hash.h"
#include "graph/door/ops.h"
#include "base/door/random.h"
#include "networks/nets/door/lpips.h"

#define GOLDEN "tests/golden/networks/vgg16_lpips.h5"

/* Numpy's normal numbers, seeded by the tensor's name; after this many they are repeated. */
static gt_status by_formula(void *arg, const char *tensor, const gt_shape *shape, float *out) {
    enum { MOST = 1000003, SEED = 4242 };
    (void)arg;
    size_t n = (size_t)gt_shape_size(shape), fan_in = n / (size_t)shape->d[0];
    bool bias = strstr(tensor, ".bias"), channels = !strncmp(tensor, "lin", 3);
    gt_mt19937 r;
    gt_mt_seed(&r, gt_crc32(0, tensor, strlen(tensor)) ^ SEED);
    for (size_t i = 0; i < n; i++) {
        double v = i < MOST ? gt_mt_randn(&r) : 0;
        if (i >= MOST) out[i] = out[i % MOST];
        else out[i] = (float)(channels ? .1 * fabs(v) : bias ? .1 * v : v * sqrt(2. / (double)fan_in));
    }
    return GT_OK;
}

static gt_status not_finite(void *arg, const char *tensor, const gt_shape *shape, float *out) {
    size_t n = (size_t)gt_shape_size(shape);
    bool here = !strcmp(tensor, arg);
    for (size_t i = 0; i < n; i++) out[i] = here && i == n - 1 ? (tensor[0] == 'l' ? -1 : NAN) : 0;
    return GT_OK;
}

static void golden(const char *pair, const char *name, int64_t n, double *out) {
    gt_array_file *f;
    int64_t rows, columns;
    char path[64];
    snprintf(path, sizeof path, "%s/%s", pair, name);
    assert_ok(gt_array_open(&f, GOLDEN, path, &rows, &columns));
    assert_int_equal(rows * columns, n);
    assert_ok(gt_array_rows(f, 0, rows, out));
    gt_array_close(f);
}

/* [3,H,W] of 0..255 -> [H,W,3] of -1..1 */
static void read_image(const char *pair, const char *name, int height, int width, float *out) {
    int64_t pixels = (int64_t)height * width;
    double *in = calloc((size_t)pixels * 3, sizeof *in);
    golden(pair, name, 3 * pixels, in);
    for (int64_t i = 0; i < pixels; i++)
        for (int c = 0; c < 3; c++) out[3 * i + c] = (float)(2 * in[c * pixels + i] / 255 - 1);
    free(in);
}

static void compare(const gt_lpips *l, const char *pair, int height, int width) {
    gt_graph *g = gt_graph_new("lpips", NULL);
    gt_node *a[GT_LPIPS_MAPS], *b[GT_LPIPS_MAPS];
    gt_lpips_maps(l, g, 2, gt_input(g, "a", GT_SHAPE(1, height, width, 3)), a);
    gt_lpips_maps(l, g, 2, gt_input(g, "b", GT_SHAPE(1, height, width, 3)), b);
    char name[GT_LPIPS_MAPS][8];
    for (int i = 0; i < GT_LPIPS_MAPS; i++) {
        snprintf(name[i], sizeof *name, "d%d", i);
        gt_output(g, name[i], gt_sum(g, gt_square(g, gt_sub(g, a[i], b[i])), GT_ALL_AXES));
    }
    gt_exec *e = gt_exec_new(g, NULL);
    if (!e) fail_msg("%s", gt_message());
    gt_exec_bind(e, 2, gt_lpips_block(l));
    assert_ok(gt_exec_prepare(e, NULL));
    read_image(pair, "a", height, width, gt_exec_input(e, "a"));
    read_image(pair, "b", height, width, gt_exec_input(e, "b"));
    assert_ok(gt_exec_run(e, NULL));
    double theirs[GT_LPIPS_MAPS];
    golden(pair, "per_layer", GT_LPIPS_MAPS, theirs);
    for (int i = 0; i < GT_LPIPS_MAPS; i++) {
        double ours = *gt_exec_output(e, name[i]);
        if (fabs(ours - theirs[i]) > 1e-7) fail_msg("%s, map %d: %.9g instead of %.9g", pair, i, ours, theirs[i]);
    }
    gt_exec_free(e);
    gt_graph_free(g);
}

static void distances_are_those_of_pytorch(void **state) {
    (void)state;
    gt_status st;
    gt_lpips *l = gt_lpips_new(by_formula, NULL, &st);
    assert_ok(st);
    compare(l, "pair0", 64, 64);
    compare(l, "pair1", 32, 32);
    compare(l, "pair2", 50, 83);
    gt_lpips_free(l);
}

static void weights_are_checked(void **state) {
    (void)state;
    static const char *const names[] = {"features.28.weight", "lin0.model.1.weight"};
    for (size_t i = 0; i < 2; i++) {
        gt_status st;
        assert_null(gt_lpips_new(not_finite, (void *)names[i], &st));
        assert_int_equal(st, GT_FORMAT);
        assert_message(names[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_pytorch),
        cmocka_unit_test(weights_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
