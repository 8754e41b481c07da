/* SPDX-License-Identifier: Apache-2.0
 * Pages that a run writes into its folder, at its first pictures and at its end. */
#ifndef GANTRY_RUN_DOOR_PAGES_H
#define GANTRY_RUN_DOOR_PAGES_H

#include "gantry/status.h"

typedef struct gt_run_page {
    const char *name; /* "report.html" */
    gt_status (*write)(const char *dir);
} gt_run_page;

extern const gt_run_page *const gt_run_pages[]; /* of all features, and NULL */

#endif
