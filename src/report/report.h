/* SPDX-License-Identifier: Apache-2.0
 * The parts of report.html (report.c), each appended to the page. `dir` is the run's directory. */
#ifndef GANTRY_REPORT_REPORT_H
#define GANTRY_REPORT_REPORT_H

#include <stdbool.h>

#include "base/file.h"
#include "gantry/runlog.h"
#include "run/starts.h"

/* ---- report_charts.c ---- */
double report_per_second(double seconds_per_kimg);
void report_charts(gt_buffer *out, const gt_stats *s);

/* ---- report_facts.c ---- */
/* What was run, in which state the run is, how far the run came. */
void report_facts(gt_buffer *out, const char *dir, const gt_starts *starts, const gt_stats *s);
void report_warnings(gt_buffer *out, const char *dir);                   /* of log.txt, with their times */
void report_metrics(gt_buffer *out, const char *dir, const gt_stats *s); /* last and best values of --metrics */
void report_files(gt_buffer *out, const char *dir);                      /* links to the files of the directory */

/* ---- report_pictures.c ---- */
void report_pictures(gt_buffer *out, const char *dir);

#endif
