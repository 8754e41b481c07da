/* SPDX-License-Identifier: Apache-2.0
 * Cuts a log back to its state at an earlier moment. The log may have any size: memory holds only the places of lines.
 */
#ifndef FILES_KEEP_LINES_H
#define FILES_KEEP_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/status.h"

typedef enum verdict { KEEP, LATER, BAD, UNKNOWN /* out of memory: nothing is cut back */, VERDICTS } verdict;
/* What becomes of a line when a run goes on at `images`. The function may change the line. `whole`: the line ends with
 * a newline. */
typedef verdict judge(char *line, bool whole, int64_t images, void *scratch);

/* Removes all lines that are not judged KEEP, and adds the number of lines of each verdict to `counts`. The file is
 * written only when a line is removed, or when the last line lacks its newline. *last: the byte at which the last line
 * begins afterwards; -1: there are no lines. A missing file has no lines. */
gt_status keep_lines(const char *path, int64_t images, judge *judges, void *scratch, int counts[VERDICTS],
                     int64_t *last);

#endif
