/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints of a run that goes on. Between the choice of a checkpoint and its opening the training may write a newer
 * one and remove the chosen one: a command that has chosen keeps a descriptor, which outlives the name of the file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/memory.h"
#include "dist/door/dist.h"
#include "run/door/checkpoint_internal.h"

enum { HELD_MOST = 8 /* files of one command; beyond that the oldest is let go */ };

typedef struct held_file {
    char *path;
    int fd;
} held_file;

static held_file held[HELD_MOST];
static int next_held;

static held_file *find_held(const char *path) {
    for (int i = 0; i < HELD_MOST; i++)
        if (held[i].path && !strcmp(held[i].path, path)) return &held[i];
    return NULL;
}

void checkpoint_hold(const char *path, int fd) {
    held_file *h = find_held(path);
    char *name = h ? NULL : strdup(path);
    int own = h || name ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (own < 0) { /* then the file is opened by its name */
        free(name);
        return;
    }
    if (!h) {
        h = &held[next_held++ % HELD_MOST];
        free(h->path);
        if (h->path) close(h->fd);
        h->path = name;
    } else {
        close(h->fd);
    }
    h->fd = own;
}

int checkpoint_open_file(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* non-blocking: a FIFO is refused, not waited for */
    const held_file *h = fd < 0 && errno == ENOENT ? find_held(path) : NULL;
    return h ? fcntl(h->fd, F_DUPFD_CLOEXEC, 0) : fd;
}

/* ---- links ---- */

static gt_status no_name(void) { return gt_fail(GT_NOMEM, "out of memory for a file name"); }

/* *file: the checkpoint that the link `path` points to, to be freed; NULL: not a link to a checkpoint beside it. */
static gt_status link_target(const char *path, char **file) {
    char target[64], *folder;
    ssize_t n = readlink(path, target, sizeof target - 1);
    *file = NULL;
    if (n <= 0) return GT_OK;
    target[n] = 0;
    const char *slash = strrchr(path, '/');
    if (checkpoint_number(target) < 0) return GT_OK;
    if (!slash) return (*file = strdup(target)) ? GT_OK : no_name();
    folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    *file = folder ? gt_path_join(folder, target) : NULL;
    free(folder);
    return *file ? GT_OK : no_name();
}

/* Holds the file behind the link. False: the link is to be read again. */
static bool hold_target(const char *target, const char *before) {
    int fd = checkpoint_open_file(target);
    if (fd < 0) return errno != ENOENT || (before && !strcmp(before, target)); /* the same again: it is gone for good */
    checkpoint_hold(target, fd);
    close(fd);
    return true;
}

gt_status gt_checkpoint_settle(const char *path, char **file) {
    enum { TRIES = 1000 }; /* a training would have to write as many checkpoints in as many moments */
    char *target, *before = NULL;
    gt_status st = link_target(path, &target);
    for (int i = 0; i < TRIES && !st && target && !hold_target(target, before); i++) {
        free(before);
        before = target;
        st = link_target(path, &target);
    }
    free(before);
    *file = st ? NULL : target ? target : strdup(path);
    return st ? st : *file ? GT_OK : no_name();
}

/* ---- all ranks ---- */

static void hold_here(const char *path) {
    struct stat s;
    int fd = find_held(path) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return;
    if (!fstat(fd, &s) && S_ISREG(s.st_mode)) checkpoint_hold(path, fd);
    close(fd);
}

/* Rank 0's bytes, for the ranks that have come too late. */
static gt_status hand_out_all(gt_comm *c, const char *path) {
    held_file *h = find_held(path);
    struct stat s = {0};
    gt_status st = c->rank || (h && !fstat(h->fd, &s)) ? GT_OK : gt_fail(GT_FAILED, "'%s' is gone", path);
    size_t bytes = (size_t)s.st_size;
    gt_comm_broadcast_all(c, &bytes, sizeof bytes, 0);
    char *all = gt_block_alloc(bytes + 1, "a checkpoint");
    if (!st && !all) st = GT_NOMEM;
    if (!st && !c->rank) st = gt_read_at(h->fd, 0, all, bytes);
    st = gt_comm_agree_all(c, st);
    if (!st) gt_comm_broadcast_all(c, all, bytes, 0);
    if (!st && !h) {
        int fd = memfd_create("checkpoint", MFD_CLOEXEC);
        int error = fd < 0 ? errno : gt_write_all(fd, all, bytes);
        if (error) st = gt_fail(GT_FAILED, "'%s' cannot be kept in memory: %s", path, strerror(error));
        else checkpoint_hold(path, fd);
        if (fd >= 0) close(fd);
    }
    if (all) gt_block_free(all, bytes + 1);
    return gt_comm_agree_all(c, st);
}

gt_status gt_checkpoint_hold_all(gt_comm *c, const char *path) {
    bool chosen = c->rank == 0 && find_held(path);
    gt_comm_broadcast_all(c, &chosen, sizeof chosen, 0);
    if (!chosen || c->ranks == 1) return GT_OK;
    hold_here(path);
    return gt_comm_max_all(c, find_held(path) == NULL) ? hand_out_all(c, path) : GT_OK;
}
