/* SPDX-License-Identifier: Apache-2.0
 * Progress as works tell it, and signs for the other ranks, beside gantry/progress.h. */
#ifndef GANTRY_BASE_DOOR_PROGRESS_H
#define GANTRY_BASE_DOOR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/progress.h"

/* ---- for people ---- */

/* Work of several parts: from now on gt_tell() is about this one. Its name comes after `doing`, and is short, for the
 * line is to fit a terminal: "pr10k3 1/4: 2048 of 10000 images"; "": no name. Without a work, and in a line of the
 * caller's own, nothing happens: functions that have parts need not know whether somebody tells. */
void gt_tell_part(const char *part, const char *of, int64_t count);
/* The same with more to say, such as a loss; the text is copied. */
void gt_tell_with(int64_t done, const char *more);
/* Where a long piece of the work is, of which nothing is done yet: "evaluation 3 of 35". */
void gt_tell_more(const char *more);
/* Would a line of the caller's own be drawn now, or take the place of another work? */
bool gt_tell_due(void);
/* A live line of the caller's own. `piece` is what the next line waits for ("this step"): how long it takes is told
 * when it takes seconds. Elsewhere than on a terminal nothing is told: the caller's log does. */
void gt_tell_line(const char *line, const char *piece);

/* ---- for other ranks ---- */

/* Signs for those who wait. The first: a long loop makes progress. While other ranks wait, the heartbeats (dist.h) tell
 * them that this rank makes progress; without other ranks the sign does nothing. A loop that is stuck must give no
 * sign: so gt_progress() is called when a piece of the work is done, and never while a loop waits for one. The second:
 * a file is written or read now, on storage that may stand still for minutes. */

/* These may be called from any thread, as often as you like; they do nothing in threads other than that of
 * gt_on_progress(). */
void gt_progress(void);
/* From here on this thread may be silent for long, until gt_storage_end(): what belongs between the two is the work on
 * one file. `doing` "writing", and the path of the file, whose last part alone is told. Pairs may lie within pairs: the
 * outermost counts. errno stays as it is. */
void gt_storage_begin(const char *doing, const char *path);
void gt_storage_end(void);

typedef struct gt_progress_hooks {
    void (*beat)(void *arg);                                         /* by gt_progress() */
    void (*storage)(void *arg, const char *doing, const char *name); /* `doing` NULL: gt_storage_end() */
    void *arg;
} gt_progress_hooks;

/* What is called in this thread from now on; copied. {0}: nothing. */
void gt_on_progress(gt_progress_hooks hooks);

#endif
