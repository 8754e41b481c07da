/* SPDX-License-Identifier: Apache-2.0
 * GT_CLONES before a function compiles it for AVX2 and AVX-512 too and picks at load time. Bits stay the same: integer
 * work and float arithmetic without contraction do not depend on the vector width. Sanitizers and ifunc resolvers do
 * not mix. */
#ifndef GANTRY_BASE_DOOR_CLONES_H
#define GANTRY_BASE_DOOR_CLONES_H

#if !defined(__x86_64__) || !defined(__gnu_linux__) || defined(__clang__) || defined(__SANITIZE_ADDRESS__) || \
    defined(__SANITIZE_THREAD__)
#define GT_CLONES
#elif __GNUC__ >= 12
#define GT_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else /* older compilers know no such architecture here */
#define GT_CLONES __attribute__((target_clones("avx2", "default")))
#endif

/* Before a loop whose turns do not depend on each other: it may become one of vectors. clang, whose form of the pragma
 * is an error where a loop stays as it is, decides by itself. */
#ifdef __clang__
#define GT_INDEPENDENT
#else
#define GT_INDEPENDENT _Pragma("GCC ivdep")
#endif
/* A part of a function with clones, compiled with it. */
#define GT_PART_OF_CLONES static inline __attribute__((always_inline))

#endif
