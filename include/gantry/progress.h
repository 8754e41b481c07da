/* SPDX-License-Identifier: Apache-2.0
 * Progress of work that takes long: a live line for people, and signs for the other ranks.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_PROGRESS_H
#define GANTRY_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* ---- for people ---- */

/* What the program does at this moment, how far the work is and how long the rest takes. On a terminal this is a live
 * line, which a thread renews each second: also a step that takes minutes shows that time goes by. Elsewhere it is a
 * line of the log once a minute. Rank 0 tells; on other ranks these calls do nothing.
 *
 *     gt_tell_start("generating", "images", 1000);
 *     for (...) gt_tell(done);
 *     gt_tell_end();
 *
 * There is one work at a time: a start takes the place of what was told before. Standard output is the caller's: end
 * the line before something is printed there. */

/* false: nothing is told any more, neither on a terminal nor elsewhere (--progress=0, -q). */
void gt_tell_allow(bool allowed);

/* `of` names what is counted, "images"; NULL: nothing is counted, and only the time is told. */
void gt_tell_start(const char *doing, const char *of, int64_t count);
/* So much of the work is done. The rate is that since the first of these calls, for the first piece of a work is slow;
 * the rest of the time is told from the third call on. Cheap: may be called very often. */
void gt_tell(int64_t done);
void gt_tell_end(void); /* the live line goes, and the thread with it; without a work nothing happens */

#endif
