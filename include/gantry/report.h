/* SPDX-License-Identifier: Apache-2.0
 * The report of a run.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_REPORT_H
#define GANTRY_REPORT_H

#include "gantry/status.h"

/* Curves from stats.jsonl and the newest pictures in one self-contained file, DIR/report.html (`path` NULL) or
 * another. GT_FAILED: no run's directory, there is neither a tick nor a job. */
gt_status gt_report_write(const char *dir, const char *path);
/* The same in short on stdout: state, main curves in characters, and, where stdout is a terminal with colours, the
 * newest sheet of pictures. */
gt_status gt_report_print(const char *dir);

#endif
