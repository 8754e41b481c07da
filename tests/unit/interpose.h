/* SPDX-License-Identifier: Apache-2.0
 * Functions that stand before libc's, also for the libraries that a test is linked with, and then call them. In one
 * file of a test program, with _GNU_SOURCE. */
#ifndef TESTS_INTERPOSE_H
#define TESTS_INTERPOSE_H

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* open, open64; `before` sees path and flags, and may return instead. */
#define INTERPOSE_OPEN(name, before)                            \
    int name(const char *path, int flags, ...) {                \
        va_list ap;                                             \
        va_start(ap, flags);                                    \
        mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0; \
        va_end(ap);                                             \
        before;                                                 \
        return REAL(name)(path, flags, mode);                   \
    }
/* pwrite, pwrite64; `before` sees fd, data, n and at_byte, and may change n or return instead. */
#define INTERPOSE_PWRITE(name, offset, before)                         \
    ssize_t name(int fd, const void *data, size_t n, offset at_byte) { \
        before;                                                        \
        return REAL(name)(fd, data, n, at_byte);                       \
    }

/* What an open file is called; false: the name is unknown. */
static inline bool path_of_fd(int fd, char *path, size_t bytes) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, bytes - 1);
    path[n > 0 ? n : 0] = 0;
    return n >= 0;
}

#endif
