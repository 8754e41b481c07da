/* SPDX-License-Identifier: Apache-2.0
 * Our convolutions beside oneDNN's, same shapes, same process, one thread, in turns. oneDNN may choose the algorithm
 * (its own choice, direct, Winograd) and the layout of images (channels-last, or blocked as it likes) and has its
 * weights in its own layout beforehand. Shown are what it takes by its own choice (dnnl_convolution_auto), and the best
 * of all. Ours are channels-last with weights packed beforehand. Errors are against float64 at random places, relative
 * to the largest result there. Built where libdnnl-dev is installed. */
#include <dnnl.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/program.h"
#include "base/door/memory.h"
#include "gantry/text.h"
#include "base/door/random.h"
#include "kernels.h"
#include "kernels/door/conv.h"

static bench_common options;
static const gt_option rows[] = {BENCH_OPTIONS};

enum { SOURCE, WEIGHTS, RESULT, TENSORS, PROBES = 200 };
enum { DOWN = 2 };

/* Layers of the recipes. stride 2: what follows the filter when going down; up is its input gradient. */
static const struct {
    int n, h, c, o, k, stride;
    bool careful; /* only with --long */
} layers[] = {
    {8, 4, 512, 512, 3, 1, true},     {32, 8, 512, 512, 3, 1, true},     {8, 16, 512, 512, 3, 1, false},
    {32, 16, 512, 512, 3, 1, true},   {8, 32, 512, 512, 3, 1, false},    {32, 32, 512, 512, 3, 1, true},
    {4, 32, 256, 256, 3, 1, false},   {4, 64, 256, 256, 3, 1, true},     {4, 64, 128, 128, 3, 1, false},
    {2, 128, 128, 128, 3, 1, true},   {1, 256, 64, 64, 3, 1, false},     {1, 256, 32, 32, 3, 1, true},
    {32, 32, 128, 128, 3, 1, true},   {8, 8, 512, 512, 3, DOWN, false},  {8, 16, 512, 512, 3, DOWN, false},
    {2, 64, 256, 256, 3, DOWN, true}, {1, 128, 64, 128, 3, DOWN, false}, {8, 32, 512, 3, 1, 1, true},
    {8, 16, 512, 512, 1, 1, true},
};
static const char *const directions[] = {"forward", "input", "weight"};
static const int output_of[] = {RESULT, SOURCE, WEIGHTS};

static gt_conv_shape shape_of(int i) {
    int64_t n = layers[i].n, p = layers[i].h, h = layers[i].stride == DOWN ? 2 * p + 1 : p;
    int32_t pad = layers[i].stride == DOWN ? 0 : layers[i].k / 2;
    return (gt_conv_shape){.n = n,
                           .h = h,
                           .w = h,
                           .c = layers[i].c,
                           .p = p,
                           .q = p,
                           .o = layers[i].o,
                           .kh = layers[i].k,
                           .kw = layers[i].k,
                           .stride = layers[i].stride,
                           .pad_top = pad,
                           .pad_left = pad,
                           .groups = 1,
                           .kernels = bench_kernels()};
}

/* Processor time: other programs on this core do not count. */
static double seconds_now(void) { return gt_clock_of(CLOCK_THREAD_CPUTIME_ID); }

typedef struct test {
    gt_conv_shape s;
    size_t floats[TENSORS];
    float *tensor[TENSORS]; /* in our layouts; the output's is overwritten */
    int runs;
} test;

/* ---- float64 at one place ---- */

static double value(const test *t, int64_t (*sizes)[4], int tensor, int64_t i, int64_t j, int64_t k, int64_t l) {
    const int64_t *n = sizes[tensor];
    return (double)t->tensor[tensor][((i * n[1] + j) * n[2] + k) * n[3] + l];
}

