/* SPDX-License-Identifier: Apache-2.0
 * Networks as a checkpoint of Gantry for use alone: no moments of optimisers, no state of training. */
#include <stdlib.h>

#include "gantry/job.h"
#include "networks/model/door/net_checkpoint.h"
#include "runner/export/door/export.h"

static gt_status write_h5(const gt_export_source *s) {
    const gt_trained *t = s->trained;
    char *recipe = gt_job_to_recipe_text(t->job);
    gt_checkpoint *c =
        recipe
            ? gt_checkpoint_begin(&(gt_checkpoint_about){
                  .model = t->model->name, .kernel_set = gt_kernel_set_arithmetic(t->model->kernels), .recipe = recipe})
            : NULL;
    free(recipe);
    gt_status st = c ? GT_OK : GT_NOMEM;
    for (int i = 0; i < s->n_nets && !st; i++)
        st = gt_net_write_checkpoint(s->nets[i].net, c, gt_text_of("/networks/%s", s->nets[i].name).s, GT_TENSORS_ALL,
                                     s->nets[i].block);
    if (!st) gt_checkpoint_put_data(c, &t->data);
    if (!st) st = gt_checkpoint_write(c, s->request->out);
    gt_checkpoint_free(c);
    return st;
}

const gt_export_form gt_export_form_h5 = {
    .name = "h5",
    .help = "Gantry, for use alone",
    .write = write_h5,
};
