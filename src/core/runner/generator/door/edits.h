/* SPDX-License-Identifier: Apache-2.0
 * Steps along directions (direction_file.h), as users ask for them: "d3:+2.5", "d3:2,0-3,glasses:-1". Behind the name
 * of a direction stand the strength and the layers that move (styles.h), all where none are given. In films a strength
 * may change from the first frame to the last: "d3:-3..3". */
#ifndef GANTRY_RUNNER_GENERATOR_DOOR_EDITS_H
#define GANTRY_RUNNER_GENERATOR_DOOR_EDITS_H

#include "gantry/file.h"
#include "gantry/generate.h"

typedef struct gt_edits gt_edits;

/* Appends the edits of a text that was checked, but for those whose strength is 0, which do nothing, and a zero byte.
 */
void gt_edits_put_moving(const char *edits, gt_buffer *out);

/* Rank 0 reads the file. All ranks call this, and return the same status. *out NULL: nothing is asked for. GT_USAGE: a
 * model without styles, a name that the file does not have, layers that the network does not have, strengths that
 * change though `moving` is false. */
gt_status gt_edits_open_all(gt_comm *comm, gt_edits **out, const gt_edit_wish *wish, const gt_generator *g,
                            bool moving);
void gt_edits_free(gt_edits *e);         /* NULL is fine, here and in what follows */
bool gt_edits_moving(const gt_edits *e); /* a strength changes */
/* Adds strength x step, one edit after the other, to styles [num_ws,w_dim]: to each of n rows, at the place `t`, 0 ..
 * 1, of strengths that change. */
void gt_edits_apply(const gt_edits *e, double t, int64_t n, float *ws);

#endif
