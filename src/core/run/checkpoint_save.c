/* SPDX-License-Identifier: Apache-2.0
 * The saver: a thread hashes and writes a finished checkpoint while training goes on; the newest few are kept. The
 * thread touches neither HDF5 nor MPI and leaves its outcome for the main thread to find. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/thread.h"
#include "base/door/clock.h"
#include "gantry/log.h"
#include "base/door/progress.h"
#include "run/door/checkpoint_internal.h"
#include "run/door/ledger.h"

struct gt_saver {
    char *dir;
    gt_keep keep;
    gt_ledger *ledger;   /* NULL: none */
    gt_ledger_line line; /* of the checkpoint being written */
    bool best;           /* the one being written is the best so far */
    int64_t owed;        /* the images of the checkpoint to which `best` is still to point; -1: it does */
    bool holds;          /* older ones stay, see gt_saver_hold() */
    int error;           /* errno of the latest attempt, 0: it worked */
    int failing;         /* ... of the failures of which the last warning was */
    pthread_t thread;
    bool running;        /* a thread is there to be joined */
    atomic_bool done;    /* ... and has left its outcome */
    gt_saver_state news; /* WRITTEN or FAILED until reported */
    void *data;          /* of the checkpoint being written */
    size_t bytes;
    gt_saver_result result;  /* the thread's, while there is one */
    gt_saver_result settled; /* the latest that is known of */
};

void gt_checkpoint_name(int64_t images, char name[40]) {
    snprintf(name, 40, "checkpoint-%09lld.h5", (long long)images);
}

int64_t checkpoint_number(const char *name) {
    char again[40];
    long long images;
    if (sscanf(name, "checkpoint-%18lld", &images) != 1 || images < 0) return -1;
    gt_checkpoint_name(images, again);
    return strcmp(name, again) ? -1 : (int64_t)images;
}

static int larger_first(const void *a, const void *b) {
    int64_t x = ((const checkpoint_place *)a)->images, y = ((const checkpoint_place *)b)->images;
    return (x < y) - (x > y);
}

gt_status checkpoint_list(const char *dir, checkpoint_place **list, int *n) {
    gt_buffer found = {0};
    DIR *d = opendir(dir);
    *list = NULL;
    *n = 0;
    if (!d) return gt_fail(GT_FAILED, "cannot read the directory '%s': %s", dir, strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        struct stat s;
        checkpoint_place p = {.images = checkpoint_number(e->d_name)};
        if (p.images < 0) continue;
        if (fstatat(dirfd(d), e->d_name, &s, 0) == 0) p.bytes = (double)s.st_size;
        gt_buffer_add(&found, &p, sizeof p);
    }
    closedir(d);
    if (found.failed) {
        gt_buffer_free(&found);
        return gt_fail(GT_NOMEM, "out of memory for the list of checkpoints in '%s'", dir);
    }
    *list = (checkpoint_place *)found.data;
    *n = (int)(found.n / sizeof **list);
    if (*n) qsort(*list, (size_t)*n, sizeof **list, larger_first);
    return GT_OK;
}

char *checkpoint_path(const char *dir, int64_t images) {
    char name[40];
    gt_checkpoint_name(images, name);
    return gt_path_join(dir, name);
}

/* ---- what happens around a file that was written ---- */

/* 0 or errno */
static int make_link(const char *target, const char *path) {
    while (symlink(target, path))
        if (errno != EINTR) return errno;
    return 0;
}

/* A symbolic link is replaced in one step: made under another name, renamed. */
static gt_status set_link(const char *dir, const char *link, const char *target) {
    GT_FREED char *path = gt_path_join(dir, link), *fresh = NULL;
    if (!path || asprintf(&fresh, "%s.part", path) < 0) fresh = NULL;
    gt_status st = fresh ? GT_OK : gt_fail(GT_NOMEM, "out of memory for a file name");
    if (!st) {
        unlink(fresh);
        int error = make_link(target, fresh);
        if (!error) error = gt_file_rename(fresh, path);
        if (error) st = gt_fail(GT_FAILED, "cannot make '%s' point to %s: %s", path, target, strerror(error));
    }
    return st;
}

/* The images of the checkpoint to which a link points; -1: there is no such link. */
static int64_t linked(const char *dir, const char *link) {
    char target[40] = "", *path = gt_path_join(dir, link);
    ssize_t n = path ? readlink(path, target, sizeof target - 1) : -1;
    free(path);
    return n > 0 ? checkpoint_number(target) : -1;
}

int64_t gt_checkpoint_best(const char *dir) { return linked(dir, "best"); }

