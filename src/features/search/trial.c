/* SPDX-License-Identifier: Apache-2.0
 * A trial as a process: `gantry train` with the trial's values, and the signals that it gets (search.h). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/door/file.h"
#include "base/door/program.h"
#include "base/door/terminal.h"
#include "gantry/text.h"
#include "features/search/search.h"

enum { FAILED = 1 }; /* the exit status of a process that cannot become the trial */

static volatile sig_atomic_t stopped;
static volatile pid_t child;

/* SIGUSR1 lets `gantry train` finish its step and write a checkpoint; more of them do no harm. A SIGALRM that is not
 * the timer's comes from gantry run, asked to stop at once. */
static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    stopped = number;
    if (number == SIGALRM && info->si_code == SI_USER) {
        signal(SIGALRM, SIG_DFL);
        raise(SIGALRM); /* delivered when the handler returns */
    }
    if (child > 0) kill(child, SIGUSR1);
}

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGALRM};
enum { STOPPING = sizeof stopping / sizeof *stopping };

void gt_search_handle_signals(double seconds) {
    for (int i = 0; i < STOPPING; i++) {
        struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO}, old;
        sigemptyset(&act.sa_mask);
        sigaction(stopping[i], &act, &old);
        if (stopping[i] == SIGHUP && old.sa_handler == SIG_IGN) sigaction(SIGHUP, &old, NULL); /* nohup */
    }
    double whole = floor(seconds);
    struct itimerval timer = {.it_value = {(time_t)whole, (suseconds_t)(1e6 * (seconds - whole))}};
    if (seconds > 0) setitimer(ITIMER_REAL, &timer, NULL);
}

bool gt_search_stop_requested(void) { return stopped != 0; }

/* A trial is a launch of its own: it must not take itself for a rank of the launcher that started this worker, nor for
 * a step of a Slurm job. */
static void leave_launcher(void) {
    static const char *const prefixes[] = {"OMPI_", "PMIX_",     "PMI_",   "PRTE_",
                                           "MV2_",  "MPI_LOCAL", "SLURM_", GT_TERMINAL};
    for (char **e = environ; *e;) {
        char name[256];
        bool drop = false;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*e, "="), *e);
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
            drop |= !strncmp(name, prefixes[i], strlen(prefixes[i]));
        if (!drop || unsetenv(name)) e++;
    }
}

/* The words of the command in the arena; NULL: out of memory. */
static const char **trial_command(const gt_search *s, int trial) {
    gt_arena *a = s->job->arena;
    static char program[GT_PROGRAM_PATH_BYTES];
    const char **argv = gt_arena_array(a, (size_t)(s->plan.n_fixed + s->n_varied) + 16, sizeof *argv);
    int n = 0;
    if (!argv) return NULL;
    gt_program_path(program);
    argv[n++] = program;
    if (s->plan.ranks_per_trial > 1) {
        argv[n++] = "run";
        argv[n++] = "--launcher=mpirun";
        argv[n++] = gt_arena_printf(a, "--ranks=%lld", (long long)s->plan.ranks_per_trial);
    }
    argv[n++] = "train";
    if (s->plan.job_file) argv[n++] = s->plan.job_file;
    for (int i = 0; i < s->plan.n_fixed; i++)
        argv[n++] = s->plan.values[i] ? gt_arena_printf(a, "--%s=%s", s->plan.keys[i], s->plan.values[i])
                                      : gt_arena_printf(a, "--%s", s->plan.keys[i]);
    for (int i = 0; i < s->n_varied; i++) {
        gt_drawn d = gt_search_value(s, trial, i);
        argv[n++] = gt_arena_printf(a, "--%s=%s", s->varied[i].key, gt_drawn_text(&d));
    }
    if (s->plan.ranks_per_trial <= 1) argv[n++] = "--ranks=1"; /* the trials share out the cores */
    if (s->threads) argv[n++] = gt_arena_printf(a, "--threads=%d", s->threads);
    argv[n++] = "--progress=0";
    argv[n++] = gt_arena_printf(a, "--run=%s", gt_search_path(s, trial, "%s/trials/%04d"));
    return gt_arena_failed(a) ? NULL : argv;
}

static void become_trial(const char *const *argv, const char *said, pid_t parent, const sigset_t *mask) {
    int out = gt_file_open(said, O_WRONLY | O_CREAT | O_TRUNC), in = open("/dev/null", O_RDONLY);
    if (out < 0 || in < 0) _exit(FAILED);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    prctl(PR_SET_PDEATHSIG, SIGUSR1); /* should the worker be killed, its trial stops in order */
    if (getppid() != parent) _exit(FAILED);
    leave_launcher();
    for (int i = 0; i < STOPPING; i++)
        if (stopping[i] != SIGHUP) signal(stopping[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    gt_program_become((char **)argv);
    gt_print_to(stderr, "gantry search: %s cannot be started: %s\n", argv[0], strerror(errno));
    _exit(FAILED);
}

gt_status gt_search_train_trial(const gt_search *s, int trial, int *status) {
    const char **argv = trial_command(s, trial), *said = gt_search_path(s, trial, "%s/state/%04d/said");
    sigset_t signals, before;
    if (!argv) return GT_NOMEM;
    sigemptyset(&signals);
    for (int i = 0; i < STOPPING; i++) sigaddset(&signals, stopping[i]);
    fflush(NULL);
    sigprocmask(SIG_BLOCK, &signals, &before);
    pid_t self = getpid(), pid = fork();
    if (pid == 0) become_trial(argv, said, self, &before);
    child = pid;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) return gt_fail(GT_FAILED, "no process can be started for a trial: %s", strerror(errno));
    if (stopped) kill(pid, SIGUSR1);
    int ended;
    while (waitpid(pid, &ended, 0) < 0 && errno == EINTR) continue;
    child = 0;
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : GT_TRIAL_SIGNALLED + WTERMSIG(ended);
    return GT_OK;
}
