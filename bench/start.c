/* SPDX-License-Identifier: Apache-2.0
 * What it costs to start: commands that do little, a training of one step on one rank and on two; processor time of the
 * command and of all that it has started and waited for. In turns beside another program, such as an older build. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/door/clock.h"
#include "common/program.h"
#include "gantry/program.h"

extern char **environ;

enum { MOST_TURNS = 101, MOST_WORDS = 64, WORD = 1024 };

typedef struct start_options {
    bench_common common;
    const char *program, *beside, *launch, *only;
    int64_t turns;
} start_options;

static start_options options;

static const gt_option rows[] = {
    BENCH_OPTIONS,
    {BENCH_ROW(start_options, "program", program, "", "That is measured; the one of this benchmark, if none is given"),
     .path = true},
    {BENCH_ROW(start_options, "beside", beside, "", "Another one, measured in turns with it"), .path = true},
    {BENCH_ROW(start_options, "launch", launch, "mpirun -n %r", "Starts %r ranks; none: one rank only")},
    {BENCH_ROW(start_options, "only", only, "", "Only commands that begin so")},
    {BENCH_ROW(start_options, "turns", turns, "0", "0: 5, with --long 21"), .max = MOST_TURNS},
};

/* In words, %p is the program, %d its folder of runs, %c the checkpoint of the run in it. */
#define TRAIN                                                                                                     \
    "%p train --data=synth:shapes:n=96,size=16,classes=4 --cond --cfg=auto --cbase=256 --cmax=16 --map-layers=2 " \
    "--z-dim=32 --w-dim=32 --batch=8 --mbstd=2 --slices=4 --seed=3 --threads=1 --steps=1 --run=%d/"
static const struct {
    const char *name, *words;
    int ranks;
    bool trains;
} commands[] = {
    {"version", "%p version", 1, false},
    {"--help", "%p --help", 1, false},
    {"unknown word", "%p trian", 1, false},
    {"completion", "%p completion bash", 1, false},
    {"status RUN", "%p status %d/run", 1, false},
    {"hash CHECKPOINT", "%p hash %c", 1, false},
    {"inspect RUN", "%p inspect %d/run", 1, false},
    {"train, 1 step", TRAIN "new", 1, true},
    {"train, 1 step, 2 ranks", TRAIN "new", 2, true},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

typedef struct program {
    const char *path;
    char folder[512], checkpoint[PATH_MAX];
    double cpu[MOST_TURNS], wall[MOST_TURNS]; /* of the command that is measured */
} program;

/* Cuts text at blanks, and puts in what belongs to the program. Words of it are shorter than WORD. */
static int cut(const char *text, const program *p, int ranks, char words[][WORD], int n) {
    while (*text && n < MOST_WORDS) {
        size_t at = 0;
        for (text += strspn(text, " "); *text && *text != ' '; text++) {
            char count[16];
            const char *put = NULL;
            snprintf(count, sizeof count, "%d", ranks);
            if (*text == '%')
                put = text[1] == 'p'   ? p->path
                      : text[1] == 'd' ? p->folder
                      : text[1] == 'c' ? p->checkpoint
                      : text[1] == 'r' ? count
                                       : NULL;
            if (put) at += (size_t)snprintf(words[n] + at, WORD - at, "%s", put), text++;
            else words[n][at++] = *text;
            if (at >= WORD - 2) at = WORD - 2;
        }
        words[n][at] = 0;
        n += at > 0;
    }
    return n;
}

/* Runs a command without input and output. */
static gt_status perform(const char *text, const program *p, int ranks, double *cpu, double *wall) {
    static char words[MOST_WORDS][WORD];
    char *argv[MOST_WORDS + 1];
    int n = ranks > 1 ? cut(options.launch, p, ranks, words, 0) : 0, status = 0;
    n = cut(text, p, ranks, words, n);
    for (int i = 0; i < n; i++) argv[i] = words[i];
    argv[n] = NULL;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    double begin = gt_clock();
    pid_t child;
    int error = posix_spawnp(&child, argv[0], &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    if (error) return gt_fail(GT_FAILED, "'%s' does not start: %s", argv[0], strerror(error));
    struct rusage used = {0};
    while (wait4(child, &status, 0, &used) < 0 && errno == EINTR) continue;
    *wall = gt_clock() - begin;
    *cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    /* 2: for the unknown word */
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2)) return GT_OK;
    return gt_fail(GT_FAILED, "'%s %s ...' failed: status %d", argv[0], n > 1 ? argv[1] : "", status);
}

