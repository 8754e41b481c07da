/* SPDX-License-Identifier: Apache-2.0
 * The table of kernel sets, which of them this CPU can run, and the names of what they compute. */
#include "kernels/door/kernel_set.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Goes up whenever a kernel's summation order or a choice between kernels changes: old checkpoints then say so instead
 * of silently going on with other bits. */
#define VERSION "-9"

const char *const gt_conv_modes[GT_CONV_MODES] = {GT_CONV_MODE_LIST(GT_NAME)};

static const char *const arithmetics[GT_ARITHMETIC_COUNT] = {"fma" VERSION, "plain" VERSION, "unfused" VERSION};

/* Names of old files, the arithmetic of today that applies their networks with the same bits, and what else it does
 * with the same bits. fma-9 sums the gradients of weights in another order. */
static const struct {
    const char *name;
    gt_arithmetic is;
    bool mixtures;
} old_names[] = {
    {"fma-8", GT_ARITHMETIC_FMA, true},         {"plain-8", GT_ARITHMETIC_PLAIN, true},
    {"avx512-7", GT_ARITHMETIC_FMA, false},     {"avx2-7", GT_ARITHMETIC_FMA, false},
    {"portable-7", GT_ARITHMETIC_PLAIN, false},
};

/* What this CPU's architecture never has stands for what it has, and is never chosen. */
#if !defined(__x86_64__)
#define gt_gemm_avx2 gt_gemm_portable
#define gt_gemm_avx512 gt_gemm_portable
#define gt_mixture_avx2 gt_mixture_portable
#define gt_mixture_avx512 gt_mixture_portable
#endif
#if !defined(__aarch64__)
#define gt_gemm_neon gt_gemm_portable
#define gt_mixture_neon gt_mixture_portable
#endif

static const struct {
    const char *name;
    const gt_gemm_kernels *gemm;
    const gt_mixture_kernels *mixture;
} instructions[GT_ISA_COUNT] = {
#define ROW(isa, name) [isa] = {#name, &gt_gemm_##name, &gt_mixture_##name}
    ROW(GT_ISA_PORTABLE, portable),
    ROW(GT_ISA_NEON, neon),
    ROW(GT_ISA_AVX2, avx2),
    ROW(GT_ISA_AVX512, avx512),
};

static gt_kernel_set sets[GT_ISA_COUNT][GT_CONV_MODES];

/* Does the compiler assume fused multiply-adds of any CPU of this architecture? */
#if defined(__FP_FAST_FMAF) || defined(__aarch64__)
enum { PORTABLE_IS_FUSED = 1 };
#else
enum { PORTABLE_IS_FUSED = 0 };
#endif

/* Does the product become a part of a fused multiply-add? -O0 and sanitizers prevent it. -(1 + 2^-11) + (1 + 2^-12)^2
 * is 2^-24, and 0 where the product is rounded. */
static bool contracts(const gt_gemm_kernels *k) {
    static const float near_one = 1 + 0x1p-12f, a[GT_CHUNK] = {-(1 + 0x1p-11f), near_one};
    float b[2][GT_CHUNK], sum[GT_CHUNK], *const c = sum;
    gt_fetch none = {0};
    for (int i = 0; i < GT_CHUNK; i++) b[0][i] = 1, b[1][i] = near_one;
    k->micro[0][0][1](2, a, 0, b[0], GT_CHUNK, &c, 0, k->lanes, false, &none);
    return sum[0] == 0x1p-24f;
}

static gt_arithmetic arithmetic_of(gt_isa isa) {
    if (!gt_isa_available(isa) || contracts(instructions[isa].gemm)) return GT_ARITHMETIC_FMA;
    return isa == GT_ISA_PORTABLE && !PORTABLE_IS_FUSED ? GT_ARITHMETIC_PLAIN : GT_ARITHMETIC_UNFUSED;
}

static void fill_table(void) {
    for (int isa = 0; isa < GT_ISA_COUNT; isa++) {
        gt_arithmetic arithmetic = arithmetic_of((gt_isa)isa);
        for (int conv = 0; conv < GT_CONV_MODES; conv++) {
            gt_kernel_set *s = &sets[isa][conv];
            *s = (gt_kernel_set){.isa = (gt_isa)isa,
                                 .arithmetic = arithmetic,
                                 .conv = (gt_conv_mode)conv,
                                 .instructions = instructions[isa].name,
                                 .gemm = instructions[isa].gemm,
                                 .mixture = instructions[isa].mixture};
            snprintf(s->id, sizeof s->id, "%s%s%s", arithmetics[arithmetic], conv ? "-" : "",
                     conv ? gt_conv_modes[conv] : "");
        }
    }
}

static const gt_kernel_set *set_of(gt_isa isa, gt_conv_mode conv) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_table);
    return &sets[isa][conv];
}

bool gt_isa_available(gt_isa isa) {
    if (isa == GT_ISA_PORTABLE) return true;
#if defined(__x86_64__)
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa == GT_ISA_AVX2) return avx2;
    return isa == GT_ISA_AVX512 && avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    return isa == GT_ISA_NEON;
#else
    return false;
#endif
}

