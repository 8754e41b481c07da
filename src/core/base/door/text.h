/* SPDX-License-Identifier: Apache-2.0
 * Texts that come from data, and their encodings, beside gantry/text.h. */
#ifndef GANTRY_BASE_DOOR_TEXT_H
#define GANTRY_BASE_DOOR_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gantry/status.h"
#include "gantry/text.h"

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

/* As snprintf(), vsnprintf() and vfprintf(), with arguments that are made as gt_print() makes them. */
int gt_format(char *out, size_t bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));
int gt_vformat(char *out, size_t bytes, const char *format, va_list ap) __attribute__((format(printf, 3, 0)));
int gt_vprint_to(FILE *f, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));

#endif
