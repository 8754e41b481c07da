/* SPDX-License-Identifier: Apache-2.0
 * Makes halves, and removes the halves that killed processes left behind (base/door/file.h). */
#define _GNU_SOURCE
#include "base/door/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/door/program.h"
#include "base/door/terminal.h"

enum { TAG = 8, TRIES = 100 };
static const char ending[] = ".part";
#define TAIL (1 + TAG + strlen(ending))

/* Is this the name of a half, whatever its path? */
static bool is_half(const char *name) {
    size_t n = strlen(name);
    if (n <= TAIL || strcmp(name + n - strlen(ending), ending) || name[n - TAIL] != '.') return false;
    return strspn(name + n - TAIL + 1, "0123456789abcdef") == TAG;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* How much of a name its half begins with: a long name is cut, so that there is room for the rest. */
static size_t kept_of(const char *name) {
    size_t room = NAME_MAX - TAIL, length = strlen(name);
    return length < room ? length : room;
}

static bool is_half_of(const char *half, const char *name) {
    size_t kept = kept_of(name);
    return strlen(half) == kept + TAIL && !strncmp(half, name, kept);
}

/* "dir/name" -> "dir/name.1a2b3c4d.part", another one each time. NULL: out of memory. */
static char *name_half(const char *path) {
    const char *name = last_part(path);
    uint32_t tag = (uint32_t)gt_random_tag();
    char *part;
    return asprintf(&part, "%.*s.%08x%s", (int)(name - path + (ptrdiff_t)kept_of(name)), path, tag, ending) < 0 ? NULL
                                                                                                                : part;
}

/* ---- what is left of killed processes ---- */

/* Removed, unless somebody writes it. Between looking and removing nobody can begin to: a half is never opened a second
 * time for writing. */
static void remove_if_dead(int folder, const char *name) {
    int fd = openat(folder, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    struct stat s;
    bool lives = fstat(fd, &s) || !S_ISREG(s.st_mode) || (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK);
    if (!lives) unlinkat(folder, name, 0);
    close(fd);
}

static DIR *open_folder_of(const char *path) {
    GT_FREED char *folder = strndup(path, (size_t)(last_part(path) - path));
    DIR *d = folder ? opendir(*folder ? folder : ".") : NULL;
    return d;
}

void gt_halves_clear(const char *folder) {
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (is_half(e->d_name)) remove_if_dead(dirfd(d), e->d_name);
    if (d) closedir(d);
}

/* The halves that were in a folder when the first file of it was written. A folder with a million files is looked
 * through once, not with each. */
static struct {
    pthread_mutex_t lock;
    pid_t process; /* that has looked: not its child */
    char folder[PATH_MAX];
    dev_t device; /* another folder may have got its name */
    ino_t inode;
    gt_buffer names; /* each with its zero */
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void look_through(DIR *d) {
    for (struct dirent *e; (e = readdir(d));)
        if (is_half(e->d_name)) gt_buffer_add(&seen.names, e->d_name, strlen(e->d_name) + 1);
}

static void clear_halves_of(const char *path) {
    const char *name = last_part(path);
    char folder[PATH_MAX];
    struct stat s;
    if (snprintf(folder, sizeof folder, "%.*s", (int)(name - path), path) >= (int)sizeof folder ||
        stat(*folder ? folder : ".", &s))
        return;
    pthread_mutex_lock(&seen.lock);
    bool same = seen.process == getpid() && !strcmp(folder, seen.folder) && s.st_dev == seen.device &&
                s.st_ino == seen.inode;
    DIR *d = same && !seen.names.n ? NULL : open_folder_of(path);
    if (d && !same) {
        gt_buffer_free(&seen.names);
        look_through(d);
        seen.process = seen.names.failed ? 0 : getpid();
        strcpy(seen.folder, folder);
        seen.device = s.st_dev;
        seen.inode = s.st_ino;
    }
    for (size_t i = 0; d && i < seen.names.n; i += strlen(seen.names.data + i) + 1)
        if (is_half_of(seen.names.data + i, name)) remove_if_dead(dirfd(d), seen.names.data + i);
    pthread_mutex_unlock(&seen.lock);
    if (d) closedir(d);
}

/* ---- what a signal would leave ---- */

enum { NOTED = 16 }; /* of more files that are written at once the rest is left as by kill -9 */
static struct {
    pthread_mutex_t lock;
    atomic_int process; /* that writes them: not its child */
    atomic_bool whole[NOTED];
    char name[NOTED][PATH_MAX];
} noted = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* In the place of a half that has its name by now, or was removed. */
static void note_half(const char *part) {
    int k = 0;
    if (strlen(part) >= PATH_MAX) return;
    pthread_mutex_lock(&noted.lock);
    if (atomic_load(&noted.process) != (int)getpid()) /* those of the parent are not this process's */
        for (int i = 0; i < NOTED; i++) atomic_store(&noted.whole[i], false);
    atomic_store(&noted.process, (int)getpid());
    while (k < NOTED && atomic_load(&noted.whole[k]) && !access(noted.name[k], F_OK)) k++;
    if (k < NOTED) {
        atomic_store(&noted.whole[k], false);
        strcpy(noted.name[k], part);
        atomic_store(&noted.whole[k], true);
    }
    pthread_mutex_unlock(&noted.lock);
}

void gt_program_tidy(void) {
    gt_terminal_restore();
    for (int k = 0; k < NOTED && atomic_load(&noted.process) == (int)getpid(); k++)
        if (atomic_load(&noted.whole[k])) unlink(noted.name[k]);
}

void gt_program_ends_by(int number) {
    gt_program_tidy();
    signal(number, SIG_DFL);
    raise(number); /* delivered when the handler returns */
}

void gt_program_tidy_by_signals(void) {
    static const int numbers[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};
    struct sigaction before, tidy = {.sa_handler = gt_program_ends_by};
    sigemptyset(&tidy.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!sigaction(numbers[i], NULL, &before) && before.sa_handler == SIG_DFL) sigaction(numbers[i], &tidy, NULL);
}

int gt_half_open(const char *path, char **part) {
    int fd = -1;
    *part = NULL;
    clear_halves_of(path);
    for (int i = 0; i < TRIES && fd < 0; i++) {
        free(*part);
        if (!(*part = name_half(path))) {
            errno = ENOMEM;
            return -1;
        }
        fd = gt_file_open(*part, O_WRONLY | O_CREAT | O_EXCL);
        if (fd < 0 && errno != EEXIST) {
            free(*part);
            *part = NULL;
            return -1;
        }
    }
    /* one that cannot be locked, or was removed before it was, is written again */
    if (fd >= 0) flock(fd, LOCK_EX | LOCK_NB);
    if (fd >= 0) note_half(*part);
    return fd;
}
