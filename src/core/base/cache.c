/* SPDX-License-Identifier: Apache-2.0
 * The folder of what programs keep from run to run (base/door/file.h). */
#include <stdlib.h>
#include <string.h>

#include "base/door/file.h"

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* NULL: see gt_message(). */
static char *folder_of_home(void) {
    gt_arena *a = gt_arena_new();
    const char *path = a ? gt_path_expand(a, "~/.cache/gantry") : NULL;
    char *dir = path ? strdup(path) : NULL;
    gt_arena_free(a);
    if (!dir) gt_fail(GT_NOMEM, "out of memory for a file name");
    else if (*dir == '~') {
        gt_fail(GT_FAILED, "there is no home folder");
        free(dir);
        dir = NULL;
    }
    return dir;
}

char *gt_cache_path(const char *name) {
    const char *own = variable("GT_CACHE"), *user = variable("XDG_CACHE_HOME");
    GT_FREED char *dir = own                    ? gt_path_join(own, "")
                         : user && *user == '/' ? gt_path_join(user, "gantry")
                                                : folder_of_home();
    return dir ? gt_path_join(dir, name) : NULL;
}
