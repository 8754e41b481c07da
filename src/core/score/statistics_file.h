/* SPDX-License-Identifier: Apache-2.0
 * Statistics of features in the files of the usual FID programs: .npz with mu [d] and sigma [d,d], the covariance with
 * the divisor n - 1. Our own files have n too, as count, and are exact again when they are read. */
#ifndef GANTRY_SCORE_STATISTICS_FILE_H
#define GANTRY_SCORE_STATISTICS_FILE_H

#include "metrics/door/gaussian.h"

/* The arrays are the caller's: gt_gaussian_free(). GT_FORMAT: damaged, no such arrays, shapes that do not fit;
 * GT_NONFINITE: a number is NaN or infinite. Messages name the path. */
gt_status gt_statistics_read(const char *path, gt_gaussian *out);
/* GT_USAGE: the Gaussian is of one row, which has no covariance. */
gt_status gt_statistics_write(const char *path, const gt_gaussian *g);

#endif
