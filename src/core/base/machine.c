/* SPDX-License-Identifier: Apache-2.0
 * Facts about the computer, from /proc and /sys. A fact that cannot be read stays unknown. */
#define _GNU_SOURCE
#include "base/door/machine.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/clock.h"
#include "gantry/log.h"
#include "gantry/pool.h"

enum { LINE_BYTES = 512 };

const char *const gt_forcing_settings[] = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", NULL};

int gt_processors_allowed(void) {
    gt_machine m;
    gt_machine_look(&m);
    return m.allowed;
}

void gt_warn_of_threads(int threads, int processors) {
    if (processors < 1 || threads <= processors) return;
    gt_warn("--threads=%d is more than the %d processor%s that this program may use here: more threads make it slower, "
            "not faster",
            threads, processors, processors == 1 ? "" : "s");
}

bool gt_line_of(const char *path, const char *begins, char *line, int room) {
    FILE *f = fopen(path, "re");
    bool found = false;
    while (f && !found && fgets(line, room, f)) found = !strncmp(line, begins, strlen(begins));
    if (f) fclose(f);
    if (found) line[strcspn(line, "\n")] = 0;
    return found;
}

bool gt_process_look(long pid, gt_process *p) {
    char path[64], text[1024] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f || !fread(text, 1, sizeof text - 1, f)) text[0] = 0;
    if (f) fclose(f);
    char *open = strchr(text, '('), *close = strrchr(text, ')'); /* PID (NAME) STATE ...; the name may hold anything */
    if (!open || !close) return false;
    *close = 0;
    snprintf(p->name, sizeof p->name, "%s", open + 1);
    return sscanf(close + 1, " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                  &p->state, &p->parent, &p->session, &p->started) == 4;
}

/* The next process of /proc; its number, 0: there is no other one. */
static long next_process(DIR *all, gt_process *p) {
    struct dirent *entry;
    while (all && (entry = readdir(all))) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && gt_process_look(pid, p)) return pid;
    }
    return 0;
}

int gt_children_called(long parent, const char *name) {
    DIR *all = opendir("/proc");
    gt_process p;
    int n = 0;
    while (next_process(all, &p)) n += p.parent == parent && p.state != 'Z' && p.state != 'X' && !strcmp(p.name, name);
    if (all) closedir(all);
    return n;
}

void gt_session_signal(long session, int number) {
    DIR *all = opendir("/proc");
    gt_process p;
    for (long pid; (pid = next_process(all, &p));)
        if (pid != getpid() && p.session == session) kill((pid_t)pid, number);
    if (all) closedir(all);
}

void gt_session_stand_still(long session) {
    gt_session_signal(session, SIGSTOP);
    raise(SIGSTOP);
    gt_session_signal(session, SIGCONT);
}

/* The value of the first "name : value" or "name: value kB" line; "": there is none. */
static const char *value_of(const char *path, const char *name, char line[LINE_BYTES]) {
    const char *colon = gt_line_of(path, name, line, LINE_BYTES) ? strchr(line, ':') : NULL;
    return colon ? colon + 1 + strspn(colon + 1, " \t") : "";
}

static size_t memory_line(const char *name) {
    char line[LINE_BYTES];
    return (size_t)strtoull(value_of("/proc/meminfo", name, line), NULL, 10) * 1024;
}

int gt_processor_place(int processor, const char *what) {
    char path[128], line[64];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/%s", processor, what);
    return gt_line_of(path, "", line, sizeof line) ? (int)strtol(line, NULL, 10) : -1;
}

int gt_processor_node(int processor) {
    char path[64];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d", processor);
    DIR *d = opendir(path);
    int node = -1;
    for (const struct dirent *entry; d && node < 0 && (entry = readdir(d));)
        if (sscanf(entry->d_name, "node%d", &node) != 1) node = -1; /* a link to the node */
    if (d) closedir(d);
    return node;
}

/* Processors that are the first of their core, and of their socket. Each is asked once: an answer takes some
 * microseconds, and there may be hundreds of processors. */
