/* SPDX-License-Identifier: Apache-2.0
 * Convolution layers of the recipes: three directions of each kernel, one thread, weights packed ahead (once per update
 * in training). GF/s count the direct convolution's flops, whatever the kernel does; the ratio is to the FMA peak of
 * this run. `*` marks the kernel that gt_conv_choose() takes. `conv [--json] [--quick] [--nets]`: --nets: those of
 * classifiers alone. */
#include <stdlib.h>

#include "bench.h"
#include "base/door/memory.h"
#include "base/door/random.h"
#include "kernels/door/conv.h"

#define SAME(N, H, C, O, K)                                                                                      \
    {                                                                                                            \
        .n = N, .h = H, .w = H, .c = C, .p = H, .q = H, .o = O, .kh = K, .kw = K, .stride = 1, .pad_top = K / 2, \
        .pad_left = K / 2, .groups = 1                                                                           \
    }
/* Between an image of 2H + 1 and one of H pixels: down after the filter, or up before it (as the input gradient). */
#define HALF(N, H, C, O)                                                                                       \
    {                                                                                                          \
        .n = N, .h = 2 * H + 1, .w = 2 * H + 1, .c = C, .p = H, .q = H, .o = O, .kh = 3, .kw = 3, .stride = 2, \
        .groups = 1                                                                                            \
    }

/* Between images of 2H and H pixels, by 4x4 windows: DCGAN. */
#define FOUR(N, H, C, O)                                                                                             \
    {                                                                                                                \
        .n = N, .h = 2 * H, .w = 2 * H, .c = C, .p = H, .q = H, .o = O, .kh = 4, .kw = 4, .stride = 2, .pad_top = 1, \
        .pad_left = 1, .groups = 1                                                                                   \
    }

#define DEPTHWISE(N, H, C, S)                                                                                        \
    {                                                                                                                \
        .n = N, .h = H, .w = H, .c = C, .p = H / S, .q = H / S, .o = C, .kh = 3, .kw = 3, .stride = S, .pad_top = 1, \
        .pad_left = 1, .groups = C                                                                                   \
    }

/* From HxH to PxP pixels, windows of KxK with stride S and padding D. */
#define CONV(N, H, C, P, O, K, S, D)                                                                         \
    {                                                                                                        \
        .n = N, .h = H, .w = H, .c = C, .p = P, .q = P, .o = O, .kh = K, .kw = K, .stride = S, .pad_top = D, \
        .pad_left = D, .groups = 1                                                                           \
    }

static const gt_conv_shape shapes[] = {
    SAME(8, 32, 512, 512, 3),  SAME(8, 16, 512, 512, 3),  SAME(8, 8, 512, 512, 3),  SAME(8, 4, 512, 512, 3),
    SAME(4, 64, 256, 256, 3),  SAME(2, 128, 128, 128, 3), SAME(1, 256, 64, 64, 3),  SAME(1, 256, 32, 32, 3),
    SAME(16, 32, 128, 128, 3), HALF(8, 16, 512, 512),     HALF(8, 8, 512, 512),     HALF(1, 128, 128, 64),
    SAME(8, 32, 3, 512, 1),    SAME(8, 32, 512, 3, 1),    SAME(8, 16, 512, 512, 1), FOUR(64, 32, 3, 64),
    FOUR(64, 16, 64, 128),     FOUR(64, 8, 128, 256),     FOUR(64, 4, 256, 512),
};
/* Of classifiers. */
static const gt_conv_shape nets[] = {
    DEPTHWISE(8, 112, 32, 1),
    DEPTHWISE(8, 56, 144, 1),
    DEPTHWISE(8, 56, 144, 2),
    DEPTHWISE(8, 14, 384, 1),
    SAME(128, 28, 1, 16, 3),
    SAME(128, 28, 1, 6, 5),
    CONV(128, 28, 1, 24, 30, 5, 1, 0),
    CONV(128, 14, 6, 10, 16, 5, 1, 0),
    SAME(128, 28, 16, 16, 3),
    SAME(128, 14, 16, 32, 3),
    SAME(32, 32, 3, 64, 3),
    CONV(8, 224, 3, 112, 64, 7, 2, 3),
    CONV(8, 224, 3, 112, 32, 3, 2, 1),
    SAME(8, 224, 3, 64, 3),
    SAME(8, 224, 64, 64, 3),
    SAME(8, 28, 32, 96, 5),
    SAME(8, 112, 32, 16, 1),
    SAME(8, 112, 16, 96, 1),
    SAME(8, 56, 24, 144, 1),
    SAME(8, 56, 144, 24, 1),
    SAME(8, 56, 64, 64, 1),
    SAME(8, 56, 64, 256, 1),
    SAME(8, 56, 256, 64, 1),
    SAME(8, 28, 512, 128, 1),
    SAME(8, 14, 256, 1024, 1),
    SAME(8, 7, 2048, 512, 1),
    CONV(8, 56, 64, 28, 128, 1, 2, 0),
    CONV(8, 56, 64, 28, 128, 3, 2, 1),
    CONV(8, 56, 256, 28, 512, 1, 2, 0),
};
enum { SHAPES = sizeof shapes / sizeof *shapes, QUICK_SHAPES = 2, NETS = sizeof nets / sizeof *nets };
static const char *const directions[] = {"forward", "input", "weight"};

