/* SPDX-License-Identifier: Apache-2.0
 * Chooses the cores that a rank runs on. mpirun binds ranks to single cores or to whole sockets by rules that know
 * nothing of threads. So the program takes the cores that the launcher itself may use, and cuts them into equal,
 * contiguous parts of physical cores, one for each rank of the host. Where ranks were given different cores on purpose
 * (srun), each rank keeps its cores. Where another run uses some of the cores already (core_locks.c), the ranks may run
 * on all cores that the launcher may use: if the ranks of two runs were bound, they would share a few cores. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/door/machine.h"
#include "dist/comm.h"
#include "dist/door/dist.h"
#include "gantry/pool.h"

typedef struct cpu {
    int number, core, package;
    int nth; /* how many physical cores stand before its own in the list */
} cpu;

static int by_place(const void *a, const void *b) {
    const cpu *x = a, *y = b;
    if (x->package != y->package) return x->package < y->package ? -1 : 1;
    if (x->core != y->core) return x->core < y->core ? -1 : 1;
    return x->number - y->number;
}

/* The set's logical processors in order of place, siblings of one physical core side by side; returns the physical
 * cores. */
static int list_cpus(const cpu_set_t *set, cpu *list, int *n) {
    *n = 0;
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, set)) continue;
        int core = gt_processor_place(i, "core_id");
        list[(*n)++] = (cpu){
            .number = i, .core = core < 0 ? i : core, .package = gt_processor_place(i, "physical_package_id")};
    }
    qsort(list, (size_t)*n, sizeof *list, by_place);
    int cores = 0;
    for (int i = 0; i < *n; i++) {
        cores += i == 0 || list[i].core != list[i - 1].core || list[i].package != list[i - 1].package;
        list[i].nth = cores - 1;
    }
    return cores;
}

/* The physical cores [first, last) of the list. */
static cpu_set_t cores_of(const cpu *list, int n, int first, int last) {
    cpu_set_t mine;
    CPU_ZERO(&mine);
    for (int i = 0; i < n; i++)
        if (list[i].nth >= first && list[i].nth < last) CPU_SET(list[i].number, &mine);
    return mine;
}

static void bind_to(cpu_set_t mine) {
    sched_setaffinity(0, sizeof mine, &mine); /* if refused, the launcher's binding stays: slower, not wrong */
}

static bool is_launcher(const char *name) {
    static const char *const names[] = {"mpirun", "mpiexec", "orterun", "orted", "prterun", "prted"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

pid_t gt_find_launcher(void) {
    pid_t pid = getppid();
    gt_process p;
    for (int generation = 0; generation < 16 && pid > 1 && gt_process_look(pid, &p); generation++) {
        if (is_launcher(p.name)) return pid;
        pid = p.parent;
    }
    return 0;
}

/* True when all ranks of this host start from the same set. */
static bool same_on_all(gt_comm_inside *in, const cpu_set_t *set) {
    if (!in->mpi) return true;
    cpu_set_t first = *set;
    MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, in->node);
    int same = CPU_EQUAL(&first, set);
    MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, in->node);
    return same;
}

/* At most what the control group grants of the time of processors, shared out among the ranks of the host: a thread
 * more would stand still for part of each period, and the others would wait for it. */
static int within_quota(int cores, int ranks) {
    gt_machine m = {0};
    gt_machine_limits(&m, "/proc/self/cgroup", "/sys/fs/cgroup");
    if (m.quota <= 0 || m.quota / ranks >= cores) return cores;
    return m.quota / ranks > 1 ? (int)(m.quota / ranks) : 1;
}

/* ---- cores that other runs hold ---- */

#define HELD "GANTRY_HELD_CORES" /* "1 2 0,": one of two, and the processors of that one */

