/* SPDX-License-Identifier: Apache-2.0
 * How far long work is, how fast it goes and how long the rest takes: a live line on a terminal, elsewhere a line of
 * the log once a minute. */
#ifndef GANTRY_USE_TELLER_H
#define GANTRY_USE_TELLER_H

#include <stdint.h>

typedef struct gt_teller {
    const char *doing, *of; /* "walking", "frames" */
    int64_t count;          /* of the whole work */
    double start, said;     /* when; gt_tell_start() sets both */
} gt_teller;

gt_teller gt_tell_start(const char *doing, const char *of, int64_t count);
void gt_tell(gt_teller *t, int64_t done);
void gt_tell_end(void); /* the live line goes */

#endif
