/* SPDX-License-Identifier: Apache-2.0
 * The networks of a file that know labels, as those of a run without labels begin with them. */
#ifndef GANTRY_TRAIN_START_TRANSFER_LABELS_H
#define GANTRY_TRAIN_START_TRANSFER_LABELS_H

#include "graph/door/graph.h"
#include "model/door/family.h"
#include "use/runner/door/trained.h"

typedef struct gt_label_drop { /* {0}: nothing is found */
    gt_trained trained;
    gt_graph *graph;
    gt_exec *exec;
} gt_label_drop;

/* `theirs`: the job of the file. */
bool gt_label_drop_is_due(const gt_job *job, const gt_job *theirs);
gt_status gt_label_drop_open(gt_label_drop *d, const gt_job *job, const gt_checkpoint_file *f);
/* From now on of network `net`, or of its average. A network that the file does not have has no values. */
gt_status gt_label_drop_compute(gt_label_drop *d, int net, bool averaged);
/* What the tensor begins with, in the order of files; NULL: with what the file has. */
const float *gt_label_drop_find(const gt_label_drop *d, const gt_tensor *t);
void gt_label_drop_close(gt_label_drop *d);

#endif
