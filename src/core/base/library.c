/* SPDX-License-Identifier: Apache-2.0
 * Opens libraries late (door/library.h). */
#define _GNU_SOURCE
#include "base/door/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/late.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static gt_late_library *libraries; /* NULL: all are loaded with the program */
static gt_late_symbol *symbols, *symbols_end;

void gt_late_register(gt_late_library *all, gt_late_symbol *first, gt_late_symbol *end) {
    libraries = all, symbols = first, symbols_end = end;
}

const char *gt_library_name(int i) { return libraries ? libraries[i].name : NULL; }

/* The next one from l on whose name begins so; NULL: there is none. */
static gt_late_library *next(gt_late_library *l, const char *name) {
    while (l && l->name && strncmp(l->name, name, strlen(name)) != 0) l++;
    return l && l->name ? l : NULL;
}

/* Data begins as the library has it, unless the library has changed it already while it was opened: all of it is zero
 * in the program before. */
static void begin_data(const gt_late_symbol *s, void *handle) {
    const char *at = s->target;
    const void *begin = dlsym(handle, s->name); /* in the library itself */
    size_t i = 0;
    while (i < s->bytes && !at[i]) i++;
    if (begin && begin != at && i == s->bytes) memcpy(s->target, begin, s->bytes);
}

/* Functions are looked for in all that is loaded: tools that count calls are loaded before, with functions of the same
 * names. Once a jump leads to its function other threads call it, so data come first. */
static bool aim(size_t library, void *handle, const char **missing) {
    for (gt_late_symbol *s = symbols; s < symbols_end; s++)
        if (s->library == library && s->bytes) begin_data(s, handle);
    for (gt_late_symbol *s = symbols; s < symbols_end; s++) {
        if (s->library != library || s->bytes) continue;
        void *function = dlsym(RTLD_DEFAULT, s->name);
        if (function) __atomic_store_n(&s->target, function, __ATOMIC_RELEASE);
        else *missing = s->name;
    }
    return !*missing;
}

/* The loader has words for that alone. */
static bool is_of_memory(const char *reason) {
    return strstr(reason, strerror(ENOMEM)) || strstr(reason, "failed to map") || strstr(reason, "cannot map");
}

static gt_status why_not(const gt_late_library *l, const char *reason) {
    if (is_of_memory(reason)) return gt_fail(GT_NOMEM, "out of memory for the library %s: %s", l->file, reason);
    return gt_fail(
        GT_FAILED,
        "the library %s cannot be opened: %s; install %s, which Gantry was built with, or build Gantry again", l->file,
        reason, l->name);
}

/* RTLD_GLOBAL: what MPI loads itself looks for MPI's functions among all. */
static gt_status open_locked(gt_late_library *l) {
    const char *missing = NULL;
    if (l->handle) return GT_OK;
    void *handle = dlopen(l->file, RTLD_LAZY | RTLD_GLOBAL);
    if (!handle) return why_not(l, dlerror());
    if (!aim((size_t)(l - libraries), handle, &missing))
        return gt_fail(GT_FAILED,
                       "the library %s has no %s: install the %s that Gantry was built with, or build "
                       "Gantry again",
                       l->file, missing, l->name);
    __atomic_store_n(&l->handle, handle, __ATOMIC_RELEASE);
    return GT_OK;
}

static gt_status open_library(gt_late_library *l) {
    if (__atomic_load_n(&l->handle, __ATOMIC_ACQUIRE)) return GT_OK;
    pthread_mutex_lock(&lock);
    gt_status st = open_locked(l);
    pthread_mutex_unlock(&lock);
    return st;
}

gt_status gt_library_open(const char *name) {
    gt_status st = GT_OK;
    for (gt_late_library *l = next(libraries, name); l && !st; l = next(l + 1, name)) st = open_library(l);
    return st;
}

bool gt_library_is_open(const char *name) {
    for (gt_late_library *l = next(libraries, name); l; l = next(l + 1, name))
        if (!__atomic_load_n(&l->handle, __ATOMIC_ACQUIRE)) return false;
    return true;
}

gt_status gt_late_try(const gt_late_symbol *s) { return open_library(&libraries[s->library]); }
