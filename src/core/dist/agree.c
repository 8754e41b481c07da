/* SPDX-License-Identifier: Apache-2.0
 * Errors on several ranks. All ranks agree on one status and one message at fixed places, or all ranks end. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dist/comm.h"
#include "base/door/log.h"
#include "base/door/progress.h"
#include "dist/door/dist.h"

/* what a rank has said before a signal is on its way to the terminal after this time */
enum { LAUNCHER_READS_US = 300000 };

/* A failure that has been agreed on before says whose it is. */
static bool names_its_rank(const char *message) {
    int rank, end = 0;
    return sscanf(message, "rank %d (%n", &rank, &end) == 1 && end;
}

gt_status gt_comm_agree_all(gt_comm *c, gt_status st) {
    if (c->ranks == 1) return st;
    int lowest = c->ranks - gt_comm_max_all(c, st ? c->ranks - c->rank : 0); /* that failed; c->ranks: none */
    if (lowest == c->ranks) return GT_OK;
    struct {
        gt_status status;
        char host[GT_HOST_BYTES], message[2048];
    } failure = {.status = st};
    memcpy(failure.host, c->host, sizeof failure.host);
    snprintf(failure.message, sizeof failure.message, "%s", gt_message());
    gt_comm_broadcast_all(c, &failure, sizeof failure, lowest);
    if ((failure.status == GT_USAGE && lowest == 0) || names_its_rank(failure.message))
        return gt_fail(failure.status, "%s", failure.message);
    return gt_fail(failure.status, "rank %d (%s): %s", lowest, failure.host, failure.message);
}

static void (*end_process)(int status); /* NULL: this process is not ours to end */

void gt_comm_end_by(void (*end)(int status)) { end_process = end; }

bool gt_comm_end_process(int status) {
    if (end_process && status) end_process(status);
    return end_process;
}

static struct {
    void (*write)(void *arg);
    void *arg;
} last_words;

void gt_comm_at_abort(void (*write)(void *arg), void *arg) {
    last_words.write = write;
    last_words.arg = arg;
}

static bool abandoned; /* another host may be out of reach */

/* Scripts of batch jobs count how often that happens, and start the job again on hosts that are there (slurm/lib.sh).
 * A rank that comes late leaves their count as it is. */
static void note_lost_host(void) {
    const char *path = getenv("GANTRY_LAUNCHES");
    FILE *f = path && *path ? fopen(path, "ae") : NULL;
    if (f) fputs("lost\n", f);
    if (f) fclose(f);
}

static void say_last_words(const gt_comm *c) {
    gt_on_progress((gt_progress_hooks){0}); /* from here on nothing waits for a peer that may be gone */
    if (end_process) {                      /* should a file system stand still, or MPI fail to end us */
        signal(SIGALRM, SIG_DFL);
        alarm(5);
    }
    gt_log(GT_ERROR, "%s (on %s; all ranks end)", gt_message(), c->host);
    if (abandoned) note_lost_host();
    if (last_words.write) last_words.write(last_words.arg);
    gt_log_close();
}

void gt_comm_abandon(gt_comm *c) {
    pid_t launcher = gt_inside(c)->watchdog.launcher;
    abandoned = true;
    if (launcher > 0 && end_process) {
        say_last_words(c);
        for (int i = 0; i < 2; i++) {
            usleep(LAUNCHER_READS_US);
            kill(launcher, SIGTERM);
        }
        end_process(1);
    }
    gt_comm_abort(c, GT_FAILED);
}

gt_status gt_comm_abort(gt_comm *c, gt_status st) {
    if (c->ranks == 1) return st;
    say_last_words(c);
    MPI_Abort(gt_inside(c)->world, st == GT_USAGE ? 2 : 1);
    return st;
}
