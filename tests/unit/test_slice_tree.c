/* SPDX-License-Identifier: Apache-2.0
 * Gradients of weights over several slices (kernels/slice_tree.h): the leaves are right, the sum is the tree's, and a
 * node of the tree has the same bits whatever number of slices it is computed with. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "base/door/pool.h"
#include "kernels/door/conv.h"
#include "kernels/door/gemm.h"
#include "kernels/door/kernel_set.h"
#include "base/door/memory.h"
#include "base/door/random.h"
#include "kernels.h"

enum { MOST = 11, SAMPLES = 2 };

/* One gradient: rows x columns, in `slices` slices of `parts` parts. */
typedef struct work {
    const char *name;
    gt_conv_shape conv;      /* c 0: a product of matrices */
    int64_t m, n, k, period; /* of that; period: rows of the term's factor */
    int parts;
    bool term;
    const gt_kernel_set *kernels;
    gt_pool *pool;
    float *x[GT_PARTS_MAX], *y[GT_PARTS_MAX], *sx, *sy, *w, *down, *across, *before;
} work;

static int64_t x_size(const work *z) { return z->conv.c ? z->conv.n * z->conv.h * z->conv.w * z->conv.c : z->k * z->m; }
static int64_t y_size(const work *z) { return z->conv.c ? z->conv.n * z->conv.p * z->conv.q * z->conv.o : z->k * z->n; }
static int64_t samples_of(const work *z) { return z->conv.c ? z->conv.n : z->k; }

static float *numbers(const char *name, int64_t n) {
    float *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    gt_random_normal((gt_key){.seed = 8, .stream = gt_stream(name)}, x, (size_t)n);
    return x;
}

static void begin(work *z) {
    static const char *const names[] = {"x0", "y0", "x1", "y1", "x2", "y2", "x3", "y3"};
    if (z->conv.c) {
        gt_conv_shape *s = &z->conv;
        s->direction = GT_CONV_WEIGHT_GRAD;
        s->kernels = z->kernels;
        z->m = s->kh * s->kw * s->c / s->groups, z->n = s->o, z->period = s->c / s->groups;
    } else {
        z->period = z->m;
    }
    for (int i = 0; i < z->parts; i++) {
        z->x[i] = numbers(names[2 * i], MOST * x_size(z));
        z->y[i] = numbers(names[2 * i + 1], MOST * y_size(z));
    }
    z->w = numbers("w", z->m * z->n);
    z->before = numbers("before", MOST * z->m * z->n);
    z->down = numbers("down", MOST * samples_of(z) * z->period);
    z->across = numbers("across", MOST * samples_of(z) * z->n);
    z->sx = numbers("sx", MOST * samples_of(z) * z->period);
    z->sy = numbers("sy", MOST * samples_of(z) * z->n);
}

static void end(work *z) {
    for (int i = 0; i < z->parts; i++) free(z->x[i]), free(z->y[i]);
    free(z->w), free(z->before), free(z->down), free(z->across), free(z->sx), free(z->sy);
}

static gt_leaf leaf_of(const work *z, int first) {
    gt_leaf leaf = {.gain = z->term ? 0.7f : 1, .columns = z->n, .floats = z->m * z->n};
    if (z->parts == 3) leaf.before = z->before + first * leaf.floats;
    if (!z->term) return leaf;
    leaf.w = z->w, leaf.factor = -1.3f, leaf.period = z->period, leaf.samples = samples_of(z);
    leaf.down = z->down + first * leaf.samples * leaf.period;
    leaf.across = z->across + first * leaf.samples * leaf.columns;
    return leaf;
}

static bool scaled(gt_conv_kernel kernel) { return gt_conv_algorithms[kernel]->takes_scales; }

/* The node of slices first ... first + count - 1, or their leaves. */
static void compute(const work *z, gt_conv_kernel kernel, int first, int count, bool apart, float *to) {
    gt_leaf leaf = leaf_of(z, first);
    int threads = gt_pool_threads(z->pool);
    size_t bytes;
    void *workspace;
    if (z->conv.c) {
        const float *in[GT_PARTS_MAX][GT_CONV_INPUTS] = {{NULL}};
        for (int i = 0; i < z->parts; i++) {
            in[i][0] = z->x[i] + first * x_size(z), in[i][1] = z->y[i] + first * y_size(z);
            if (!scaled(kernel)) continue;
            in[i][GT_CONV_SCALES] = z->sx + first * samples_of(z) * z->period;
            in[i][GT_CONV_SCALES + 1] = z->sy + first * samples_of(z) * z->n;
        }
        gt_conv_slices all = {count, z->parts, &leaf, (const float *const(*)[GT_CONV_INPUTS])in, apart};
        bytes = gt_conv_gradient_workspace(&z->conv, kernel, count, z->parts, apart, threads);
        workspace = gt_block_alloc(bytes + 1, "workspace");
        assert_non_null(workspace);
        gt_conv_gradient(&z->conv, kernel, &all, z->pool, workspace, to);
    } else {
        gt_gemm_args one = {.kernels = z->kernels, .m = z->m, .n = z->n, .k = z->k};
        const float *x[GT_PARTS_MAX], *y[GT_PARTS_MAX];
        for (int i = 0; i < z->parts; i++) x[i] = z->x[i] + first * x_size(z), y[i] = z->y[i] + first * y_size(z);
        bytes = gt_gemm_gradient_workspace(&one, count, z->parts, apart, threads);
        workspace = gt_block_alloc(bytes + 1, "workspace");
        assert_non_null(workspace);
        gt_gemm_gradient(&one, count, z->parts, apart, x, y, &leaf, z->pool, workspace, to);
    }
    gt_block_free(workspace, bytes + 1);
}

