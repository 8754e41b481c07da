/* SPDX-License-Identifier: Apache-2.0
 * Convolution kernels: every direction of every kernel against float64 on every instruction set of this CPU, and the
 * promise that neither threads, nor packing ahead, nor the other images change a bit, also through the graph. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "base/door/memory.h"
#include "graph/door/ops.h"
#include "base/door/random.h"
#include "kernels/door/conv.h"
#include "kernels/winograd_tiling.h"

/* Largest error / largest value of the result. Direct: half of the 2e-6 that golden values of single ops ask for.
 * Winograd's transforms amplify rounding: of all shapes here up to 1.2e-5 by wide tiles. */
static const double tolerance[] = {[GT_CONV_DIRECT] = 1e-6,
                                   [GT_CONV_WINOGRAD] = 6e-6,
                                   [GT_CONV_COLUMNS] = 1e-6,
                                   [GT_CONV_DEPTHWISE] = 1e-6,
                                   [GT_CONV_STRIDED] = 1e-6};
static const double wide_tolerance = 1.5e-5;

enum { DIRECTIONS = 3, KERNELS = GT_CONV_KERNELS };
static const char *const direction_names[DIRECTIONS] = {"forward", "input grad", "weight grad"};

#define CONV(N, H, W, C, O, KH, KW, S, PT, PL, PB, PR, G)                                                         \
    {                                                                                                             \
        .n = N, .h = H, .w = W, .c = C, .o = O, .p = (H + PT + PB - KH) / S + 1, .q = (W + PL + PR - KW) / S + 1, \
        .kh = KH, .kw = KW, .stride = S, .pad_top = PT, .pad_left = PL, .groups = G                               \
    }
