/* SPDX-License-Identifier: Apache-2.0
 * Cutting a log back to what was known at an earlier moment. It may be of any size: only where lines stand is kept in
 * memory. */
#ifndef FILES_KEEP_LINES_H
#define FILES_KEEP_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/status.h"

typedef enum verdict { KEEP, LATER, BAD, UNKNOWN /* out of memory: nothing is cut back */, VERDICTS } verdict;
/* Of a line, for a run that goes on at `images`; the line may be changed. `whole`: it ends with a newline. */
typedef verdict judge(char *line, bool whole, int64_t images, void *scratch);

/* Keep the lines that are to be kept, and count all by what was said of them: writes only when something goes, or the
 * last one lacks its newline. *last: where the last line begins afterwards; -1: there is none. No such file: nothing to
 * do. */
gt_status keep_lines(const char *path, int64_t images, judge *judges, void *scratch, int counts[VERDICTS],
                     int64_t *last);

#endif
