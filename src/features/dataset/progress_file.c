/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * DEST.progress: a mark, the key, then one record per item in order, each with a checksum of its own: what a crash left
 * half written ends the list. Records wait in memory until the part they speak of is on the disk. The file is locked,
 * so that two runs cannot make the same result.
 *
 * The mark also says that DEST.part is ours, to be cut or removed. So it is on the disk before there is a part, is only
 * written where there is none, and stays while there is one: a run that begins anew cuts this file behind the mark. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "features/dataset/tool.h"

enum { MARK_BYTES = 8, TEXT_MOST = 1 << 16 };
/* The digit tells what records look like. */
static const char mark[MARK_BYTES] = "GTPACK2";

typedef struct record { /* the text follows, without a zero */
    gt_outcome outcome;
    uint32_t text_bytes, crc; /* crc: of all before it, and the text */
} record;

struct gt_progress_file {
    char *path;
    int fd;
    FILE *reading;
    gt_buffer waiting;
    char text[TEXT_MOST]; /* of the record that was read last */
};

static uint32_t crc_of(const record *r, const char *text) {
    return gt_crc32(gt_crc32(0, r, offsetof(record, crc)), text, r->text_bytes);
}

/* False: there is no further whole record. A checksum that is right does not mean that what it covers makes sense. */
static bool read_record(gt_progress_file *j, record *r) {
    return fread(r, sizeof *r, 1, j->reading) == 1 && r->text_bytes < TEXT_MOST &&
           fread(j->text, 1, r->text_bytes, j->reading) == r->text_bytes && r->crc == crc_of(r, j->text) &&
           r->outcome.left_out <= GT_REMARKS && r->outcome.remark <= GT_REMARKS && r->outcome.looked <= 1 + GT_F32 &&
           r->outcome.uniform <= 1 && (!r->outcome.looked || r->outcome.low <= r->outcome.high);
}

typedef struct head {
    char mark[MARK_BYTES];
    gt_hash128 key;
} head;

typedef enum owner { NOBODY, OURS, ANOTHER } owner;

/* Whose file it is. NOBODY's: there was none, or what a crash left of the first bytes of one. */
static owner owner_of(gt_progress_file *j, head *h) {
    static const head zeros;
    *h = zeros;
    struct stat s;
    if (fstat(j->fd, &s) || !S_ISREG(s.st_mode)) return ANOTHER;
    size_t n = fread(h, 1, sizeof *h, j->reading);
    if (n >= MARK_BYTES && !memcmp(h->mark, mark, MARK_BYTES)) return OURS;
    bool begun = n < MARK_BYTES && !memcmp(h->mark, mark, n), blank = n < sizeof *h || fgetc(j->reading) == EOF;
    return begun || (blank && !memcmp(h, &zeros, sizeof zeros)) ? NOBODY : ANOTHER;
}

/* Where no run of ours began, files of these names are somebody else's. */
static gt_status check_names(const char *dest) {
    static const char *const endings[] = {".part", ".part.h5"};
    gt_status st = GT_OK;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !st; i++) {
        struct stat s;
        if (gt_part_stat(dest, endings[i], &s) != ENOENT)
            st = gt_fail(GT_USAGE,
                         "'%s%s' already exists and belongs to no known unfinished run: remove it, or choose another "
                         "destination than '%s'",
                         dest, endings[i], dest);
    }
    return st;
}

/* What is there of a run with this key: *done records. Returns the byte behind the last one. */
static off_t count_records(gt_progress_file *j, int64_t *done) {
    record r;
    off_t end = sizeof(head);
    fseeko(j->reading, end, SEEK_SET);
    for (*done = 0; read_record(j, &r); ++*done) end = ftello(j->reading);
    fseeko(j->reading, sizeof(head), SEEK_SET);
    return end;
}

/* The file is cut to its mark and gets a key; or both, and then its name outlives a crash before there is a part. */
static gt_status start_anew(gt_progress_file *j, owner owner, gt_hash128 key) {
    off_t kept = owner == NOBODY ? 0 : MARK_BYTES;
    if (ftruncate(j->fd, kept) || lseek(j->fd, 0, SEEK_END) < 0) return gt_dest_failed(j->path, errno);
    if (!kept) gt_buffer_add(&j->waiting, mark, MARK_BYTES);
    gt_buffer_add(&j->waiting, &key, sizeof key);
    gt_status st = gt_progress_file_sync(j);
    return st || kept ? st : gt_sync_parent(j->path);
}

