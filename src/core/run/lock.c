/* SPDX-License-Identifier: Apache-2.0
 * The lock of a run's directory. It must work on network file systems, between hosts and containers, and after kill -9:
 * so it is a small file that says who holds it and whose counter a thread of the holder moves.
 *
 *     beat 0000000042
 *     host node7/3f1c.../pid:[4026531836]
 *     pid 4711 started 123456
 *     token 9f86d081884c7d65
 *     job 1234567
 *     restart 1
 *
 * On the same host (same boot, same process namespace) the process itself is looked at. Elsewhere, and where the
 * process is there but hidden (another user's under hidepid, no file to open), the beat tells whether the process runs:
 * the beat must move, by the clock of the process that looks, since clocks of hosts may differ. A batch system that
 * starts a job once more (Slurm says for which time) has ended it before, but for a node that it has lost and that
 * still runs: an earlier piece of the own job is watched for half of the time.
 *
 * Safe on NFS and Lustre: the file is created with O_EXCL, which their servers decide (a reply that was lost and asked
 * for again finds the file of the same request), and a dead holder's file is replaced by a rename. A reader may see a
 * new file while the file is still empty: an empty file is a holder whose beat is waited for. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/machine.h"
#include "base/door/thread.h"
#include "base/door/clock.h"
#include "gantry/log.h"
#include "base/door/program.h"
#include "run/door/rundir.h"

enum { LOCK_BYTES = 512, WORD = 128 };

typedef struct holder {
    unsigned long beat;
    char host[WORD]; /* name, boot and process namespace in one: "" when the file says nothing */
    long pid;
    /* gt_process.started; 0: the holder could not look at itself */
    unsigned long long started;
    uint64_t token; /* tells two takers apart */
    char job[WORD]; /* of the batch system; "-": none */
    int restart;    /* how often Slurm has started the job once more; -1: unknown */
} holder;

struct gt_lock {
    char *path;
    int fd;
    holder self;
    gt_ticker beats;
    atomic_bool lost;
};

/* ---- who ---- */

static holder describe_self(void) {
    holder h = {.pid = (long)getpid()};
    char name[65] = "", boot[40], namespace[64] = "?";
    gethostname(name, sizeof name - 1);
    for (char *p = name; *p; p++)
        if (*p == ' ' || *p == '\n') *p = '_';
    if (!gt_line_of("/proc/sys/kernel/random/boot_id", "", boot, sizeof boot)) strcpy(boot, "?");
    ssize_t n = readlink("/proc/self/ns/pid", namespace, sizeof namespace - 1);
    if (n > 0) namespace[n] = 0;
    snprintf(h.host, sizeof h.host, "%s/%.36s/%.20s", name[0] ? name : "?", boot, namespace);
    gt_process self;
    if (gt_process_look(h.pid, &self)) h.started = self.started;
    static const char *const jobs[] = {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"};
    const char *job = NULL;
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs && !job; i++) job = getenv(jobs[i]);
    snprintf(h.job, sizeof h.job, "%.*s", job ? (int)strcspn(job, " \n") : 1, job && *job ? job : "-");
    const char *restart = getenv("SLURM_RESTART_COUNT");
    h.restart = !getenv("SLURM_JOB_ID") ? -1 : restart ? atoi(restart) : 0;
    h.token = gt_random_tag();
    return h;
}

typedef enum presence { GONE, RUNNING, HIDDEN } presence; /* hidden: the beat tells */

/* Of a holder on this host. */
static presence presence_of(const holder *h) {
    gt_process p;
    bool seen = gt_process_look(h->pid, &p);
    if (seen && (p.state == 'Z' || p.state == 'X')) return GONE;
    if (seen && h->started) return p.started == h->started ? RUNNING : GONE;
    bool none = h->pid < 1 || h->pid > INT_MAX || (kill((pid_t)h->pid, 0) && errno == ESRCH);
    return none ? GONE : HIDDEN;
}

/* ---- the file ---- */

static int print_holder(const holder *h, char text[LOCK_BYTES]) {
    int n = snprintf(text, LOCK_BYTES, "beat %010lu\nhost %s\npid %ld started %llu\ntoken %016" PRIx64 "\njob %s\n",
                     h->beat, h->host, h->pid, h->started, h->token, h->job);
    if (h->restart >= 0) n += snprintf(text + n, LOCK_BYTES - (size_t)n, "restart %d\n", h->restart);
    return n;
}

enum { NO_LOCK = EISNAM };