static const gt_conv_shape shapes[] = {
    CONV(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1),
    CONV(2, 8, 8, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1),
    CONV(2, 9, 14, 16, 24, 3, 3, 1, 1, 1, 1, 1, 1), /* partial tiles of Winograd */
    CONV(3, 13, 11, 33, 19, 3, 3, 1, 1, 1, 1, 1, 1),
    CONV(1, 17, 16, 48, 70, 3, 3, 1, 1, 1, 1, 1, 1),
    CONV(5, 4, 4, 64, 40, 3, 3, 1, 1, 1, 1, 1, 1),
    CONV(3, 16, 32, 33, 37, 3, 3, 1, 1, 1, 1, 1, 1), /* wide tiles, */
    CONV(2, 6, 23, 40, 36, 3, 3, 1, 2, 0, 0, 1, 1),  /* partial ones, */
    CONV(2, 19, 17, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1), /* a width for which others have fewer products, */
    CONV(1, 9, 24, 270, 40, 3, 3, 1, 1, 1, 1, 1, 1), /* many channels */
    CONV(1, 8, 7, 256, 256, 3, 3, 1, 1, 1, 1, 1, 1), /* more channels than a block of K */
    CONV(3, 5, 6, 16, 18, 3, 3, 1, 0, 2, 1, 2, 1),   /* uneven padding */
    CONV(2, 7, 5, 3, 20, 1, 1, 1, 0, 0, 0, 0, 1),    /* fromrgb */
    CONV(2, 7, 5, 20, 3, 1, 1, 1, 0, 0, 0, 0, 1),    /* torgb */
    CONV(2, 9, 9, 8, 5, 3, 3, 2, 0, 0, 0, 0, 1),     /* downsampling after the filter */
    CONV(2, 8, 10, 6, 7, 3, 3, 2, 1, 0, 1, 2, 1),
    CONV(3, 17, 17, 40, 24, 3, 3, 2, 0, 0, 0, 0, 1),   /* several tiles of Winograd with stride 2 */
    CONV(2, 33, 15, 17, 35, 3, 3, 2, 0, 0, 0, 0, 1),   /* partial ones */
    CONV(2, 12, 21, 16, 20, 3, 3, 2, 1, 2, 0, 1, 1),   /* padding */
    CONV(1, 9, 9, 256, 210, 3, 3, 2, 0, 0, 0, 0, 1),   /* more channels than a block of K */
    CONV(2, 10, 10, 8, 8, 3, 3, 2, 0, 0, 0, 0, 1),     /* a line that no output sees: not for Winograd */
    CONV(2, 12, 11, 40, 24, 3, 3, 2, 1, 1, 1, 1, 1),   /* a vector and a half of channels, a half */
    CONV(2, 32, 16, 3, 20, 4, 4, 2, 1, 1, 1, 1, 1),    /* DCGAN: from an image, */
    CONV(3, 16, 16, 20, 24, 4, 4, 2, 1, 1, 1, 1, 1),   /* between maps, */
    CONV(5, 8, 8, 70, 40, 4, 4, 2, 1, 1, 1, 1, 1),     /* a tile an image, */
    CONV(1, 11, 15, 16, 18, 4, 4, 2, 2, 0, 1, 3, 1),   /* uneven padding, partial tiles, */
    CONV(1, 9, 8, 8, 8, 4, 4, 2, 0, 0, 0, 0, 1),       /* a line that no output sees, */
    CONV(1, 16, 16, 520, 210, 4, 4, 2, 1, 1, 1, 1, 1), /* more channels than a block of K */
    CONV(1, 10, 9, 4, 6, 5, 2, 3, 2, 1, 0, 1, 1),
    CONV(1, 7, 8, 5, 4, 1, 1, 2, 0, 0, 0, 0, 1), /* input pixels that no output sees */
    CONV(2, 6, 5, 8, 6, 3, 3, 1, 1, 1, 1, 1, 2),
    CONV(2, 6, 6, 12, 8, 4, 4, 2, 1, 1, 1, 1, 4),
    CONV(1, 6, 7, 9, 9, 3, 3, 1, 2, 0, 1, 3, 9),    /* one channel per group */
    CONV(2, 9, 8, 70, 70, 3, 3, 2, 1, 1, 1, 1, 70), /* blocks of channels */
    CONV(1, 3, 2, 4, 4, 5, 5, 2, 2, 3, 2, 3, 4),    /* taps that meet no pixel */
    CONV(1, 3, 2, 4, 4, 3, 3, 1, 2, 3, 2, 3, 1),    /* more padding than image */
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static size_t image_floats(const gt_conv_shape *s) { return (size_t)(s->n * s->h * s->w * s->c); }
static size_t result_floats(const gt_conv_shape *s) { return (size_t)(s->n * s->p * s->q * s->o); }
static size_t weight_floats(const gt_conv_shape *s) { return (size_t)(s->kh * s->kw * (s->c / s->groups) * s->o); }

static float *random_floats(size_t count, uint32_t stream) {
    float *x = malloc(count * sizeof *x);
    assert_non_null(x);
    gt_random_normal((gt_key){.seed = 1, .stream = stream}, x, count);
    return x;
}

/* The three tensors of a convolution; a direction reads two of them and writes the third. */
typedef struct tensors {
    float *x, *w, *y;
    float *in[3], *out;
    size_t out_floats;
} tensors;

static tensors make_tensors(const gt_conv_shape *s) {
    gt_conv_direction d = s->direction;
    tensors t = {.x = random_floats(image_floats(s), 1),
                 .w = random_floats(weight_floats(s), 2),
                 .y = random_floats(result_floats(s), 3)};
    t.in[0] = d == GT_CONV_INPUT_GRAD ? t.y : t.x;
    t.in[1] = d == GT_CONV_WEIGHT_GRAD ? t.y : t.w;
    t.out = d == GT_CONV_FORWARD ? t.y : d == GT_CONV_INPUT_GRAD ? t.x : t.w;
    t.out_floats = d == GT_CONV_FORWARD      ? result_floats(s)
                   : d == GT_CONV_INPUT_GRAD ? image_floats(s)
                                             : weight_floats(s);
    return t;
}

static void free_tensors(tensors *t) { free(t->x), free(t->w), free(t->y); }

/* The products of one input channel of a pixel, by one tap, with the output channels of its group. */
static void add_products(gt_conv_direction d, int64_t outputs, const float *x, const float *w, const float *y,
                         double *sum) {
    for (int64_t o = 0; o < outputs; o++)
        if (d == GT_CONV_FORWARD) sum[o] += (double)*x * w[o];
        else if (d == GT_CONV_INPUT_GRAD) *sum += (double)y[o] * w[o];
        else sum[o] += (double)*x * y[o];
}

/* The definition, in float64: adds every product where the direction wants it. */
static double *reference(const gt_conv_shape *s, const tensors *t) {
    gt_conv_direction d = s->direction;
    double *sum = calloc(t->out_floats, sizeof *sum);
    assert_non_null(sum);
    int64_t inputs = s->c / s->groups, outputs = s->o / s->groups;
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t p = 0; p < s->p; p++)
            for (int64_t q = 0; q < s->q; q++)
                for (int64_t a = 0; a < s->kh; a++)
                    for (int64_t b = 0; b < s->kw; b++) {
                        int64_t row = p * s->stride + a - s->pad_top, column = q * s->stride + b - s->pad_left;
                        if (row < 0 || row >= s->h || column < 0 || column >= s->w) continue;
                        for (int64_t c = 0; c < s->c; c++) {
                            int64_t x = ((n * s->h + row) * s->w + column) * s->c + c, o = c / inputs * outputs;
                            int64_t w = ((a * s->kw + b) * inputs + c % inputs) * s->o + o,
                                    y = ((n * s->p + p) * s->q + q) * s->o + o;
                            double *to = sum + (d == GT_CONV_FORWARD ? y : d == GT_CONV_INPUT_GRAD ? x : w);
                            add_products(d, outputs, t->x + x, t->w + w, t->y + y, to);
                        }
                    }
    return sum;
}

