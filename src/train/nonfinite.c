/* SPDX-License-Identifier: Apache-2.0
 * --nan: what is done with gradients that are not finite. */
#include "gantry/log.h"
#include "train/engine.h"

/* Leaves a message with the first parameter, in the order of the block, whose gradient is not finite:
 * "G.synthesis.b8.conv0.weight". */
static gt_status name_nonfinite(const gt_engine *e, const gt_phase *p, gt_nonfinite bad) {
    const gt_net *net = e->model->nets[p->net];
    const char *name = "?";
    for (int k = 0; k < net->n_tensors; k++)
        if (bad.first >= net->tensors[k].offset && bad.first < net->tensors[k].offset + net->tensors[k].size)
            name = net->tensors[k].name;
    return gt_fail(GT_NONFINITE, "step %u, phase %s: %llu gradients of network %s are not finite, the first of %s.%s",
                   e->step, p->name, (unsigned long long)bad.count, net->name, net->name, name);
}

gt_status gt_engine_judge_nonfinite(gt_engine *e, const gt_phase *p, gt_nonfinite bad, bool *update) {
    gt_status st = name_nonfinite(e, p, bad);
    if (gt_is(e->job->nan, "stop")) return gt_wrap(st, "--nan=stop");
    *update = gt_is(e->job->nan, "clean");
    if (e->comm->rank) return GT_OK;
    if (!*update) gt_warn("%s: this update is left out (--nan=skip)", gt_message());
    else if (!e->said_nonfinite)
        gt_warn("%s: replaced by 0 or 1e5 as published (--nan=clean); said once", gt_message());
    e->said_nonfinite = true;
    return GT_OK;
}
