/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * The launcher gets a session of its own, so that the terminal's Ctrl-C does not reach it: mpirun would kill the ranks
 * about a second later, in the middle of a step. This process stays in the terminal's foreground and passes on what
 * lets the ranks finish: SIGUSR1 first, SIGTERM when asked again. Should it be killed itself, the kernel sends the
 * launcher SIGUSR1 in its place; ranks that were not there yet look for it when they begin to listen (GT_STARTER).
 * mpirun passes a signal on to the ranks that there are: one that comes before it has started them reaches nobody and
 * is forgotten, and nothing tells when they are there. So SIGUSR1 is sent again, after longer and longer pauses, until
 * the launcher ends. A rank may get it any number of times.
 *
 * Service managers and batch systems send SIGTERM, SIGINT or SIGHUP to all processes of a job at once. Then mpirun,
 * too, would kill the ranks. So where the ranks can finish, Open MPI's mpirun gets these signals blocked: it keeps them
 * so, and unblocks them in the ranks. Asked again, this process sends mpirun SIGALRM in place of SIGTERM: mpirun passes
 * that on as well, it ends a rank, and mpirun then ends the others.
 *
 * A rank may be lost while it starts, and mpirun may not see that: its own threads wait for each other where $TMPDIR is
 * full, or where a signal ends a rank that it has just forked. Until rank 0 says that the ranks have met (GT_HAVE_MET)
 * this process looks once a second how many of them are there. When some are missing, and mpirun has had time to end
 * the others, all are ended here. Until then SIGUSR2 waits here, too: it ends an mpirun, and a rank, that does not
 * listen yet. Should this process be killed, the process that passes on stderr looks in its place. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/door/machine.h"
#include "base/door/clock.h"
#include "gantry/dist.h"
#include "command/launch/door/launch.h"
#include "base/door/log.h"
#include "base/door/terminal.h"
#include "base/door/program.h"
#include "dist/door/stop.h"
#include "gantry/text.h"
#include "command/launch/ready.h"

enum { FAILED = 1, STOPPED = 75 }; /* exit statuses */

typedef struct child {
    pid_t pid;
    const char *said;         /* when it is asked to stop */
    int stage;                /* of the signals below: what comes next */
    bool asked, gentle, told; /* the last: by SIGUSR1 */
    bool deaf;                /* the launcher does not get what `asking` holds */
    double last;              /* when it was asked the last time */
    double again;             /* when SIGUSR1 is sent again */
    double pause;             /* seconds until then */
    /* The meeting: see above. */
    bool watched; /* ranks are looked for */
    char name[64];
    int ranks;       /* the most that were there */
    double look;     /* when they are looked for again */
    double missing;  /* since when there are fewer; 0: there are not */
    bool checkpoint; /* SIGUSR2 came */
    bool orphan;     /* this process was killed, and another one watches */
} child;

/* to stop; they come by themselves, from a terminal or a service manager */
static const int asking[] = {SIGINT, SIGTERM, SIGHUP};
enum { ASKING = sizeof asking / sizeof *asking };

static bool asks_to_stop(int number) {
    for (int i = 0; i < ASKING; i++)
        if (asking[i] == number) return true;
    return false;
}

static const double first_pause = 1, longest_pause = 60; /* seconds */
static const double look_pause = 1, patience = 5;        /* of the watch over ranks that have not met */
static const double orphans_patience = 60; /* they may have met: the others stop by themselves, with a checkpoint */

static void print_line(const char *text) { gt_print_to(stderr, gt_log_is_terminal() ? "\r\033[K%s\n" : "%s\n", text); }

/* SIGUSR1, also from elsewhere: by `kill`, or Slurm's --signal. */
static void ask_gently(child *c) {
    kill(c->pid, SIGUSR1);
    if (!c->gentle) return;
    c->told = true;
    c->pause = first_pause;
    c->again = gt_clock() + c->pause;
}

/* A second SIGTERM within 5 s makes Open MPI's mpirun end without waiting for anybody. */
static void ask_to_stop(child *c) {
    const int at_once = c->deaf ? SIGALRM : SIGTERM, stages[] = {SIGUSR1, at_once, at_once, SIGKILL};
    enum { LAST = sizeof stages / sizeof *stages - 1 };
    const double soon = 0.3; /* seconds: `timeout` sends a signal to the process, and then to its group */
    double now = gt_clock();
    if (c->asked && now - c->last < soon) return;
    print_line(c->asked ? "stopping at once" : c->said);
    c->asked = true;
    c->last = now;
    c->pause = 0;
    if (stages[c->stage] == SIGUSR1) ask_gently(c);
    else kill(c->pid, stages[c->stage]);
    c->stage += c->stage < LAST;
}