/* Lets the link `last` point to the checkpoint of so many images if it points to an older one: a kill may have come
 * between the writing of a checkpoint and the link. GT_FAILED: the link could not be made. */
static gt_status catch_up(const char *dir, int64_t images) {
    char name[40];
    int64_t last = linked(dir, "last");
    if (last < 0 || last >= images) return GT_OK;
    gt_checkpoint_name(images, name);
    return set_link(dir, "last", name);
}

static gt_status remove_old(const gt_saver *s, const gt_keep *keep, int64_t images) {
    GT_FREED checkpoint_place *list = NULL;
    int n;
    gt_status st = checkpoint_list(s->dir, &list, &n);
    if (!st) checkpoint_choose_removed(list, n, keep, images, (int64_t[2]){gt_checkpoint_best(s->dir), s->owed});
    for (int i = 0; i < n && !st; i++) {
        GT_FREED char *path = list[i].goes ? checkpoint_path(s->dir, list[i].images) : NULL;
        int error = path ? gt_file_remove(path) : 0;
        if (error) st = gt_fail(GT_FAILED, "cannot remove '%s': %s", path, strerror(error));
    }
    return st;
}

gt_status gt_checkpoint_set_aside(const char *dir, int64_t images, int *n) {
    GT_FREED checkpoint_place *list = NULL;
    int64_t best = gt_checkpoint_best(dir), left = -1;
    int count;
    char name[40];
    *n = 0;
    gt_status st = checkpoint_list(dir, &list, &count);
    for (int i = 0; i < count && left < 0; i++)
        if (list[i].images < images) left = list[i].images;
    if (!st && left < 0)
        st = gt_fail(GT_FAILED, "'%s' has no checkpoint of less than %lld images to go back to", dir,
                     (long long)images);
    for (int i = 0; i < count && !st && list[i].images > left; i++) {
        char bad[48];
        gt_checkpoint_name(list[i].images, name);
        snprintf(bad, sizeof bad, "bad-%s", name);
        if (!(st = gt_rundir_move(dir, name, dir, bad))) ++*n;
    }
    gt_checkpoint_name(left, name);
    if (!st) st = set_link(dir, "last", name);
    if (!st && best >= images) st = set_link(dir, "best", name);
    return st;
}

static bool has_room(const gt_saver *s) { return gt_space_free(s->dir) >= (double)s->result.bytes; }

/* Those that stay for audits alone make room for a checkpoint that has none. Where they cannot be removed, there is no
 * room, and that is said. */
static void make_room(const gt_saver *s) {
    gt_keep keep = s->keep;
    keep.audit = keep.bytes = 0;
    (void)remove_old(s, &keep, s->result.images);
}

/* A checkpoint that cannot fit is not begun: the half that fits would take the logs' room until the write fails. */
static gt_status store_file(gt_saver *s, const char *path) {
    if (s->keep.audit > 0 && !s->holds && !has_room(s)) make_room(s);
    if (has_room(s)) return checkpoint_store(path, s->data, s->bytes, s->ledger ? &s->line.file : NULL);
    gt_status st = gt_file_write_failed(path, ENOSPC, s->result.bytes);
    errno = ENOSPC;
    return st;
}

/* A link that cannot be made is tried again after the next checkpoint, and the checkpoint stays till then. */
static gt_status link_best(gt_saver *s) {
    char name[40], *path = s->owed < 0 ? NULL : checkpoint_path(s->dir, s->owed);
    gt_checkpoint_name(s->owed, name);
    gt_status st = path && !access(path, F_OK) ? set_link(s->dir, "best", name) : GT_OK; /* not set aside since */
    if (!st) s->owed = -1;
    free(path);
    return st;
}

/* It is on the disk before the link `last` names the file. */
static gt_status tell_ledger(gt_saver *s) {
    s->line.event = GT_LEDGER_CHECKPOINT;
    s->line.name = s->result.name;
    s->line.images = s->result.images;
    return gt_ledger_add(s->ledger, &s->line, true, NULL);
}

static gt_status save_checkpoint(gt_saver *s, bool *written) {
    char *path = gt_path_join(s->dir, s->result.name);
    errno = ENOMEM;
    gt_status st = path ? GT_OK : GT_NOMEM;
    if (!st && s->ledger) st = gt_ledger_sync(s->ledger); /* no file has a head that the ledger does not have */
    if (!st) st = store_file(s, path);
    if (!st && s->ledger) st = tell_ledger(s);
    s->error = !st ? 0 : errno ? errno : EIO;
    free(path);
    *written = !st;
    if (st) return st;
    s->result.best = s->best;
    if (s->best) s->owed = s->result.images;
    gt_status last = set_link(s->dir, "last", s->result.name), best = link_best(s);
    gt_status cleared = s->holds ? GT_OK : remove_old(s, &s->keep, s->result.images);
    return last ? last : best ? best : cleared;
}

