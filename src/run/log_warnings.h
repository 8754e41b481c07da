/* SPDX-License-Identifier: Apache-2.0
 * The warnings and errors in a run's log.txt. */
#ifndef GANTRY_RUN_LOG_WARNINGS_H
#define GANTRY_RUN_LOG_WARNINGS_H

/* `when`: "2026-11-22 20:06:43"; `text`: without "warning: ". Both are valid during the call. */
typedef void gt_log_warning(void *arg, const char *when, const char *text);
/* Calls `warning` for each, from the oldest on. A log that cannot be read has none. */
void gt_log_warnings_each(const char *dir, gt_log_warning *warning, void *arg);

#endif
