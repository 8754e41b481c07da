/* SPDX-License-Identifier: Apache-2.0
 * "FILE:NAME", and lists of these. */
#include "base/door/file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_there(const char *path, size_t n) {
    char copy[GT_ARRAY_FILE_BYTES];
    if (n == 0 || n >= sizeof copy) return false;
    memcpy(copy, path, n);
    copy[n] = 0;
    return !access(copy, F_OK);
}

/* The colon before NAME in the first n bytes; NULL: there is none. */
static const char *colon_of(const char *text, size_t n, bool only_there) {
    const char *last = NULL;
    if (is_there(text, n)) return NULL;
    for (const char *c = text + n; c-- > text;) {
        if (*c != ':') continue;
        if (is_there(text, (size_t)(c - text))) return c;
        if (!last) last = c;
    }
    return only_there ? NULL : last;
}

static bool take(gt_named_array *out, const char *file, size_t file_n, const char *name, size_t name_n) {
    if (file_n >= sizeof out->file || name_n >= sizeof out->name) return false;
    memmove(out->file, file, file_n);
    out->file[file_n] = 0;
    memcpy(out->name, name, name_n);
    out->name[name_n] = 0;
    return true;
}

bool gt_named_array_is(const char *text, gt_named_array *out) {
    size_t n = strlen(text);
    const char *colon = colon_of(text, n, true);
    return colon && colon[1] && take(out, text, (size_t)(colon - text), colon + 1, n - (size_t)(colon + 1 - text));
}

bool gt_named_array_next(const char **rest, gt_named_array *part, gt_status *st) {
    const char *text = *rest;
    size_t n = strlen(text);
    *st = GT_OK;
    if (!n) return false;
    if (!is_there(text, n)) n = strcspn(text, ",");
    const char *colon = colon_of(text, n, false);
    bool another = !colon && *part->name && n;
    *rest = text[n] ? text + n + 1 : text + n;
    bool fine = another ? take(part, part->file, strlen(part->file), text, n)
                : colon ? take(part, text, (size_t)(colon - text), colon + 1, n - (size_t)(colon + 1 - text))
                        : take(part, text, n, "", 0);
    if (!fine || !*part->file || (colon && !*part->name))
        *st = gt_fail(GT_USAGE, "'%.*s' must be FILE:NAME, the name of an array of a file", (int)(n < 200 ? n : 200),
                      text);
    return true;
}
