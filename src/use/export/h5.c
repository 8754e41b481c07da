/* SPDX-License-Identifier: Apache-2.0
 * Networks as a checkpoint of Gantry for use alone: no moments of optimisers, no state of training. */
#include <stdlib.h>

#include "gantry/job.h"
#include "nets/layers.h"
#include "use/export/export.h"

static gt_status put_network(gt_checkpoint *c, const gt_export_net *n) {
    float *values = calloc(gt_net_largest(n->net) + 1, sizeof *values);
    if (!values) return gt_fail(GT_NOMEM, "out of memory for a tensor of %s", n->name);
    gt_status st = GT_OK;
    for (int i = 0; i < n->net->n_tensors && !st; i++) {
        const gt_tensor *t = &n->net->tensors[i];
        gt_tensor_to_file(t, n->block + t->offset, values);
        st = gt_checkpoint_tensor(c, gt_text_of("/networks/%s/%s", n->name, t->name).s, &t->file_shape, values);
    }
    free(values);
    return st;
}

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
    for (int i = 0; i < s->n_nets && !st; i++) st = put_network(c, &s->nets[i]);
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
