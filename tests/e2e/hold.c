/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into a command (hold.sh): the process stops itself, once, when it syncs a file while $HOLD_WHEN is there
 * and not empty. So a test holds it in the middle of its work on any machine. $HOLD_OVER, if it is set: sizes of that
 * file, such as "0 24"; the process stops itself once for each of them, when the file is larger. $HOLD_RANK, if it is
 * set: only this rank of several does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void hold(void) {
    static int held; /* how often */
    struct stat s;
    const char *file = getenv("HOLD_WHEN"), *over = getenv("HOLD_OVER"), *only = getenv("HOLD_RANK"),
               *rank = getenv("OMPI_COMM_WORLD_RANK");
    if (!file || (only && (!rank || strcmp(only, rank)))) return;
    char *next = (char *)(over ? over : "0"), *at = next;
    long size = strtol(at, &next, 10);
    for (int i = 0; i < held && next != at; i++) size = strtol(at = next, &next, 10);
    if (next == at || stat(file, &s) || s.st_size <= size) return;
    held++;
    kill(getpid(), SIGSTOP);
}

static int sync_by(const char *name, int fd) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    hold();
    return next ? next(fd) : -1;
}

int fsync(int fd) { return sync_by("fsync", fd); }
int fdatasync(int fd) { return sync_by("fdatasync", fd); }
