/* SPDX-License-Identifier: Apache-2.0
 * Facts about this computer, and settings of the environment that change its speed: for benchmarks and gantry doctor.
 */
#ifndef GANTRY_BASE_DOOR_MACHINE_H
#define GANTRY_BASE_DOOR_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct gt_machine { /* sizes in bytes; 0: unknown */
    char cpu[96];
    int processors, cores, sockets; /* logical processors and physical cores that are online */
    int allowed;                    /* logical processors this process may use */
    double quota;                   /* how many cores' time the control group grants; 0: no limit */
    size_t l1d, l2, l3;             /* of the first processor */
    size_t memory, available;       /* limits of the control group included */
} gt_machine;

void gt_machine_look(gt_machine *m);
/* Lowers memory and quota to what the control groups grant that a file such as /proc/self/cgroup names; their folders
 * lie in `root`. */
void gt_machine_limits(gt_machine *m, const char *groups, const char *root);
void gt_machine_text(const gt_machine *m, char *out, size_t room); /* one line */

/* How many processors other programs keep busy, measured for so many seconds in which this thread sleeps; -1: unknown.
 */
double gt_machine_load_of_others(double seconds);

/* "core_id" or "physical_package_id" of a logical processor, by its number; -1: unknown, or the processor is offline.
 */
int gt_processor_place(int processor, const char *what);
/* The NUMA node of a logical processor; -1: unknown. */
int gt_processor_node(int processor);

/* The first line of a file of the system that begins so, without its newline; false: there is no such line. */
bool gt_line_of(const char *path, const char *begins, char *line, int room);

/* What the system gives about a process. */
typedef struct gt_process {
    char name[64]; /* of its program; the system gives the first 15 bytes */
    char state;    /* Z and X: the process has ended */
    int parent, session;
    unsigned long long started; /* tells the process from a later process of the same number */
} gt_process;
bool gt_process_look(long pid, gt_process *p); /* false: there is no such process, or the system hides it */
/* How many children of a process live, and are called `name`. */
int gt_children_called(long parent, const char *name);
/* Sends a signal to all processes of a session, which setsid() has made; not to this process. */
void gt_session_signal(long session, int number);
/* For Ctrl-Z: the session stands still, and this process with it; both go on when this process does. */
void gt_session_stand_still(long session);

/* Environment variables that force a library to other kernels or block sizes than the library would choose for this
 * CPU. Ends with NULL. */
extern const char *const gt_forcing_settings[];

#endif
