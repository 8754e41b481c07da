/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into a command (hold.sh): the process stops itself, once, when it syncs a file while $HOLD_WHEN is there
 * and not empty. So a test holds it in the middle of its work on any machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void hold(void) {
    static int held;
    struct stat s;
    const char *file = getenv("HOLD_WHEN");
    if (held || !file || stat(file, &s) || !s.st_size) return;
    held = 1;
    kill(getpid(), SIGSTOP);
}

static int sync_by(const char *name, int fd) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    hold();
    return next ? next(fd) : -1;
}

int fsync(int fd) { return sync_by("fsync", fd); }
int fdatasync(int fd) { return sync_by("fdatasync", fd); }
