/* SPDX-License-Identifier: Apache-2.0
 * Models out of checkpoints: see trained.h. */
#include "runner/door/trained.h"

#include "gantry/checkpoint.h"
#include "gantry/log.h"
#include "gantry/job.h"
#include "job/door/network.h"
#include "kernels/door/kernels.h"
#include "networks/model/door/family.h"
#include "networks/nets/door/layers.h"
#include "networks/model/door/net_checkpoint.h"

static gt_status read_network(gt_trained *t, const gt_checkpoint_file *f, int network, bool averaged) {
    const gt_net *net = t->model->nets[network];
    gt_text group = gt_text_of("/networks/%s%s", net->name, averaged ? "_ema" : "");
    return gt_net_read_checkpoint(net, f, group.s, GT_TENSORS_ALL,
                                  averaged ? t->model->ema_block : t->model->blocks[network]);
}

/* The networks beside the one in use, as far as the file has them. */
static gt_status read_others(gt_trained *t, const gt_checkpoint_file *f) {
    gt_status st = GT_OK;
    for (int i = 0; i < t->model->n_nets && !st; i++) {
        if (i == t->network && t->model->ema_of != i) continue;
        if (gt_checkpoint_first(f, gt_text_of("/networks/%s", t->model->nets[i]->name).s) < 0) continue;
        st = read_network(t, f, i, false);
        t->networks |= 1u << i;
    }
    return st;
}

/* Why the file's model cannot be made: its recipe, which nobody typed, unless memory is short. */
static gt_status not_made(void) { return gt_failure() == GT_NOMEM ? GT_NOMEM : GT_FORMAT; }

static gt_status load(gt_trained *t, const gt_checkpoint_file *f, const gt_kernel_set *kernels, const char *name,
                      bool all) {
    const gt_checkpoint_about *about = gt_checkpoint_info(f);
    gt_status held = gt_network_held(f);
    if (held) return held;
    if (*about->kernel_set && gt_kernel_set_adopt(about->kernel_set, &kernels))
        gt_warn("%s: images may differ in their last bits", gt_message());
    t->job = gt_job_from_recipe_text(about->recipe, gt_checkpoint_path(f));
    if (!t->job) return not_made();
    t->job->kernels = kernels;
    if (!(t->recipe = gt_arena_printf(t->job->arena, "%s", about->recipe))) return GT_NOMEM;
    t->model = gt_model_bare(t->job);
    if (!t->model) return gt_wrap(not_made(), "%s", gt_checkpoint_path(f));
    gt_status st = gt_checkpoint_get_data(f, t->job->arena, &t->data);
    if (!st && (all || name)) st = gt_network_check(f, name);
    if (st) return st;
    if (!all && !name) gt_network_warn(f);
    t->network = name ? gt_model_network(t->model, name) : t->model->ema_of >= 0 ? t->model->ema_of : 0;
    if (t->network < 0) return GT_USAGE;
    bool averaged = t->model->ema_of == t->network;
    t->params = averaged ? t->model->ema_block : t->model->blocks[t->network];
    if (!averaged) t->networks = 1u << t->network;
    st = read_network(t, f, t->network, averaged);
    return !st && all ? read_others(t, f) : st;
}

static gt_status open_checkpoint(gt_trained *t, const char *checkpoint, const gt_network_options *o, const char *name,
                                 bool all) {
    *t = (gt_trained){0};
    gt_status st;
    gt_checkpoint_file *f = gt_network_open(checkpoint, o, &st);
    if (f) st = load(t, f, o ? o->kernels : NULL, name, all);
    gt_checkpoint_close(f);
    if (st) gt_trained_close(t);
    return st;
}

gt_status gt_trained_open(gt_trained *t, const char *checkpoint, const gt_network_options *o) {
    return open_checkpoint(t, checkpoint, o, NULL, false);
}

gt_status gt_trained_open_network(gt_trained *t, const char *checkpoint, const gt_network_options *o,
                                  const char *name) {
    return open_checkpoint(t, checkpoint, o, name, false);
}

gt_status gt_trained_open_all(gt_trained *t, const char *checkpoint, const gt_network_options *o) {
    return open_checkpoint(t, checkpoint, o, NULL, true);
}

void gt_trained_close(gt_trained *t) {
    if (t->job) gt_model_free(t->model);
    gt_job_free(t->job);
    *t = (gt_trained){0};
}
