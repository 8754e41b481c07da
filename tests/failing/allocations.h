/* SPDX-License-Identifier: Apache-2.0
 * Memory that runs short on demand: these functions stand before libc's for the whole process, and the n-th allocation
 * fails. Counted are either the allocations of this program's own code, or those of the libraries it is linked with
 * (libc among them). Include it in one file of a program. GT_SHORTAGE_WRAPS: AddressSanitizer has functions of its own
 * before libc's, which must be there first. The linker then leads the program's own calls to these functions (--wrap,
 * see the Makefile), and libraries are not counted. */
#ifndef TESTS_FAILING_ALLOCATIONS_H
#define TESTS_FAILING_ALLOCATIONS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
    atomic_bool armed;
    atomic_long calls; /* counted since it was armed */
    long at;           /* which of them fails, from 1; 0: none */
    bool stays;        /* ... and all after it */
    bool others;       /* counted are those of the libraries, not of this program */
    bool list;         /* each call path is noted once, with the number of its first allocation */
    int notes;         /* an open file, or -1: which allocation failed and by which path, or the list */
    atomic_long hits;
} shortage = {.notes = -1};

enum { SHORTAGE_DEPTH = 48, SHORTAGE_PATHS = 1 << 18 };

static inline void arm_shortage(long at, bool stays) {
    atomic_store(&shortage.armed, false);
    shortage.at = at;
    shortage.stays = stays;
    atomic_store(&shortage.calls, 0);
    atomic_store(&shortage.hits, 0);
    atomic_store(&shortage.armed, true);
}

/* Whether an allocation failed. */
static inline bool disarm_shortage(void) {
    atomic_store(&shortage.armed, false);
    return atomic_load(&shortage.hits) > 0;
}

static inline void shortage_note_path(long number) {
    static _Atomic uint64_t seen[SHORTAGE_PATHS];
    void *path[SHORTAGE_DEPTH];
    uint64_t hash = 14695981039346656037u;
    int n = backtrace(path, SHORTAGE_DEPTH);
    for (int i = 2; i < n; i++) hash = (hash ^ (uint64_t)(uintptr_t)path[i]) * 1099511628211u;
    hash |= 1;
    bool fresh = false;
    for (uint64_t i = 0, place = hash >> 20; i < SHORTAGE_PATHS && !fresh; i++, place++) {
        uint64_t there = 0;
        fresh = atomic_compare_exchange_strong(&seen[place % SHORTAGE_PATHS], &there, hash);
        if (there == hash) return;
    }
    if (!fresh) return;
    char line[32];
    int length = snprintf(line, sizeof line, "%ld\n", number);
    if (write(shortage.notes, line, (size_t)length) < 0) abort();
}

/* Whether an allocation that returns to `caller` fails. What is done in here is not counted. */
static inline bool runs_short(const void *caller) {
    extern const char __executable_start, etext;
    static _Thread_local bool inside;
    if (!atomic_load(&shortage.armed) || inside) return false;
    bool own = (const char *)caller >= &__executable_start && (const char *)caller < &etext;
    if (own == shortage.others) return false;
    long number = atomic_fetch_add(&shortage.calls, 1) + 1;
    bool fails = shortage.at && (number == shortage.at || (shortage.stays && number > shortage.at));
    inside = true;
    if (shortage.list && shortage.notes >= 0) shortage_note_path(number);
    if (fails && atomic_fetch_add(&shortage.hits, 1) == 0 && shortage.notes >= 0) {
        void *path[SHORTAGE_DEPTH];
        backtrace_symbols_fd(path, backtrace(path, SHORTAGE_DEPTH), shortage.notes);
    }
    inside = false;
    if (fails) errno = ENOMEM;
    return fails;
}

#ifdef GT_SHORTAGE_WRAPS
#define SHORTAGE_BEFORE(result, name, declared, ...)                         \
    result __real_##name declared;                                           \
    result __wrap_##name declared {                                          \
        bool fails = runs_short(__builtin_return_address(0));                \
        return fails ? (result)SHORTAGE_FAILED : __real_##name(__VA_ARGS__); \
    }
#else
#define SHORTAGE_REAL(name)        \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define SHORTAGE_BEFORE(result, name, declared, ...)                                                  \
    result name declared {                                                                            \
        SHORTAGE_REAL(name);                                                                          \
        return runs_short(__builtin_return_address(0)) ? (result)SHORTAGE_FAILED : real(__VA_ARGS__); \
    }

#endif

#define SHORTAGE_FAILED 0
SHORTAGE_BEFORE(void *, malloc, (size_t bytes), bytes)
SHORTAGE_BEFORE(void *, calloc, (size_t n, size_t bytes), n, bytes)
SHORTAGE_BEFORE(void *, realloc, (void *old, size_t bytes), old, bytes)
SHORTAGE_BEFORE(void *, aligned_alloc, (size_t alignment, size_t bytes), alignment, bytes)
SHORTAGE_BEFORE(void *, memalign, (size_t alignment, size_t bytes), alignment, bytes)
SHORTAGE_BEFORE(char *, strdup, (const char *text), text)
SHORTAGE_BEFORE(char *, strndup, (const char *text, size_t bytes), text, bytes)
#undef SHORTAGE_FAILED
#define SHORTAGE_FAILED ENOMEM
SHORTAGE_BEFORE(int, posix_memalign, (void **memory, size_t alignment, size_t bytes), memory, alignment, bytes)
#undef SHORTAGE_FAILED
#define SHORTAGE_FAILED EAGAIN /* no memory for its stack */
SHORTAGE_BEFORE(int, pthread_create,
                (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg), thread,
                attributes, run, arg)
#undef SHORTAGE_FAILED
#define SHORTAGE_FAILED MAP_FAILED
SHORTAGE_BEFORE(void *, mmap, (void *at, size_t bytes, int protection, int flags, int fd, off_t offset), at, bytes,
                protection, flags, fd, offset)
SHORTAGE_BEFORE(void *, mmap64, (void *at, size_t bytes, int protection, int flags, int fd, off64_t offset), at, bytes,
                protection, flags, fd, offset)
#undef SHORTAGE_FAILED

#endif
