/* SPDX-License-Identifier: Apache-2.0
 * The larger of two errors. fmax() would drop a NaN, which is the worst of all: it stays, and is within no limit if
 * that is asked as !(error <= limit). */
#ifndef TESTS_WORSE_H
#define TESTS_WORSE_H

#include <math.h>

static inline double worse(double error, double another) { return isnan(error) || error >= another ? error : another; }

#endif
