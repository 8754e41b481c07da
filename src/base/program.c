/* SPDX-License-Identifier: Apache-2.0
 * Finds the file of the running program, and starts the program again (program.h). */
#include "base/program.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

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