static void *thread_main(void *arg) {
    gt_saver *s = arg;
    bool written;
    double begin = gt_clock();
    gt_status st = save_checkpoint(s, &written);
    if (st) snprintf(s->result.message, sizeof s->result.message, "%s", gt_message());
    s->result.status = written ? GT_OK : st;
    s->result.seconds = gt_clock() - begin;
    free(s->data);
    s->data = NULL;
    atomic_store(&s->done, true);
    return NULL;
}

/* ---- the main thread's side ---- */

gt_saver *gt_saver_new(const char *dir, const gt_keep *keep, gt_ledger *ledger) {
    gt_saver *s = calloc(1, sizeof *s);
    if (!s || !(s->dir = strdup(dir))) {
        free(s);
        gt_fail(GT_NOMEM, "out of memory for the checkpoint writer");
        return NULL;
    }
    s->keep = *keep;
    s->ledger = ledger;
    s->owed = -1;
    gt_halves_clear(dir);
    return s;
}

static void take_note(gt_saver *s) {
    s->settled = s->result;
    s->news = s->result.status ? GT_SAVER_FAILED : GT_SAVER_WRITTEN;
    if (s->error && s->error != s->failing)
        gt_warn("%s was not written: %s; earlier checkpoints are kept, training continues and tries again",
                s->result.name, s->result.message);
    else if (!s->error && s->failing) gt_info("checkpoints can be written again: %s", s->result.name);
    if (!s->error && s->result.message[0]) gt_warn("%s was written, but: %s", s->result.name, s->result.message);
    s->failing = s->error;
}

static void join_thread(gt_saver *s) {
    gt_storage_begin("writing", s->result.name); /* by the thread, while this one waits */
    pthread_join(s->thread, NULL);
    gt_storage_end();
    s->running = false;
    take_note(s);
}

gt_saver_state gt_saver_poll(gt_saver *s) {
    if (s->running && !atomic_load(&s->done)) return GT_SAVER_BUSY;
    if (s->running) join_thread(s);
    gt_saver_state news = s->news;
    s->news = GT_SAVER_IDLE;
    return news;
}

gt_saver_state gt_saver_wait(gt_saver *s) {
    if (s->running) join_thread(s);
    return gt_saver_poll(s);
}

const gt_saver_result *gt_saver_outcome(const gt_saver *s) { return &s->settled; }

void gt_saver_tell(gt_saver *s, const gt_ledger_line *line) {
    if (s->running) join_thread(s); /* the thread reads it */
    s->line = *line;
}

gt_status gt_saver_start(gt_saver *s, gt_checkpoint *c, int64_t images, bool best) {
    gt_saver_wait(s);
    gt_status st = gt_checkpoint_finish(c);
    if (!st) {
        s->result = (gt_saver_result){.images = images, .bytes = gt_checkpoint_bytes(c)};
        gt_checkpoint_name(images, s->result.name);
        s->best = best;
        s->data = checkpoint_take_data(c, &s->bytes);
        atomic_store(&s->done, false);
        int error = gt_thread_start(&s->thread, thread_main, s);
        s->running = !error;
        if (error) { /* no thread can be started: write now */
            gt_storage_begin("writing", s->result.name);
            thread_main(s);
            gt_storage_end();
            take_note(s);
        }
    }
    gt_checkpoint_free(c);
    return st;
}

void gt_saver_hold(gt_saver *s, bool holds) {
    if (s->running) join_thread(s); /* the thread reads it */
    s->holds = holds;
}

void gt_saver_decide(gt_saver *s, int64_t images, int64_t best) {
    char name[40];
    gt_saver_hold(s, false);
    gt_checkpoint_name(images, name);
    gt_storage_begin("judging", name);
    if (best >= 0) s->owed = best;
    if (link_best(s)) gt_warn("%s", gt_message());
    if (remove_old(s, &s->keep, images)) gt_warn("%s", gt_message());
    gt_storage_end();
}

gt_status gt_saver_settle(gt_saver *s, int64_t images) {
    gt_saver_hold(s, false);
    gt_storage_begin("making the links in", s->dir);
    gt_status last = catch_up(s->dir, images), best = link_best(s);
    gt_storage_end();
    return last ? last : best;
}

void gt_saver_free(gt_saver *s) {
    if (!s) return;
    gt_saver_wait(s);
    free(s->dir);
    free(s);
}
