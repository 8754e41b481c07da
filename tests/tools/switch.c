/* SPDX-License-Identifier: Apache-2.0
 * An Ethernet switch between network namespaces, for tests of slow and broken networks (Linux's own netem is not in
 * every kernel). switch [--delay=MICROSECONDS] [--rate=MBIT] [--control=FIFO] NAMESPACE NAMESPACE ... Each namespace
 * gets a device eth0, to be given an address and set up by the caller; the switch says "ready" when they are there.
 * Each frame arrives `delay` later, and no namespace gets more than `rate` (0: no limit). Lines on the FIFO (made by
 * the caller) change it while it runs: delay 1000      rate 100      cut NAMESPACE      join NAMESPACE      cut
 * NAMESPACE NAMESPACE      join NAMESPACE NAMESPACE Of two namespaces only what goes from one to the other is cut. Ends
 * with SIGTERM, or with the process that started it. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <math.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/door/clock.h"

enum { MOST_PORTS = 16, MOST_ADDRESSES = 64, FRAME = 65536, ADDRESS = 6, HEADER = 14, QUEUE_BYTES = 4 << 20 };

typedef struct frame {
    struct frame *next;
    double due;
    size_t bytes;
    unsigned char data[];
} frame;

typedef struct port {
    const char *name;
    int fd;
    bool cut;
    double free_at; /* the line is busy until then */
    size_t queued;
    frame *first, **last;
} port;

static port ports[MOST_PORTS];
static int n_ports;
static bool parted[MOST_PORTS][MOST_PORTS];
static double delay, rate; /* seconds, bytes per second */

/* Who is where, learned from the frames that come in. */
static struct {
    unsigned char address[ADDRESS];
    int port;
} known[MOST_ADDRESSES];
static int n_known;

static int find(const unsigned char *address) {
    for (int i = 0; i < n_known; i++)
        if (!memcmp(known[i].address, address, ADDRESS)) return known[i].port;
    return -1;
}

static void learn(const unsigned char *address, int at) {
    if (find(address) >= 0 || n_known == MOST_ADDRESSES) return;
    memcpy(known[n_known].address, address, ADDRESS);
    known[n_known++].port = at;
}

static int die(const char *what) {
    perror(what);
    return 1;
}

/* ---- frames ---- */

static void send_to(port *p, const unsigned char *data, size_t bytes) {
    if (p->cut || p->queued + bytes > QUEUE_BYTES) return;
    frame *f = malloc(sizeof *f + bytes);
    if (!f) return; /* networks lose frames */
    double now = gt_clock(), start = p->free_at > now ? p->free_at : now;
    p->free_at = start + (rate > 0 ? (double)bytes / rate : 0);
    f->next = NULL;
    f->due = p->free_at + delay;
    f->bytes = bytes;
    memcpy(f->data, data, bytes);
    p->queued += bytes;
    *p->last = f;
    p->last = &f->next;
}

/* Everything that has arrived at a port, to where it belongs: at most so many frames, or the other ports would starve.
 */
static void take(int from) {
    static unsigned char data[FRAME];
    for (int i = 0; i < 64; i++) {
        ssize_t n = read(ports[from].fd, data, sizeof data);
        if (n < HEADER) return;
        if (ports[from].cut) continue;
        learn(data + ADDRESS, from);
        int to = data[0] & 1 ? -1 : find(data); /* the lowest bit: to more than one */
        for (int k = 0; k < n_ports; k++)
            if (k != from && (to < 0 || to == k) && !parted[from][k]) send_to(&ports[k], data, (size_t)n);
    }
}

/* What is due leaves. Returns when the next frame is, or infinity. */
static double deliver(void) {
    double next = HUGE_VAL, now = gt_clock();
    for (int i = 0; i < n_ports; i++) {
        port *p = &ports[i];
        while (p->first && p->first->due <= now) {
            frame *f = p->first;
            ssize_t lost = p->cut ? 0 : write(p->fd, f->data, f->bytes);
            (void)lost; /* a device that is full loses it */
            p->queued -= f->bytes;
            if (!(p->first = f->next)) p->last = &p->first;
            free(f);
        }
        if (p->first && p->first->due < next) next = p->first->due;
    }
    return next;
}

/* ---- control ---- */

static void obey(char *line) {
    char word[16], value[128], other[128] = "";
    if (sscanf(line, "%15s %127s %127s", word, value, other) < 2) return;
    if (!strcmp(word, "delay")) delay = atof(value) / 1e6;
    if (!strcmp(word, "rate")) rate = atof(value) * 1e6 / 8;
    bool cut = !strcmp(word, "cut");
    for (int i = 0; i < n_ports; i++) {
        if (strcmp(value, ports[i].name)) continue;
        if (!*other) ports[i].cut = cut;
        for (int k = 0; k < n_ports; k++)
            if (!strcmp(other, ports[k].name)) parted[i][k] = parted[k][i] = cut;
    }
}

static void read_control(int fd) {
    char text[1024];
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) obey(line);
}

/* ---- set-up ---- */

static int open_port(port *p, const char *name) {
    char path[256];
    struct ifreq device = {.ifr_name = "eth0", .ifr_flags = IFF_TAP | IFF_NO_PI};
    snprintf(path, sizeof path, "/var/run/netns/%s", name);
    int namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0 || setns(namespace, CLONE_NEWNET)) return die(path);
    close(namespace);
    *p = (port){.name = name, .fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    p->last = &p->first;
    return p->fd < 0 || ioctl(p->fd, TUNSETIFF, &device) ? die("/dev/net/tun") : 0;
}

static int serve(int control) {
    struct pollfd fds[MOST_PORTS + 1];
    for (;;) {
        double next = deliver(), wait = next - gt_clock();
        struct timespec span = {0};
        if (wait > 0 && wait < 1e6) span = (struct timespec){(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
        for (int i = 0; i < n_ports; i++) fds[i] = (struct pollfd){ports[i].fd, POLLIN, 0};
        fds[n_ports] = (struct pollfd){control, POLLIN, 0};
        if (ppoll(fds, (nfds_t)n_ports + 1, next < HUGE_VAL ? &span : NULL, NULL) < 0 && errno != EINTR)
            return die("ppoll");
        for (int i = 0; i < n_ports; i++)
            if (fds[i].revents & POLLIN) take(i);
        if (fds[n_ports].revents & POLLIN) read_control(control);
    }
}

int main(int argc, char **argv) {
    int control = -1;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (int i = 1; i < argc; i++) {
        if (!strncmp(argv[i], "--delay=", 8)) delay = atof(argv[i] + 8) / 1e6;
        else if (!strncmp(argv[i], "--rate=", 7)) rate = atof(argv[i] + 7) * 1e6 / 8;
        else if (!strncmp(argv[i], "--control=", 10)) {
            /* also for writing: a FIFO without a writer would be at its end */
            control = open(argv[i] + 10, O_RDWR | O_NONBLOCK | O_CLOEXEC);
            if (control < 0) return die(argv[i] + 10);
        } else if (n_ports == MOST_PORTS || open_port(&ports[n_ports], argv[i])) return 1;
        else n_ports++;
    }
    puts("ready");
    fflush(stdout);
    return serve(control);
}
