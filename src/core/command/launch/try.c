/* SPDX-License-Identifier: Apache-2.0
 * A launch that is only tried (command/launch/door/launch.h): it must end in time, and nothing of it may stay.
 *
 * The command gets a session of its own, by which all of its processes can be found, ranks included. What it says comes
 * through pipes. Time is counted in short turns of waiting, so that a process that was stopped and goes on (Ctrl-Z) has
 * lost no time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/door/machine.h"
#include "base/door/clock.h"
#include "command/launch/door/launch.h"
#include "command/launch/ready.h"

enum { FAILED = 1, TURN = 20 /* milliseconds */ };
static const double patience = 3; /* seconds for mpirun to end what it has started */

typedef struct attempt {
    pid_t pid;
    int out, err; /* -1: at its end */
    size_t n_out, n_err;
    gt_launch_said *said;
} attempt;

/* ---- the process ---- */

static void become_command(const gt_launch *l, pid_t parent, const int out[2], const int err[2]) {
    static const int usual[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ, SIGCHLD};
    int in = open("/dev/null", O_RDONLY);
    sigset_t none;
    setsid();
    if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0 || dup2(err[1], STDERR_FILENO) < 0)
        _exit(FAILED);
    if (l->apart) launch_leave_network();
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* mpirun then ends its ranks and tidies up */
    if (getppid() != parent) _exit(FAILED);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) signal(usual[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(l->words[0], (char *const *)l->words);
    dprintf(STDERR_FILENO, "%s: %s\n", l->words[0], strerror(errno));
    _exit(FAILED);
}

static gt_status begin(const gt_launch *l, attempt *a) {
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    if (pipe2(out, O_CLOEXEC)) return gt_fail(GT_FAILED, "no pipe can be made: %s", strerror(errno));
    if (pipe2(err, O_CLOEXEC)) {
        close(out[0]);
        close(out[1]);
        return gt_fail(GT_FAILED, "no pipe can be made: %s", strerror(errno));
    }
    pid_t self = getpid();
    a->pid = fork();
    if (a->pid == 0) become_command(l, self, out, err);
    int error = errno;
    close(out[1]);
    close(err[1]);
    a->out = out[0];
    a->err = err[0];
    return a->pid < 0 ? gt_fail(GT_FAILED, "no process can be started: %s", strerror(error)) : GT_OK;
}

/* ---- what it says ---- */

/* The first bytes of the output and the last of the messages stay. */
static void take(int *fd, char *text, size_t room, size_t *n, bool last) {
    char bytes[512];
    ssize_t got = read(*fd, bytes, sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) {
        close(*fd);
        *fd = -1;
        return;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (*n == room - 1 && last) memmove(text, text + room / 2, room - room / 2), *n -= room / 2;
        if (*n < room - 1) text[(*n)++] = bytes[i];
        text[*n] = 0;
    }
}

static void listen_for(attempt *a, int milliseconds) {
    struct pollfd p[] = {{a->out, POLLIN, 0}, {a->err, POLLIN, 0}}; /* poll() leaves out what is less than 0 */
    if (poll(p, 2, milliseconds) <= 0) return;
    if (a->out >= 0 && p[0].revents) take(&a->out, a->said->out, sizeof a->said->out, &a->n_out, false);
    if (a->err >= 0 && p[1].revents) take(&a->err, a->said->err, sizeof a->said->err, &a->n_err, true);
}

/* ---- waiting ---- */

static bool has_ended(attempt *a) {
    int status;
    if (waitpid(a->pid, &status, WNOHANG) != a->pid) return false;
    a->said->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

/* SIGTSTP is blocked, and waits. */
static void look_for_ctrl_z(const attempt *a, const sigset_t *set) {
    const struct timespec no_time = {0};
    if (sigtimedwait(set, NULL, &no_time) == SIGTSTP) gt_session_stand_still(a->pid);
}

/* Until it has ended, or the time is over, or somebody asks to stop. */
static bool wait_for(attempt *a, double limit, int (*stop)(void), const sigset_t *ctrl_z) {
    double waited = 0;
    while (!has_ended(a)) {
        double before = gt_clock();
        if (waited >= limit || (stop && stop())) return false;
        if (a->out >= 0 || a->err >= 0) listen_for(a, TURN);
        else gt_sleep(TURN * 1e-3);
        waited += fmin(gt_clock() - before, 10 * TURN * 1e-3);
        look_for_ctrl_z(a, ctrl_z);
    }
    return true;
}

gt_status gt_launch_try(const gt_launch *l, double limit, int (*stop)(void), gt_launch_said *said) {
    sigset_t ctrl_z, before;
    struct sigaction now;
    launch_folder folder;
    attempt a = {.out = -1, .err = -1, .said = said};
    *said = (gt_launch_said){.status = -1};
    gt_status st = l->here ? GT_OK : launch_ready(l);
    if (st) return st;
    fflush(NULL);
    sigemptyset(&ctrl_z);
    sigaction(SIGTSTP, NULL, &now);
    if (now.sa_handler != SIG_IGN) sigaddset(&ctrl_z, SIGTSTP);
    sigprocmask(SIG_BLOCK, &ctrl_z, &before);
    launch_folder_make(l, &folder);
    st = begin(l, &a);
    if (!st && !wait_for(&a, limit, stop, &ctrl_z)) {
        said->late = !(stop && stop());
        kill(a.pid, SIGTERM);
        if (!wait_for(&a, patience, NULL, &ctrl_z)) {
            kill(a.pid, SIGKILL);
            waitpid(a.pid, NULL, 0);
        }
    }
    if (!st) gt_session_signal(a.pid, SIGKILL); /* ranks without a launcher, at most */
    for (int turn = 0; turn < 10 && (a.out >= 0 || a.err >= 0); turn++) listen_for(&a, 0);
    if (a.out >= 0) close(a.out);
    if (a.err >= 0) close(a.err);
    launch_folder_remove(&folder);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return st;
}

/* ---- why it failed ---- */

/* Open MPI's reports stand between lines of dashes, and their first words say what is wrong. */
static bool says_something(const char *line, size_t n) {
    static const char *const names[] = {"error: ", "warning: "};
    size_t letters = 0;
    for (size_t i = 0; i < n; i++) letters += (line[i] >= 'a' && line[i] <= 'z') || (line[i] >= 'A' && line[i] <= 'Z');
    if (letters < 8 || line[0] == '[') return false; /* "[host:12345] ..." repeats a report in terms of its source */
    return strncmp(line, names[1], strlen(names[1])) != 0;
}

void gt_launch_why(const gt_launch *l, const gt_launch_said *said, char *text, size_t room) {
    const char *name = strrchr(l->words[0], '/');
    name = name ? name + 1 : l->words[0];
    if (said->late) {
        snprintf(text, room, "not done in time");
        return;
    }
    size_t n = 0;
    for (const char *line = said->err; *line && !n;) {
        size_t length = strcspn(line, "\n");
        if (says_something(line, length)) n = (size_t)snprintf(text, room, "%s: %.*s", name, (int)length, line);
        line += length;
        line += *line == '\n';
    }
    if (!n) n = (size_t)snprintf(text, room, "%s ended with status %d", name, said->status);
    if (n >= room) n = room - 1;
    while (n && (text[n - 1] == ':' || text[n - 1] == '.' || text[n - 1] == ' ')) text[--n] = 0;
}