/* 0 or errno; NO_LOCK: it begins as no lock does, not even a half-written one: somebody's file. */
static int read_text(const char *path, char text[LOCK_BYTES]) {
    static const char first[] = "beat ";
    memset(text, 0, LOCK_BYTES);
    int fd = gt_file_open(path, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return errno;
    ssize_t n = read(fd, text, LOCK_BYTES - 1);
    close(fd);
    return n > 0 && *text && strncmp(text, first, strnlen(text, sizeof first - 1)) ? NO_LOCK : 0;
}

/* 0 or errno; ENOENT: no lock. Host "" when the file says nothing (its maker died, or is about to write). */
static int read_holder(const char *path, holder *h) {
    char text[LOCK_BYTES];
    *h = (holder){0};
    int error = read_text(path, text);
    if (error) return error;
    holder r = {.job = "-", .restart = -1};
    if (sscanf(text, "beat %lu\nhost %127s\npid %ld started %llu\ntoken %" SCNx64 "\njob %127s\nrestart %d", &r.beat,
               r.host, &r.pid, &r.started, &r.token, r.job, &r.restart) >= 5)
        *h = r;
    return 0;
}

/* ---- beating ---- */

/* Ours as long as the path still leads to the file that we hold open. */
static bool still_ours(const gt_lock *l) {
    struct stat open_file, there;
    return fstat(l->fd, &open_file) == 0 && stat(l->path, &there) == 0 && open_file.st_ino == there.st_ino &&
           open_file.st_dev == there.st_dev;
}

/* Network file systems may show a file under another number: then the token decides. */
static bool taken_away(const gt_lock *l) {
    holder there;
    if (still_ours(l)) return false;
    int error = read_holder(l->path, &there);
    return error == ENOENT || (!error && there.token != l->self.token);
}

static void write_heartbeat(void *arg) {
    gt_lock *l = arg;
    char text[LOCK_BYTES];
    l->self.beat++;
    int n = print_holder(&l->self, text);
    if (pwrite(l->fd, text, (size_t)n, 0) == n) fdatasync(l->fd); /* a beat that fails is made up for by the next */
    if (taken_away(l)) atomic_store(&l->lost, true);
}

/* ---- taking ---- */

static bool is_here(const gt_lock *l, const holder *h) { return strcmp(h->host, l->self.host) == 0; }

static const char *name_of(const gt_lock *l, const holder *h, char out[LOCK_BYTES]) {
    if (is_here(l, h)) snprintf(out, LOCK_BYTES, "process %ld on this machine", h->pid);
    else
        snprintf(out, LOCK_BYTES, "%s, process %ld, job %s", h->host[0] ? h->host : "an unknown host", h->pid,
                 h->job[0] ? h->job : "-");
    return out;
}

/* Did an earlier piece of this process's own job hold the lock? */
static bool is_of_earlier_piece(const gt_lock *l, const holder *h) {
    return h->restart >= 0 && h->restart < l->self.restart && !strcmp(h->job, l->self.job);
}

/* Wait until the holder *h is gone: GT_OK, with *h as it was last seen. A living one is an error. */
static gt_status wait_for(const gt_lock *l, const gt_lock_options *o, holder *h) {
    const holder first = *h;
    const bool here = is_here(l, h);
    const double begin = gt_clock();
    char name[LOCK_BYTES];
    for (bool said = false;; said = true) {
        const presence f = here ? presence_of(h) : HIDDEN;
        const double limit = f == RUNNING ? o->wait_s : is_of_earlier_piece(l, h) ? o->still_s / 2 : o->still_s;
        const bool over = gt_clock() - begin >= limit;
        const bool moved = h->token != first.token || (f == HIDDEN && h->beat != first.beat);
        if (!moved && (f == GONE || (f == HIDDEN && over)))
            return GT_OK; /* hidden: the beat stood still all the time */
        name_of(l, h, name);
        if (moved || over)
            return gt_fail(GT_FAILED, "'%s' belongs to %s, which is running: one run per directory", l->path, name);
        if (!said)
            gt_info("'%s' belongs to %s; waiting up to %.0f s %s", l->path, name, limit,
                    f == RUNNING ? "for it to end" : "to see whether it is alive");
        if (o->stop && o->stop())
            return gt_fail(GT_STOPPED, "'%s' belongs to %s; stopped waiting for it, as requested", l->path, name);
        gt_sleep(limit < 2 ? limit / 8 : 0.25);
        holder seen;
        int error = read_holder(l->path, &seen);
        if (error == ENOENT) return GT_OK;
        if (!error) *h = seen; /* a network file system may hiccup */
    }
}

static void drop_file(gt_lock *l, const char *path) {
    unlink(path);
    close(l->fd);
    l->fd = -1;
}

/* 0 or errno: our lock into the file, which is open; on an error the file is gone. */
static int write_lock(gt_lock *l, const char *path) {
    char text[LOCK_BYTES];
    int error = l->fd < 0 ? errno : 0, n = print_holder(&l->self, text);
    if (!error && !(error = gt_write_all(l->fd, text, (size_t)n))) error = gt_file_sync(l->fd);
    if (error && l->fd >= 0) drop_file(l, path);
    return error;
}

/* Replace a dead holder's file by ours. Two may try at once: each looks once more right before, the later rename wins,
 * and after a moment each looks whose token stands there. */
static gt_status take_over(gt_lock *l, const holder *dead, bool *mine) {
    holder h;
    char *half;
    *mine = false;
    l->fd = gt_half_open(l->path, &half);
    int error = write_lock(l, half);
    bool written = !error;
    if (written && read_holder(l->path, &h) == 0 && h.token == dead->token && h.beat == dead->beat &&
        !(error = gt_file_rename(half, l->path))) {
        gt_sleep(0.25);
        *mine = read_holder(l->path, &h) == 0 && h.token == l->self.token;
    }
    if (written && !*mine) drop_file(l, half);
    free(half);
    if (error == ENOENT && written) return GT_OK; /* another taker has removed the half: see what is there now */
    return error ? gt_fail(GT_FAILED, "cannot take over the lock '%s': %s", l->path, gt_error_text(error, l->path))
                 : GT_OK;
}

/* Each round meets something new, such as another taker; but a lock that is there and cannot be read (a link to
 * nowhere, say) would be the same for ever. */
static gt_status take_lock(gt_lock *l, const gt_lock_options *o) {
    enum { ROUNDS = 20 };
    for (int round = 0;; round++) {
        l->fd = gt_file_open(l->path, O_RDWR | O_CREAT | O_EXCL);
        int error = write_lock(l, l->path);
        if (!error) return GT_OK;
        if (error != EEXIST)
            return gt_fail(GT_FAILED, "cannot write the lock '%s': %s", l->path, gt_error_text(error, l->path));
        holder h;
        bool mine = false;
        gt_status st;
        error = read_holder(l->path, &h);
        if (error == NO_LOCK)
            return gt_fail(GT_USAGE, "'%s' is not the lock of a run but has the name of one: rename it", l->path);
        if (error && round >= (error == ENOENT ? ROUNDS : 1))
            return gt_fail(GT_FAILED,
                           "the lock '%s' exists but cannot be read: %s; remove it if no run uses the directory",
                           l->path, strerror(error));
        if (o->stop && o->stop()) return gt_fail(GT_STOPPED, "stopped waiting for '%s', as requested", l->path);
        if (error == ENOENT) {
            if (round) gt_sleep(0.1); /* a network file system may remember for a moment what is gone */
            continue;
        }
        if ((st = wait_for(l, o, &h)) || (st = take_over(l, &h, &mine))) return st;
        if (mine) {
            gt_info("took over the run from process %ld, which is gone", h.pid);
            return GT_OK;
        }
    }
}

static void free_lock(gt_lock *l) {
    if (l->fd >= 0) close(l->fd);
    free(l->path);
    free(l);
}

gt_status gt_lock_take(gt_lock **lock, const char *dir, const gt_lock_options *options) {
    *lock = NULL;
    gt_lock_options o = options ? *options : (gt_lock_options){0};
    if (o.wait_s <= 0) o.wait_s = 15;
    if (o.still_s <= 0) o.still_s = 30;
    if (o.beat_s <= 0) o.beat_s = 5;
    gt_lock *l = calloc(1, sizeof *l);
    if (!l || !(l->path = gt_path_join(dir, "lock"))) {
        free(l);
        return gt_fail(GT_NOMEM, "out of memory for a lock");
    }
    l->fd = -1;
    l->self = describe_self();
    gt_status st = take_lock(l, &o);
    if (!st && gt_ticker_start(&l->beats, o.beat_s, write_heartbeat, l)) {
        unlink(l->path);
        st = gt_fail(GT_FAILED,
                     "the lock's heartbeat cannot start: no thread is available (memory, or a limit: ulimit -u, -v)");
    }
    if (st) free_lock(l);
    else *lock = l;
    return st;
}

gt_lock_seen gt_lock_look(const char *dir) {
    holder h, self = describe_self();
    GT_FREED char *path = gt_path_join(dir, "lock");
    int error = path ? read_holder(path, &h) : ENOMEM;
    bool none = error == ENOENT || error == NO_LOCK;
    if (error) return (gt_lock_seen){.held = !none, .sure = none};
    presence p = strcmp(h.host, self.host) ? HIDDEN : presence_of(&h);
    return (gt_lock_seen){
        .held = p != GONE, .sure = p != HIDDEN, .pid = p == HIDDEN ? 0 : h.pid, .token = h.token, .beat = h.beat};
}

bool gt_lock_lost(const gt_lock *l) { return atomic_load(&l->lost); }

bool gt_lock_lost_now(const gt_lock *l) { return gt_lock_lost(l) || taken_away(l); }

gt_status gt_lock_fail_lost(const gt_lock *l) {
    holder h;
    int error = read_holder(l->path, &h);
    char dir[PATH_MAX], name[LOCK_BYTES];
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(l->path, '/') - l->path), l->path);
    if (error == ENOENT && access(dir, F_OK))
        return gt_fail(GT_FAILED,
                       "the directory '%s' was removed or renamed during the run: stopped, since nothing more can be "
                       "written there",
                       dir);
    if (error == ENOENT)
        return gt_fail(GT_FAILED,
                       "the lock '%s' was removed, so another process may start there: stopped without writing; the "
                       "same command resumes",
                       l->path);
    return gt_fail(GT_FAILED,
                   "'%s' no longer belongs to this process: %s took over the directory; stopped without writing",
                   l->path, name_of(l, &h, name));
}

void gt_lock_release(gt_lock *l) {
    if (!l) return;
    gt_ticker_stop(&l->beats);
    holder h;
    if (read_holder(l->path, &h) == 0 && h.token == l->self.token) unlink(l->path);
    free_lock(l);
}