/* Of a file that this run alone has. */
static gt_status take_over(gt_progress_file *j, const char *dest, gt_hash128 key, gt_progress_drop drop,
                           int64_t *done) {
    head h;
    owner owner = owner_of(j, &h);
    gt_status st;
    if (owner == ANOTHER)
        return gt_fail(
            GT_USAGE,
            "'%s' already exists and is not from an unfinished run: remove it, or choose another destination than '%s'",
            j->path, dest);
    if (owner == NOBODY && (st = check_names(dest))) {
        unlink(j->path); /* it may have come into being just now, and holds nothing */
        return st;
    }
    if (owner != OURS || drop == GT_DROP_ALL) return start_anew(j, owner, key);
    off_t end = count_records(j, done);
    if (memcmp(&h.key, &key, sizeof key)) {
        int64_t made = *done;
        *done = 0;
        if (!made || drop == GT_DROP_OTHERS) return start_anew(j, owner, key); /* nothing is lost */
        return gt_fail(
            GT_USAGE,
            "'%s' is unfinished, from another command: %lld images were made with other options or from another state "
            "of the source. To resume, give that command; to drop these images and start over, --restart",
            dest, (long long)made);
    }
    bool cut = !ftruncate(j->fd, end) && lseek(j->fd, 0, SEEK_END) >= 0;
    return cut ? GT_OK : gt_dest_failed(j->path, errno);
}

/* Did another process remove the file, as it had ended, before this one locked it? */
static bool is_gone(const gt_progress_file *j) {
    struct stat mine, there;
    return fstat(j->fd, &mine) || stat(j->path, &there) || mine.st_ino != there.st_ino || mine.st_dev != there.st_dev;
}

static gt_status open_file(gt_progress_file **out, const char *dest, int flags) {
    gt_progress_file *j = *out = calloc(1, sizeof *j);
    if (!j) return gt_fail(GT_NOMEM, "out of memory for '%s'", dest);
    j->fd = -1;
    if (asprintf(&j->path, "%s.progress", dest) < 0) {
        j->path = NULL;
        return gt_fail(GT_NOMEM, "out of memory for '%s'", dest);
    }
    j->fd = open(j->path, O_RDWR | O_CLOEXEC | flags, 0666);
    if (j->fd >= 0) j->reading = fopen(j->path, "re");
    if (!j->reading) return gt_fail(GT_FAILED, "cannot create '%s': %s", j->path, gt_error_text(errno, j->path));
    if (flock(j->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        return gt_fail(GT_FAILED, "'%s' is being made by another process", dest);
    return GT_OK;
}

gt_status gt_progress_file_open(gt_progress_file **out, const char *dest, gt_hash128 key, gt_progress_drop drop,
                                int64_t *done) {
    *done = 0;
    gt_status st = open_file(out, dest, O_CREAT);
    if (!st && is_gone(*out))
        st = gt_fail(GT_FAILED, "another process has just finished or stopped making '%s': give the command again",
                     dest);
    if (!st) st = take_over(*out, dest, key, drop, done);
    if (!st) return GT_OK;
    gt_progress_file_close(*out, false);
    *out = NULL;
    return st;
}

gt_status gt_progress_file_next(gt_progress_file *j, gt_outcome *o, const char **text) {
    record r;
    if (!read_record(j, &r)) return gt_fail(GT_FAILED, "'%s' cannot be read", j->path);
    j->text[r.text_bytes] = 0;
    *o = r.outcome;
    *text = r.text_bytes ? j->text : NULL;
    return GT_OK;
}

gt_status gt_progress_file_add(gt_progress_file *j, const gt_outcome *o, const char *text) {
    if (!text) text = "";
    record r = {.outcome = *o, .text_bytes = (uint32_t)strnlen(text, TEXT_MOST - 1)};
    r.crc = crc_of(&r, text);
    gt_buffer_add(&j->waiting, &r, sizeof r);
    gt_buffer_add(&j->waiting, text, r.text_bytes);
    return j->waiting.failed ? gt_fail(GT_NOMEM, "out of memory for '%s'", j->path) : GT_OK;
}

gt_status gt_progress_file_sync(gt_progress_file *j) {
    int error = gt_write_all(j->fd, j->waiting.data, j->waiting.n);
    if (!error && fdatasync(j->fd)) error = errno;
    j->waiting.n = 0;
    return error ? gt_dest_failed(j->path, error) : GT_OK;
}

gt_status gt_progress_file_cut(gt_progress_file *j) {
    bool good = !ftruncate(j->fd, sizeof(head)) && !fdatasync(j->fd);
    return good ? GT_OK : gt_dest_failed(j->path, errno);
}

void gt_progress_file_close(gt_progress_file *j, bool finished) {
    if (!j) return;
    if (finished) unlink(j->path);
    if (j->reading) fclose(j->reading);
    if (j->fd >= 0) close(j->fd);
    gt_buffer_free(&j->waiting);
    free(j->path);
    free(j);
}

void gt_progress_file_forget(const char *dest, gt_hash128 key) {
    head h;
    gt_progress_file *j;
    bool alone = !open_file(&j, dest, O_NONBLOCK);
    bool ours = alone && owner_of(j, &h) == OURS && !memcmp(&h.key, &key, sizeof key);
    gt_progress_file_close(j, ours && !gt_part_remove(dest)); /* the mark last: without it a part is nobody's */
}
