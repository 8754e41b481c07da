/* SPDX-License-Identifier: Apache-2.0 */
#include "train/stop.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal, checkpoint_wanted;

/* Said at once: the end of the step may come too late. */
static const char *warning;
static const char under_a_launcher[] =
    "stopping after this step. Launchers kill what does not end in time, mpirun after about a second, Slurm after its KillWait: if no line says that a "
    "checkpoint is written, the work since the last one is lost. SIGUSR1, or a file `stop` in the run's directory, takes all the time that is needed.\n";

static void on_signal(int number) {
    if (number == SIGUSR2) {
        checkpoint_wanted = 1;
        return;
    }
    stop_signal = number;
    if (!warning || number == SIGUSR1) return;
    ssize_t ignored = write(STDERR_FILENO, warning, strlen(warning));
    (void)ignored;
    warning = NULL;
}

/* A file-size limit or a reader of our output that went away must not end a run: the write fails, and that is handled. */
static const struct {
    int number;
    void (*handler)(int);
} handled[] = {
    {SIGUSR1, on_signal}, {SIGTERM, on_signal}, {SIGINT, on_signal}, {SIGUSR2, on_signal}, {SIGXFSZ, SIG_IGN}, {SIGPIPE, SIG_IGN},
};
enum { N_HANDLED = sizeof handled / sizeof *handled };
static struct sigaction before[N_HANDLED];

void gt_stop_install(bool warns) {
    warning = warns ? under_a_launcher : NULL;
    stop_signal = checkpoint_wanted = 0;
    struct sigaction act;
    memset(&act, 0, sizeof act);
    act.sa_flags = SA_RESTART;
    sigemptyset(&act.sa_mask);
    for (int i = 0; i < N_HANDLED; i++) {
        act.sa_handler = handled[i].handler;
        sigaction(handled[i].number, &act, &before[i]);
    }
}

void gt_stop_restore(void) {
    for (int i = 0; i < N_HANDLED; i++) sigaction(handled[i].number, &before[i], NULL);
}

int gt_stop_requested(void) { return stop_signal; }

bool gt_stop_take_checkpoint(void) {
    if (!checkpoint_wanted) return false;
    checkpoint_wanted = 0; /* a signal that comes now is answered by the checkpoint that is about to be made */
    return true;
}