static void ask_again(child *c) {
    double now = gt_clock();
    if (c->pause <= 0 || now < c->again) return;
    kill(c->pid, SIGUSR1);
    c->pause = fmin(2 * c->pause, longest_pause);
    c->again = now + c->pause;
}

/* The number of the next signal, or of none: less than 0. */
static int next_signal(const child *c, const sigset_t *signals) {
    double until = fmin(c->pause > 0 ? c->again : INFINITY, c->watched ? c->look : INFINITY);
    if (until == INFINITY) return sigwaitinfo(signals, NULL);
    double left = fmax(until - gt_clock(), 0);
    struct timespec wait = {.tv_sec = (time_t)left, .tv_nsec = (long)(1e9 * (left - floor(left)))};
    return sigtimedwait(signals, NULL, &wait);
}

static int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

/* A rank that does not listen yet is ended by the first signal that reaches it; over that mpirun itself may crash while
 * it tidies up (Open MPI 4.1.4, on a busy machine). */
static bool ended_too_early(const child *c, int status) {
    int number = code_of(status) - 128;
    bool crashed = c->watched && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
    return c->told && (number == SIGUSR1 || crashed || (c->deaf && asks_to_stop(number)));
}

static void watch_from_now_on(child *c, const gt_launch *l, const gt_launch_stop *stop) {
    gt_process own;
    c->watched = stop->meets && l->one_host && gt_process_look(getpid(), &own);
    if (c->watched) snprintf(c->name, sizeof c->name, "%s", own.name);
    c->look = gt_clock() + look_pause;
}

/* Has a rank been missing for long? */
static bool look_for_ranks(child *c) {
    double now = gt_clock();
    if (!c->watched || now < c->look) return false;
    int ranks = gt_children_called(c->pid, c->name);
    c->look = now + look_pause;
    if (ranks > c->ranks) c->ranks = ranks;
    if (ranks == c->ranks) c->missing = 0;
    else if (!c->missing) c->missing = now;
    return c->missing && now - c->missing >= (c->orphan && ranks ? orphans_patience : patience);
}

static bool has_ended(const child *c, int *status) { return waitpid(c->pid, status, WNOHANG) == c->pid; }

/* Two SIGTERM let mpirun tidy up, if it gets them; then nothing is asked any more. */
static void end_all(const child *c) {
    int status;
    for (int i = 0; i < 2 && !has_ended(c, &status); i++) {
        kill(c->pid, SIGTERM);
        gt_sleep(0.5);
    }
    for (int i = 0; i < 20 && !has_ended(c, &status); i++) gt_sleep(0.1);
    gt_session_signal(c->pid, SIGKILL);
}

/* In the process that passes on stderr, once a second after this process was killed. */
static void end_what_is_left(void *context) {
    child *c = context;
    c->orphan = true;
    if (!c->ranks) c->ranks = 1; /* a launcher that has not begun shall not begin either */
    if (look_for_ranks(c)) end_all(c);
}

static int stopped_early(void) {
    print_line("stopped before the first step; the same command resumes");
    return STOPPED;
}

static void have_met(child *c) {
    c->watched = false;
    if (c->checkpoint) kill(c->pid, SIGUSR2);
    c->checkpoint = false;
}

static void ask_for_checkpoint(child *c) {
    c->checkpoint = c->watched;
    if (!c->watched) kill(c->pid, SIGUSR2);
}

/* Signals are waited for, not handled. */
static int wait_for(child *c, const sigset_t *signals) {
    for (;;) {
        int status, number; /* a signal, less than 0: it is time to ask, or to look again */
        if (has_ended(c, &status)) return ended_too_early(c, status) ? stopped_early() : code_of(status);
        do number = next_signal(c, signals);
        while (number < 0 && errno == EINTR);
        if (number < 0) ask_again(c);
        if (look_for_ranks(c)) {
            end_all(c);
            if (c->told) return stopped_early(); /* the signal ended a rank that did not listen yet */
            print_line("error: gantry run: a rank was lost during the start, and mpirun did not end the others, so "
                       "gantry ended all of them. See Open MPI's message above; often a file system is full ($TMPDIR)");
            return FAILED;
        }
        if (asks_to_stop(number)) ask_to_stop(c);
        else if (number == SIGUSR1) ask_gently(c);
        else if (number == GT_HAVE_MET) have_met(c);
        else if (number == SIGUSR2) ask_for_checkpoint(c);
        else if (number == SIGTSTP) gt_session_stand_still(c->pid); /* mpirun passes that on to nobody */
    }
}