/* In float64, by the definitions. */
static double product_at(const work *z, int part, int slice, int64_t row, int64_t column, bool scales) {
    const gt_conv_shape *s = &z->conv;
    double sum = 0;
    if (!s->c) {
        for (int64_t i = 0; i < z->k; i++)
            sum += (double)z->x[part][(slice * z->k + i) * z->m + row] * z->y[part][(slice * z->k + i) * z->n + column];
        return sum;
    }
    int64_t inputs = s->c / s->groups, tap = row / inputs,
            channel = row % inputs + column / (s->o / s->groups) * inputs;
    for (int64_t i = 0; i < s->n * s->p * s->q; i++) {
        int64_t n = slice * s->n + i / (s->p * s->q), p = i / s->q % s->p, q = i % s->q;
        int64_t y = p * s->stride + tap / s->kw - s->pad_top, x = q * s->stride + tap % s->kw - s->pad_left;
        if (y < 0 || y >= s->h || x < 0 || x >= s->w) continue;
        double term = (double)z->x[part][((n * s->h + y) * s->w + x) * s->c + channel] *
                      z->y[part][((n * s->p + p) * s->q + q) * s->o + column];
        sum += scales ? term * z->sx[n * s->c + channel] * z->sy[n * s->o + column] : term;
    }
    return sum;
}

static double leaf_at(const work *z, int slice, int64_t row, int64_t column, bool scales) {
    double sum = 0, energy = 0;
    for (int part = 0; part < z->parts; part++) sum += product_at(z, part, slice, row, column, scales);
    if (z->parts == 3) sum += z->before[(slice * z->m + row) * z->n + column];
    if (!z->term) return sum;
    for (int64_t i = slice * samples_of(z); i < (slice + 1) * samples_of(z); i++)
        energy += (double)z->down[i * z->period + row % z->period] * z->across[i * z->n + column];
    return 0.7 * sum - 1.3 * z->w[row * z->n + column] * energy;
}

/* node(level, i) = node(level - 1, 2 i) + node(level - 1, 2 i + 1), a missing one passes through. */
static void tree_of(float *const *leaves, int count, int64_t floats) {
    for (int width = 1; width < count; width *= 2)
        for (int left = 0; left + width < count; left += 2 * width)
            for (int64_t i = 0; i < floats; i++) leaves[left][i] = leaves[left][i] + leaves[left + width][i];
}

static void check_kernel(const work *z, gt_conv_kernel kernel, double tolerance) {
    int64_t floats = z->m * z->n;
    float *leaf[MOST], *whole = malloc((size_t)floats * sizeof *whole);
    assert_non_null(whole);
    for (int i = 0; i < MOST; i++) {
        leaf[i] = malloc((size_t)floats * sizeof *whole);
        assert_non_null(leaf[i]);
        compute(z, kernel, i, 1, false, leaf[i]);
    }
    bool scales = z->conv.c && scaled(kernel);
    for (int64_t i = 0; i < floats; i += 1 + floats / 37) {
        double right = leaf_at(z, 3, i / z->n, i % z->n, scales);
        if (!(fabs(leaf[3][i] - right) <= tolerance * (1 + fabs(right))))
            fail_msg("%s: element %lld is %g instead of %g", z->name, (long long)i, (double)leaf[3][i], right);
    }
    for (int count = MOST; count > 1; count -= sanitized() ? 5 : count > 8 ? 3 : 1) {
        compute(z, kernel, 0, count, false, whole);
        float *copy[MOST];
        for (int i = 0; i < count; i++) {
            copy[i] = malloc((size_t)floats * sizeof *whole);
            assert_non_null(copy[i]);
            memcpy(copy[i], leaf[i], (size_t)floats * sizeof *whole);
        }
        tree_of(copy, count, floats);
        if (memcmp(copy[0], whole, (size_t)floats * sizeof *whole))
            fail_msg("%s: the sum of %d slices is not the tree of its leaves", z->name, count);
        for (int i = 0; i < count; i++) free(copy[i]);
    }
    enum { APART = 4 };
    float *apart = malloc(APART * (size_t)floats * sizeof *apart);
    assert_non_null(apart);
    compute(z, kernel, 2, APART, true, apart);
    for (int i = 0; i < APART; i++)
        if (memcmp(apart + i * floats, leaf[2 + i], (size_t)floats * sizeof *apart))
            fail_msg("%s: leaf %d beside others differs", z->name, i);
    free(apart);
    for (int i = 0; i < MOST; i++) free(leaf[i]);
    free(whole);
}

