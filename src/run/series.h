/* SPDX-License-Identifier: Apache-2.0
 * What the series of a log mean: a row for each name or group of names. From this table come the attributes of
 * metrics.h5, the notes of the report, and the table of docs/reading-a-run.md (`gantry reference --series`). */
#ifndef GANTRY_RUN_SERIES_H
#define GANTRY_RUN_SERIES_H

typedef struct gt_series {
    const char *name; /* "Loss/G/loss", or a pattern: "Norms/?*_grad" */
    const char *unit; /* "kimg"; "": a pure number */
    const char *help; /* one sentence or two, without a full stop at the end */
} gt_series;

const gt_series *gt_series_at(int i);              /* row i of the table, from 0; NULL: there are no more */
const gt_series *gt_series_of(const char *series); /* the first row that the name fits; NULL: unknown */

#endif
