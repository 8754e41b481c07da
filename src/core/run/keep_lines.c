/* SPDX-License-Identifier: Apache-2.0
 * Cuts a log back to its state at an earlier moment (runlog_internal.h). */
#define _GNU_SOURCE
#include "run/runlog_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/lines.h"

enum { COPIED = 1 << 20 }; /* at once */

typedef struct span {
    int64_t start, end;
} span;

typedef struct kept { /* lines, those beside each other as one */
    const char *path;
    gt_buffer spans;
    int64_t bytes, last; /* of all; of the last line */
    bool half;           /* the last one lacks its newline */
} kept;

static span *end_of(const kept *k) { return (span *)(k->spans.data + k->spans.n); }

static bool keep_line(kept *k, const gt_lines *in) {
    if (k->spans.n && end_of(k)[-1].end == in->start) end_of(k)[-1].end = in->end;
    else gt_buffer_add(&k->spans, &(span){in->start, in->end}, sizeof(span));
    k->last = in->end - in->start;
    k->bytes += k->last;
    k->half = !in->whole;
    return !k->spans.failed;
}

/* 0 or errno */
static int copy_span(int from, int to, span s, char *buffer) {
    int error = 0;
    for (; s.start < s.end && !error; s.start += COPIED) {
        size_t n = s.end - s.start < COPIED ? (size_t)(s.end - s.start) : COPIED;
        error = gt_read_at(from, (uint64_t)s.start, buffer, n) ? EIO : gt_write_all(to, buffer, n);
    }
    return error;
}

static int copy_kept(int to, void *arg) {
    const kept *k = arg;
    GT_FREED char *buffer = malloc(COPIED);
    int from = buffer ? gt_file_open(k->path, O_RDONLY) : -1, error = !buffer ? ENOMEM : from < 0 ? errno : 0;
    for (const span *s = (const span *)k->spans.data; s < end_of(k) && !error; s++)
        error = copy_span(from, to, *s, buffer);
    if (!error && k->half) error = gt_write_all(to, "\n", 1);
    if (from >= 0) close(from);
    return error;
}

/* What goes is all at the end. */
static gt_status cut_end(const kept *k) {
    int fd = gt_file_open(k->path, O_WRONLY), error = fd < 0 ? errno : 0;
    if (!error) error = gt_file_truncate(fd, (off_t)k->bytes);
    if (!error && k->half) error = gt_write_all_at(fd, "\n", 1, (off_t)k->bytes);
    if (!error) error = gt_file_sync(fd);
    if (fd >= 0) close(fd);
    return error ? gt_fail(GT_FAILED, "cannot shorten '%s': %s", k->path, strerror(error)) : GT_OK;
}

gt_status keep_lines(const char *path, int64_t images, line_verdict *verdict_of_line, void *scratch,
                     int counts[VERDICTS], int64_t *last) {
    kept k = {.path = path};
    gt_lines in;
    *last = -1;
    if (access(path, F_OK)) return GT_OK;
    gt_status st = gt_lines_open(&in, path, 0, 0);
    while (!st && gt_lines_next(&in)) {
        verdict v = verdict_of_line(in.text, in.whole, images, scratch);
        counts[v]++;
        if (v == UNKNOWN || (v == KEEP && !keep_line(&k, &in))) st = gt_fail(GT_NOMEM, "out of memory for '%s'", path);
    }
    st = gt_lines_close(&in, st);
    /* do all lines that stay stand at the beginning? */
    bool is_head = !k.bytes || (k.spans.n == sizeof(span) && end_of(&k)[-1].start == 0);
    if (!st && !is_head) st = gt_file_replace_by(path, copy_kept, &k, (size_t)k.bytes);
    else if (!st && (k.bytes < in.end || k.half)) st = cut_end(&k);
    if (k.bytes) *last = k.bytes - k.last;
    gt_buffer_free(&k.spans);
    return st;
}
