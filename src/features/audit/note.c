/* SPDX-License-Identifier: Apache-2.0
 * The note of an audit: see features/audit/internal.h. */
#include "features/audit/internal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runner/contents/door/contents.h"
#include "run/door/rundir.h"

/* Whoever made the run may have made a link that leads out of it. */
static gt_status check_place(const char *run) {
    struct stat s;
    GT_FREED char *path = gt_path_join(run, AUDIT_NOTE);
    if (!path) return gt_fail(GT_NOMEM, "out of memory for %s", AUDIT_NOTE);
    return lstat(path, &s) || S_ISREG(s.st_mode)
               ? GT_OK
               : gt_fail(GT_FAILED, "'%s' is a link or no file, which is not written through: remove it", path);
}

gt_status audit_note(const char *run, const char *line, const char *const *file, int n) {
    char hash[GT_CONTENTS_HASH_BYTES], *text = NULL;
    json_t *hashes = json_array();
    gt_status st = GT_OK;
    for (int i = 0; i < n && !st; i++) {
        st = gt_contents_hash_file(file[i], NULL, hash);
        if (!st) json_array_append_new(hashes, json_string(hash));
    }
    json_t *all = json_pack("{s:s, s:o}", "line", line, "hashes", hashes); /* takes the hashes over */
    if (all && (int)json_array_size(hashes) == n) text = json_dumps(all, JSON_INDENT(1));
    if (!st && !text) st = gt_fail(GT_NOMEM, "out of memory for %s", AUDIT_NOTE);
    if (!st) st = check_place(run);
    if (!st) st = gt_rundir_write(run, AUDIT_NOTE, text);
    json_decref(all);
    free(text);
    return st;
}
