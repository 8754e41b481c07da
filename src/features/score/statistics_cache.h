/* SPDX-License-Identifier: Apache-2.0
 * Statistics of real pictures, kept from run to run in files of $GT_CACHE, else of $XDG_CACHE_HOME/gantry, else of
 * ~/.cache/gantry. The name of an entry is the hash of its key, a text with all that the numbers depend on: fingerprint
 * of the pictures, hash of the detector, count, conversion. An entry gets its name when it is whole (base/door/file.h),
 * so that several runs may read and write one entry at once; what killed processes left is removed by the next process
 * that uses the folder. Entries are .npz files. Readers check key, shapes and the CRC-32 of the numbers: a damaged
 * entry is as one that is not there, with a warning, and the next one of this key takes its place. Entries of earlier
 * versions (.stats) are not read. Rank 0 alone calls these functions. What cannot be written is a warning, once in a
 * process, and nothing else: the cache never fails a score. */
#ifndef GANTRY_FEATURES_SCORE_STATISTICS_CACHE_H
#define GANTRY_FEATURES_SCORE_STATISTICS_CACHE_H

#include <stdbool.h>

#include "features/score/distances/gaussian.h"

/* GT_OK and *found; GT_NOMEM. The arrays of *out are the caller's: gt_gaussian_free(). */
gt_status gt_statistics_cache_get(const char *key, bool *found, gt_gaussian *out);
void gt_statistics_cache_put(const char *key, const gt_gaussian *g);

/* Rows [count,d], float32, which the caller reads or writes panel by panel, of at most GT_ROWS_AT_ONCE rows: a set may
 * be larger than the memory of a rank. */
typedef struct gt_cached_rows gt_cached_rows;
gt_cached_rows *gt_cached_rows_open(const char *key, int64_t count, int64_t d); /* NULL: there is no such entry */
/* The next panel of an open entry: n rows, x has room for GT_ROWS_AT_ONCE. An error (the file is damaged, or its host
 * is gone) is the caller's; a warning was said. */
gt_status gt_cached_rows_next(gt_cached_rows *r, int64_t *n, float *x);
gt_cached_rows *gt_cached_rows_create(const char *key, int64_t count, int64_t d); /* NULL: it cannot be written */
/* The next panel of a created entry. GT_USAGE: these are more than `count`, or too many for a panel. A full disk is not
 * an error: the entry then does not appear. */
gt_status gt_cached_rows_append(gt_cached_rows *r, int64_t n, const float *x);
/* Of a created entry: whole rows make it appear, fewer make it vanish. NULL is fine. */
void gt_cached_rows_close(gt_cached_rows *r);

#endif
