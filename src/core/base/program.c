/* SPDX-License-Identifier: Apache-2.0
 * The running program (gantry/program.h). */
#define _GNU_SOURCE
#include "base/door/program.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/door/clock.h"

/* ---- this program, and what comes with Gantry ---- */

/* Leads to the file of this program, if this is gantry; NULL: another one, with the library. */
static const char *gantry;

void gt_program_is_gantry(const char *link) { gantry = link; }

/* The path without links; "": it is too long, or leads nowhere. */
static void settle(const char *found, char path[GT_PROGRAM_PATH_BYTES]) {
    GT_FREED char *real = realpath(found, NULL);
    if (!real || snprintf(path, GT_PROGRAM_PATH_BYTES, "%s", real) >= GT_PROGRAM_PATH_BYTES) *path = 0;
}

static void cut_name(char *path) {
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
}

static void follow(char path[GT_PROGRAM_PATH_BYTES]) {
    ssize_t n = readlink(gantry, path, GT_PROGRAM_PATH_BYTES - 1);
    path[n > 0 ? n : 0] = 0;
}

static const char *started_as(void) { return (const char *)(uintptr_t)getauxval(AT_EXECFN); }

void gt_program_folder(char folder[GT_PROGRAM_PATH_BYTES]) {
    if (gantry) follow(folder);
    else settle(started_as(), folder);
    cut_name(folder);
}

void gt_library_folder(char folder[GT_PROGRAM_PATH_BYTES]) {
    Dl_info info;
    struct link_map *loaded = NULL;
    bool shared = dladdr1(&gantry, &info, (void **)&loaded, RTLD_DL_LINKMAP) && *loaded->l_name;
    if (shared) settle(loaded->l_name, folder);
    else gt_program_folder(folder);
    if (shared) cut_name(folder);
}

/* The first of these places, as seen from the library, that has the program; none: false, and the path in the last. */
static bool beside_library(const char *const *place, const char *name, char path[GT_PROGRAM_PATH_BYTES]) {
    char folder[GT_PROGRAM_PATH_BYTES];
    gt_library_folder(folder);
    for (; *place; place++) {
        int n = snprintf(path, GT_PROGRAM_PATH_BYTES, "%s/%s/%s", folder, *place, name);
        if (n < GT_PROGRAM_PATH_BYTES && !access(path, X_OK)) return true;
    }
    return false;
}

void gt_program_helper(const char *name, char path[GT_PROGRAM_PATH_BYTES]) {
    /* from build, whose neighbours may be anybody's; from PREFIX/bin, PREFIX/lib and build/tests; from Debian's
     * /usr/lib/ARCHITECTURE; and where it ought to be */
    static const char *const places[] = {"libexec/gantry", "../libexec/gantry", "../../libexec/gantry",
                                         "../libexec/gantry", NULL};
    char installed[GT_PROGRAM_PATH_BYTES];
    if (beside_library(places, name, path)) return;
    snprintf(installed, sizeof installed, "%s/%s", GT_LIBEXEC, name);
    if (!access(installed, X_OK)) strcpy(path, installed);
}

void gt_program_path(char path[GT_PROGRAM_PATH_BYTES]) {
    static const char *const places[] = {"../bin", ".", "..", "../../bin", "../bin", NULL};
    if (gantry) follow(path);
    else beside_library(places, "gantry", path);
}

/* By its own path, or top and pkill would know it as "exe"; by the link where the file has been moved since. */
void gt_program_again(char **argv) {
    char self[GT_PROGRAM_PATH_BYTES];
    if (gantry) {
        follow(self);
        execv(self, argv);
    }
    execv(gantry ? gantry : started_as(), argv);
}

void gt_program_become(char **argv) {
    if (gantry) gt_program_again(argv);
    execv(argv[0], argv);
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
