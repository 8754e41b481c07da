/* SPDX-License-Identifier: Apache-2.0
 * The program gantry, or the one that checks HDF5 files, with memory that runs short, as environment variables say:
 *     SHORT_AT=N         the N-th allocation fails; 0: none
 *     SHORT_STAYS=1      all after that one fail, too
 *     SHORT_OTHERS=1     counted are the allocations of libraries instead of those of gantry
 *     SHORT_RANK=R       only on rank R of a group
 *     SHORT_NOTES=FILE   gets the call path of the allocation that fails, and the one of a crash; with SHORT_AT=0: for
 *                        each call path the number of
 *                        its first allocation
 * Each of an arena's allocations is one of its own here (see the Makefile), and counting begins with main(). */
#include "allocations.h"

#include <fcntl.h>
#include <signal.h>

int gantry_main(int argc, char **argv);

static bool meant(void) {
    const char *rank = getenv("SHORT_RANK"), *own = getenv("OMPI_COMM_WORLD_RANK");
    return !rank || (own && !strcmp(rank, own));
}

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static void note_crash(int signal) {
    void *path[SHORTAGE_DEPTH];
    if (write(shortage.notes, "crash\n", 6) == 6)
        backtrace_symbols_fd(path, backtrace(path, SHORTAGE_DEPTH), shortage.notes);
    raise(signal); /* as if nobody had looked: the handler is there once */
}

int main(int argc, char **argv) {
    const char *at = getenv("SHORT_AT"), *notes = getenv("SHORT_NOTES");
    void *path[1];
    if (!at || !meant()) return gantry_main(argc, argv);
    backtrace(path, 1); /* what it loads, it loads now */
    shortage.others = getenv("SHORT_OTHERS");
    shortage.list = !atol(at);
    if (notes) shortage.notes = open(notes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    /* a crash may be the end of the stack: libhdf5 calls itself for ever where an error of its first call fails */
    static char stack[1 << 16];
    struct sigaction once = {.sa_handler = note_crash, .sa_flags = (int)SA_RESETHAND | SA_ONSTACK};
    bool ours = true;
#ifdef GT_SHORTAGE_WRAPS
    ours = false; /* AddressSanitizer says more about a crash */
#endif
    if (ours) sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    for (size_t i = 0; notes && ours && i < sizeof crashes / sizeof *crashes; i++) sigaction(crashes[i], &once, NULL);
    arm_shortage(atol(at), getenv("SHORT_STAYS"));
    return gantry_main(argc, argv);
}