static size_t largest(size_t a, size_t b) { return a > b ? a : b; }

/* A block of normal numbers, its size in *bytes. */
static float *numbers(size_t count, uint32_t stream, size_t *bytes) {
    *bytes = largest(count, 1) * sizeof(float);
    float *x = gt_block_alloc(*bytes, "benchmark data");
    if (!x) exit(1);
    gt_random_normal((gt_key){.seed = 1, .stream = stream}, x, count);
    return x;
}

/* Flops per second, best of a few runs. */
static double rate(const gt_conv_shape *s, const gt_conv_algorithm *by) {
    gt_conv_direction d = s->direction;
    size_t floats[3] = {(size_t)(s->n * s->h * s->w * s->c), (size_t)(s->kh * s->kw * (s->c / s->groups) * s->o),
                        (size_t)(s->n * s->p * s->q * s->o)};
    size_t bytes[5];
    float *tensor[3], *packed = NULL;
    for (int i = 0; i < 3; i++) tensor[i] = numbers(floats[i], (uint32_t)i, &bytes[i]);
    float *x = tensor[0], *w = tensor[1], *y = tensor[2];
    bool packs = d != GT_CONV_WEIGHT_GRAD;
    if (packs) {
        packed = numbers(by->packed_floats(s), 3, &bytes[3]);
        by->pack(s, NULL, w, packed);
    }
    bytes[4] = largest(by->workspace(s, packs, 1), 1);
    void *workspace = gt_block_alloc(bytes[4], "workspace");
    if (!workspace) exit(1);
    const float *in[GT_CONV_INPUTS] = {d == GT_CONV_INPUT_GRAD ? y : x, packs ? w : y, packed};
    float *out = d == GT_CONV_FORWARD ? y : d == GT_CONV_INPUT_GRAD ? x : w;
    double best = 0, flops = gt_conv_flops(s);
    for (int i = 0; i < 4; i++) { /* the first touches the memory */
        double start = bench_now();
        by->run(s, NULL, workspace, in, out);
        double now = flops / (bench_now() - start);
        if (now > best) best = now;
    }
    for (int i = 0; i < 3; i++) gt_block_free(tensor[i], bytes[i]);
    if (packs) gt_block_free(packed, bytes[3]);
    gt_block_free(workspace, bytes[4]);
    return best;
}

int main(int argc, char **argv) {
    bool flags[3] = {false};
    bench_read_flags(argc, argv, "conv [--json] [--quick] [--nets]",
                     (const char *[]){"--json", "--quick", "--nets", NULL}, flags);
    const bool json = flags[0], quick = flags[1];
    bench_print_environment(stderr);
    double peak = bench_fma_peak(bench_kernels());
    if (json) printf("{\"kernel_set\": \"%s\", \"peak_gflops\": %.1f, \"layers\": [", bench_kernels()->id, peak * 1e-9);
    else
        printf("%s, FMA peak %.0f GF/s\n%-34s %-10s %-7s %9s %8s\n", bench_kernels()->id, peak * 1e-9, "layer",
               "kernel", "", "GF/s", "of peak");
    const char *separator = "";
    for (int i = flags[2] ? SHAPES : 0; i < (quick ? QUICK_SHAPES : SHAPES + NETS); i++)
        for (int k = GT_CONV_DIRECT; k < GT_CONV_KERNELS; k++)
            for (int d = 0; d < 3; d++) {
                gt_conv_shape with = i < SHAPES ? shapes[i] : nets[i - SHAPES], *s = &with;
                with.kernels = bench_kernels();
                with.direction = (gt_conv_direction)d;
                if (!gt_conv_algorithms[k]->possible(s)) continue;
                bool chosen = gt_conv_choose(s, false) == (gt_conv_kernel)k;
                double r = rate(s, gt_conv_algorithms[k]);
                char layer[64];
                snprintf(layer, sizeof layer, "%lldx%lldx%lldx%lld %dx%d/%d to %lld", (long long)s->n, (long long)s->h,
                         (long long)s->w, (long long)s->c, s->kh, s->kw, s->stride, (long long)s->o);
                const char *kernel = gt_conv_algorithms[k]->name;
                if (json)
                    printf("%s\n{\"layer\": \"%s\", \"kernel\": \"%s\", \"direction\": \"%s\", \"chosen\": %s, "
                           "\"gflops\": %.1f, \"of_peak\": %.3f}",
                           separator, layer, kernel, directions[d], chosen ? "true" : "false", r * 1e-9, r / peak);
                else
                    printf("%-34s %-9s%c %-7s %9.1f %8.2f\n", layer, kernel, chosen ? '*' : ' ', directions[d],
                           r * 1e-9, r / peak);
                separator = ",";
                fflush(stdout);
            }
    if (json) printf("\n]}\n");
    return 0;
}
