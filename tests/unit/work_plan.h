/* SPDX-License-Identifier: Apache-2.0
 * What ranks compute of a batch, with room for the plan. */
#ifndef TESTS_WORK_PLAN_H
#define TESTS_WORK_PLAN_H

#include "dist/door/dist.h"

enum { MOST_SLICES = 64 };

typedef struct plan {
    gt_work work;
    gt_group groups[MOST_SLICES + 1];
    int units[MOST_SLICES + 1];
} plan;

static inline const gt_work *plan_of(plan *p, const gt_comm *c, int slices, int stretch, int rank, int most) {
    p->work = (gt_work){.groups = p->groups, .units = p->units};
    gt_work_plan(c, (gt_slices){slices, slices}, stretch, rank, most, &p->work);
    return &p->work;
}

#endif
