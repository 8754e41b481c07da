/* SPDX-License-Identifier: Apache-2.0
 * Has files from elsewhere checked in a process of its own (src/core/files/checker). */
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
#include "base/door/program.h"
#include "files/h5/h5_room.h"

enum { NOT_STARTED = 127 }; /* the status of a program that the loader cannot load */

static const char *other[2]; /* a program, and its command before the path; NULL: Gantry's own */

void gt_h5_check_by(const char *program, const char *command) { other[0] = program, other[1] = command; }

/* What the check says on stderr comes out of *talk. */
static int start(const char *checker, const char *path, pid_t *child, int *talk) {
    extern char **environ;
    const char *command = other[0] ? other[1] : NULL, *first = command ? command : path;
    char *const arguments[] = {(char *)checker, (char *)first, command ? (char *)path : NULL, NULL};
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
    int error = posix_spawn(child, checker, &files, &attributes, arguments, environ);
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
        if (getrlimit(limits[i].what, &now) || now.rlim_cur >= H5_CHECK_MEMORY) continue;
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
static gt_status child_status(const char *checker, const char *path, int how, const char *line) {
    char little[96];
    int status = WIFEXITED(how) ? WEXITSTATUS(how) : -1, death = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    bool short_of = little_memory(little, sizeof little);
    if (status == 0) return GT_OK;
    if (death == SIGXCPU)
        return gt_fail(GT_FORMAT, "'%s': damaged file: reading it takes more than %d seconds of the processor", path,
                       H5_CHECK_SECONDS);
    if (death == SIGALRM)
        return gt_fail(GT_FAILED,
                       "'%s' cannot be checked within %d seconds: this host is busy, its storage does not answer, or "
                       "the file is damaged",
                       path, H5_CHECK_PATIENCE);
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
        return gt_fail(GT_FAILED, "'%s' cannot be checked: '%s' does not start: %s", path, checker, line);
    if (status == GT_H5_NO_MEMORY && short_of)
        return gt_fail(GT_NOMEM, "'%s' cannot be checked: memory is short (%s): %s", path, little, line);
    if (status == GT_H5_NO_MEMORY)
        return gt_fail(GT_FORMAT, "'%s': damaged file, or memory is short: %s (tried with up to %llu MB)", path, line,
                       (unsigned long long)H5_CHECK_MEMORY >> 20);
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

static gt_status check_file(const char *path) {
    char own[GT_PROGRAM_PATH_BYTES], line[512];
    if (!gt_h5_is(path)) return GT_OK;
    if (!other[0]) gt_program_helper("check-hdf5", own);
    const char *checker = other[0] ? other[0] : own;
    pid_t child, ended;
    int talk = -1, how = 0;
    int error = start(checker, path, &child, &talk);
    if (error == EAGAIN || error == ENOMEM)
        return gt_fail(
            GT_NOMEM,
            "'%s' cannot be checked, because no process can be started: %s (too little memory, or a limit: ulimit -u)",
            path, strerror(error));
    if (error)
        return gt_fail(GT_FAILED, "'%s' cannot be checked: '%s' does not start: %s%s", path, checker, strerror(error),
                       error == ENOENT && !other[0] ? " (make builds it, make install installs it)" : "");
    hear(talk, line, sizeof line);
    while ((ended = waitpid(child, &how, 0)) < 0 && errno == EINTR) continue;
    if (ended == child) return child_status(checker, path, how, line);
    return gt_fail(GT_FAILED, "'%s' cannot be checked: how '%s' ended is not known: %s (is SIGCHLD ignored?)", path,
                   checker, strerror(errno));
}

gt_status gt_h5_check(const char *text) {
    gt_named_array part = {0};
    char before[GT_ARRAY_FILE_BYTES] = "";
    gt_status st = GT_OK, odd;
    if (!access(text, F_OK)) return check_file(text);
    while (!st && gt_named_array_next(&text, &part, &odd)) { /* who reads the text refuses what is odd */
        if (odd || !strcmp(part.file, before)) continue;
        strcpy(before, part.file);
        st = check_file(part.file);
    }
    return st;
}
