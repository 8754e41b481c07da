/* SPDX-License-Identifier: Apache-2.0
 * What of the logs of a run cannot be read. */
#ifndef GANTRY_RUN_DAMAGE_H
#define GANTRY_RUN_DAMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/runlog.h"

/* Line `number` cannot be read; `whole`: it has its newline. */
void note_bad_line(gt_bad_lines *bad, int64_t number, bool whole);

#endif
