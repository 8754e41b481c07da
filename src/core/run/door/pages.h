/* SPDX-License-Identifier: Apache-2.0
 * Pages that a run writes into its folder, at its first pictures and at its end, and pictures of features there. */
#ifndef GANTRY_RUN_DOOR_PAGES_H
#define GANTRY_RUN_DOOR_PAGES_H

#include "gantry/rundir.h"
#include "gantry/status.h"

typedef struct gt_run_page {
    const char *name; /* "report.html" */
    gt_status (*write)(const char *dir);
} gt_run_page;

typedef struct gt_run_picture { /* a PNG that a feature writes into the folder of a run */
    gt_run_file file;           /* its pattern is a name */
    const char *title;          /* in the report */
} gt_run_picture;

extern const gt_run_page *const gt_run_pages[]; /* of all features, and NULL */
extern const gt_run_picture *const gt_run_pictures[];

#endif
