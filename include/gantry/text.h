/* SPDX-License-Identifier: Apache-2.0
 * Small texts for people: the plural of a noun, points in time, spans of time, texts that come from data and their
 * encodings. */
#ifndef GANTRY_TEXT_H
#define GANTRY_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gantry/status.h"

/* What follows a noun after this number: "s", or "" for one: "1 image", "2 images". */
static inline const char *gt_plural(int64_t n) { return n == 1 ? "" : "s"; }

/* File names are bytes, but pictures, logs and HTML need UTF-8. Every byte that is not part of a character becomes '?'.
 * Codes that Unicode assigns to no character, ever, count as damage: cairo refuses them. */
void gt_utf8_clean(char *text);

bool gt_text_is_utf8(const char *text, size_t n);
/* A text from elsewhere, of `n` bytes, as UTF-8: *out, to be freed, has *length bytes and a zero byte behind them. A
 * mark of byte order tells UTF-8 or UTF-16, and is taken away. What is UTF-8 stays as it is; else every byte is a
 * character of Latin-1. *from: "UTF-16", "Latin-1", for a message; NULL: nothing was converted. *out is NULL after a
 * failure; GT_FORMAT: damaged UTF-16. Messages give the reason alone. */
gt_status gt_text_to_utf8(const char *text, size_t n, char **out, size_t *length, const char **from);

/* A text as UTF-8 whose characters are taken apart into letters and marks, to be freed: names that look the same are
 * the same then, whether they come from a Mac or not. Marks keep their order. */
gt_status gt_text_apart(const char *text, char **out);
/* Writes a character of Unicode as UTF-8, 1 to 4 bytes, and returns where they end. */
char *gt_text_put_code(char *to, uint32_t code);

/* As snprintf(), vsnprintf() and printf(), for whatever a person reads on a terminal or in a log: in the arguments of
 * %s and %c each control character, line end, mark of direction and each byte that is not UTF-8 becomes \xNN. What
 * stands in the format is printed as it is. The text of gt_message() has been made so. gt_print() goes to stdout. */
int gt_format(char *out, size_t bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));
int gt_vformat(char *out, size_t bytes, const char *format, va_list ap) __attribute__((format(printf, 3, 0)));
int gt_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
int gt_print_to(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
int gt_vprint_to(FILE *f, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));
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

#endif
