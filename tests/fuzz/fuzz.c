/* SPDX-License-Identifier: Apache-2.0
 * What all targets share, and libFuzzer's two entry points. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <hdf5.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/door/file.h"
#include "gantry/dataset.h"
#include "gantry/log.h"
#include "files/h5/door/h5.h"

enum { FUZZ_PATH = 512 };

static void serve(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
const char *__asan_default_suppressions(void);

/* What libhdf5 does wrong whoever calls it: it reads behind an object's header for an attribute that says it is longer,
 * to see what its name is. */
const char *__asan_default_suppressions(void) { return "interceptor_via_fun:H5O__msg_iterate_real\n"; }

/* libhdf5 waits before it reads a damaged place once more, up to ten times, as somebody might be writing there: here
 * nobody is. */
int nanosleep(const struct timespec *time, struct timespec *left) {
    (void)time, (void)left;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    target.run(bytes, n);
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    fuzz_begin(*argc, *argv);
    return 0;
}

void fuzz_begin(int argc, char **argv) {
    gt_log_setup(0, 1, GT_ERROR); /* warnings are the rule here */
    /* an open file has half a megabyte of tables: not to be mapped anew each time */
    H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
    if (argc == 2 && !strcmp(argv[1], "serve")) serve();
}

void fuzz_with_repaired(const uint8_t *bytes, size_t n, void (*use)(const uint8_t *, size_t),
                        void (*repair)(uint8_t *, size_t)) {
    use(bytes, n);
    uint8_t *copy = malloc(n + 1);
    fuzz_check(copy);
    memcpy(copy, bytes, n);
    repair(copy, n);
    use(copy, n);
    free(copy);
}

void fuzz_broken(const char *what, const char *file, int line) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

static void temporary(char path[FUZZ_PATH]) {
    const char *dir = getenv("TMPDIR");
    snprintf(path, FUZZ_PATH, "%s/gantry-fuzz-XXXXXX", dir ? dir : "/tmp");
}

static char folder[FUZZ_PATH];

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *where) {
    (void)s, (void)kind, (void)where;
    return remove(path);
}

static void remove_folder(void) { nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

const char *fuzz_folder(void) {
    if (!*folder) {
        temporary(folder);
        fuzz_check(mkdtemp(folder));
        atexit(remove_folder);
    }
    return folder;
}

const char *fuzz_named(const char *name, const void *bytes, size_t n) {
    static char paths[4][FUZZ_PATH + 64];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof *paths, "%s/%s", fuzz_folder(), name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_check(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
    return path;
}

const char *fuzz_file(const void *bytes, size_t n) { return fuzz_named("input", bytes, n); }

const char *fuzz_scratch(void) {
    static char path[FUZZ_PATH];
    temporary(path);
    int fd = mkstemp(path);
    fuzz_check(fd >= 0);
    close(fd);
    return path;
}

void fuzz_put_scratch(fuzz_put *put, void *arg, const char *path) {
    enum { MOST_BYTES = 1 << 24 };
    void *bytes;
    size_t n;
    fuzz_check(!gt_file_read(path, MOST_BYTES, &bytes, &n));
    put(arg, bytes, n);
    free(bytes);
    unlink(path);
}

/* ---- is an HDF5 file sound? ---- */

/* A search asks a process that stays: starting one, with all its libraries, takes fifty times as long as the walk
 * through a small file. That process has children that answer, one after the other: a child dies of what libhdf5 dies
 * of, or when a file has had its time, and the next one is forked, with all libraries in place. No sanitizer is in
 * them, as in training's. */
typedef struct server {
    pid_t pid;
    int asks, answers; /* pipes: a path and a line end; 'y' or 'n' */
} server;

enum {
    QUESTIONS = 2000, /* before a child is replaced, so that no file's errors add up */
    /* of the processor's time: many damaged files have libhdf5 go round for ever, and a search is not to spend its time
       on them */
    MILLISECONDS = 20,
    SECONDS = 10,   /* for what waits instead */
    NO_MORE = 1,    /* a child's status when nobody asks any more */
    MOST_MB = 4096, /* as files/h5/h5_check.c limits the process */
};

static void answer(void) {
    static char path[FUZZ_PATH + 64];
    const struct itimerval time = {.it_value.tv_usec = 1000 * MILLISECONDS}, no_time = {0};
    for (int i = 0; i < QUESTIONS; i++) {
        if (!fgets(path, sizeof path, stdin)) _exit(NO_MORE);
        path[strcspn(path, "\n")] = 0;
        setitimer(ITIMER_PROF, &time, NULL);
        bool passes = !gt_h5_walk(path);
        setitimer(ITIMER_PROF, &no_time, NULL);
        if (write(STDOUT_FILENO, passes ? "y" : "n", 1) != 1) _exit(NO_MORE);
    }
    _exit(0);
}

static void serve(void) {
    const struct rlimit memory = {(rlim_t)MOST_MB << 20, (rlim_t)MOST_MB << 20}, none = {0, 0};
    setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_FSIZE, &none);
    for (int how = 0; how == 0 || WIFSIGNALED(how);) {
        pid_t child = fork();
        fuzz_check(child >= 0);
        if (child == 0) prctl(PR_SET_PDEATHSIG, SIGKILL), answer();
        fuzz_check(waitpid(child, &how, 0) == child);
        if (WIFSIGNALED(how) && write(STDOUT_FILENO, "n", 1) != 1) break;
    }
    exit(0);
}

static void stop(server *s) {
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    close(s->asks);
    close(s->answers);
    *s = (server){0};
}

static void start(server *s, const char *program) {
    extern char **environ;
    int asks[2], answers[2];
    char *const arguments[] = {(char *)program, "serve", NULL};
    posix_spawn_file_actions_t files;
    fuzz_check(pipe2(asks, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, asks[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, answers[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    fuzz_check(posix_spawn(&s->pid, program, &files, NULL, arguments, environ) == 0);
    posix_spawn_file_actions_destroy(&files);
    close(asks[0]);
    close(answers[1]);
    s->asks = asks[1], s->answers = answers[0];
}

static bool ask(server *s, const char *path) {
    char answer = 0;
    struct pollfd ready = {.fd = s->answers, .events = POLLIN};
    if (dprintf(s->asks, "%s\n", path) <= 0 || poll(&ready, 1, 1000 * SECONDS) != 1 ||
        read(s->answers, &answer, 1) != 1)
        stop(s);
    return answer == 'y';
}

bool fuzz_hdf5_passes(const char *path) {
    static server s;
    const char *program = getenv("FUZZ_CHECKER");
    if (!program) return gt_h5_check(path) == GT_OK;
    signal(SIGPIPE, SIG_IGN);
    if (!s.pid) start(&s, program);
    return ask(&s, path);
}