static double exact_at(const test *t, size_t place) {
    const gt_conv_shape *s = &t->s;
    int64_t at[4], sizes[3][4] = {{s->n, s->h, s->w, s->c}, {s->kh, s->kw, s->c, s->o}, {s->n, s->p, s->q, s->o}};
    int out = output_of[t->s.direction];
    for (int k = 3; k >= 0; k--) {
        at[k] = (int64_t)(place % (size_t)sizes[out][k]);
        place /= (size_t)sizes[out][k];
    }
    double sum = 0;
    if (out == WEIGHTS) {
        for (int64_t n = 0; n < s->n; n++)
            for (int64_t p = 0; p < s->p; p++)
                for (int64_t q = 0; q < s->q; q++) {
                    int64_t i = p * s->stride - s->pad_top + at[0], j = q * s->stride - s->pad_left + at[1];
                    if (i >= 0 && i < s->h && j >= 0 && j < s->w)
                        sum += value(t, sizes, SOURCE, n, i, j, at[2]) * value(t, sizes, RESULT, n, p, q, at[3]);
                }
        return sum;
    }
    for (int64_t a = 0; a < s->kh; a++)
        for (int64_t b = 0; b < s->kw; b++) {
            if (out == RESULT) {
                int64_t i = at[1] * s->stride - s->pad_top + a, j = at[2] * s->stride - s->pad_left + b;
                if (i < 0 || i >= s->h || j < 0 || j >= s->w) continue;
                for (int64_t c = 0; c < s->c; c++)
                    sum += value(t, sizes, SOURCE, at[0], i, j, c) * value(t, sizes, WEIGHTS, a, b, c, at[3]);
            } else {
                int64_t p = at[1] + s->pad_top - a, q = at[2] + s->pad_left - b;
                if (p < 0 || q < 0 || p % s->stride || q % s->stride || p / s->stride >= s->p || q / s->stride >= s->q)
                    continue;
                for (int64_t o = 0; o < s->o; o++)
                    sum += value(t, sizes, RESULT, at[0], p / s->stride, q / s->stride, o) *
                           value(t, sizes, WEIGHTS, a, b, at[3], o);
            }
        }
    return sum;
}

/* Largest error of `result` at random places, over the largest exact value there. */
static double error_of(const test *t, const float *result) {
    double worst = 0, largest = 0;
    uint64_t place = 12345;
    for (int i = 0; i < PROBES; i++) {
        place = place * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(place >> 16) % t->floats[output_of[t->s.direction]];
        double exact = exact_at(t, at);
        worst = fmax(worst, fabs(exact - (double)result[at]));
        largest = fmax(largest, fabs(exact));
    }
    return worst / largest;
}

/* ---- ours ---- */

/* Best seconds; the result is left in `out`. */
static double our_seconds(const test *t, float *out) {
    const gt_conv_algorithm *by = gt_conv_algorithms[gt_conv_choose(&t->s, false)];
    bool packs = t->s.direction != GT_CONV_WEIGHT_GRAD;
    size_t packed_bytes = packs ? by->packed_floats(&t->s) * sizeof(float) : 0, bytes = by->workspace(&t->s, packs, 1);
    float *packed = packs ? gt_block_alloc(packed_bytes, "packed weights") : NULL;
    void *workspace = gt_block_alloc(bytes, "workspace");
    double best = INFINITY;
    if (packs) by->pack(&t->s, NULL, t->tensor[WEIGHTS], packed);
    const float *in[GT_CONV_INPUTS] = {t->s.direction == GT_CONV_INPUT_GRAD ? t->tensor[RESULT] : t->tensor[SOURCE],
                                       packs ? t->tensor[WEIGHTS] : t->tensor[RESULT], packed};
    for (int i = 0; i <= t->runs; i++) {
        double start = seconds_now();
        by->run(&t->s, NULL, workspace, in, out);
        if (i) best = fmin(best, seconds_now() - start);
    }
    gt_block_free(packed, packed_bytes);
    gt_block_free(workspace, bytes);
    return best;
}

/* ---- oneDNN ---- */

