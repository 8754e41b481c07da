/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * Open MPI writes its reports between two lines of dashes, each report with one write(). All other bytes are passed on
 * as they come, since live lines have no end. A line of dashes is held, and what follows up to the next one; the whole
 * is left out if it is the report. Lines that say that mpirun passes a signal on are left out, too. Held bytes that
 * nothing follows are somebody else's, and are passed on. */
#define _GNU_SOURCE
#include "command/launch/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/door/clock.h"

enum {
    LONGEST = 4096, /* bytes of a report, at least */
    DASHES = 40,    /* of its first line, at least */
    PAUSE = 200,    /* milliseconds: nothing follows */
    LOOK = 1000,    /* milliseconds between looks for the process that has started this one */
};

typedef struct filter {
    char held[LONGEST], out[2 * LONGEST];
    size_t n, n_out; /* bytes */
    size_t line;     /* where the last line of those held begins */
    size_t cleared;  /* bytes of the end of what was passed on that begin `clear` */
    bool mid_line;   /* what was passed on last neither ends a line nor clears one */
} filter;

static void flush_filter(filter *f) {
    const char *bytes = f->out;
    while (f->n_out) {
        ssize_t done = write(STDERR_FILENO, bytes, f->n_out);
        if (done < 0 && errno == EAGAIN) poll(&(struct pollfd){STDERR_FILENO, POLLOUT, 0}, 1, PAUSE);
        else if (done < 0 && errno != EINTR) f->n_out = 0; /* nobody reads it: the launcher shall not notice */
        if (done > 0) bytes += done, f->n_out -= (size_t)done;
    }
}

static const char clear[] = "\033[K"; /* a live line */
enum { CLEAR = sizeof clear - 1 };

static void pass_on(filter *f) {
    memcpy(f->out + f->n_out, f->held, f->n);
    f->n_out += f->n;
    for (size_t i = 0; i < f->n; i++) {
        char c = f->held[i];
        f->cleared = f->cleared < CLEAR && c == clear[f->cleared] ? f->cleared + 1 : c == clear[0];
        f->mid_line = c != '\n' && f->cleared < CLEAR;
    }
    f->n = f->line = 0;
}

/* That a rank returned a status, or that SIGALRM ended it, by which gantry run stops ranks at once. */
static bool is_report(const filter *f) {
    static const char *const words[] = {"non-zero", "(Alarm clock)"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(f->held, f->n, words[i], strlen(words[i]))) return true;
    return false;
}

/* The last line held: all of it dashes so far? */
static bool only_dashes(const filter *f) {
    for (size_t i = f->line; i < f->n; i++)
        if (f->held[i] != '-' && !(f->held[i] == '\n' && i - f->line >= DASHES)) return false;
    return true;
}

static const char forwarding[] = "mpirun: Forwarding signal ";

/* "mpirun: Forwarding signal 10 to job", as far as it has come. */
static bool is_forwarding(const filter *f) {
    size_t n = f->n < sizeof forwarding - 1 ? f->n : sizeof forwarding - 1;
    return !f->line && !memcmp(f->held, forwarding, n);
}

/* One more byte. The bytes held begin with a line of dashes, or with dashes that may become one, or with what may
 * become a line about a signal. */
static void take_byte(filter *f, char c) {
    f->held[f->n++] = c;
    bool dashes = only_dashes(f), begins = !f->line, signal_line = is_forwarding(f);
    if (f->mid_line || (begins && !dashes && !signal_line) || f->n == LONGEST) {
        pass_on(f);
    } else if (c == '\n' && signal_line) {
        if (f->n < sizeof forwarding) pass_on(f);
        f->n = 0;
    } else if (c == '\n') {
        if (begins || !dashes) {
            f->line = f->n;
        } else {
            if (is_report(f)) f->n = f->line = 0;
            pass_on(f);
        }
    }
}

static void filter_stderr(int fd, pid_t starter, void (*orphaned)(void *), void *context) {
    static filter f;
    char bytes[LONGEST];
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        struct pollfd p = {fd, POLLIN, 0};
        int ready = poll(&p, 1, f.n ? PAUSE : LOOK);
        if (getppid() != starter) orphaned(context);
        if (ready < 0 && errno == EINTR) continue;
        ssize_t n = ready ? read(fd, bytes, sizeof bytes) : 0;
        if (n < 0 && errno == EINTR) continue;
        for (ssize_t i = 0; i < n; i++) take_byte(&f, bytes[i]);
        if (n <= 0) pass_on(&f);
        flush_filter(&f);
        if (ready && n <= 0) break;
    }
}

launch_stderr launch_stderr_begin(void) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return LAUNCH_STDERR_NONE;
    return (launch_stderr){.to = ends[1], .from = ends[0], .pid = -1};
}

bool launch_stderr_started(launch_stderr *e, void (*orphaned)(void *), void *context) {
    if (e->to < 0) return true;
    const pid_t starter = getpid();
    e->pid = fork();
    if (e->pid == 0) {
        setsid();
        close(e->to);
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        filter_stderr(e->from, starter, orphaned, context);
        _exit(0);
    }
    const int error = errno;
    close(e->to);
    close(e->from);
    errno = error;
    return e->pid > 0;
}

void launch_stderr_end(const launch_stderr *e) {
    double until = gt_clock() + 1;
    while (e->pid > 0 && waitpid(e->pid, NULL, WNOHANG) == 0 && gt_clock() < until) gt_sleep(0.005);
}
