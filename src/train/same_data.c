/* SPDX-License-Identifier: Apache-2.0
 * Do all ranks have the same data before them? */
#include "gantry/train.h"

gt_status gt_same_data_all(gt_comm *comm, gt_dataset *data, const char *spec) {
    gt_hash128 seen = {0};
    gt_status st = gt_comm_agree_all(comm, comm->ranks > 1 ? gt_dataset_quick_fingerprint(data, &seen) : GT_OK);
    if (st) return st;
    const gt_dataset_info *i = gt_dataset_get_info(data);
    if (!gt_comm_as_first_all(comm, &seen, sizeof seen))
        st = gt_fail(GT_FAILED,
                     "'%s' holds %lld images of %dx%d with %d channels here, and not what it holds on rank 0: all "
                     "hosts must see the same data (is a copy old or incomplete?)",
                     spec, (long long)i->stored, i->width, i->height, i->channels);
    return gt_comm_agree_all(comm, st);
}
