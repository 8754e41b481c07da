/* SPDX-License-Identifier: Apache-2.0
 * Checks files from elsewhere in a process of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/door/file.h"
#include "gantry/text.h"
#include "h5/door/h5.h"

enum { SECONDS = 10, PATIENCE = 60 };
enum { NOT_STARTED = 127 }; /* the status of a program that the loader cannot load */
#define MEMORY_MOST ((rlim_t)4 << 30)

static const char *checker[3]; /* the command, before the path; set once at the start */

void gt_h5_check_by(const char *program, const char *command) { checker[0] = program, checker[1] = command; }

/* ---- in the process of its own ---- */

/* Lowers a limit; a limit that is lower already stays. */
static void lower(__rlimit_resource_t what, rlim_t soft, rlim_t hard) {
    struct rlimit now;
    if (getrlimit(what, &now)) return;
    now.rlim_max = now.rlim_max < hard ? now.rlim_max : hard;
    now.rlim_cur = now.rlim_cur < soft ? now.rlim_cur : soft;
    setrlimit(what, &now);
}

/* A process that is out of time gets SIGXCPU; SIGKILL always comes from elsewhere. The time is that of the processor:
 * on a busy host the walk through a sound file takes long, too. */
int gt_h5_check_here(const char *path) {
    lower(RLIMIT_CORE, 0, 0);
    lower(RLIMIT_CPU, SECONDS, SECONDS + 5);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory is larger than any limit */
    lower(RLIMIT_AS, MEMORY_MOST, MEMORY_MOST);
#endif
    signal(SIGALRM, SIG_DFL);
    alarm(PATIENCE);
    gt_status st = gt_h5_walk(path);
    if (st) gt_print_to(stderr, "%s\n", gt_message());
    return st == GT_NOMEM ? GT_H5_NO_MEMORY : st != GT_OK;
}

/* ---- in the process that asks ---- */

/* What the check says on stderr comes out of *talk. */
static int start(const char *path, pid_t *child, int *talk) {
    extern char **environ;
    char *const arguments[] = {(char *)checker[0], (char *)checker[1], (char *)path, NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int error = posix_spawn(child, checker[0], &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    if (error) close(ends[0]);
    else *talk = ends[0];
    return error;
}

/* Does the user (ulimit -v, ulimit -d) or the job allow less memory than the check may take? Then that is what failed,
 * as far as one can tell; else the file asked for more than any sound one does. */
static bool little_memory(char *text, size_t room) {
    static const struct {
        __rlimit_resource_t what;
        const char *name;
    } limits[] = {{RLIMIT_AS, "ulimit -v"}, {RLIMIT_DATA, "ulimit -d"}};
    struct rlimit now;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (getrlimit(limits[i].what, &now) || now.rlim_cur >= MEMORY_MOST) continue;
        snprintf(text, room, "%s allows %llu MB", limits[i].name, (unsigned long long)now.rlim_cur >> 20);
        return true;
    }
    return false;
}

/* The first line of what the child says, until it ends. */
static void hear(int talk, char *line, size_t room) {
    char rest[512];
    size_t kept = 0;
    for (ssize_t n = 1; n > 0 || (n < 0 && errno == EINTR);) {
        n = kept < room - 1 ? read(talk, line + kept, room - 1 - kept) : read(talk, rest, sizeof rest);
        if (n > 0 && kept < room - 1) kept += (size_t)n;
    }
    line[kept] = 0;
    line[strcspn(line, "\n")] = 0;
    close(talk);
}

/* What the end of the child says. */
static gt_status child_status(const char *path, int how, const char *line) {
    char little[96];
    int status = WIFEXITED(how) ? WEXITSTATUS(how) : -1, death = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    bool short_of = little_memory(little, sizeof little);
    if (status == 0) return GT_OK;
    if (death == SIGXCPU)
        return gt_fail(GT_FORMAT, "'%s': damaged file: reading it takes more than %d seconds of the processor", path,
                       SECONDS);
    if (death == SIGALRM)
        return gt_fail(GT_FAILED,
                       "'%s' cannot be checked within %d seconds: this host is busy, its storage does not answer, or "
                       "the file is damaged",
                       path, PATIENCE);
    if (death == SIGKILL)
        return gt_fail(GT_NOMEM,
                       "'%s' cannot be checked: the process that reads it was killed, probably because this host or "
                       "job has too little memory",
                       path);
    if (death && short_of)
        return gt_fail(GT_NOMEM,
                       "'%s' cannot be checked: the process that reads it crashed (%s): memory is short (%s), or the "
                       "file is damaged",
                       path, strsignal(death), little);
    if (death) return gt_fail(GT_FORMAT, "'%s': damaged file: libhdf5 crashes on it (%s)", path, strsignal(death));
    if (status == NOT_STARTED)
        return gt_fail(GT_FAILED, "'%s' cannot be checked: '%s' does not start: %s", path, checker[0], line);
    if (status == GT_H5_NO_MEMORY && short_of)
        return gt_fail(GT_NOMEM, "'%s' cannot be checked: memory is short (%s): %s", path, little, line);
    if (status == GT_H5_NO_MEMORY)
        return gt_fail(GT_FORMAT, "'%s': damaged file, or memory is short: %s (tried with up to %llu MB)", path, line,
                       (unsigned long long)MEMORY_MOST >> 20);
    return gt_fail(GT_FORMAT, "'%s': damaged file: %s", path, *line ? line : "it cannot be read");
}

bool gt_h5_is(const char *path) {
    static const char signature[8] = "\x89HDF\r\n\x1a\n";
    char found[sizeof signature];
    int fd;
    off_t bytes;
    bool is = false;
    if (gt_file_open_regular(path, &fd, &bytes)) return false;
    /* a user block of 512, 1024, ... bytes may come first; libhdf5 looks as far as the file goes */
    for (off_t at = 0; at < bytes && !is; at = at ? 2 * at : 512)
        is = pread(fd, found, sizeof found, at) == sizeof found && !memcmp(found, signature, sizeof found);
    close(fd);
    return is;
}

gt_status gt_h5_check(const char *path) {
    if (!checker[0] || !gt_h5_is(path)) return GT_OK;
    pid_t child;
    int talk = -1, how = 0;
    int error = start(path, &child, &talk);
    if (error == EAGAIN || error == ENOMEM)
        return gt_fail(
            GT_NOMEM,
            "'%s' cannot be checked, because no process can be started: %s (too little memory, or a limit: ulimit -u)",
            path, strerror(error));
    if (error)
        return gt_fail(GT_FAILED, "'%s' cannot be checked: '%s' does not start: %s", path, checker[0], strerror(error));
    char line[512];
    hear(talk, line, sizeof line);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) continue;
    return child_status(path, how, line);
}