/* What all convolutions of this program share: threads, and a workspace as large as any has asked for. */
enum { THREADS = 3, BEHIND = 64 };
static gt_pool *pools[THREADS + 1]; /* of 2 threads, of 3 */
static char *workspace;
static size_t workspace_bytes;

static int make_pools(void **state) {
    (void)state;
    for (int threads = 2; threads <= THREADS; threads++) pools[threads] = gt_pool_new(threads);
    return 0;
}

static int free_pools(void **state) {
    (void)state;
    for (int threads = 2; threads <= THREADS; threads++) gt_pool_free(pools[threads]);
    gt_block_free(workspace, workspace_bytes);
    return 0;
}

static void convolve(const gt_conv_shape *s, gt_conv_kernel k, const tensors *t, const float *packed, int threads,
                     float *out) {
    size_t bytes = gt_conv_algorithms[k]->workspace(s, packed != NULL, threads), room = bytes + BEHIND;
    if (room > workspace_bytes) {
        gt_block_free(workspace, workspace_bytes);
        workspace = gt_block_alloc(workspace_bytes = room, "workspace");
        assert_non_null(workspace);
    }
    memset(workspace, 0xff, room); /* NaN: nothing may rely on zeros */
    gt_conv_algorithms[k]->run(s, pools[threads], workspace,
                               (const float *const[GT_CONV_INPUTS]){t->in[0], t->in[1], packed}, out);
    for (int i = 0; i < BEHIND; i++)
        if (workspace[bytes + (size_t)i] != (char)0xff)
            fail_msg("%s writes behind its workspace", gt_conv_algorithms[k]->name);
}

static double worst_error(const float *got, const double *want, size_t count) {
    double error = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        double e = fabs(got[i] - want[i]);
        if (!(e <= error)) error = e; /* NaN too */
        if (isnan(e)) return e;
        largest = fmax(largest, fabs(want[i]));
    }
    return largest > 0 ? error / largest : error;
}

