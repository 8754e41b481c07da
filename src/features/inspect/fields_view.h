/* SPDX-License-Identifier: Apache-2.0
 * What gantry inspect prints of a file of fields. */
#ifndef GANTRY_FEATURES_INSPECT_FIELDS_VIEW_H
#define GANTRY_FEATURES_INSPECT_FIELDS_VIEW_H

#include "gantry/status.h"

/* To stdout: variables, axes, times, and the command that trains on them. The caller has called gt_h5_check(). */
gt_status gt_fields_print(const char *path);

#endif