static gt_status forget(const program *p, const char *what) {
    char words[WORD];
    double unused;
    snprintf(words, sizeof words, "rm -rf %s", what);
    return perform(words, p, 1, &unused, &unused);
}

/* The run that commands look at. */
static gt_status prepare(program *p) {
    double unused;
    char link[600];
    gt_status st = perform(TRAIN "run", p, 1, &unused, &unused);
    snprintf(link, sizeof link, "%s/run/last", p->folder);
    if (!st && !realpath(link, p->checkpoint)) st = gt_fail(GT_FAILED, "%s: %s", link, strerror(errno));
    return st;
}

/* Milliseconds; sorts. */
static double least(double *x, int n) {
    bench_sort(x, n);
    return 1e3 * x[0];
}

static double median(const double *x, int n) { return 500 * (x[n / 2] + x[(n - 1) / 2]); }

static gt_status measure(int command, program *p, int n, int turns) {
    gt_status st = GT_OK;
    for (int t = 0; t < turns && !st; t++)
        for (int k = 0; k < n && !st; k++) {
            st = perform(commands[command].words, &p[k], commands[command].ranks, &p[k].cpu[t], &p[k].wall[t]);
            if (!st && commands[command].trains) st = forget(&p[k], "%d/new");
        }
    return st;
}

static gt_status compare(bench *b, const char *folder) {
    static const gt_column columns[] = {{"command", "command", GT_COLUMN_TEXT},
                                        {"least", "ms of processor time, least", 1},
                                        {"median", "median", 1},
                                        {"wall", "ms, least", 1},
                                        {"wall_median", "median", 1},
                                        {"beside", "beside: processor time", 1},
                                        {"beside_median", "median", 1},
                                        {"beside_wall", "ms, least", 1},
                                        {"beside_wall_median", "median", 1},
                                        {"ratio", "ratio of processor times", 2},
                                        {"ratio_median", "of medians", 2}};
    static program p[2];
    char own[GT_PROGRAM_PATH_BYTES], path[GT_PROGRAM_PATH_BYTES + 32];
    gt_program_folder(own);
    snprintf(path, sizeof path, "%s/../gantry", own);
    if (access(path, X_OK) || strstr(own, "/libexec/")) snprintf(path, sizeof path, "%s/../../bin/gantry", own);
    p[0].path = *options.program ? options.program : path;
    p[1].path = options.beside;
    int n = *options.beside ? 2 : 1, turns = options.turns ? (int)options.turns : b->common->careful ? 21 : 5;
    gt_status st = GT_OK;
    unsetenv("OPENBLAS_NUM_THREADS"); /* which gantry bench has set: users have none */
    for (int k = 0; k < n && !st; k++) {
        snprintf(p[k].folder, sizeof p[k].folder, "%s/%d", folder, k);
        st = prepare(&p[k]);
    }
    if (n == 2) gt_results_say(b->results, "beside", "%s", options.beside);
    gt_results_say(b->results, "turns", "%d", turns);
    gt_table *table = gt_results_table(b->results, "start", columns, sizeof columns / sizeof *columns);
    for (int c = 0; c < COMMANDS && !st; c++) {
        if (strncmp(commands[c].name, options.only, strlen(options.only)) != 0) continue;
        if (commands[c].ranks > 1 && !strcmp(options.launch, "none")) continue;
        st = measure(c, p, n, turns);
        double cpu[2] = {NAN, NAN}, middle[2] = {NAN, NAN}, wall[2] = {NAN, NAN}, wall_middle[2] = {NAN, NAN};
        for (int k = 0; k < n && !st; k++) {
            cpu[k] = least(p[k].cpu, turns), middle[k] = median(p[k].cpu, turns);
            wall[k] = least(p[k].wall, turns), wall_middle[k] = median(p[k].wall, turns);
        }
        if (!st)
            gt_table_row(table, commands[c].name, cpu[0], middle[0], wall[0], wall_middle[0], cpu[1], middle[1],
                         wall[1], wall_middle[1], cpu[0] / cpu[1], middle[0] / middle[1]);
    }
    for (int k = 0; k < n; k++) (void)forget(&p[k], "%d");
    return st;
}

static gt_status run(bench *b) { return bench_in_folder(b, compare); }

BENCH_MAIN(.name = "start", .help = "What it costs to start commands and a small training", .run = run)