static void describe(char text[160], const gt_conv_shape *s, gt_conv_kernel k) {
    snprintf(text, 160, "%s %s %s of %lldx%lldx%lldx%lld, %dx%d to %lld, stride %d, groups %d", s->kernels->id,
             gt_conv_algorithms[k]->name, direction_names[s->direction], (long long)s->n, (long long)s->h,
             (long long)s->w, (long long)s->c, s->kh, s->kw, (long long)s->o, s->stride, s->groups);
}

/* What the first set of instructions with these bits made; NULL: none yet. */
typedef struct first_result {
    float *values;
    const char *arithmetic;
} first_result;

/* Against float64 (`want`), then bit by bit: threads, weights packed ahead, the last image alone, and what another set
 * of instructions made. */
static void check(const gt_conv_shape *s, gt_conv_kernel k, const tensors *of, const double *want,
                  first_result *of_sets) {
    char text[160];
    describe(text, s, k);
    const tensors t = *of;
    size_t bytes = t.out_floats * sizeof(float);
    float *first = malloc(bytes), *again = malloc(bytes);
    assert_true(first && again);
    convolve(s, k, &t, NULL, 1, first);
    double error = worst_error(first, want, t.out_floats);
    bool wide = k == GT_CONV_WINOGRAD && gt_winograd_kind_of(s) == GT_WINOGRAD_WIDE;
    if (!(error <= (wide ? wide_tolerance : tolerance[k]))) fail_msg("%s: error %.2e", text, error);
    for (int threads = 2; threads <= 3; threads++) {
        memset(again, 0xff, bytes);
        convolve(s, k, &t, NULL, threads, again);
        if (memcmp(first, again, bytes)) fail_msg("%s: %d threads give other bits", text, threads);
    }
    if (s->direction != GT_CONV_WEIGHT_GRAD) {
        size_t packed_bytes = gt_conv_algorithms[k]->packed_floats(s) * sizeof(float) + 1;
        float *packed = gt_block_alloc(packed_bytes, "packed weights");
        assert_non_null(packed);
        gt_conv_algorithms[k]->pack(s, NULL, t.w, packed);
        memset(again, 0xff, bytes);
        convolve(s, k, &t, packed, 1, again);
        if (memcmp(first, again, bytes)) fail_msg("%s: packed weights give other bits", text);
        gt_conv_shape last = *s;
        last.n = 1;
        tensors part = t;
        part.in[0] += s->direction == GT_CONV_FORWARD ? image_floats(s) - image_floats(&last)
                                                      : result_floats(s) - result_floats(&last);
        size_t floats = t.out_floats / (size_t)s->n;
        convolve(&last, k, &part, packed, 1, again);
        if (memcmp(first + t.out_floats - floats, again, floats * sizeof(float)))
            fail_msg("%s: an image alone gets other bits", text);
        gt_block_free(packed, packed_bytes);
    }
    free(again);
    if (!of_sets->values) *of_sets = (first_result){first, gt_kernel_set_arithmetic(s->kernels)};
    else {
        bool differs = memcmp(of_sets->values, first, bytes),
             same = !strcmp(of_sets->arithmetic, gt_kernel_set_arithmetic(s->kernels));
        /* fma-9: where tiles overlap, whole vectors among the last channels, fewer than 16, have other bits. */
        bool excepted = k == GT_CONV_WINOGRAD && s->direction == GT_CONV_INPUT_GRAD && s->stride == 2 &&
                        s->c % 16 >= s->kernels->gemm->lanes;
        if (differs && same && !excepted) fail_msg("%s: other bits than with another set of instructions", text);
        free(first);
    }
}