static void note_held(int held, int all, const cpu_set_t *set, const cpu_set_t *rest) {
    char text[64 + 5 * CPU_SETSIZE];
    int n = snprintf(text, sizeof text, "%d %d ", held, all);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, set) && !CPU_ISSET(i, rest)) n += snprintf(text + n, sizeof text - (size_t)n, "%d,", i);
    if (held) setenv(HELD, text, 1);
    else unsetenv(HELD);
}

int gt_cores_held(int *of) {
    const char *text = getenv(HELD);
    int held = 0;
    *of = 0;
    return text && sscanf(text, "%d %d", &held, of) == 2 ? held : 0;
}

bool gt_cores_came_free(void) {
    const char *text = getenv(HELD), *list = text ? strrchr(text, ' ') : NULL;
    cpu_set_t held, rest;
    CPU_ZERO(&held);
    for (char *end; list && *list; list = end) {
        long i = strtol(list + 1, &end, 10);
        if (end == list + 1) break;
        if (i >= 0 && i < CPU_SETSIZE) CPU_SET(i, &held);
    }
    rest = held;
    gt_remove_locked_cores(&rest);
    return CPU_COUNT(&held) > 0 && CPU_EQUAL(&held, &rest);
}

static cpu_set_t unbound; /* where `bind` has done something */

int gt_cores_to_share(bool bind) {
    cpu_set_t set, rest;
    cpu list[CPU_SETSIZE];
    int n;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set)) return 1; /* more processors than a cpu_set_t holds */
    rest = set;
    gt_remove_locked_cores(&rest);
    int all = list_cpus(&set, list, &n), cores = list_cpus(&rest, list, &n);
    note_held(all - cores, within_quota(all, 1), &set, &rest);
    if (bind && cores > 0 && !CPU_EQUAL(&rest, &set)) {
        unbound = set;
        bind_to(rest);
    }
    return within_quota(cores, 1);
}

void gt_cores_unbind(void) {
    if (CPU_COUNT(&unbound)) bind_to(unbound);
}

/* One rank shares its cores with a run that has locked some of them. */
static bool shares(const cpu_set_t *mine) {
    cpu_set_t rest = *mine;
    gt_remove_locked_cores(&rest);
    return !CPU_EQUAL(mine, &rest);
}

/* ---- cores of a rank ---- */

void gt_choose_cores_all(gt_comm_inside *in, pid_t launcher, int threads) {
    gt_comm *c = &in->seen;
    cpu_set_t set;
    cpu list[CPU_SETSIZE];
    int n = 0, cores;
    CPU_ZERO(&set);
    if (sched_getaffinity(launcher, sizeof set, &set) != 0) sched_getaffinity(0, sizeof set, &set);
    cores = list_cpus(&set, list, &n);
    int ranks = 1, rank = 0; /* the ranks that divide the set, and the place of this rank among them */
    if (same_on_all(in, &set)) ranks = c->local_ranks, rank = c->local_rank;
    if (cores == 0) { /* more processors than a cpu_set_t holds: left as they are */
        cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
        c->cores = cores / ranks ? cores / ranks : 1;
    } else if (ranks > cores) {
        bind_to(set);
        c->cores = 1;
    } else {
        int first = (int)((long)rank * cores / ranks), last = (int)((long)(rank + 1) * cores / ranks);
        cpu_set_t mine = cores_of(list, n, first, last);
        in->roams = ranks > 1 ? !gt_lock_cores_all(in, &mine) : shares(&mine);
        bind_to(in->roams ? set : mine);
        c->cores = last - first;
    }
    c->threads = threads > 0 ? threads : within_quota(c->cores, ranks);
    if (c->rank == 0) gt_warn_of_threads(threads, n ? n : cores);
    int crowded = in->roams || ranks > cores || c->threads > c->cores * (n > cores ? n / cores : 1);
    if (in->mpi) MPI_Allreduce(MPI_IN_PLACE, &crowded, 1, MPI_INT, MPI_MAX, in->node);
    c->oversubscribed = crowded;
}
