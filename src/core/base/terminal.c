/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * Three questions leave in one write(): whether the terminal shows kitty's pictures (a picture of one pixel, which is
 * not shown), the size of a character (XTWINOPS 16), and the primary device attributes (DA1). Every terminal answers
 * the last one, and in order: when that answer is there the others are there, too, or never come. A terminal that does
 * not answer in time may do so later, and the shell would read the answer as if it were typed. So a thread goes on
 * reading for a while. Signals keep their keys meanwhile (ISIG). */
#define _GNU_SOURCE
#include "base/door/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/door/clock.h"
#include "base/door/log.h"
#include "base/door/thread.h"

static const double patience = 1, late = 5; /* seconds */
enum { ANSWERS = 512 };

static const char questions[] = "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\"
                                "\033[16t"
                                "\033[c";

static struct {
    gt_terminal answers; /* only what was asked for */
    struct termios before;
    pid_t process;      /* that asks */
    atomic_int changed; /* the terminal whose mode is not the one before; -1: none */
    char bytes[ANSWERS];
    size_t n;
} asked = {.changed = -1};

/* ---- what is known ---- */

static bool says(const char *variable, const char *word) {
    const char *text = getenv(variable);
    return text && strstr(text, word);
}

static void read_told(gt_terminal *t, const char *text) {
    if (sscanf(text, "%dx%d %dx%d", &t->columns, &t->rows, &t->cell_width, &t->cell_height) < 4)
        t->cell_width = t->cell_height = 0;
    t->sixel = strstr(text, " sixel");
    t->kitty = strstr(text, " kitty");
}

static void read_size(gt_terminal *t) {
    struct winsize w;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w)) return;
    t->columns = w.ws_col;
    t->rows = w.ws_row;
    if (t->cell_width || !w.ws_col || !w.ws_row) return;
    t->cell_width = w.ws_xpixel / w.ws_col;
    t->cell_height = w.ws_ypixel / w.ws_row;
}

gt_terminal gt_terminal_look(void) {
    const char *told = getenv(GT_TERMINAL), *no = getenv("NO_COLOR"); /* no-color.org: present and not empty */
    gt_terminal t = {0};
    if (!gt_log_is_terminal()) return t;
    t = asked.answers;
    if (told) read_told(&t, told);
    else read_size(&t);
    if (t.cell_width <= 0 || t.cell_height <= 0) t.cell_width = t.cell_height = 0;
    t.is = true;
    t.coloured = !(no && *no);
    t.true_colour = says("COLORTERM", "truecolor") || says("COLORTERM", "24bit") || says("TERM", "direct") ||
                    says("TERM", "kitty");
    return t;
}

const char *gt_terminal_text(const gt_terminal *t, char text[GT_TERMINAL_BYTES]) {
    snprintf(text, GT_TERMINAL_BYTES, "%dx%d %dx%d%s%s", t->columns, t->rows, t->cell_width, t->cell_height,
             t->sixel ? " sixel" : "", t->kitty ? " kitty" : "");
    return text;
}

/* ---- answers ---- */

/* "62;4;22": is 4 among the attributes, behind the first number, which is the class of the terminal? */
static bool has_sixel(const char *list, const char *end) {
    while ((list = memchr(list, ';', (size_t)(end - list)))) {
        list++;
        if (*list == '4' && (list[1] == ';' || list + 1 == end)) return true;
    }
    return false;
}

bool gt_terminal_read_answers(gt_terminal *t, const char *bytes, size_t n) {
    static const char yes[] = "\033_Gi=31;OK", attributes[] = "\033[?", cell[] = "\033[6;";
    char text[ANSWERS + 1];
    int height, width, used = 0;
    n = n < ANSWERS ? n : ANSWERS;
    memcpy(text, bytes, n);
    text[n] = 0;
    for (size_t i = 0; i < n; i++)
        if (!text[i]) text[i] = ' ';
    t->kitty = strstr(text, yes);
    const char *at = strstr(text, cell);
    if (at && sscanf(at + strlen(cell), "%4d;%4dt%n", &height, &width, &used) == 2 && used)
        t->cell_height = height, t->cell_width = width;
    at = strstr(text, attributes);
    if (!at) return false;
    at += strlen(attributes);
    const char *end = at + strspn(at, "0123456789;");
    if (*end != 'c') return false;
    t->sixel = has_sixel(at, end);
    return true;
}

/* Reads until the last answer is there or the time is over. */
static bool wait_for_answers(int fd, double seconds, gt_terminal *found) {
    double end = gt_clock() + seconds;
    for (double left = seconds; left > 0 && asked.changed >= 0; left = end - gt_clock()) {
        struct pollfd p = {fd, POLLIN, 0};
        int ready = poll(&p, 1, left < 0.2 ? 1 + (int)(1000 * left) : 200);
        if (ready < 0 && errno != EINTR) return false;
        if (ready <= 0) continue;
        if (asked.n == ANSWERS) asked.n = 0; /* somebody types */
        ssize_t n = read(fd, asked.bytes + asked.n, ANSWERS - asked.n);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n <= 0) return false;
        asked.n += (size_t)n;
        if (gt_terminal_read_answers(found, asked.bytes, asked.n)) return true;
    }
    return false;
}

/* ---- the mode of the terminal, which a process that is forked leaves alone ---- */

static bool is_ours(int fd) { return tcgetpgrp(fd) == getpgrp(); }

static void restore(int how) {
    if (asked.process != getpid()) return;
    int fd = atomic_exchange(&asked.changed, -1);
    if (fd >= 0 && is_ours(fd)) tcsetattr(fd, how, &asked.before);
}

void gt_terminal_restore(void) { restore(TCSAFLUSH); }

static bool change_mode(int fd) {
    if (tcgetattr(fd, &asked.before)) return false;
    struct termios now = asked.before;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    now.c_cc[VMIN] = 0;
    now.c_cc[VTIME] = 0;
    asked.process = getpid();
    asked.changed = fd;
    if (!tcsetattr(fd, TCSANOW, &now)) return true;
    asked.changed = -1;
    return false;
}

static void *eat_late_answers(void *arg) {
    int fd = asked.changed;
    (void)arg;
    if (fd < 0) return NULL;
    gt_terminal found = {0};
    wait_for_answers(fd, late, &found); /* eaten, and no more */
    gt_terminal_restore();
    close(fd);
    return NULL;
}

static void ask(int fd) {
    static bool registered;
    pthread_t thread;
    if (!is_ours(fd) || !change_mode(fd)) {
        close(fd);
        return;
    }
    if (!registered) registered = !atexit(gt_terminal_restore);
    bool sent = write(fd, questions, sizeof questions - 1) == (ssize_t)sizeof questions - 1;
    gt_terminal found = {0};
    if (sent && wait_for_answers(fd, patience, &found)) {
        asked.answers = found;
        restore(TCSANOW);
    } else if (sent && !gt_thread_start(&thread, eat_late_answers, NULL)) {
        pthread_detach(thread);
        return;
    }
    gt_terminal_restore();
    close(fd);
}

void gt_terminal_ask(void) {
    static bool done;
    /* the console of Linux shows no pictures, and older ones print the question */
    if (done || getenv(GT_TERMINAL) || !gt_log_is_terminal() || says("TERM", "linux")) return;
    done = true;
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) ask(fd);
}