/* Every kernel of every set of instructions that can compute the shape. */
static void check_all(gt_conv_shape s) {
    tensors t = make_tensors(&s);
    double *want = reference(&s, &t);
    first_result of_sets[KERNELS] = {{0}};
    for (int isa = GT_ISA_COUNT - 1; isa >= 0; isa--) { /* the portable set has bits of its own */
        if (!gt_isa_available((gt_isa)isa)) continue;
        s.kernels = kernels_of((gt_isa)isa, "auto");
        for (int k = 0; k < KERNELS; k++)
            if (gt_conv_algorithms[k]->possible(&s)) check(&s, (gt_conv_kernel)k, &t, want, &of_sets[k]);
    }
    for (int k = 0; k < KERNELS; k++) free(of_sets[k].values);
    free(want);
    free_tensors(&t);
}

static void test_kernels(void **state) {
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int d = 0; d < DIRECTIONS; d++) {
            gt_conv_shape s = shapes[i];
            s.direction = (gt_conv_direction)d;
            check_all(s);
        }
}

/* The strided kernel has the direct one's bits, in more blocks of K than one as well. */
static void test_strided_has_direct_bits(void **state) {
    (void)state;
    static const gt_conv_shape more[] = {
        CONV(9, 17, 15, 3, 30, 5, 5, 1, 0, 0, 0, 0, 1), CONV(2, 40, 41, 3, 40, 7, 7, 2, 3, 3, 3, 3, 1),
        CONV(3, 29, 28, 24, 70, 1, 1, 1, 0, 0, 0, 0, 1), CONV(3, 28, 28, 40, 6, 1, 1, 2, 0, 0, 0, 0, 1),
        CONV(700, 1, 1, 9, 5, 1, 1, 1, 0, 0, 0, 0, 1), CONV(2, 16, 19, 6, 16, 4, 4, 2, 1, 1, 1, 2, 1),
        /* few columns */
        CONV(3, 29, 28, 128, 3, 1, 1, 1, 0, 0, 0, 0, 1), CONV(2, 28, 27, 3, 128, 1, 1, 1, 0, 0, 0, 0, 1),
        CONV(2, 31, 23, 64, 1, 1, 1, 2, 0, 0, 0, 0, 1), CONV(1, 40, 17, 70, 2, 1, 1, 1, 0, 0, 0, 0, 1),
        CONV(2, 19, 24, 8, 4, 5, 5, 1, 2, 2, 2, 2, 1), CONV(1, 19, 24, 16, 3, 4, 4, 1, 0, 0, 0, 0, 1),
        CONV(2, 13, 12, 300, 3, 1, 1, 1, 0, 0, 0, 0, 1), CONV(1, 15, 14, 100, 20, 2, 2, 1, 0, 0, 0, 0, 1) /* chains */};
    for (int isa = 0; isa < GT_ISA_COUNT; isa++)
        for (int i = 0; gt_isa_available((gt_isa)isa) && i < SHAPES + (int)(sizeof more / sizeof *more); i++)
            for (int d = 0; d < DIRECTIONS; d++) {
                gt_conv_shape s = i < SHAPES ? shapes[i] : more[i - SHAPES];
                s.kernels = kernels_of((gt_isa)isa, "auto");
                s.direction = (gt_conv_direction)d;
                if (!gt_conv_strided.possible(&s)) continue;
                char text[160];
                describe(text, &s, GT_CONV_STRIDED);
                tensors t = make_tensors(&s);
                size_t bytes = t.out_floats * sizeof(float);
                float *direct = malloc(bytes), *strided = malloc(bytes);
                assert_true(direct && strided);
                convolve(&s, GT_CONV_DIRECT, &t, NULL, 1, direct);
                convolve(&s, GT_CONV_STRIDED, &t, NULL, 2, strided);
                if (memcmp(direct, strided, bytes)) fail_msg("%s: other bits than the direct kernel's", text);
                free(direct), free(strided);
                free_tensors(&t);
            }
}

/* Enough tiles that three threads take spans of their own, whole blocks or whole images where tiles overlap, and tiles
 * are left that they share. */
