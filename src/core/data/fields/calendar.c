/* SPDX-License-Identifier: Apache-2.0
 * CF conventions 1.11, section 4.4: units and calendars. Days are counted from 1970-01-01, which all calendars have. */
#define _GNU_SOURCE
#include "data/fields/calendar.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DAY = 86400, YEARS_MOST = 1000000, SWITCH = -141427 /* 1582-10-15 */ };

static const char *const names[GT_CALENDARS_ALL][2] = {
#define X(c, name, other) {name, other},
    GT_CALENDARS(X)
#undef X
};

const char *gt_calendar_name(gt_calendar c) { return names[c][0]; }

bool gt_calendars_agree(gt_calendar a, gt_calendar b) {
    return a == b || (a <= GT_CALENDAR_PROLEPTIC && b <= GT_CALENDAR_PROLEPTIC);
}

static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static bool is_leap(gt_calendar c, int64_t y, bool julian) {
    if (c == GT_CALENDAR_NOLEAP) return false;
    return y % 4 == 0 && (julian || y % 100 != 0 || y % 400 == 0);
}

/* Days before the first of January, of a calendar with leap years or without. */
static int64_t days_of_year(gt_calendar c, int64_t y, bool julian) {
    int64_t leap = floor_div(y - 1, 4);
    if (c == GT_CALENDAR_NOLEAP) return 365 * (y - 1970);
    if (julian) return 365 * y + leap - 719529;
    return 365 * y + leap - floor_div(y - 1, 100) + floor_div(y - 1, 400) - 719527;
}

static int64_t days_by(gt_calendar c, int64_t y, int m, int d, bool julian) {
    if (c == GT_CALENDAR_DAYS_360) return 360 * (y - 1970) + 30 * (m - 1) + d - 1;
    return days_of_year(c, y, julian) + before[m - 1] + (m > 2 && is_leap(c, y, julian)) + d - 1;
}

static bool is_julian(gt_calendar c, int64_t y, int m, int d) {
    return c == GT_CALENDAR_STANDARD && (y < 1582 || (y == 1582 && (m < 10 || (m == 10 && d < 15))));
}

static int64_t days_of(gt_calendar c, int64_t y, int m, int d) { return days_by(c, y, m, d, is_julian(c, y, m, d)); }

static int month_length(gt_calendar c, int64_t y, int m, bool julian) {
    if (c == GT_CALENDAR_DAYS_360) return 30;
    return before[m] - before[m - 1] + (m == 2 && is_leap(c, y, julian));
}

/* ---- units ---- */

static double unit_seconds(const char *word, size_t n) {
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"days", DAY},  {"day", DAY},  {"d", DAY},      {"hours", 3600}, {"hour", 3600}, {"hrs", 3600},
                 {"hr", 3600},   {"h", 3600},   {"minutes", 60}, {"minute", 60},  {"mins", 60},   {"min", 60},
                 {"seconds", 1}, {"second", 1}, {"secs", 1},     {"sec", 1},      {"s", 1}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == n && !strncasecmp(units[i].name, word, n)) return units[i].seconds;
    return 0;
}

/* The rest of a date: " 12:00:00.0", "T12", " 06:00 +01:00", "Z". False: something else. */
static bool read_clock(const char *text, int64_t *seconds) {
    int hour = 0, minute = 0, zone_hour = 0, zone_minute = 0, n = 0;
    double second = 0;
    while (*text == ' ' || *text == 'T' || *text == 't') text++;
    if (*text >= '0' && *text <= '9') {
        if (sscanf(text, "%2d%n", &hour, &n) < 1) return false;
        text += n;
        if (*text == ':' && sscanf(text, ":%2d%n", &minute, &n) == 1) {
            text += n;
            if (*text == ':' && sscanf(text, ":%9lf%n", &second, &n) == 1) text += n;
        }
    }
    while (*text == ' ') text++;
    if (!strcasecmp(text, "Z") || !strcasecmp(text, "UTC") || !strcasecmp(text, "GMT")) text += strlen(text);
    if (*text == '+' || *text == '-') {
        int sign = *text == '-' ? -1 : 1, all = 0;
        if (sscanf(text + 1, "%2d%n:%2d%n", &zone_hour, &n, &zone_minute, &all) < 1) return false;
        text += 1 + (all ? all : n);
        zone_hour *= sign, zone_minute *= sign;
    }
    if (*text || hour > 24 || minute < 0 || minute > 59 || !(second >= 0 && second < 61)) return false;
    *seconds = hour * 3600 + minute * 60 + llround(second) - zone_hour * 3600 - zone_minute * 60;
    return true;
}

