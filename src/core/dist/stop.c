/* SPDX-License-Identifier: Apache-2.0
 * Handles signals (gantry/stop.h). */
#include "dist/door/stop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/machine.h"
#include "base/door/clock.h"
#include "gantry/dist.h"
#include "base/door/log.h"
#include "base/door/program.h"

static volatile sig_atomic_t stop_signal, checkpoint_wanted;

/* Said at once by the handler, for the end of the step may be minutes away. All of it is made beforehand: a handler may
 * do little more than write. */
static char answer[512];   /* "": nothing is said, or it has been said */
static bool alone;         /* without a launcher: a second SIGINT ends the program at once */
static double interrupted; /* the last time, by gt_clock(); 0: not yet */

static const char under_a_launcher[] =
    "stopping after this step. Launchers kill ranks that do not end in time: mpirun after about a second, Slurm after "
    "its KillWait. If no message confirms a checkpoint, the work since the last one is lost. SIGUSR1, or a file `stop` "
    "in the run's directory, leaves enough time.\n";

static void write_stderr(const char *text) {
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

/* Some senders deliver one SIGINT twice (`timeout -s INT`: to the process, then to its group): a signal that comes so
 * soon is not a second wish. */
static bool is_second_wish(void) {
    const double soon = 0.3; /* seconds */
    double now = gt_clock(), before = interrupted;
    interrupted = now;
    return before > 0 && now - before > soon;
}

static void on_signal(int number) {
    if (number == SIGUSR2) {
        checkpoint_wanted = 1;
        return;
    }
    stop_signal = number;
    if (number == SIGINT && alone && is_second_wish()) gt_program_ends_by(number);
    if (!answer[0] || (number == SIGUSR1 && !alone)) return;
    write_stderr(answer);
    answer[0] = 0;
}

/* Nothing is put in order: what is on the disk is whole, and the work resumes from there. */
static void say_and_end(int number) {
    enum { STOPPED = 75 };
    (void)number;
    write_stderr(answer);
    gt_program_tidy();
    _exit(STOPPED);
}

/* A file-size limit or a reader of our output that went away must not end a run: the write fails, and that is handled.
 */
static const struct {
    int number;
    void (*handler)(int);
} handled[] = {
    {SIGUSR1, on_signal}, {SIGTERM, on_signal}, {SIGINT, on_signal}, {SIGHUP, on_signal},
    {SIGUSR2, on_signal}, {SIGXFSZ, SIG_IGN},   {SIGPIPE, SIG_IGN},
};
enum { N_HANDLED = sizeof handled / sizeof *handled };
static struct sigaction before[N_HANDLED];

static void set_handler(int number, void (*handler)(int), struct sigaction *old) {
    struct sigaction act;
    memset(&act, 0, sizeof act);
    act.sa_flags = SA_RESTART;
    act.sa_handler = handler;
    sigemptyset(&act.sa_mask);
    sigaction(number, &act, old);
    /* nohup: the terminal's end is nothing to it */
    if (number == SIGHUP && old->sa_handler == SIG_IGN) sigaction(number, old, NULL);
}

/* What stands on the terminal's last line, the live line or "^C", makes room. */
static const char *line_start(void) { return gt_log_is_terminal() ? "\r\033[K" : ""; }

/* gantry run has answered already. */
static bool is_to_answer(const gt_comm *comm) { return comm->rank == 0 && (alone || !getenv(GT_WAITING_LAUNCHER)); }

/* The process that has started the ranks, where that is of this host. *there: it lives. */
static bool find_starter(int *pid, bool *there) {
    const char *text = getenv(GT_STARTER);
    char host[GT_HOST_BYTES] = "", here[GT_HOST_BYTES] = "";
    unsigned long long started;
    gt_process p;
    if (!text || sscanf(text, "%d %llu %63s", pid, &started, host) != 3) return false;
    if (gethostname(here, sizeof here - 1) || strcmp(host, here)) return false;
    *there = gt_process_look(*pid, &p) && p.started == started && p.state != 'Z';
    return true;
}

/* Was it killed? Then its launcher got SIGUSR1, perhaps when there was no rank to pass it on to. */
static bool is_starter_gone(void) {
    int pid;
    bool there;
    return find_starter(&pid, &there) && !there;
}

void gt_tell_starter(void) {
    int pid;
    bool there;
    if (find_starter(&pid, &there) && there) kill(pid, GT_HAVE_MET);
}

static void hold(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(how, &set, NULL);
}

void gt_stop_hold(void) { hold(SIG_BLOCK); }

static void install_handlers(const gt_comm *comm) {
    alone = !gt_mpi_launched();
    stop_signal = checkpoint_wanted = 0;
    interrupted = 0;
    if (!is_to_answer(comm)) answer[0] = 0;
    for (int i = 0; i < N_HANDLED; i++) set_handler(handled[i].number, handled[i].handler, &before[i]);
    hold(SIG_UNBLOCK);
    if (!alone && is_starter_gone()) stop_signal = SIGUSR1;
}

void gt_stop_install(const gt_comm *comm, const char *after) {
    if (!gt_mpi_launched())
        snprintf(answer, sizeof answer, "%sstopping after %s (Ctrl-C again: at once)\n", line_start(), after);
    else snprintf(answer, sizeof answer, "%s%s", line_start(), under_a_launcher);
    install_handlers(comm);
}

void gt_stop_install_short(const gt_comm *comm, const char *words) {
    snprintf(answer, sizeof answer, "%s%s\n", line_start(), words);
    install_handlers(comm);
}

void gt_stop_says(const gt_comm *comm, const char *words) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    snprintf(answer, sizeof answer, "%s%s\n", line_start(), words);
    for (size_t i = 0; comm->rank == 0 && i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old;
        sigaction(numbers[i], NULL, &old);
        if (old.sa_handler == SIG_DFL || old.sa_handler == gt_program_ends_by)
            set_handler(numbers[i], say_and_end, &old);
    }
}

void gt_stop_restore(void) {
    for (int i = 0; i < N_HANDLED; i++) sigaction(handled[i].number, &before[i], NULL);
    if (!alone) signal(SIGUSR1, SIG_IGN); /* gantry run sends it again until all have ended */
}

int gt_stop_requested(void) { return stop_signal; }

void gt_stop_request(int number) { stop_signal = number; }

bool gt_stop_take_checkpoint(void) {
    if (!checkpoint_wanted) return false;
    checkpoint_wanted = 0; /* a signal that comes now is answered by the checkpoint that is about to be made */
    return true;
}