static void test_winograd_spans(void **state) {
    (void)state;
    static const gt_conv_shape many[] = {CONV(7, 185, 177, 16, 12, 3, 3, 2, 0, 0, 0, 0, 1),
                                         CONV(1, 168, 270, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1)};
    assert_int_equal(gt_winograd_kind_of(&many[1]), GT_WINOGRAD_WIDE);
    for (int i = 0; i < (int)(sizeof many / sizeof *many); i++)
        for (int d = 0; d < 2; d++) {
            gt_conv_shape s = many[i];
            s.direction = d == 0 ? GT_CONV_FORWARD : GT_CONV_INPUT_GRAD;
            s.kernels = gt_kernel_set_best();
            gt_winograd_tiling p = gt_winograd_tiling_of(&s);
            int64_t span = p.to.side.x == p.to.step.x ? p.block : p.per_image;
            assert_true(span >= p.block && p.tiles / span >= 6 && p.tiles % (3 * span) > 0);
            tensors t = make_tensors(&s);
            double *want = reference(&s, &t);
            first_result result = {0};
            check(&s, GT_CONV_WINOGRAD, &t, want, &result);
            free(result.values);
            free(want);
            free_tensors(&t);
        }
}

static gt_conv_kernel chosen(gt_conv_shape s, gt_conv_direction d) {
    s.direction = d;
    return gt_conv_choose(&s, false);
}

static void test_modes(void **state) {
    (void)state;
    gt_conv_shape large = CONV(8, 32, 32, 512, 512, 3, 3, 1, 1, 1, 1, 1, 1),
                  small = CONV(4, 16, 16, 12, 12, 3, 3, 1, 1, 1, 1, 1, 1),
                  strided = CONV(8, 33, 33, 512, 512, 3, 3, 2, 0, 0, 0, 0, 1);
    assert_int_equal(chosen(large, GT_CONV_FORWARD), GT_CONV_WINOGRAD);
    assert_int_equal(chosen(small, GT_CONV_FORWARD), GT_CONV_STRIDED);
    gt_conv_shape few = CONV(4, 16, 16, 1, 12, 5, 5, 1, 0, 0, 0, 0, 1);
    assert_int_equal(chosen(few, GT_CONV_FORWARD), GT_CONV_STRIDED);
    assert_int_equal(chosen(few, GT_CONV_WEIGHT_GRAD), GT_CONV_STRIDED);
    assert_int_equal(chosen(strided, GT_CONV_FORWARD), GT_CONV_WINOGRAD);
    gt_conv_shape tiny = CONV(2, 4, 4, 512, 512, 3, 3, 1, 1, 1, 1, 1, 1), one = large;
    one.n = 1;
    assert_int_equal(chosen(tiny, GT_CONV_WEIGHT_GRAD), GT_CONV_DIRECT);
    /* an image alone has the bits it has in a batch */
    assert_int_equal(chosen(one, GT_CONV_FORWARD), GT_CONV_WINOGRAD);
    small.kernels = strided.kernels = gt_kernel_set_with_conv(gt_kernel_set_best(), "winograd");
    assert_int_equal(chosen(small, GT_CONV_WEIGHT_GRAD), GT_CONV_WINOGRAD);
    assert_int_equal(chosen(strided, GT_CONV_WEIGHT_GRAD), GT_CONV_WINOGRAD);
    assert_ptr_equal(gt_kernel_set_with_conv(small.kernels, "fft"), small.kernels);
    large.kernels = gt_kernel_set_with_conv(small.kernels, "direct");
    assert_int_equal(chosen(large, GT_CONV_FORWARD), GT_CONV_DIRECT);
}

/* Through the graph: weights that are parameters are packed by a node of their own, others by the kernel; values and
 * derivatives have the same bits. */
