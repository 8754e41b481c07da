/* SPDX-License-Identifier: Apache-2.0
 * Choice of the instruction set at run time. */
#include "kernels/isa.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The version goes up whenever a kernel's summation order or a choice between kernels changes: old checkpoints then
 * say so instead of silently going on with other bits. */
#define SET_VERSION "-6"

static const struct {
    const char *name, *id;
} sets[GT_ISA_COUNT] = {
    [GT_ISA_PORTABLE] = {"portable", "portable" SET_VERSION},
    [GT_ISA_AVX2] = {"avx2", "avx2" SET_VERSION},
    [GT_ISA_AVX512] = {"avx512", "avx512" SET_VERSION},
};

static atomic_int chosen = -1; /* a gt_isa; -1: not chosen yet */

const char *gt_isa_name(gt_isa isa) { return sets[isa].name; }

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

static int find(const char *name) {
    for (int i = 0; i < GT_ISA_COUNT; i++)
        if (!strcmp(name, sets[i].name) || !strcmp(name, sets[i].id)) return i;
    return -1;
}

gt_status gt_isa_check_environment(void) {
    const char *name = getenv("GT_ISA");
    if (!name || !*name) return GT_OK;
    int isa = find(name);
    if (isa < 0) return gt_fail(GT_USAGE, "GT_ISA=%s: no such instruction set; use portable, avx2 or avx512", name);
    if (!gt_isa_available((gt_isa)isa)) return gt_fail(GT_USAGE, "GT_ISA=%s: this CPU does not have it; unset GT_ISA", name);
    return GT_OK;
}

gt_isa gt_isa_most(void) {
    int most = GT_ISA_COUNT - 1;
    while (!gt_isa_available((gt_isa)most)) most--;
    const char *name = getenv("GT_ISA");
    int wanted = name ? find(name) : -1;
    return (gt_isa)(wanted >= 0 && wanted < most ? wanted : most);
}

gt_isa gt_isa_now(void) {
    int now = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (now >= 0) return (gt_isa)now;
    now = (int)gt_isa_most();
    int unset = -1; /* a thread that came first, or gt_isa_set(), wins */
    return atomic_compare_exchange_strong(&chosen, &unset, now) ? (gt_isa)now : (gt_isa)unset;
}

const char *gt_isa_id(void) { return sets[gt_isa_now()].id; }

gt_status gt_isa_set(const char *name) {
    int isa = find(name);
    if (isa < 0)
        return gt_fail(GT_USAGE, "kernel set '%s' is not one of this program's (portable%s, avx2%s, avx512%s)", name, SET_VERSION,
                       SET_VERSION, SET_VERSION);
    if (!gt_isa_available((gt_isa)isa)) return gt_fail(GT_FAILED, "kernel set '%s' needs instructions this CPU does not have", name);
    atomic_store(&chosen, isa);
    return GT_OK;
}
