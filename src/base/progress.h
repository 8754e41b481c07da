/* SPDX-License-Identifier: Apache-2.0
 * A sign that a long loop makes progress. While other ranks wait, the heartbeats (dist.h) tell them that this rank
 * makes progress; without other ranks the sign does nothing. A loop that is stuck must give no sign: so gt_progress()
 * is called when a piece of the work is done, and never while a loop waits for one. */
#ifndef GANTRY_BASE_PROGRESS_H
#define GANTRY_BASE_PROGRESS_H

/* May be called from any thread, as often as you like; does nothing in threads other than that of gt_on_progress(). */
void gt_progress(void);

/* The function that gt_progress() calls in this thread from now on; NULL: none. */
void gt_on_progress(void (*beat)(void *arg), void *arg);

#endif
