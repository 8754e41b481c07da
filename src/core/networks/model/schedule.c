/* SPDX-License-Identifier: Apache-2.0
 * Schedules of the learning rate. */
#include "networks/model/door/schedule.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/mathfn.h"

gt_status gt_schedule_parse(const char *text, gt_schedule *s) {
    for (s->n_at = 0; *text;) {
        char *end;
        double v = strtod(text, &end);
        if (end == text || (*end && *end != ',') || !(v > (s->n_at ? s->at[s->n_at - 1] : 0)))
            return gt_fail(GT_USAGE, "'%s' is not a list of rising numbers such as 10,20", text);
        if (s->n_at == GT_SCHEDULE_STEPS) return gt_fail(GT_USAGE, "more than %d numbers", s->n_at);
        s->at[s->n_at++] = v;
        text = *end ? end + 1 : end;
    }
    return GT_OK;
}

/* From a to b along half a cosine, t from 0 to 1. */
static double along(double a, double b, double t) { return b + (a - b) * (1 + gt_cos_pi(t)) / 2; }

static double one_cycle(double epoch, double step, double length) {
    const double first = 1.0 / 25, least = first / 1e4;
    double top = 0.3 * length - step, end = length - step; /* of the last step of each part */
    if (epoch <= top) return top > 0 ? along(first, 1, epoch / top) : 1;
    return end > top ? along(1, least, fmin(1, (epoch - top) / (end - top))) : least;
}

double gt_schedule_rate(const gt_schedule *s, double epoch, double step) {
    double rate = 1, begun = epoch - s->warmup, left = s->length - s->warmup;
    if (s->kind == GT_SCHEDULE_ONE_CYCLE) return one_cycle(epoch, step, s->length);
    if (epoch < s->warmup) return fmin(1, (epoch + step) / s->warmup);
    if (s->kind == GT_SCHEDULE_COSINE) rate = along(1, 0, left > 0 ? fmin(1, begun / left) : 1);
    if (s->kind == GT_SCHEDULE_STEP)
        for (int i = 0; i < s->n_at; i++)
            if (epoch >= s->at[i]) rate *= s->factor;
    return rate;
}

double gt_growth_at(const gt_growth *g, double at) {
    if (!(g->length > 0)) return g->to;
    double cycle = g->cycles > 1 ? floor(at / (g->length + g->hold)) : 0;
    if (cycle > 0 && cycle >= (double)g->cycles) return g->to;
    return g->from + (g->to - g->from) * fmin(1, (at - cycle * (g->length + g->hold)) / g->length);
}

gt_plateau gt_plateau_begin(void) { return (gt_plateau){.factor = 1, .best = INFINITY}; }

int gt_plateau_look(gt_plateau *p, const gt_schedule *s, double loss) {
    const double least = 1e-4; /* of the best, that a loss must be smaller by */
    bool smaller = !(p->best < INFINITY) ? loss < INFINITY : loss < p->best - least * fabs(p->best);
    p->sum = p->n = 0;
    if (smaller) p->best = loss;
    p->since = smaller ? 0 : p->since + 1;
    if (!(p->since > s->patience)) return 0;
    p->since = 0;
    p->factor *= s->factor;
    return 1;
}