/* No command of several ranks reads its standard input, but mpirun and srun do: they would take what is typed for the
 * shell, and the list of a loop `while read ...; do gantry ...; done <list`. */
static void leave_input(void) {
    int fd = open("/dev/null", O_RDONLY);
    if (fd < 0) return;
    dup2(fd, STDIN_FILENO);
    close(fd);
}

static void become_launcher(const gt_launch *l, pid_t parent, const sigset_t *mask, int to) {
    const char *const *argv = l->words;
    setsid();
    if (to >= 0) dup2(to, STDERR_FILENO);
    leave_input();
    if (l->apart) launch_leave_network();
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    if (getppid() != parent) _exit(FAILED);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], (char *const *)argv);
    gt_print_to(stderr, "gantry run: %s: %s\n", argv[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* Of the launcher: that of this process before, and what the launcher shall not get. The ranks learn that they have
 * time. */
static void make_deaf(sigset_t *mask) {
    for (int i = 0; i < ASKING; i++) sigaddset(mask, asking[i]);
    setenv(GT_WAITING_LAUNCHER, "1", 1);
}

/* Ranks on this host may see whether this process is there. */
static void name_starter(const gt_launch *l) {
    char text[GT_HOST_BYTES + 64], host[GT_HOST_BYTES] = "";
    gt_process own;
    unsetenv(GT_STARTER); /* one around this one */
    if (strcmp(l->words[0], "mpirun") || !gt_process_look(getpid(), &own) || gethostname(host, sizeof host - 1)) return;
    snprintf(text, sizeof text, "%d %llu %s", (int)getpid(), own.started, host);
    setenv(GT_STARTER, text, 1);
}

/* What is ignored, as SIGHUP under nohup, stays ignored; but not SIGINT, which a shell's script lets its background
 * commands ignore, and which training takes there as everywhere. */
static void choose_signals(sigset_t *set) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGTSTP, SIGCHLD, GT_HAVE_MET};
    sigemptyset(set);
    signal(SIGCHLD, SIG_DFL);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction now;
        sigaction(numbers[i], NULL, &now);
        if (now.sa_handler != SIG_IGN || numbers[i] == SIGINT) sigaddset(set, numbers[i]);
    }
}

/* The ranks write to pipes: the environment tells them of the terminal at the other end. Not under
 * srun, which passes on whole lines only. */
static void pass_on_terminal(bool pipes) {
    char text[GT_TERMINAL_BYTES];
    const gt_terminal t = gt_terminal_look();
    if (pipes && t.is) setenv(GT_TERMINAL, gt_terminal_text(&t, text), 1);
}

static gt_status run_launcher(const gt_launch *l, const gt_launch_stop *stop, int *status) {
    child c = {.said = stop->words, .gentle = stop->gentle, .stage = stop->gentle ? 0 : 1};
    c.deaf = c.gentle && l->open_mpi;
    sigset_t signals, before;
    choose_signals(&signals);
    sigprocmask(SIG_BLOCK, &signals, &before);
    sigdelset(&before, SIGUSR2); /* gt_stop_hold() */
    fflush(NULL);
    unsetenv(GT_WAITING_LAUNCHER); /* of a launcher around this one */
    if (c.deaf) make_deaf(&before);
    name_starter(l);
    pid_t self = getpid();
    launch_folder folder;
    launch_folder_make(l, &folder);
    launch_stderr e = strcmp(l->words[0], "mpirun") ? LAUNCH_STDERR_NONE : launch_stderr_begin();
    c.pid = fork();
    if (c.pid == 0) become_launcher(l, self, &before, e.to);
    if (c.pid > 0) watch_from_now_on(&c, l, stop);
    const bool started = c.pid > 0 && launch_stderr_started(&e, end_what_is_left, &c);
    int error = errno;
    if (c.pid > 0 && !started) end_all(&c);
    if (started) {
        *status = wait_for(&c, &signals);
        launch_stderr_end(&e);
    }
    launch_folder_remove(&folder);
    if (!started) return gt_fail(GT_FAILED, "no process can be started for %s: %s", l->words[0], strerror(error));
    return GT_OK;
}

gt_status gt_launch_start(const gt_launch *l, const gt_launch_stop *stop, int *status) {
    pass_on_terminal(!l->here && !strcmp(l->words[0], "mpirun"));
    if (!l->here) {
        gt_status st = launch_ready(l);
        return st ? st : run_launcher(l, stop, status);
    }
    gt_program_become((char **)l->words);
    return gt_fail(GT_FAILED, "%s cannot be started", l->words[0]);
}
