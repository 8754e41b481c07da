/* SPDX-License-Identifier: Apache-2.0
 * The log of a run, beside gantry/log.h. */
#ifndef GANTRY_BASE_DOOR_LOG_H
#define GANTRY_BASE_DOOR_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "gantry/log.h"

bool gt_log_open(const char *path); /* from now on lines are appended to this file too; false: see gt_message() */
void gt_log_close(void);
/* As gt_info(), but printed wherever warnings are: why a command does nothing. */
void gt_log_also_quiet(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As gt_log(), unless this text has been logged so before: for what a command may meet twice. */
void gt_log_once(gt_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A command to copy and what it does, as gt_log_command() logs them. */
void gt_log_to_copy(const char *command, const char *what);
/* The outcome of writing something that is tried again and again: one warning with gt_message() when it begins to fail,
 * one line when it works again. *failing keeps the last outcome for the caller, false at first. */
void gt_log_outcome(bool *failing, bool failed, const char *what);
bool gt_log_is_terminal(void); /* stderr is a terminal that can take a live line */
bool gt_log_is_first(void);    /* this is rank 0, whose lines of GT_INFO count */

/* A live line at the bottom of a terminal, redrawn in place; log lines scroll above it. Does nothing elsewhere. NULL
 * clears it. */
void gt_log_live(const char *line);
/* Bytes for the terminal alone, such as a picture, which end a line; the live line goes on below them. */
void gt_log_draw(const char *bytes, size_t n);

#endif
