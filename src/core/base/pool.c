/* SPDX-License-Identifier: Apache-2.0
 * The pool of threads.
 *
 * The tiles of a job are cut into ranges of equal length, one for each thread (at most RANGES: then a few threads
 * share one). A thread begins with its own range, and helps with the others when that is empty. Kernels cut the same
 * arrays in the same order, so most of what a thread reads is what it wrote in the kernel before, and lies in the cache
 * of its core: with small networks two threads were 1.2 times as fast as with one range for all (median of nine turns,
 * Zen 5).
 *
 * A job is published by writing its fields and then each range's `ticket` = (job number, first free tile). A thread
 * takes a tile by compare-and-swap on the ticket. If that succeeds, the fields it read between are the current job's,
 * and they stay until the thread says that its tiles are done, once for all it took of a range: so a thread that wakes
 * late can never touch an old job, and the caller need not wait for threads that sleep. While the fields change the
 * tickets are closed (a tile number beyond any), or a thread could pair an old ticket with new fields.
 *
 * What different threads write lies on cache lines of its own.
 *
 * Waiting: a short spin, then futex sleep. No spin when the process has fewer cores than threads: there the waiting
 * thread would take the core from the one it waits for. */
#define _GNU_SOURCE
#include "base/door/pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/door/thread.h"
#include "gantry/status.h"

enum {
    SPINS = 4000, /* some 20 to 100 microseconds: longer than the gap between two kernels */
    MAX_THREADS = 4096,
    RANGES = 16, /* each thread looks into all of them before it waits */
    LINE = 64    /* bytes of a cache line */
};

static const uint32_t CLOSED = 0xffffffff;

typedef struct worker {
    gt_pool *pool;
    pthread_t thread;
    int index;
} worker;

struct gt_pool {
    int threads, started;
    atomic_int spins;
    unsigned jobs; /* begun so far; the caller's own count */
    atomic_bool ending;
    _Alignas(LINE) _Atomic(gt_tile_fn *) fn;
    _Atomic(void *) arg;
    atomic_int tiles;
    int ranges;
    struct {
        _Alignas(LINE) _Atomic uint64_t ticket; /* job << 32 | next free tile, or CLOSED */
    } range[RANGES];
    _Alignas(LINE) atomic_uint job; /* the newest job published; workers sleep on this */
    atomic_int sleepers;
    _Alignas(LINE) atomic_uint done; /* tiles finished of this job; the caller sleeps on this */
    atomic_bool caller_sleeps;
    worker workers[];
};

static void futex_wait(atomic_uint *word, unsigned expected) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word, int threads) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, NULL, NULL, 0);
}

static inline void pause_core(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* The first tile of a range; of the range after the last one: how many tiles there are. */
static unsigned first_tile(const gt_pool *p, int range, unsigned tiles) {
    return (unsigned)((uint64_t)range * tiles / (unsigned)p->ranges);
}

/* Take tiles of one range of the current job until none is free. */
static void work_range(gt_pool *p, int range, int index) {
    unsigned taken = 0, tiles;
    uint64_t ticket = atomic_load(&p->range[range].ticket);
    for (;;) {
        gt_tile_fn *fn = atomic_load(&p->fn);
        void *arg = atomic_load(&p->arg);
        unsigned tile = (unsigned)ticket;
        tiles = (unsigned)atomic_load(&p->tiles); /* of one job from the first that is taken on: it cannot end before */
        if (tile >= first_tile(p, range + 1, tiles)) break; /* nothing free, or closed: the job to open is announced */
        if (!atomic_compare_exchange_weak(&p->range[range].ticket, &ticket, ticket + 1)) continue;
        fn(arg, (int)tile, index);
        taken++;
        ticket = atomic_load(&p->range[range].ticket);
    }
    if (taken && atomic_fetch_add(&p->done, taken) + taken == tiles && atomic_load(&p->caller_sleeps))
        futex_wake(&p->done, 1);
}

static void work(gt_pool *p, int index) {
    int own = (int)((int64_t)index * p->ranges / p->threads);
    for (int i = 0; i < p->ranges; i++) work_range(p, (own + i) % p->ranges, index);
}

static void *worker_main(void *arg) {
    worker *w = arg;
    gt_pool *p = w->pool;
    unsigned seen = 0;
    for (;;) {
        for (int i = 0, n = atomic_load(&p->spins);
             i < n && atomic_load_explicit(&p->job, memory_order_relaxed) == seen; i++)
            pause_core();
        atomic_fetch_add(&p->sleepers, 1);
        while (atomic_load(&p->job) == seen) futex_wait(&p->job, seen);
        atomic_fetch_sub(&p->sleepers, 1);
        seen = atomic_load(&p->job);
        if (atomic_load(&p->ending)) return NULL;
        work(p, w->index);
    }
}

static void announce(gt_pool *p, int wanted) {
    atomic_fetch_add(&p->job, 1);
    if (atomic_load(&p->sleepers) > 0) futex_wake(&p->job, wanted);
}

static int cores_allowed(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN); /* more cores than a cpu_set_t holds */
}

