/* SPDX-License-Identifier: Apache-2.0
 * Small texts for people: the plural of a noun, points in time, spans of time, texts that are UTF-8. */
#ifndef GANTRY_TEXT_H
#define GANTRY_TEXT_H

#include <stdint.h>

#include "gantry/status.h"

/* What follows a noun after this number: "s", or "" for one: "1 image", "2 images". */
static inline const char *gt_plural(int64_t n) { return n == 1 ? "" : "s"; }

/* File names are bytes, but pictures, logs and HTML need UTF-8. Every byte that is not part of a character becomes '?'.
 * Codes that Unicode assigns to no character, ever, count as damage: cairo refuses them. */
void gt_utf8_clean(char *text);

enum { GT_DATE_BYTES = 32 };
/* "2026-11-22 20:06:43", local time, of seconds since 1970; `text` is returned. "": the time is unknown (0), or its
 * year has not four digits. */
const char *gt_date_text(double unix_time, char text[GT_DATE_BYTES]);

/* A span of time as Slurm writes it: "90" minutes, "1:30" minutes:seconds, "23:50:00", "1-12" days-hours, "1-12:30",
 * "1-12:30:00". */
gt_status gt_parse_duration(const char *text, double *seconds);
/* "43s", "2m 05s", "1h 07m 30s", "3d 04h 12m"; "?": unknown. Returns `text`. */
const char *gt_duration_text(double seconds, char text[32]);

#endif
