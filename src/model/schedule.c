/* SPDX-License-Identifier: Apache-2.0
 * Schedules of the learning rate. */
#include "gantry/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gt_status gt_schedule_parse(const char *key, const char *text, gt_schedule *s) {
    for (s->n_at = 0; *text;) {
        char *end;
        double v = strtod(text, &end);
        if (end == text || (*end && *end != ',') || !(v > (s->n_at ? s->at[s->n_at - 1] : 0)))
            return gt_fail(GT_USAGE, "--%s: '%s' is no list of rising numbers such as 10,20", key, text);
        if (s->n_at == GT_SCHEDULE_STEPS) return gt_fail(GT_USAGE, "--%s: more than %d numbers", key, s->n_at);
        s->at[s->n_at++] = v;
        text = *end ? end + 1 : end;
    }
    return GT_OK;
}

/* From a to b along half a cosine, t from 0 to 1. */
static double along(double a, double b, double t) { return b + (a - b) * (1 + cos(M_PI * t)) / 2; }

static double one_cycle(double t) {
    const double first = 1.0 / 25, last = first / 1e4, rises = 0.3;
    return t < rises ? along(first, 1, t / rises) : along(1, last, (t - rises) / (1 - rises));
}

double gt_schedule_rate(const gt_schedule *s, double epoch, double step) {
    double rate = 1, begun = epoch - s->warmup, left = s->length - s->warmup;
    if (!strcmp(s->kind, "one-cycle")) return one_cycle(s->length > step ? fmin(1, epoch / (s->length - step)) : 0);
    if (epoch < s->warmup) return fmin(1, (epoch + step) / s->warmup);
    if (!strcmp(s->kind, "cosine")) rate = along(1, 0, left > 0 ? fmin(1, begun / left) : 1);
    if (!strcmp(s->kind, "step"))
        for (int i = 0; i < s->n_at; i++)
            if (epoch >= s->at[i]) rate *= s->factor;
    return rate;
}