static void describe(const gt_conv_shape *s, bool channels_last, dnnl_memory_desc_t d[TENSORS]) {
    const dnnl_dims_t dims[TENSORS] = {{s->n, s->c, s->h, s->w}, {s->o, s->c, s->kh, s->kw}, {s->n, s->o, s->p, s->q}};
    for (int i = 0; i < TENSORS; i++)
        dnnl_memory_desc_init_by_tag(&d[i], 4, dims[i], dnnl_f32,
                                     channels_last && i != WEIGHTS ? dnnl_nhwc : dnnl_format_tag_any);
}

static dnnl_status_t make_primitive(const test *t, dnnl_alg_kind_t algorithm, bool channels_last, dnnl_engine_t engine,
                                    dnnl_primitive_desc_t *pd) {
    const gt_conv_shape *s = &t->s;
    dnnl_memory_desc_t m[TENSORS];
    dnnl_dims_t strides = {s->stride, s->stride}, before = {s->pad_top, s->pad_left}, after;
    after[0] = (s->p - 1) * s->stride + s->kh - s->h - s->pad_top;
    after[1] = (s->q - 1) * s->stride + s->kw - s->w - s->pad_left;
    describe(s, channels_last, m);
    dnnl_convolution_desc_t forward, desc;
    dnnl_primitive_desc_t hint = NULL;
    dnnl_status_t st = dnnl_convolution_forward_desc_init(&forward, dnnl_forward_training, algorithm, &m[SOURCE],
                                                          &m[WEIGHTS], NULL, &m[RESULT], strides, before, after);
    if (st || t->s.direction == GT_CONV_FORWARD)
        return st ? st : dnnl_primitive_desc_create(pd, &forward, NULL, engine, NULL);
    if ((st = dnnl_primitive_desc_create(&hint, &forward, NULL, engine, NULL))) return st;
    if (t->s.direction == GT_CONV_INPUT_GRAD)
        st = dnnl_convolution_backward_data_desc_init(&desc, algorithm, &m[SOURCE], &m[WEIGHTS], &m[RESULT], strides,
                                                      before, after);
    else
        st = dnnl_convolution_backward_weights_desc_init(&desc, algorithm, &m[SOURCE], &m[WEIGHTS], NULL, &m[RESULT],
                                                         strides, before, after);
    if (!st) st = dnnl_primitive_desc_create(pd, &desc, NULL, engine, hint);
    dnnl_primitive_desc_destroy(hint);
    return st;
}

/* Our tensor `i` as oneDNN sees it, without a copy. */
static dnnl_memory_t our_memory(const test *t, int i, float *data, dnnl_engine_t engine) {
    const gt_conv_shape *s = &t->s;
    const dnnl_dims_t dims[TENSORS] = {{s->n, s->c, s->h, s->w}, {s->o, s->c, s->kh, s->kw}, {s->n, s->o, s->p, s->q}};
    dnnl_memory_desc_t d;
    dnnl_memory_t m = NULL;
    dnnl_memory_desc_init_by_tag(&d, 4, dims[i], dnnl_f32, i == WEIGHTS ? dnnl_hwio : dnnl_nhwc);
    dnnl_memory_create(&m, &d, engine, data);
    return m;
}

