/* SPDX-License-Identifier: Apache-2.0
 * Calls a function on a stack that is large enough (stack.h). The limit of the stack itself stays: most processes
 * are not allowed to raise it. The function runs in the main thread, which handles the signals. */
#define _GNU_SOURCE
#include "base/stack.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

static struct {
    int (*run)(int, char **);
    int argc, status;
    char **argv;
} call;

static void run_it(void) { call.status = call.run(call.argc, call.argv); }

/* Libraries start threads, too, and those get the limit as their size. */
static void give_threads_enough(void) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes)) return;
    pthread_attr_setstacksize(&attributes, GT_THREAD_STACK_BYTES);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

int gt_with_stack(size_t least, int (*run)(int, char **), int argc, char **argv) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur >= least) return run(argc, argv);
    static ucontext_t before, inside;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *stack = mmap(NULL, GT_STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, page, PROT_NONE) || getcontext(&inside)) {
        fprintf(stderr,
                "gantry: the limit of the stack is %zu KB, which is too little, and there is no memory for another: "
                "ulimit -s 8192\n",
                (size_t)limit.rlim_cur >> 10);
        return -1;
    }
    give_threads_enough();
    call.run = run, call.argc = argc, call.argv = argv;
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = GT_STACK_BYTES;
    inside.uc_link = &before;
    makecontext(&inside, run_it, 0);
    swapcontext(&before, &inside);
    munmap(stack, GT_STACK_BYTES);
    return call.status;
}
