/* SPDX-License-Identifier: Apache-2.0
 * Times as the CF conventions write them: numbers with units "days since 2000-01-01 12:00" in a calendar. */
#ifndef GANTRY_DATA_FIELDS_CALENDAR_H
#define GANTRY_DATA_FIELDS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "gantry/status.h"

/* "standard" and "gregorian" are Julian until 1582-10-04 and Gregorian from 1582-10-15 on. */
#define GT_CALENDARS(X)                     \
    X(STANDARD, "standard", "gregorian")    \
    X(PROLEPTIC, "proleptic_gregorian", "") \
    X(NOLEAP, "noleap", "365_day")          \
    X(DAYS_360, "360_day", "")

#define GT_CALENDAR_CONSTANT(c, ...) GT_CALENDAR_##c,
typedef enum gt_calendar { GT_CALENDARS(GT_CALENDAR_CONSTANT) GT_CALENDARS_ALL } gt_calendar;
#undef GT_CALENDAR_CONSTANT

typedef struct gt_time_units {
    gt_calendar calendar;
    double seconds; /* of a unit */
    int64_t since;  /* seconds from 1970-01-01 on */
} gt_time_units;

/* `calendar` NULL or "": standard. GT_FORMAT: units other than days, hours, minutes or seconds since a date, another
 * calendar, or a date that the calendar does not have. */
gt_status gt_time_units_read(gt_time_units *out, const char *units, const char *calendar);
/* Seconds since 1970-01-01 in the calendar, rounded. GT_FORMAT: not finite, or beyond a million years. */
gt_status gt_time_read(const gt_time_units *u, double value, int64_t *moment);

double gt_time_of(const gt_time_units *u, int64_t moment); /* the other way */

enum { GT_MOMENT_BYTES = 40 };
/* "2000-01-31T12:00:00"; without hours where they are 0: "2000-01-31". */
const char *gt_moment_text(gt_calendar calendar, int64_t moment, char text[GT_MOMENT_BYTES]);
const char *gt_calendar_name(gt_calendar calendar);
/* Do the moments of two calendars mean the same days (from 1582-10-15 on)? */
bool gt_calendars_agree(gt_calendar a, gt_calendar b);

#endif
