/* SPDX-License-Identifier: Apache-2.0
 * The columns of points in a table, for the files of this room (gantry/mixture_view.h). */
#ifndef GANTRY_MIXTURE_MIXTURE_VIEW_H
#define GANTRY_MIXTURE_MIXTURE_VIEW_H

#include "gantry/mixture_view.h"

/* ---- tables of points ---- */

/* A gt_fit.columns of the cloud's names in the arena; NULL with GT_OK: there are no names, or very many. Any rank. */
gt_status gt_cloud_columns(const gt_cloud *c, gt_arena *a, const char **columns);

#endif
