/* SPDX-License-Identifier: Apache-2.0
 * What the driver on simulated ranks has in place of computation and memory (make simulate). The ranks are copies of
 * one shared object in one process. Linked with all of src/core/dist but shared.c and elements.c, which memory.c and
 * elements.c beside this file replace. */
#ifndef BENCH_SIMULATED_H
#define BENCH_SIMULATED_H

#include <stddef.h>

/* How fast this rank reads and writes memory while all ranks of its host do: bytes per second. */
extern double simulated_memory_rate;

/* So many seconds of this rank's core. Less than some microseconds are put off until they are more. */
void simulated_work(double seconds);

#endif