static void count_cores(gt_machine *m) {
    struct place {
        int core, package;
    } * seen;
    long configured = sysconf(_SC_NPROCESSORS_CONF);
    int n = 0;
    seen = configured > 0 ? malloc((size_t)configured * sizeof *seen) : NULL;
    for (int i = 0; seen && i < configured; i++) {
        struct place p = {gt_processor_place(i, "core_id"), gt_processor_place(i, "physical_package_id")};
        if (p.core < 0) continue; /* offline */
        bool new_core = true, new_socket = true;
        for (int k = 0; k < n; k++) {
            bool same = seen[k].package == p.package;
            new_socket &= !same;
            new_core &= !(same && seen[k].core == p.core);
        }
        seen[n++] = p;
        m->cores += new_core;
        m->sockets += new_socket;
    }
    free(seen);
    if (!m->cores) m->cores = m->processors;
    if (!m->sockets) m->sockets = 1;
}

static void look_at_caches(gt_machine *m) {
    for (int i = 0; i < 8; i++) {
        char path[128], level[16], type[32], size[32];
        const char *const parts[] = {"level", "type", "size"};
        char *const values[] = {level, type, size};
        bool fine = true;
        for (int k = 0; k < 3; k++) {
            snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", i, parts[k]);
            fine &= gt_line_of(path, "", values[k], 16);
        }
        if (!fine || !strcmp(type, "Instruction")) continue;
        char *unit;
        size_t bytes = strtoull(size, &unit, 10);
        bytes <<= *unit == 'M' ? 20 : *unit == 'K' ? 10 : 0;
        *(level[0] == '1' ? &m->l1d : level[0] == '2' ? &m->l2 : &m->l3) = bytes;
    }
}

void gt_machine_look(gt_machine *m) {
    *m = (gt_machine){.cpu = "unknown CPU"};
    char line[LINE_BYTES];
    const char *cpu = value_of("/proc/cpuinfo", "model name", line);
    if (*cpu) snprintf(m->cpu, sizeof m->cpu, "%s", cpu);
    m->processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    m->allowed = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : m->processors;
    m->memory = memory_line("MemTotal");
    m->available = memory_line("MemAvailable");
    count_cores(m);
    look_at_caches(m);
    gt_machine_limits(m, "/proc/self/cgroup", "/sys/fs/cgroup");
}

void gt_machine_text(const gt_machine *m, char *out, size_t room) {
    snprintf(out, room,
             "%s, %d socket%s, %d cores, %d processors (%d may be used); L1d %zu KiB, L2 %zu KiB, L3 %zu KiB; "
             "%.1f GB memory",
             m->cpu, m->sockets, m->sockets > 1 ? "s" : "", m->cores, m->processors, m->allowed, m->l1d >> 10,
             m->l2 >> 10, m->l3 >> 10, (double)m->memory / 1e9);
}

/* Seconds that all processors together have worked, whoever for; those that a hypervisor has taken are gone as well. */
static double worked(void) {
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
    char line[256];
    unsigned long long t[FIELDS] = {0};
    if (!gt_line_of("/proc/stat", "cpu ", line, sizeof line) ||
        sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[USER], &t[NICE], &t[SYSTEM], &t[IDLE],
               &t[IOWAIT], &t[IRQ], &t[SOFTIRQ], &t[STEAL]) < IOWAIT)
        return -1;
    return (double)(t[USER] + t[NICE] + t[SYSTEM] + t[IRQ] + t[SOFTIRQ] + t[STEAL]) / (double)sysconf(_SC_CLK_TCK);
}

double gt_machine_load_of_others(double seconds) {
    double start = gt_clock(), own = gt_clock_of(CLOCK_PROCESS_CPUTIME_ID), all = worked();
    gt_sleep(seconds);
    double after = worked(), span = gt_clock() - start;
    if (all < 0 || after < 0 || span <= 0) return -1;
    double others = (after - all - (gt_clock_of(CLOCK_PROCESS_CPUTIME_ID) - own)) / span;
    return others > 0 ? others : 0;
}