static void copy(dnnl_memory_t from, dnnl_memory_t to, dnnl_engine_t engine, dnnl_stream_t stream) {
    const dnnl_memory_desc_t *a, *b;
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t p;
    dnnl_memory_get_memory_desc(from, &a);
    dnnl_memory_get_memory_desc(to, &b);
    if (dnnl_reorder_primitive_desc_create(&pd, a, engine, b, engine, NULL) || dnnl_primitive_create(&p, pd)) return;
    dnnl_primitive_execute(p, stream, 2, (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
    dnnl_stream_wait(stream);
    dnnl_primitive_destroy(p);
    dnnl_primitive_desc_destroy(pd);
}

/* Best seconds of one algorithm and layout, INFINITY where oneDNN has none; its result in our layout is left in `out`,
 * what it calls itself in `name`. */
static double their_seconds(const test *t, dnnl_alg_kind_t algorithm, bool channels_last, dnnl_engine_t engine,
                            dnnl_stream_t stream, float *out, char name[64]) {
    static const dnnl_query_t forward[] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md};
    static const dnnl_query_t gradient[] = {dnnl_query_diff_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md};
    static const int arguments[2][TENSORS] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                                              {DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t p;
    if (make_primitive(t, algorithm, channels_last, engine, &pd)) return INFINITY;
    if (dnnl_primitive_create(&p, pd)) {
        dnnl_primitive_desc_destroy(pd);
        return INFINITY;
    }
    const char *info = "";
    dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &info);
    snprintf(name, 64, "%s%s", info, channels_last ? " nhwc" : "");
    dnnl_memory_t memory[TENSORS] = {NULL};
    dnnl_exec_arg_t args[TENSORS];
    int output = output_of[t->s.direction];
    for (int i = 0; i < TENSORS; i++) {
        bool is_gradient = t->s.direction != GT_CONV_FORWARD && (i == output || i == RESULT);
        dnnl_memory_create(&memory[i], dnnl_primitive_desc_query_md(pd, is_gradient ? gradient[i] : forward[i], 0),
                           engine, DNNL_MEMORY_ALLOCATE);
        args[i] = (dnnl_exec_arg_t){arguments[is_gradient][i], memory[i]};
        if (i == output) continue;
        dnnl_memory_t ours = our_memory(t, i, t->tensor[i], engine);
        copy(ours, memory[i], engine, stream);
        dnnl_memory_destroy(ours);
    }
    double best = INFINITY;
    for (int i = 0; i <= t->runs; i++) {
        double start = seconds_now();
        dnnl_primitive_execute(p, stream, TENSORS, args);
        dnnl_stream_wait(stream);
        if (i) best = fmin(best, seconds_now() - start);
    }
    dnnl_memory_t ours = our_memory(t, output, out, engine);
    copy(memory[output], ours, engine, stream);
    dnnl_memory_destroy(ours);
    for (int i = 0; i < TENSORS; i++) dnnl_memory_destroy(memory[i]);
    dnnl_primitive_destroy(p);
    dnnl_primitive_desc_destroy(pd);
    return best;
}

/* ---- both ---- */

typedef struct comparison {
    double ours, own_choice, theirs, our_error, their_error;
    char name[64];
} comparison;

static void compare(const test *t, dnnl_engine_t engine, dnnl_stream_t stream, float *out, comparison *c) {
    static const dnnl_alg_kind_t algorithms[] = {dnnl_convolution_auto, dnnl_convolution_direct,
                                                 dnnl_convolution_winograd};
    *c = (comparison){.own_choice = INFINITY, .theirs = INFINITY};
    for (int a = 0; a < 3; a++)
        for (int last = 0; last < 2; last++) {
            char name[64];
            double seconds = their_seconds(t, algorithms[a], last, engine, stream, out, name);
            if (a == 0) c->own_choice = fmin(c->own_choice, seconds);
            if (!(seconds < c->theirs)) continue;
            c->theirs = seconds;
            c->their_error = error_of(t, out);
            memcpy(c->name, name, sizeof name);
        }
    c->ours = our_seconds(t, out);
    c->our_error = error_of(t, out);
}

typedef struct geometric_mean { /* sums of logarithms */
    double choice, best;
    int n;
} geometric_mean;

static gt_status measure(bench *b, int layer, dnnl_engine_t engine, dnnl_stream_t stream, double peak, gt_table *table,
                         geometric_mean *mean) {
    test t = {.s = shape_of(layer), .runs = b->common->careful ? 8 : 3};
    const gt_conv_shape *s = &t.s;
    t.floats[SOURCE] = (size_t)(s->n * s->h * s->w * s->c);
    t.floats[WEIGHTS] = (size_t)(s->kh * s->kw * s->c * s->o);
    t.floats[RESULT] = (size_t)(s->n * s->p * s->q * s->o);
    size_t most = 0;
    for (int i = 0; i < TENSORS; i++) {
        if (t.floats[i] > most) most = t.floats[i];
        t.tensor[i] = gt_block_alloc(t.floats[i] * sizeof(float), "a tensor");
        if (t.tensor[i]) gt_random_normal((gt_key){.seed = 1, .stream = (uint32_t)i}, t.tensor[i], t.floats[i]);
    }
    float *out = gt_block_alloc(most * sizeof(float), "a result");
    char name[64];
    snprintf(name, sizeof name, "%lldx%lldx%lldx%lld %dx%d/%d", (long long)s->n, (long long)s->h, (long long)s->w,
             (long long)s->c, s->kh, s->kw, s->stride);
    bool fine = out && t.tensor[SOURCE] && t.tensor[WEIGHTS] && t.tensor[RESULT];
    for (int d = 0; d < 3 && fine; d++) {
        comparison c;
        t.s.direction = (gt_conv_direction)d;
        compare(&t, engine, stream, out, &c);
        double flops = gt_conv_flops(s);
        gt_table_row(table, name, (double)s->o, directions[d], flops / c.ours / 1e9, flops / c.ours / peak,
                     flops / c.own_choice / 1e9, flops / c.theirs / 1e9, c.own_choice / c.ours, c.theirs / c.ours,
                     c.our_error * 1e6, c.their_error * 1e6, c.name);
        mean->choice += log(c.own_choice / c.ours);
        mean->best += log(c.theirs / c.ours);
        mean->n++;
    }
    for (int i = 0; i < TENSORS; i++) gt_block_free(t.tensor[i], t.floats[i] * sizeof(float));
    gt_block_free(out, most * sizeof(float));
    return fine ? GT_OK : GT_NOMEM;
}

static gt_status run(bench *b) {
    static const gt_column columns[] = {{"layer", "layer", GT_COLUMN_TEXT},
                                        {"to", "to", 0},
                                        {"direction", "direction", GT_COLUMN_TEXT},
                                        {"ours", "our GF/s", 1},
                                        {"of_peak", "of FMA peak", 2},
                                        {"own_choice", "oneDNN's choice", 1},
                                        {"theirs", "its best GF/s", 1},
                                        {"own_ratio", "ours/choice", 2},
                                        {"ratio", "ours/best", 2},
                                        {"our_error", "our error e-6", 2},
                                        {"their_error", "its error e-6", 2},
                                        {"algorithm", "oneDNN's best", GT_COLUMN_TEXT}};
    const dnnl_version_t *v = dnnl_version();
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    omp_set_num_threads(1);
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) || dnnl_stream_create(&stream, engine, dnnl_stream_default_flags))
        return gt_fail(GT_FAILED, "oneDNN does not start");
    gt_results_say(b->results, "oneDNN", "%d.%d.%d, one thread", v->major, v->minor, v->patch);
    gt_results_say(b->results, "GF/s", "flops of the direct convolution / processor time, whatever the algorithm");
    double peak = bench_peak(b, NULL);
    geometric_mean mean = {0};
    gt_table *table = gt_results_table(b->results, "convolutions, one thread", columns,
                                       sizeof columns / sizeof *columns);
    gt_status st = GT_OK;
    for (size_t i = 0; i < sizeof layers / sizeof *layers && !st; i++)
        if (b->common->careful || !layers[i].careful) st = measure(b, (int)i, engine, stream, peak, table, &mean);
    if (!st)
        gt_results_say(b->results, "geometric mean",
                       "%.2f times what oneDNN chooses, %.2f times the best it has, over %d layers and directions",
                       exp(mean.choice / mean.n), exp(mean.best / mean.n), mean.n);
    dnnl_stream_destroy(stream);
    dnnl_engine_destroy(engine);
    return st;
}

BENCH_MAIN(.name = "conv_onednn", .help = "Our convolutions beside oneDNN's: ratio, and error against float64",
           .run = run)