const gt_kernel_set *gt_kernel_set_best(void) {
    int isa = GT_ISA_COUNT - 1;
    while (!gt_isa_available((gt_isa)isa)) isa--;
    return set_of((gt_isa)isa, GT_CONV_AUTO);
}

static int find_conv(const char *name) {
    for (int i = 0; i < GT_CONV_MODES; i++)
        if (!strcmp(name, gt_conv_modes[i])) return i;
    return -1;
}

const gt_kernel_set *gt_kernel_set_with_isa(const gt_kernel_set *set, gt_isa isa) { return set_of(isa, set->conv); }

const gt_kernel_set *gt_kernel_set_with_conv(const gt_kernel_set *set, const char *conv) {
    int mode = find_conv(conv);
    set = gt_kernel_set_or_best(set);
    return set_of(set->isa, mode < 0 ? set->conv : (gt_conv_mode)mode);
}

const gt_kernel_set *gt_kernel_set_with_arithmetic(const gt_kernel_set *set, gt_arithmetic wanted) {
    for (int isa = (int)set->isa; isa >= 0; isa--) {
        const gt_kernel_set *s = set_of((gt_isa)isa, set->conv);
        if (gt_isa_available(s->isa) && s->arithmetic == wanted) return s;
    }
    return NULL;
}

gt_status gt_kernel_set_asked(const char *isa, const char *conv, const gt_kernel_set **set) {
    *set = gt_kernel_set_best();
    if (isa && *isa) {
        int wanted = GT_ISA_COUNT;
        while (wanted-- > 0 && strcmp(isa, instructions[wanted].name)) continue;
        if (wanted < 0)
            return gt_fail(GT_USAGE, "GT_ISA=%s: no such set of instructions; use portable, neon, avx2 or avx512", isa);
        if (!gt_isa_available((gt_isa)wanted))
            return gt_fail(GT_USAGE, "GT_ISA=%s: this CPU does not have it; unset GT_ISA", isa);
        *set = set_of((gt_isa)wanted, GT_CONV_AUTO);
    }
    if (!conv || !*conv) return GT_OK;
    if (find_conv(conv) < 0)
        return gt_fail(GT_USAGE, "GT_CONV=%s: convolution mode '%s': use auto, direct or winograd", conv, conv);
    *set = gt_kernel_set_with_conv(*set, conv);
    return GT_OK;
}

const char *gt_kernel_set_arithmetic(const gt_kernel_set *set) { return gt_kernel_set_or_best(set)->id; }

const char *gt_kernel_set_instructions(const gt_kernel_set *set) { return gt_kernel_set_or_best(set)->instructions; }

/* The name of the arithmetic alone; the convolution mode, -1: none. */
static int split(const char *id, char name[GT_KERNEL_SET_BYTES]) {
    snprintf(name, GT_KERNEL_SET_BYTES, "%s", id);
    char *dash = strrchr(name, '-');
    int conv = dash ? find_conv(dash + 1) : -1;
    if (conv >= 0) *dash = 0;
    return conv;
}

bool gt_kernel_set_has_bits(const char *id, gt_bits of) {
    char name[GT_KERNEL_SET_BYTES];
    (void)split(id, name);
    for (int i = 0; i < GT_ARITHMETIC_COUNT; i++)
        if (!strcmp(name, arithmetics[i])) return true;
    for (size_t i = 0; i < sizeof old_names / sizeof *old_names; i++)
        if (!strcmp(name, old_names[i].name)) return of == GT_BITS_OF_MIXTURES && old_names[i].mixtures;
    return false;
}

/* GT_ARITHMETIC_COUNT: there is none of this name. */
static gt_arithmetic find_arithmetic(const char *name) {
    for (int i = 0; i < GT_ARITHMETIC_COUNT; i++)
        if (!strcmp(name, arithmetics[i])) return (gt_arithmetic)i;
    for (size_t i = 0; i < sizeof old_names / sizeof *old_names; i++)
        if (!strcmp(name, old_names[i].name)) return old_names[i].is;
    return GT_ARITHMETIC_COUNT;
}

gt_status gt_kernel_set_adopt(const char *id, const gt_kernel_set **set) {
    char name[GT_KERNEL_SET_BYTES];
    int conv = split(id, name);
    *set = set_of(gt_kernel_set_or_best(*set)->isa, conv >= 0 ? (gt_conv_mode)conv : GT_CONV_AUTO);
    gt_arithmetic wanted = find_arithmetic(name);
    if (wanted == GT_ARITHMETIC_COUNT)
        return gt_fail(GT_USAGE, "arithmetic '%s' is not one of this program's (%s, %s, %s)", name, arithmetics[0],
                       arithmetics[1], arithmetics[2]);
    const gt_kernel_set *found = gt_kernel_set_with_arithmetic(*set, wanted);
    if (!found)
        return gt_fail(GT_FAILED, "arithmetic '%s' %s", name,
                       wanted == GT_ARITHMETIC_UNFUSED
                           ? "belongs to a program built without optimisation"
                           : "needs instructions that this CPU does not have, or that GT_ISA excludes");
    *set = found;
    return GT_OK;
}
