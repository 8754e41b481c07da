/* SPDX-License-Identifier: Apache-2.0
 * Texts of other encodings as UTF-8; points in time and spans of time as texts (gantry/text.h). */
#include "base/door/text.h"

#include <iconv.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- encodings ---- */

/* The mark of byte order that a text may begin with: its bytes, and the encoding that it tells. */
static size_t mark_of(const char *text, size_t n, const char **encoding) {
    static const struct {
        const char *bytes, *encoding;
        size_t n;
    } marks[] = {{"\xef\xbb\xbf", NULL, 3}, {"\xff\xfe", "UTF-16LE", 2}, {"\xfe\xff", "UTF-16BE", 2}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (n < marks[i].n || memcmp(text, marks[i].bytes, marks[i].n)) continue;
        *encoding = marks[i].encoding;
        return marks[i].n;
    }
    return 0;
}

static gt_status convert(const char *encoding, const char *text, size_t n, char *to, size_t *length) {
    iconv_t c = iconv_open("UTF-8", encoding);
    if (c == (iconv_t)-1) return gt_fail(GT_FAILED, "text in %s cannot be converted to UTF-8 here", encoding);
    char *from = (char *)(uintptr_t)text, *end = to;
    size_t room = *length;
    bool whole = iconv(c, &from, &n, &end, &room) != (size_t)-1;
    iconv_close(c);
    *length = (size_t)(end - to);
    return whole ? GT_OK : gt_fail(GT_FORMAT, "damaged: text in %s with invalid bytes", encoding);
}

gt_status gt_text_to_utf8(const char *text, size_t n, char **out, size_t *length, const char **from) {
    const char *encoding = NULL;
    size_t mark = mark_of(text, n, &encoding), most; /* bytes of UTF-8 for each byte */
    text += mark, n -= mark;
    if (!encoding && !gt_text_is_utf8(text, n)) encoding = "ISO-8859-1";
    *from = !encoding ? NULL : mark ? "UTF-16" : "Latin-1";
    *length = 0;
    *out = __builtin_mul_overflow(n, 2, &most) || most == SIZE_MAX ? NULL : malloc(most + 1);
    if (!*out) return gt_fail(GT_NOMEM, "out of memory for a text of %zu bytes", n);
    *length = encoding ? most : n;
    if (!encoding) memcpy(*out, text, n);
    gt_status st = encoding ? convert(encoding, text, n, *out, length) : GT_OK;
    (*out)[st ? 0 : *length] = 0;
    if (!st) return GT_OK;
    free(*out);
    *out = NULL;
    return st;
}

/* ---- time ---- */

const char *gt_date_text(double unix_time, char text[GT_DATE_BYTES]) {
    time_t t = unix_time > 0 && unix_time < 1e11 ? (time_t)unix_time : 0;
    struct tm local;
    if (!t || !localtime_r(&t, &local) || !strftime(text, GT_DATE_BYTES, "%Y-%m-%d %H:%M:%S", &local)) *text = 0;
    return text;
}

/* The next number of the text, or -1; moves past it. */
static double take_number(const char **text) {
    enum { MOST_DIGITS = 9 };
    const char *start = *text;
    double x = 0;
    for (; **text >= '0' && **text <= '9'; ++*text) x = 10 * x + (**text - '0');
    return *text == start || *text - start > MOST_DIGITS ? -1 : x;
}

gt_status gt_parse_duration(const char *text, double *seconds) {
    double part[4] = {0}; /* separated by ':', after the days */
    int n = 0;
    bool good = true, days = false;
    for (const char *t = text; good; t++) {
        good = n < 4 && (part[n++] = take_number(&t)) >= 0;
        if (!*t) break;
        if (*t == '-' && n == 1 && !days) days = true;
        else if (*t != ':') good = false;
    }
    if (good && days && n >= 2) *seconds = 86400 * part[0] + 3600 * part[1] + 60 * part[2] + part[3];
    else if (good && !days && n <= 3)
        *seconds = n == 3 ? 3600 * part[0] + 60 * part[1] + part[2] : 60 * part[0] + part[1];
    else good = false;
    if (good) return GT_OK;
    return gt_fail(GT_USAGE,
                   "must be minutes, minutes:seconds, hours:minutes:seconds, days-hours or days-hours:minutes:seconds");
}

const char *gt_duration_text(double seconds, char text[32]) {
    if (!(seconds >= 0 && seconds < 1e9)) return "?";
    long s = lrint(seconds);
    if (s < 60) snprintf(text, 32, "%lds", s);
    else if (s < 3600) snprintf(text, 32, "%ldm %02lds", s / 60, s % 60);
    else if (s < 86400) snprintf(text, 32, "%ldh %02ldm %02lds", s / 3600, s / 60 % 60, s % 60);
    else snprintf(text, 32, "%ldd %02ldh %02ldm", s / 86400, s / 3600 % 24, s / 60 % 60);
    return text;
}