#define CONV(title, images, side, channels, after, outputs, window, step, pad, parts_of) \
    {                                                                                    \
        .name = title, .conv = {                                                         \
            GT_CONV_WEIGHT_GRAD,                                                         \
            images,                                                                      \
            side,                                                                        \
            side,                                                                        \
            channels,                                                                    \
            after,                                                                       \
            after,                                                                       \
            outputs,                                                                     \
            window,                                                                      \
            window,                                                                      \
            step,                                                                        \
            pad,                                                                         \
            pad,                                                                         \
            parts_of,                                                                    \
            NULL                                                                         \
        }                                                                                \
    }
static const work works[] = {
    CONV("4x4", 1, 4, 40, 4, 70, 3, 1, 1, 1),
    CONV("8x8, two images a slice", SAMPLES, 8, 16, 8, 19, 3, 1, 1, 1),
    CONV("down", 1, 9, 20, 4, 33, 3, 2, 0, 1),
    CONV("4x4 window, down", 1, 8, 17, 4, 130, 4, 2, 1, 1),
    CONV("wide, many channels", 1, 16, 130, 16, 64, 3, 1, 1, 1),
    CONV("larger than a block of K", 1, 24, 6, 24, 5, 5, 1, 2, 1),
    CONV("many tiles", 1, 76, 16, 76, 16, 3, 1, 1, 1),
    CONV("1x1", 1, 5, 3, 5, 40, 1, 1, 0, 1),
    CONV("groups", 1, 6, 8, 6, 12, 3, 1, 1, 2),
    CONV("each channel", 1, 6, 9, 6, 9, 3, 1, 1, 9),
    {.name = "matrices", .m = 150, .n = 530, .k = 1},
    {.name = "matrices, three rows a slice", .m = 17, .n = 40, .k = 3},
    {.name = "matrices, many rows a slice", .m = 20, .n = 35, .k = 300},
};

/* Of one part the strided kernel may take the place of the direct one. */
static void check_same_bits(const work *z) {
    size_t bytes = (size_t)(z->m * z->n) * sizeof(float);
    float *direct = malloc(bytes), *strided = malloc(bytes);
    assert_true(direct && strided);
    compute(z, GT_CONV_DIRECT, 0, MOST, false, direct);
    compute(z, GT_CONV_STRIDED, 0, MOST, false, strided);
    if (memcmp(direct, strided, bytes)) fail_msg("%s, %s: other bits", z->name, z->kernels->id);
    free(direct), free(strided);
}

static void test_trees(void **state) {
    (void)state;
    static const int threads[] = {1, 4, 2, 3}; /* 4 and 2 have slices of their own, of 8 */
    gt_pool *pools[4];
    for (int i = 0; i < 4; i++) assert_non_null(pools[i] = gt_pool_new(threads[i]));
    for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
        if (!isa_is_tested(isa)) continue;
        for (size_t i = 0; i < sizeof works / sizeof *works; i++)
            for (int variant = 0; variant < 4; variant += sanitized() ? 2 : 1) {
                work z = works[i];
                z.parts = variant == 0 ? 1 : variant;
                z.term = variant % 2 && z.conv.groups < 2;
                z.kernels = gt_kernel_set_with_isa(gt_kernel_set_or_best(NULL), (gt_isa)isa);
                z.pool = pools[variant];
                begin(&z);
                gt_conv_kernel own = z.conv.c ? gt_conv_choose(&z.conv, false) : GT_CONV_DIRECT;
                check_kernel(&z, own, own == GT_CONV_WINOGRAD ? 3e-4 : 3e-5);
                if (z.conv.c && own != GT_CONV_DIRECT && own != GT_CONV_DEPTHWISE)
                    check_kernel(&z, GT_CONV_DIRECT, 3e-5);
                if (z.conv.c && own != GT_CONV_WINOGRAD && gt_conv_winograd.possible(&z.conv))
                    check_kernel(&z, GT_CONV_WINOGRAD, 3e-4);
                if (z.conv.c && variant == 0 && gt_conv_strided.possible(&z.conv)) check_same_bits(&z);
                end(&z);
            }
    }
    for (int i = 0; i < 4; i++) gt_pool_free(pools[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
