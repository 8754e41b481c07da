/* SPDX-License-Identifier: Apache-2.0
 * Reads a text file line by line (lines.h). */
#include "base/door/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/progress.h"

enum { LONGEST = 2 << 20 };

static size_t room_of(const gt_lines *l) { return 2 * l->longest; } /* for a line that is too long to be seen as one */

gt_status gt_lines_open(gt_lines *l, const char *path, int64_t start, size_t longest) {
    off_t bytes;
    gt_storage_begin("reading", path);
    *l = (gt_lines){.path = path, .end = start, .longest = longest ? longest : LONGEST};
    gt_status st = gt_file_open_regular(path, &l->fd, &bytes);
    if (!st && lseek(l->fd, start, SEEK_SET) < 0)
        st = gt_fail(GT_FAILED, "cannot read '%s': %s", path, strerror(errno));
    if (!st && !(l->buffer = malloc(room_of(l) + 1))) st = gt_fail(GT_NOMEM, "out of memory reading '%s'", path);
    return st;
}

/* More of the file behind what is in the buffer; what was given out goes. */
static bool read_more(gt_lines *l) {
    if (l->over) return false;
    memmove(l->buffer, l->buffer + l->at, l->n - l->at);
    l->n -= l->at;
    l->at = 0;
    ssize_t got;
    do got = read(l->fd, l->buffer + l->n, room_of(l) - l->n);
    while (got < 0 && errno == EINTR);
    if (got < 0) l->error = errno;
    l->over = got <= 0; /* for good, also where another process goes on writing the line that we stand in */
    if (got > 0) l->n += (size_t)got;
    return got > 0;
}

bool gt_lines_next(gt_lines *l) {
    size_t seen = 0, dropped = 0;
    char *newline;
    for (;;) {
        newline = memchr(l->buffer + l->at + seen, '\n', l->n - l->at - seen);
        seen = l->n - l->at;
        if (newline) break;
        if (seen > l->longest) { /* its end is all that is looked for now */
            dropped += seen - l->longest;
            l->n = l->at + (seen = l->longest);
        }
        if (!read_more(l)) break;
    }
    l->text = l->buffer + l->at;
    size_t length = newline ? (size_t)(newline - l->text) : seen;
    if (l->error || (!newline && !length)) return false;
    l->whole = newline;
    l->number++;
    l->start = l->end;
    l->end += (int64_t)(dropped + length + l->whole);
    l->at += length + l->whole;
    if (length > l->longest) length = l->longest;
    l->text[length] = 0;
    for (char *p = l->text; (p = memchr(p, 0, length - (size_t)(p - l->text))); p++) *p = 1;
    return true;
}

gt_status gt_lines_close(gt_lines *l, gt_status st) {
    if (!st && l->error) st = gt_fail(GT_FAILED, "cannot read '%s': %s", l->path, strerror(l->error));
    if (l->fd >= 0) close(l->fd);
    free(l->buffer);
    gt_storage_end();
    return st;
}
