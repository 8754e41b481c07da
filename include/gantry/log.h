/* SPDX-License-Identifier: Apache-2.0
 * The log of a run. Lines go to stderr (results go to stdout, by commands and by functions that say so) and, once
 * a run has a directory, to its log.txt, which gets all lines, also those that are not printed. Of GT_INFO and below
 * only the lines of rank 0 count; warnings and errors count from every rank.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_LOG_H
#define GANTRY_LOG_H

#include <stdbool.h>

#include "gantry/choices.h"

#define GT_LEVELS(X) X(GT_DEBUG, "debug") X(GT_INFO, "info") X(GT_WARNING, "warning") X(GT_ERROR, "error")
typedef enum gt_level { GT_LEVELS(GT_CONSTANT) } gt_level;

/* To be called once MPI is up; before, this is rank 0 of 1. Lines of lower levels than `least` are not printed. */
void gt_log_setup(int rank, int ranks, gt_level least);
void gt_log(gt_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "error: TEXT" on stderr alone, in red on a terminal: the last words of a program, whatever the level of the log. */
void gt_log_print_error(const char *text);

/* A command to copy and what it does, "  gantry WORD PATH MORE   what", with at least three spaces between the two. */
void gt_log_command(const char *word, const char *path, const char *more, const char *what);

#define gt_info(...) gt_log(GT_INFO, __VA_ARGS__)
#define gt_warn(...) gt_log(GT_WARNING, __VA_ARGS__)

#endif
