/* SPDX-License-Identifier: Apache-2.0
 * What is examined on disks: the kinds of file systems of data and runs, what they do in a second, who sees
 * them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/clock.h"
#include "base/door/memory.h"
#include "dist/door/dist.h"
#include "gantry/source.h"
#include "features/doctor/doctor.h"

enum { PIECE = 4 << 20, PIECES = 16 }; /* measured with up to 64 MB, and not for long: */
static const double longest = 2;

/* Bytes per second written and synced into a file that has no name left when it is over; 0: see gt_message(). */
static double write_rate(const char *dir) {
    GT_FREED char *path = gt_path_join(dir, ".gantry-doctor.part");
    void *piece = gt_block_alloc(PIECE, "a test of the disk");
    int fd = path && piece ? gt_file_open(path, O_RDWR | O_CREAT | O_TRUNC) : -1, error = fd < 0 ? errno : 0;
    double start = gt_clock(), bytes = 0;
    if (fd >= 0) unlink(path);
    for (int i = 0; i < PIECES && !error && gt_clock() - start < longest; i++, bytes += PIECE)
        error = gt_write_all(fd, piece, PIECE);
    if (!error) error = gt_file_sync(fd);
    double seconds = gt_clock() - start;
    if (fd >= 0) close(fd);
    if (error) gt_fail(GT_FAILED, "cannot write into '%s': %s", dir, strerror(error));
    gt_block_free(piece, PIECE);
    return error ? 0 : bytes / seconds;
}

/* Bytes per second read from a file's beginning, not from memory as far as the system allows it; 0: the file cannot be
 * read. */
static double read_rate(const char *path) {
    void *piece = gt_block_alloc(PIECE, "a test of the disk");
    int fd = piece ? gt_file_open(path, O_RDONLY | O_NONBLOCK) : -1;
    double start = gt_clock(), bytes = 0;
    if (fd >= 0) posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    for (int i = 0; i < PIECES && fd >= 0 && gt_clock() - start < longest; i++) {
        ssize_t n = read(fd, piece, PIECE);
        if (n <= 0) break;
        bytes += (double)n;
    }
    double seconds = gt_clock() - start;
    if (fd >= 0) close(fd);
    gt_block_free(piece, PIECE);
    return bytes / seconds;
}

static const char *file_system_text(const gt_file_system *fs, char text[64]) {
    snprintf(text, 64, "%s%s", fs->name, fs->shared ? " (shared by hosts)" : "");
    return text;
}

/* The path itself, or the nearest folder above that is there. At its end stands "." or "/", there or not: what a
 * process was started in may be gone, or out of its reach. */
static char *nearest(const char *path) {
    char *p = strdup(*path ? path : ".");
    struct stat s;
    while (p && strcmp(p, ".") && strcmp(p, "/") && stat(p, &s)) {
        char *slash = strrchr(p, '/');
        if (!slash) strcpy(p, ".");
        else slash[slash == p] = 0;
    }
    return p;
}

static void examine_runs(doctor *d) {
    const double slow = 30e6, long_time = 60;
    char text[64], *dir = nearest(d->options.dir);
    gt_file_system fs = gt_file_system_of(dir ? dir : ".");
    double rate = dir ? write_rate(dir) : 0;
    bool hidden = !fs.shared && d->comm->hosts > 1;
    if (!rate) doctor_add(d, BROKEN, "runs", "choose another --outdir", "%s", gt_message());
    else
        doctor_add(
            d, rate < slow || hidden ? WARNING : FINE, "runs",
            hidden ? "only one host sees it: a run that is restarted on another host does not find its checkpoints"
            : rate < slow
                ? "checkpoints take long: use another file system, or fewer checkpoints (--checkpoint-minutes)"
                : NULL,
            "'%s' on %s: %.0f MB/s written and synced, %.1f GB free%s", dir, file_system_text(&fs, text), rate / 1e6,
            gt_space_free(dir) / 1e9, fs.shared ? "; metrics.h5 is replaced as a whole there (--log-swmr)" : "");
    if (rate && d->options.checkpoint)
        doctor_add(d, d->options.checkpoint / rate > long_time ? WARNING : FINE, "checkpoint",
                   "give --checkpoint-minutes well above that; training continues meanwhile",
                   "%.1f MB are written in %.1f s in the background", d->options.checkpoint / 1e6,
                   d->options.checkpoint / rate);
    free(dir);
}

/* All ranks. */
static void examine_data(doctor *d) {
    const double slow = 50e6;
    char text[64];
    gt_comm *c = d->comm;
    if (!*d->options.data || gt_synth_of_path(d->options.data)) return;
    struct stat s = {0};
    bool missing = stat(d->options.data, &s) != 0;
    int blind = gt_comm_max_all(c, missing ? c->ranks - c->rank : 0); /* the first rank that does not see it */
    if (c->rank) return;
    if (blind) {
        doctor_add(d, BROKEN, "data",
                   "put it on a file system that all hosts share, or copy it to the same path on each",
                   "rank %d does not see '%s'", c->ranks - blind, d->options.data);
        return;
    }
    gt_file_system fs = gt_file_system_of(d->options.data);
    if (!S_ISREG(s.st_mode)) {
        doctor_add(d, fs.shared ? WARNING : FINE, "data",
                   "many small files are slow on it: pack them with gantry dataset", "'%s', a folder on %s",
                   d->options.data, file_system_text(&fs, text));
        return;
    }
    double rate = read_rate(d->options.data);
    doctor_add(d, rate < slow ? WARNING : FINE, "data", "stage it on a local disk (docs/cluster.md)",
               "'%s', %.1f MB on %s: read at %.0f MB/s", d->options.data, (double)s.st_size / 1e6,
               file_system_text(&fs, text), rate / 1e6);
}

void doctor_files(doctor *d) {
    examine_data(d);
    if (d->comm->rank == 0) examine_runs(d);
}
