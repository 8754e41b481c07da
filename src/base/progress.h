/* SPDX-License-Identifier: Apache-2.0
 * Signs for those who wait. The first: a long loop makes progress. While other ranks wait, the heartbeats (dist.h) tell
 * them that this rank makes progress; without other ranks the sign does nothing. A loop that is stuck must give no
 * sign: so gt_progress() is called when a piece of the work is done, and never while a loop waits for one. The second:
 * a file is written or read now, on storage that may stand still for minutes. */
#ifndef GANTRY_BASE_PROGRESS_H
#define GANTRY_BASE_PROGRESS_H

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
