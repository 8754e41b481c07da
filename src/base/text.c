/* SPDX-License-Identifier: Apache-2.0
 * Points in time and spans of time as texts (gantry/text.h). */
#include "gantry/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

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