static gt_status read_calendar(gt_time_units *out, const char *calendar) {
    for (int c = 0; c < GT_CALENDARS_ALL; c++)
        for (int k = 0; k < 2; k++)
            if (*names[c][k] && !strcasecmp(calendar, names[c][k])) {
                out->calendar = (gt_calendar)c;
                return GT_OK;
            }
    return gt_fail(GT_FORMAT,
                   "the calendar '%.40s' is not known; standard, gregorian, proleptic_gregorian, noleap, 365_day and "
                   "360_day are",
                   calendar);
}

gt_status gt_time_units_read(gt_time_units *out, const char *units, const char *calendar) {
    const char *since = strcasestr(units, " since ");
    int64_t clock, year;
    int month, day, n = 0;
    *out = (gt_time_units){.calendar = GT_CALENDAR_STANDARD};
    gt_status st = calendar && *calendar ? read_calendar(out, calendar) : GT_OK;
    if (st) return st;
    out->seconds = since ? unit_seconds(units, (size_t)(since - units)) : 0;
    if (!(out->seconds > 0))
        return gt_fail(GT_FORMAT, "the units '%.80s' are not days, hours, minutes or seconds since a date", units);
    if (sscanf(since + 7, "%7" SCNd64 "-%2d-%2d%n", &year, &month, &day, &n) < 3 || !read_clock(since + 7 + n, &clock))
        return gt_fail(GT_FORMAT, "the units '%.80s' have no date as in 'days since 2000-01-31 12:00:00'", units);
    if (month < 1 || month > 12 || day < 1 ||
        day > month_length(out->calendar, year, month, is_julian(out->calendar, year, month, day)) ||
        (out->calendar == GT_CALENDAR_STANDARD && year == 1582 && month == 10 && day > 4 && day < 15))
        return gt_fail(GT_FORMAT, "the date in '%.80s' is none of the calendar %s", units, names[out->calendar][0]);
    out->since = days_of(out->calendar, year, month, day) * DAY + clock;
    return GT_OK;
}

gt_status gt_time_read(const gt_time_units *u, double value, int64_t *moment) {
    double seconds = value * u->seconds;
    if (!(fabs(seconds) < YEARS_MOST * 366.0 * DAY)) return gt_fail(GT_FORMAT, "a time is %g", value);
    *moment = u->since + llround(seconds);
    return GT_OK;
}

double gt_time_of(const gt_time_units *u, int64_t moment) { return (double)(moment - u->since) / u->seconds; }

/* ---- texts ---- */

const char *gt_moment_text(gt_calendar c, int64_t moment, char text[GT_MOMENT_BYTES]) {
    int64_t days = floor_div(moment, DAY), rest = moment - days * DAY;
    bool julian = c == GT_CALENDAR_STANDARD && days < SWITCH;
    int64_t year = 1970 + floor_div(days, 366);
    if (days < 0) year = 1970 + floor_div(days, 360);
    while (days_by(c, year + 1, 1, 1, julian) <= days) year++;
    int month = 12;
    while (month > 1 && days_by(c, year, month, 1, julian) > days) month--;
    int day = (int)(days - days_by(c, year, month, 1, julian)) + 1;
    int n = snprintf(text, GT_MOMENT_BYTES, "%04" PRId64 "-%02d-%02d", year, month, day);
    if (rest)
        snprintf(text + n, GT_MOMENT_BYTES - (size_t)n, "T%02d:%02d:%02d", (int)(rest / 3600), (int)(rest / 60 % 60),
                 (int)(rest % 60));
    return text;
}