static void run_graph(bool parameter, float *results[3], const gt_conv_shape *s) {
    gt_graph *g = gt_graph_new("convolution", s->kernels);
    gt_shape images = GT_SHAPE(s->n, s->h, s->w, s->c), weights = GT_SHAPE(3, 3, s->c, s->o);
    gt_node *x = gt_input(g, "x", images),
            *w = parameter ? gt_param(g, "w", weights, GT_SLOT(0), 0) : gt_input(g, "w", weights);
    gt_node *y = gt_conv(g, x, w, (gt_conv_attr){.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1});
    gt_node *energy = gt_sum(g, gt_square(g, y), GT_ALL_AXES), *d[2];
    assert_int_equal(gt_grad(g, 1, &energy, NULL, 2, (gt_node *[]){x, w}, d), GT_OK);
    gt_node *outputs[] = {y, d[0], d[1]};
    static const char *const names[] = {"y", "dx", "dw"};
    for (int i = 0; i < 3; i++) assert_int_equal(gt_output(g, names[i], outputs[i]), GT_OK);
    gt_exec *e = gt_exec_new(g, &(gt_exec_options){0});
    assert_non_null(e);
    float *values = random_floats(weight_floats(s), 2);
    gt_exec_bind(e, 0, values);
    gt_random_normal((gt_key){.seed = 1, .stream = 1}, gt_exec_input(e, "x"), image_floats(s));
    if (!parameter) memcpy(gt_exec_input(e, "w"), values, weight_floats(s) * sizeof *values);
    gt_exec_env env = {.seed = 1};
    assert_int_equal(gt_exec_prepare(e, &env), GT_OK);
    assert_int_equal(gt_exec_run(e, &env), GT_OK);
    assert_int_equal(gt_exec_cost(e).hoisted_nodes > 0, parameter);
    size_t floats[] = {result_floats(s), image_floats(s), weight_floats(s)};
    for (int i = 0; i < 3; i++) {
        results[i] = malloc(floats[i] * sizeof(float));
        assert_non_null(results[i]);
        memcpy(results[i], gt_exec_output(e, names[i]), floats[i] * sizeof(float));
    }
    gt_exec_free(e);
    gt_graph_free(g);
    free(values);
}

static void test_packed_nodes(void **state) {
    (void)state;
    static const char *const forced[] = {"direct", "winograd", "winograd", "winograd"};
    static const gt_conv_shape all[] = {
        CONV(2, 9, 8, 20, 24, 3, 3, 1, 1, 1, 1, 1, 1), CONV(2, 9, 8, 20, 24, 3, 3, 1, 1, 1, 1, 1, 1),
        CONV(2, 9, 16, 40, 36, 3, 3, 1, 1, 1, 1, 1, 1),  /* wide tiles */
        CONV(1, 5, 16, 90, 84, 3, 3, 1, 1, 1, 1, 1, 1)}; /* a width for wide tiles, but too many weights */
    assert_int_equal(gt_winograd_kind_of(&all[2]), GT_WINOGRAD_WIDE);
    assert_int_equal(gt_winograd_kind_of(&all[3]), GT_WINOGRAD_WHOLE);
    for (int m = 0; m < 4; m++) {
        gt_conv_shape s = all[m];
        float *hoisted[3], *plain[3];
        size_t floats[] = {result_floats(&s), image_floats(&s), weight_floats(&s)};
        s.kernels = gt_kernel_set_with_conv(asked_kernels(), forced[m]);
        run_graph(true, hoisted, &s);
        run_graph(false, plain, &s);
        for (int i = 0; i < 3; i++) {
            assert_memory_equal(hoisted[i], plain[i], floats[i] * sizeof(float));
            free(hoisted[i]), free(plain[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kernels), cmocka_unit_test(test_strided_has_direct_bits),
                                       cmocka_unit_test(test_winograd_spans), cmocka_unit_test(test_modes),
                                       cmocka_unit_test(test_packed_nodes)};
    return cmocka_run_group_tests(tests, make_pools, free_pools);
}
