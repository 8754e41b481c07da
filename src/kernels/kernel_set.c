/* SPDX-License-Identifier: Apache-2.0
 * The table of kernel sets, and which of the sets this CPU can run. */
#include "kernels/kernel_set.h"

#include <stdio.h>
#include <string.h>

/* The version goes up whenever a kernel's summation order or a choice between kernels changes: old checkpoints then
 * say so instead of silently going on with other bits. */
#define SET_VERSION "-7"

const char *const gt_conv_modes[GT_CONV_MODES] = {"auto", "direct", "winograd"};

#if !defined(__x86_64__) /* sets that this CPU never has */
#define gt_gemm_avx2 gt_gemm_portable
#define gt_gemm_avx512 gt_gemm_portable
#define gt_mixture_avx2 gt_mixture_portable
#define gt_mixture_avx512 gt_mixture_portable
#endif

#define SET(isa, name, conv, suffix) \
    [conv] = {isa, conv, #name, #name SET_VERSION suffix, &gt_gemm_##name, &gt_mixture_##name}
#define ROW(isa, name)                                                                        \
    [isa] = {SET(isa, name, GT_CONV_AUTO, ""), SET(isa, name, GT_CONV_ALL_DIRECT, "-direct"), \
             SET(isa, name, GT_CONV_ALL_WINOGRAD, "-winograd")}
static const gt_kernel_set sets[GT_ISA_COUNT][GT_CONV_MODES] = {
    ROW(GT_ISA_PORTABLE, portable),
    ROW(GT_ISA_AVX2, avx2),
    ROW(GT_ISA_AVX512, avx512),
};

bool gt_isa_available(gt_isa isa) {
    if (isa == GT_ISA_PORTABLE) return true;
#if defined(__x86_64__)
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa == GT_ISA_AVX2) return avx2;
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

const gt_kernel_set *gt_kernel_set_best(void) {
    int isa = GT_ISA_COUNT - 1;
    while (!gt_isa_available((gt_isa)isa)) isa--;
    return &sets[isa][GT_CONV_AUTO];
}

/* By name or by id without a convolution mode; -1: there is none. */
static int find_isa(const char *name) {
    for (int i = 0; i < GT_ISA_COUNT; i++)
        if (!strcmp(name, sets[i]->name) || !strcmp(name, sets[i]->id)) return i;
    return -1;
}

static int find_conv(const char *name) {
    for (int i = 0; i < GT_CONV_MODES; i++)
        if (!strcmp(name, gt_conv_modes[i])) return i;
    return -1;
}

const gt_kernel_set *gt_kernel_set_with_isa(const gt_kernel_set *set, gt_isa isa) { return &sets[isa][set->conv]; }

const gt_kernel_set *gt_kernel_set_with_conv(const gt_kernel_set *set, const char *conv) {
    int mode = find_conv(conv);
    set = gt_kernel_set_or_best(set);
    return &sets[set->isa][mode < 0 ? (int)set->conv : mode];
}

gt_status gt_kernel_set_asked(const char *isa, const char *conv, const gt_kernel_set **set) {
    *set = gt_kernel_set_best();
    if (isa && *isa) {
        int wanted = find_isa(isa);
        if (wanted < 0)
            return gt_fail(GT_USAGE, "GT_ISA=%s: no such instruction set; use portable, avx2 or avx512", isa);
        if (!gt_isa_available((gt_isa)wanted))
            return gt_fail(GT_USAGE, "GT_ISA=%s: this CPU does not have it; unset GT_ISA", isa);
        *set = &sets[wanted][GT_CONV_AUTO];
    }
    if (!conv || !*conv) return GT_OK;
    if (find_conv(conv) < 0)
        return gt_fail(GT_USAGE, "GT_CONV=%s: convolution mode '%s': use auto, direct or winograd", conv, conv);
    *set = gt_kernel_set_with_conv(*set, conv);
    return GT_OK;
}

const char *gt_kernel_set_id(const gt_kernel_set *set) { return gt_kernel_set_or_best(set)->id; }

const char *gt_kernel_set_name(const gt_kernel_set *set) { return gt_kernel_set_or_best(set)->name; }

gt_status gt_kernel_set_adopt(const char *id, const gt_kernel_set **set) {
    char name[GT_KERNEL_SET_BYTES];
    snprintf(name, sizeof name, "%s", id);
    char *dash = strrchr(name, '-');
    int conv = dash ? find_conv(dash + 1) : -1;
    if (conv >= 0) *dash = 0;
    int isa = find_isa(name);
    bool available = isa >= 0 && gt_isa_available((gt_isa)isa);
    *set = &sets[available ? isa : (int)gt_kernel_set_or_best(*set)->isa][conv >= 0 ? conv : GT_CONV_AUTO];
    if (isa < 0)
        return gt_fail(GT_USAGE, "kernel set '%s' is not one of this program's (portable%s, avx2%s, avx512%s)", name,
                       SET_VERSION, SET_VERSION, SET_VERSION);
    return available ? GT_OK : gt_fail(GT_FAILED, "kernel set '%s' needs instructions this CPU does not have", name);
}
