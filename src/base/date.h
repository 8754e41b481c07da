/* SPDX-License-Identifier: Apache-2.0
 * Points in time as text. */
#ifndef GANTRY_BASE_DATE_H
#define GANTRY_BASE_DATE_H

enum { GT_DATE_BYTES = 32 };

/* "2026-11-22 20:06:43", local time, of seconds since 1970; `text` is returned. "": the time is unknown (0), or its
 * year has not four digits. */
const char *gt_date_text(double unix_time, char text[GT_DATE_BYTES]);

#endif
