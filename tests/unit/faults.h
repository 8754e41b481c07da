/* SPDX-License-Identifier: Apache-2.0
 * System calls that fail on demand. Only calls on files of the scratch directory count. Include it in one test program.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include "interpose.h"
#include "scratch.h"

#include <errno.h>
#include <stdatomic.h>

enum { SHORT_WRITE = -1 }; /* instead of an errno: half is written, and no error told */

static struct {
    atomic_long calls; /* since it was armed */
    atomic_bool armed;
    long at;    /* which of them fails, from 0 */
    bool stays; /* ... and all after it */
    int error;
    atomic_int hits;
    const char *call; /* the first that failed, and on what: */
    char path[512];
} fault;

static inline void arm_fault(long at, int error, bool stays) {
    fault.at = at;
    fault.error = error;
    fault.stays = stays;
    fault.call = NULL;
    fault.path[0] = 0;
    atomic_store(&fault.calls, 0);
    atomic_store(&fault.hits, 0);
    atomic_store(&fault.armed, true);
}

/* Whether anything failed. */
static inline bool disarm_fault(void) {
    atomic_store(&fault.armed, false);
    return atomic_load(&fault.hits) > 0;
}

/* What a call on `path` is to do: 0 what it always does, else fail with that errno, or SHORT_WRITE. */
static int verdict(const char *call, const char *path, bool writes) {
    if (!atomic_load(&fault.armed) || strncmp(path, scratch, strlen(scratch))) return 0;
    if (fault.error == SHORT_WRITE && !writes) return 0;
    long k = atomic_fetch_add(&fault.calls, 1);
    if (k < fault.at || (k > fault.at && !fault.stays)) return 0;
    if (atomic_fetch_add(&fault.hits, 1) == 0) {
        fault.call = call;
        snprintf(fault.path, sizeof fault.path, "%s", path);
    }
    return fault.error;
}

static int verdict_fd(const char *call, int fd, bool writes) {
    char path[512];
    return atomic_load(&fault.armed) && path_of_fd(fd, path, sizeof path) ? verdict(call, path, writes) : 0;
}

/* Opening for reading is not part of a write path. */
static int verdict_open(const char *path, int flags) {
    return (flags & O_ACCMODE) == O_RDONLY && !(flags & O_DIRECTORY) ? 0 : verdict("open", path, false);
}

#define FAIL_ON(test)         \
    do {                      \
        int failure_ = test;  \
        if (failure_) {       \
            errno = failure_; \
            return -1;        \
        }                     \
    } while (0)
#define FAIL_OR(test, ...)  \
    do {                    \
        FAIL_ON(test);      \
        return __VA_ARGS__; \
    } while (0)
/* Of what writes n bytes to fd. */
#define FAIL_OR_SHORTEN(call)                       \
    do {                                            \
        int error_ = verdict_fd(call, fd, true);    \
        if (error_ != SHORT_WRITE) FAIL_ON(error_); \
        else if (n > 1) n /= 2;                     \
    } while (0)

#define DEFINE_ON_FD(name) \
    int name(int fd) { FAIL_OR(verdict_fd(#name, fd, false), REAL(name)(fd)); }
#define DEFINE_TRUNCATE(name, offset) \
    int name(int fd, offset n) { FAIL_OR(verdict_fd("ftruncate", fd, false), REAL(name)(fd, n)); }
#define DEFINE_ON_TWO(name) \
    int name(const char *from, const char *to) { FAIL_OR(verdict(#name, to, false), REAL(name)(from, to)); }
#define DEFINE_FALLOCATE(name, offset)                                              \
    int name(int fd, int mode, offset from, offset n) {                             \
        FAIL_OR(verdict_fd("fallocate", fd, false), REAL(name)(fd, mode, from, n)); \
    }

INTERPOSE_OPEN(open, FAIL_ON(verdict_open(path, flags)))
INTERPOSE_OPEN(open64, FAIL_ON(verdict_open(path, flags)))
INTERPOSE_PWRITE(pwrite, off_t, FAIL_OR_SHORTEN("pwrite"))
INTERPOSE_PWRITE(pwrite64, off64_t, FAIL_OR_SHORTEN("pwrite"))
DEFINE_ON_FD(fsync)
DEFINE_ON_FD(fdatasync)
DEFINE_TRUNCATE(ftruncate, off_t)
DEFINE_TRUNCATE(ftruncate64, off64_t)
DEFINE_ON_TWO(rename)
DEFINE_ON_TWO(link)
DEFINE_ON_TWO(symlink)
DEFINE_FALLOCATE(fallocate, off_t)
DEFINE_FALLOCATE(fallocate64, off64_t)
int unlink(const char *path) { FAIL_OR(verdict("unlink", path, false), REAL(unlink)(path)); }
int mkdir(const char *path, mode_t mode) { FAIL_OR(verdict("mkdir", path, false), REAL(mkdir)(path, mode)); }

ssize_t write(int fd, const void *data, size_t n) {
    FAIL_OR_SHORTEN("write");
    return REAL(write)(fd, data, n);
}

/* As the kernel does: the file is closed, whatever is said. */
int close(int fd) {
    int error = verdict_fd("close", fd, false), closed = REAL(close)(fd);
    if (!error) return closed;
    errno = error;
    return -1;
}

#endif
