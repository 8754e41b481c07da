/* SPDX-License-Identifier: Apache-2.0
 * A run without labels from networks with labels: what the family makes of them stands for all classes
 * (gt_family.without_labels). */
#include "train/door/engine.h"

bool gt_label_drop_is_due(const gt_job *job, const gt_job *theirs) {
    return theirs->label_dim && !job->label_dim && gt_is(job->model, theirs->model) && job->family->without_labels &&
           gt_is(job->resume_classes, GT_CLASSES_MEAN);
}

gt_status gt_label_drop_open(gt_label_drop *d, const gt_job *job, const gt_checkpoint_file *f) {
    gt_status st = gt_trained_open_all(&d->trained, gt_checkpoint_path(f),
                                       &(gt_network_options){.given = &job->options});
    return st ? gt_wrap(st, "--resume") : GT_OK;
}

static void free_graph(gt_label_drop *d) {
    gt_exec_free(d->exec);
    gt_graph_free(d->graph);
    d->exec = NULL;
    d->graph = NULL;
}

gt_status gt_label_drop_compute(gt_label_drop *d, int net, bool averaged) {
    const gt_trained *t = &d->trained;
    gt_model *m = t->model;
    bool there = averaged ? m->ema_of == net : t->networks >> net & 1;
    free_graph(d);
    if (!there) return GT_OK;
    d->graph = t->job->family->without_labels(m, net);
    d->exec = d->graph ? gt_exec_new(d->graph, &(gt_exec_options){.runs = 1}) : NULL;
    float *c = d->exec ? gt_exec_input(d->exec, "c") : NULL;
    if (!c) return gt_failure();
    for (int i = 0; i < m->label_dim * m->label_dim; i++) c[i] = i % (m->label_dim + 1) == 0;
    gt_exec_bind(d->exec, 0, averaged ? m->ema_block : m->blocks[net]);
    gt_exec_env env = {0};
    gt_status st = gt_exec_prepare(d->exec, &env);
    return st ? st : gt_exec_run(d->exec, &env);
}

const float *gt_label_drop_find(const gt_label_drop *d, const gt_tensor *t) {
    return d->exec && gt_exec_output_size(d->exec, t->name) == t->size ? gt_exec_output(d->exec, t->name) : NULL;
}

void gt_label_drop_close(gt_label_drop *d) {
    free_graph(d);
    if (d->trained.model) gt_trained_close(&d->trained);
}
