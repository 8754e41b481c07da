/* SPDX-License-Identifier: Apache-2.0
 * Do all ranks have the same job? */
#include "train/trainer.h"

gt_status gt_same_job_all(gt_comm *comm, gt_job *job) {
    gt_options o = job->options;
    gt_setting *settings = NULL;
    int n = 0;
    gt_status st = gt_comm_agree_all(comm, comm->ranks > 1 ? gt_options_settings(&o, &settings, &n) : GT_OK);
    return st ? st : gt_comm_same_settings_all(comm, settings, n);
}
