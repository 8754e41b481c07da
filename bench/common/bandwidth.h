/* SPDX-License-Identifier: Apache-2.0
 * Memory bandwidth of one thread. */
#ifndef BENCH_BANDWIDTH_H
#define BENCH_BANDWIDTH_H

#include <stddef.h>

/* Bytes per second of y[i] += x[i] (two reads, one write) over `bytes` in all, the best of a few runs; 0: no memory. */
double bench_bandwidth(size_t bytes);

#endif
