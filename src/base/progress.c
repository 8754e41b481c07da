/* SPDX-License-Identifier: Apache-2.0
 * Passes the signs of those who work on to the heartbeats (progress.h). */
#include "base/progress.h"

#include <errno.h>
#include <string.h>

/* MPI belongs to one thread, so what is called does too. */
static _Thread_local gt_progress_hooks hooks;
static _Thread_local int files; /* pairs of gt_storage_begin() and gt_storage_end() around here */

void gt_progress(void) {
    if (hooks.beat) hooks.beat(hooks.arg);
}

static void tell_of_storage(const char *doing, const char *name) {
    int error = errno;
    if (hooks.storage) hooks.storage(hooks.arg, doing, name);
    errno = error;
}

void gt_storage_begin(const char *doing, const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (files++ == 0) tell_of_storage(doing, slash ? slash + 1 : path ? path : "");
}

void gt_storage_end(void) {
    if (--files == 0) tell_of_storage(NULL, "");
}

void gt_on_progress(gt_progress_hooks now) { hooks = now; }
