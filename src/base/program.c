/* SPDX-License-Identifier: Apache-2.0
 * The running program (gantry/program.h). */
#define _GNU_SOURCE
#include "base/door/program.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/door/clock.h"

static const char link_to_self[] = "/proc/self/exe";

void gt_program_path(char path[GT_PROGRAM_PATH_BYTES]) {
    ssize_t n = readlink(link_to_self, path, GT_PROGRAM_PATH_BYTES - 1);
    path[n > 0 ? n : 0] = 0;
}

void gt_program_folder(char folder[GT_PROGRAM_PATH_BYTES]) {
    gt_program_path(folder);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
}

/* By its own path, or top and pkill would know it as "exe"; by the link where the file has been moved since. */
void gt_program_again(char **argv) {
    char self[GT_PROGRAM_PATH_BYTES];
    gt_program_path(self);
    execv(self, argv);
    execv(link_to_self, argv);
}

uint64_t gt_random_tag(void) {
    uint64_t number;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number) return number;
    return (uint64_t)getpid() * 2654435761u << 32 ^ (uint64_t)(gt_clock() * 1e9); /* early in the boot of a host */
}

/* ---- a stack that is large enough ---- */

/* The limit of the stack itself stays: most processes are not allowed to raise it. The function runs in the main
 * thread, which handles the signals. */
enum { STACK_BYTES = 8 << 20 }; /* what systems give main() */

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

int gt_with_stack(size_t enough, int (*run)(int, char **), int argc, char **argv) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur >= enough) return run(argc, argv);
    static ucontext_t before, inside;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, page, PROT_NONE) || getcontext(&inside)) {
        fprintf(stderr,
                "gantry: the stack limit of %zu KB is too small, and there is no memory for another stack: ulimit -s "
                "8192\n",
                (size_t)limit.rlim_cur >> 10);
        return -1;
    }
    give_threads_enough();
    call.run = run, call.argc = argc, call.argv = argv;
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = STACK_BYTES;
    inside.uc_link = &before;
    makecontext(&inside, run_it, 0);
    swapcontext(&before, &inside);
    munmap(stack, STACK_BYTES);
    return call.status;
}
