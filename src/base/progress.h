/* SPDX-License-Identifier: Apache-2.0
 * A sign of life from a loop that may go on for long. Where other ranks wait meanwhile, the heartbeats (dist.h) let
 * them know that this one gets on; alone it does nothing. Whoever is stuck must stay silent: so it is called when a
 * piece of the work is done, and never while waiting for one. */
#ifndef GANTRY_BASE_PROGRESS_H
#define GANTRY_BASE_PROGRESS_H

/* As often as one likes, from any thread: only that of gt_on_progress() counts. */
void gt_progress(void);

/* What it does from now on in this thread; NULL: nothing. */
void gt_on_progress(void (*beat)(void *arg), void *arg);

#endif
