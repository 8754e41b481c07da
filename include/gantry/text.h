/* SPDX-License-Identifier: Apache-2.0
 * Small texts for people: the plural of a noun, points in time, spans of time, texts that come from data and their
 * encodings.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_TEXT_H
#define GANTRY_TEXT_H

#include <errno.h>
#include <time.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gantry/status.h"

/* What follows a noun after this number: "s", or "" for one: "1 image", "2 images". */
static inline const char *gt_plural(int64_t n) { return n == 1 ? "" : "s"; }

/* As printf(), for whatever a person reads on a terminal: in the arguments of %s and %c each control character, line
 * end, mark of direction and each byte that is not UTF-8 becomes \xNN. What stands in the format is printed as it is.
 * The text of gt_message() has been made so. gt_print() goes to stdout. */
int gt_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
int gt_print_to(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gt_print_lines(const char *text); /* to stdout; a text of several lines, each of which may have names */
/* Hands on what was printed. Not 0: errno of the first time that stdout did not take everything. */
int gt_print_flush(FILE *f);

enum { GT_DATE_BYTES = 32 };
/* "2026-11-22 20:06:43", local time, of seconds since 1970; `text` is returned. "": the time is unknown (0), or its
 * year has not four digits. */
const char *gt_date_text(double unix_time, char text[GT_DATE_BYTES]);

/* A span of time as Slurm writes it: "90" minutes, "1:30" minutes:seconds, "23:50:00", "1-12" days-hours, "1-12:30",
 * "1-12:30:00". */
gt_status gt_parse_duration(const char *text, double *seconds);
/* "43s", "2m 05s", "1h 07m 30s", "3d 04h 12m"; "?": unknown. Returns `text`. */
const char *gt_duration_text(double seconds, char text[32]);

static inline double gt_clock_of(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline double gt_unix_time(void) { return gt_clock_of(CLOCK_REALTIME); } /* since 1970; may jump */

#endif