gt_pool *gt_pool_new(int threads) {
    if (threads < 1 || threads > MAX_THREADS) {
        gt_fail(GT_USAGE, "%d threads: must be 1 to %d", threads, MAX_THREADS);
        return NULL;
    }
    size_t bytes = sizeof(gt_pool) + (size_t)(threads - 1) * sizeof(worker);
    gt_pool *p = aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
    if (!p) {
        gt_fail(GT_NOMEM, "out of memory for a pool of %d threads", threads);
        return NULL;
    }
    memset(p, 0, bytes);
    p->threads = threads;
    p->ranges = threads < RANGES ? threads : RANGES;
    gt_pool_spin(p, cores_allowed() >= threads);
    int error = 0;
    for (int i = 0; i < threads - 1 && !error; i++) {
        p->workers[i] = (worker){.pool = p, .index = i + 1};
        error = gt_thread_start(&p->workers[i].thread, worker_main, &p->workers[i]);
        if (!error) p->started++;
    }
    if (error) {
        gt_fail(GT_FAILED,
                "cannot start thread %d of %d: %s; ask for fewer (--threads) or raise the limit of memory or processes "
                "(ulimit -v, -u)",
                p->started + 1, threads, strerror(error));
        gt_pool_free(p);
        return NULL;
    }
    return p;
}

void gt_pool_free(gt_pool *p) {
    if (!p) return;
    atomic_store(&p->ending, true);
    announce(p, p->started);
    for (int i = 0; i < p->started; i++) pthread_join(p->workers[i].thread, NULL);
    free(p);
}

int gt_pool_threads(const gt_pool *p) { return p ? p->threads : 1; }

void gt_pool_spin(gt_pool *p, bool on) {
    if (p) atomic_store(&p->spins, on ? SPINS : 0);
}

void gt_pool_run(gt_pool *p, int tiles, gt_tile_fn *fn, void *arg) {
    if (!p || p->threads == 1 || tiles <= 1) {
        for (int tile = 0; tile < tiles; tile++) fn(arg, tile, 0);
        return;
    }
    uint64_t job = ++p->jobs;
    for (int i = 0; i < p->ranges; i++) atomic_store(&p->range[i].ticket, job << 32 | CLOSED);
    atomic_store(&p->fn, fn);
    atomic_store(&p->arg, arg);
    atomic_store(&p->tiles, tiles);
    atomic_store(&p->done, 0);
    for (int i = 0; i < p->ranges; i++)
        atomic_store(&p->range[i].ticket, job << 32 | first_tile(p, i, (unsigned)tiles));
    announce(p, tiles - 1 < p->threads - 1 ? tiles - 1 : p->threads - 1);
    work(p, 0);
    for (int i = 0, n = atomic_load(&p->spins); i < n && atomic_load(&p->done) != (unsigned)tiles; i++) pause_core();
    unsigned done = atomic_load(&p->done);
    if (done == (unsigned)tiles) return;
    atomic_store(&p->caller_sleeps, true);
    while ((done = atomic_load(&p->done)) != (unsigned)tiles) futex_wait(&p->done, done);
    atomic_store(&p->caller_sleeps, false);
}
