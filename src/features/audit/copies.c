/* SPDX-License-Identifier: Apache-2.0
 * Copies of the files that are audited: see pictures.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "features/audit/pictures.h"
#include "base/door/file.h"

static gt_status copy_bytes(int in, off_t size, const char *to) {
    char bytes[1 << 16];
    int error = 0, out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) return gt_fail(GT_FAILED, "'%s': %s", to, strerror(errno));
    gt_status st = GT_OK;
    for (off_t at = 0; !st && !error && at < size;) {
        size_t n = size - at < (off_t)sizeof bytes ? (size_t)(size - at) : sizeof bytes;
        st = gt_read_at(in, (uint64_t)at, bytes, n);
        if (!st) error = gt_write_all(out, bytes, n);
        at += (off_t)n;
    }
    if (close(out) && !error) error = errno;
    return st || !error ? st : gt_fail(GT_FAILED, "it cannot be copied to '%s': %s", gt_temp_folder(), strerror(error));
}

/* A sparse file has few bytes on its disk, and all of them in the copy. Half of what is free stays for others, and for
 * what is made again. */
static gt_status check_room(const audit_copies *c, off_t size) {
    double room = gt_space_free(c->folder) / 2;
    return (double)size <= room
               ? GT_OK
               : gt_fail(GT_FAILED,
                         "it has %jd bytes, and '%s', where it is copied, has room for %.0f (TMPDIR names "
                         "another folder)",
                         (intmax_t)size, gt_temp_folder(), room);
}

gt_status audit_copy(audit_copies *c, const char *path, const char **copy) {
    int in;
    off_t size;
    *copy = path;
    gt_status st = gt_file_open_regular(path, &in, &size);
    if (st) return st;
    if (!*c->folder) st = gt_temp_folder_make("audit", c->folder, sizeof c->folder);
    if (!st) st = check_room(c, size);
    if (!st && !gt_arena_grow(c->arena, &c->of, c->n, &c->room, sizeof *c->of)) st = GT_NOMEM;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path,
               *folder = gt_arena_printf(c->arena, "%s/%d", c->folder, c->n),
               *to = gt_arena_printf(c->arena, "%s/%d/%s", c->folder, c->n, name);
    if (!st && (!folder || !to || !(c->of[c->n] = gt_arena_printf(c->arena, "%.*s", (int)(name - path), path))))
        st = GT_NOMEM;
    if (!st) c->n++;
    if (!st && mkdir(folder, 0700)) st = gt_fail(GT_FAILED, "'%s': %s", folder, strerror(errno));
    if (!st && (st = copy_bytes(in, size, to))) gt_wrap(st, "'%s'", path);
    close(in);
    if (!st) *copy = to;
    return st;
}

const char *audit_own_names(const audit_copies *c, const char *text) {
    GT_BUFFER gt_buffer out = {0};
    const char *rest = text, *at;
    size_t n = c ? strlen(c->folder) : 0;
    while (n && (at = strstr(rest, c->folder))) {
        int i = -1, end = 0;
        bool is = sscanf(at + n, "/%9d/%n", &i, &end) == 1 && end && i >= 0 && i < c->n;
        gt_buffer_add(&out, rest, (size_t)(at - rest));
        if (is) gt_buffer_printf(&out, "%s", c->of[i]);
        else gt_buffer_add(&out, at, n);
        rest = at + n + (is ? end : 0);
    }
    if (rest == text) return text;
    gt_buffer_printf(&out, "%s", rest);
    const char *own = out.failed ? NULL : gt_arena_printf(c->arena, "%s", out.data);
    return own ? own : text;
}

gt_status audit_own_message(const audit_copies *c, gt_status st) {
    return st ? gt_fail(st, "%s", audit_own_names(c, gt_message())) : GT_OK;
}

void audit_copies_remove(audit_copies *c) {
    if (*c->folder) gt_temp_folder_remove(c->folder);
    *c->folder = 0;
}
