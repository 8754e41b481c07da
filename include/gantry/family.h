/* SPDX-License-Identifier: Apache-2.0
 * Families of models, as a program sees them: the list of families is in gantry/job.h. What a family fills in is inside
 * (src/core/networks/model/door/family.h).
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_FAMILY_H
#define GANTRY_FAMILY_H

#include <stdbool.h>

typedef struct gt_family gt_family;

typedef struct gt_job gt_job;

typedef struct gt_family_model {
    const char *name;     /* a value of --model */
    const char *text;     /* what the model is, for people */
    const char *defaults; /* values of common options that nobody has given: "batch=64 lrate=0.001" */
    const void *own;      /* what else the family knows of the model */
} gt_family_model;

/* ---- for families: src/core/networks/model/family.c ---- */

/* Does the job name a network that a new run begins with (--resume)? */
bool gt_job_transfers(const gt_job *job);

#endif
