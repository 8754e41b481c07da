/* SPDX-License-Identifier: Apache-2.0
 * Points in time as text (date.h). */
#include "base/date.h"

#include <time.h>

const char *gt_date_text(double unix_time, char text[GT_DATE_BYTES]) {
    time_t t = unix_time > 0 && unix_time < 1e11 ? (time_t)unix_time : 0;
    struct tm local;
    if (!t || !localtime_r(&t, &local) || !strftime(text, GT_DATE_BYTES, "%Y-%m-%d %H:%M:%S", &local)) *text = 0;
    return text;
}
