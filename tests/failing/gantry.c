/* SPDX-License-Identifier: Apache-2.0
 * The program gantry with memory that runs short, as environment variables say:
 *     SHORT_AT=N         the N-th allocation fails; 0: none
 *     SHORT_STAYS=1      all after that one fail, too
 *     SHORT_OTHERS=1     counted are the allocations of libraries instead of those of gantry
 *     SHORT_RANK=R       only on rank R of a group
 *     SHORT_CHECKER=1    only in the process that looks at an HDF5 file from elsewhere
 *     SHORT_NOTES=FILE   gets the call path of the allocation that fails; with SHORT_AT=0: for each call path the number of its first allocation
 * Each of an arena's allocations is one of its own here (see the Makefile), and counting begins with main(). */
#include "allocations.h"

#include <fcntl.h>

int gantry_main(int argc, char **argv);

static bool meant(int argc, char **argv) {
    const char *rank = getenv("SHORT_RANK"), *own = getenv("OMPI_COMM_WORLD_RANK");
    bool checker = argc > 2 && !strcmp(argv[2], "--check");
    return (!rank || (own && !strcmp(rank, own))) && checker == !!getenv("SHORT_CHECKER");
}

int main(int argc, char **argv) {
    const char *at = getenv("SHORT_AT"), *notes = getenv("SHORT_NOTES");
    void *path[1];
    if (!at || !meant(argc, argv)) return gantry_main(argc, argv);
    backtrace(path, 1); /* what it loads, it loads now */
    shortage.others = getenv("SHORT_OTHERS");
    shortage.list = !atol(at);
    if (notes) shortage.notes = open(notes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    arm_shortage(atol(at), getenv("SHORT_STAYS"));
    return gantry_main(argc, argv);
}
