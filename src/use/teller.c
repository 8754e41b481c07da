/* SPDX-License-Identifier: Apache-2.0
 * How far work is: see teller.h. */
#include "use/teller.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "gantry/log.h"
#include "gantry/option.h"

gt_teller gt_tell_start(const char *doing, const char *of, int64_t count) {
    double now = gt_clock();
    return (gt_teller){doing, of, count, now, now};
}

void gt_tell(gt_teller *t, int64_t done) {
    const double every = 60;
    double now = gt_clock(), seconds = now - t->start, rate = seconds > 0 ? (double)done / seconds : 0;
    char line[160], left[32];
    snprintf(line, sizeof line, "%s: %lld of %lld %s (%.0f %%), %.3g %s/s, %s left", t->doing, (long long)done,
             (long long)t->count, t->of, 100.0 * (double)done / (double)t->count, rate, t->of,
             gt_duration_text(rate > 0 ? (double)(t->count - done) / rate : NAN, left));
    if (gt_log_is_terminal()) gt_log_live(line);
    else if (now - t->said >= every && done < t->count) gt_info("%s", line);
    else return;
    t->said = now;
}

void gt_tell_end(void) { gt_log_live(NULL); }
