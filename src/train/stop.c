/* SPDX-License-Identifier: Apache-2.0 */
#include "train/stop.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

static volatile sig_atomic_t stop_signal, checkpoint_wanted;

static const int handled[] = {SIGUSR1, SIGTERM, SIGINT, SIGUSR2};
enum { N_HANDLED = sizeof handled / sizeof *handled };
static struct sigaction before[N_HANDLED];

static void on_signal(int number) {
    if (number == SIGUSR2)
        checkpoint_wanted = 1;
    else
        stop_signal = number;
}

void gt_stop_install(void) {
    stop_signal = checkpoint_wanted = 0;
    struct sigaction act;
    memset(&act, 0, sizeof act);
    act.sa_handler = on_signal;
    act.sa_flags = SA_RESTART;
    sigemptyset(&act.sa_mask);
    for (int i = 0; i < N_HANDLED; i++) sigaction(handled[i], &act, &before[i]);
}

void gt_stop_restore(void) {
    for (int i = 0; i < N_HANDLED; i++) sigaction(handled[i], &before[i], NULL);
}

int gt_stop_requested(void) { return stop_signal; }

bool gt_stop_take_checkpoint(void) {
    bool wanted = checkpoint_wanted;
    checkpoint_wanted = 0;
    return wanted;
}
