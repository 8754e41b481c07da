/* SPDX-License-Identifier: Apache-2.0
 * Style mixing (Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks", CVPR 2019,
 * section 3.1): images whose coarse styles come from one seed, and the others from another. */
#ifndef GANTRY_FEATURES_MIX_MIX_H
#define GANTRY_FEATURES_MIX_MIX_H

#include "gantry/generate.h"

typedef struct gt_mix_request {
    const char *checkpoint;
    gt_generator_options options;
    gt_condition condition; /* of all images */
    int64_t n_rows, n_columns;
    const int64_t *rows, *columns; /* seeds */
    const char *styles; /* layers that come from the column's seed (see layers.h); "": 0 to 6, at most the first half */
    gt_edit_wish edit;  /* of all images */
    const char *outdir; /* made if needed */
    gt_record_level record;       /* what pictures say of themselves (docs/verify.md) */
    const struct gt_again *again; /* the order of an audit (runner/record/door/maker.h); NULL: pictures are new */
    int (*stop)(void);            /* as in gt_generate_request */
} gt_mix_request;

/* Writes OUTDIR/ROW-COLUMN.png of each row with each column, SEED-SEED.png of each seed (ROW-COLUMN-class3.png of a
 * network with classes), and grid.png: the columns' own images above, the rows' at the left. *replaced: files that were
 * there before, of all ranks. All ranks call this and return the same status. GT_USAGE: a model without
 * styles, layers that it does not have, a grid too large for a PNG. */
gt_status gt_mix_all(gt_comm *comm, const gt_mix_request *request, int64_t *replaced);

#endif
