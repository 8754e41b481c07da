/* SPDX-License-Identifier: Apache-2.0
 * GT_CLONES before a function compiles it for AVX2 too and picks at load time. Bits stay the same: integer work and
 * float arithmetic without contraction do not depend on the vector width. Sanitizers and ifunc resolvers do not mix. */
#ifndef GANTRY_BASE_CLONES_H
#define GANTRY_BASE_CLONES_H

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define GT_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define GT_CLONES
#endif

#endif
