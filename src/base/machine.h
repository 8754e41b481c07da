/* SPDX-License-Identifier: Apache-2.0
 * What this computer is, and which settings in the environment change how fast it is: for benchmarks and gantry doctor.
 */
#ifndef GANTRY_BASE_MACHINE_H
#define GANTRY_BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct gt_machine { /* sizes in bytes; 0: unknown */
    char cpu[96];
    int processors, cores, sockets; /* logical processors and physical cores that are online */
    int allowed;                    /* logical processors this process may use */
    double quota;                   /* cores' worth of time that the control group grants; 0: no limit */
    size_t l1d, l2, l3;             /* of the first processor */
    size_t memory, available;       /* limits of the control group included */
} gt_machine;

void gt_machine_look(gt_machine *m);
void gt_machine_text(const gt_machine *m, char *out, size_t room); /* one line */

/* "core_id" or "physical_package_id" of a logical processor, by its number; -1: unknown, or the processor is offline.
 */
int gt_processor_place(int processor, const char *what);

/* A warning where more threads are asked for than this program has logical processors. */
void gt_warn_of_threads(int threads, int processors);

/* Settings that force a library to other kernels or block sizes than it would choose for this CPU. Ends with NULL. */
extern const char *const gt_forcing_settings[];
/* Does NAME=VALUE belong to BLAS, OpenMP or this program? */
bool gt_setting_matters(const char *entry);

#endif
