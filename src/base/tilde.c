/* SPDX-License-Identifier: Apache-2.0
 * Expands a leading ~ of a file name (tilde.h). */
#include "base/tilde.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NULL: no such user, or one without a home. */
static const char *home_of(const char *user) {
    const char *home = *user ? NULL : getenv("HOME");
    if (home && *home) return home;
    const struct passwd *entry = *user ? getpwnam(user) : getpwuid(getuid());
    return entry && entry->pw_dir && *entry->pw_dir ? entry->pw_dir : NULL;
}

const char *gt_path_expand(gt_arena *a, const char *path) {
    if (path[0] != '~') return path;
    size_t n = strcspn(path, "/");
    const char *user = gt_arena_printf(a, "%.*s", (int)(n - 1), path + 1);
    if (!user) return NULL;
    const char *home = home_of(user);
    if (!home) return path;
    size_t length = strlen(home);
    while (length > 1 && home[length - 1] == '/') length--; /* "/" + "/x" would be another name for some systems */
    return gt_arena_printf(a, "%.*s%s", (int)(length == 1 && path[n] ? 0 : length), home, path + n);
}
