/* SPDX-License-Identifier: Apache-2.0
 * The log of a run. Lines go to stderr (results go to stdout, by commands and by functions that say so) and, once
 * a run has a directory, to its log.txt, which gets all lines, also those that are not printed. Of GT_INFO and below
 * only the lines of rank 0 count; warnings and errors count from every rank. */
#ifndef GANTRY_LOG_H
#define GANTRY_LOG_H

#include <stdbool.h>

#include "gantry/choices.h"

#define GT_LEVELS(X) X(GT_DEBUG, "debug") X(GT_INFO, "info") X(GT_WARNING, "warning") X(GT_ERROR, "error")
typedef enum gt_level { GT_LEVELS(GT_CONSTANT) } gt_level;

/* To be called once MPI is up; before, this is rank 0 of 1. Lines of lower levels than `least` are not printed. */
void gt_log_setup(int rank, int ranks, gt_level least);
bool gt_log_open(const char *path); /* from now on lines are appended to this file too; false: see gt_message() */
void gt_log_close(void);
void gt_log(gt_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, unless this text has been logged so before: for what a command may meet twice. */
void gt_log_once(gt_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The outcome of writing something that is tried again and again: one warning with gt_message() when it begins to fail,
 * one line when it works again. *failing keeps the last outcome for the caller, false at first. */
void gt_log_outcome(bool *failing, bool failed, const char *what);
/* Set in the environment: stderr, though a pipe, ends at a terminal so many columns wide (`gantry run` tells its
 * ranks). */
#define GT_TERMINAL "GANTRY_TERMINAL"
/* "error: TEXT" on stderr alone, in red on a terminal: the last words of a program, whatever the level of the log. */
void gt_log_print_error(const char *text);
bool gt_log_is_terminal(void); /* stderr is a terminal that can take a live line */
bool gt_log_is_first(void);    /* this is rank 0, whose lines of GT_INFO count */

/* A live line at the bottom of a terminal, redrawn in place; log lines scroll above it. Does nothing elsewhere. NULL
 * clears it. */
void gt_log_live(const char *line);

/* A command to copy and what it does: "  gantry WORD PATH MORE   what". */
void gt_log_command(const char *word, const char *path, const char *more, const char *what);

#define gt_info(...) gt_log(GT_INFO, __VA_ARGS__)
#define gt_warn(...) gt_log(GT_WARNING, __VA_ARGS__)

#endif
