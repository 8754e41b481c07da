/* SPDX-License-Identifier: Apache-2.0
 * Classifiers as convolutions: see class_maps.h. */
#include "gantry/class_maps.h"

#include "base/door/mathfn.h"
#include "gantry/model.h"
#include "gantry/runner.h"
#include "graph/door/graph.h"
#include "networks/model/door/model.h"
#include "runner/door/runner.h"

/* Softmax of each place. */
static void softmax_places(const float *logits, size_t places, int classes, float *out) {
    for (size_t p = 0; p < places; p++, logits += classes, out += classes) {
        double most = (double)logits[0], sum = 0;
        for (int i = 1; i < classes; i++)
            if ((double)logits[i] > most) most = (double)logits[i];
        for (int i = 0; i < classes; i++) sum += gt_exp((double)logits[i] - most);
        for (int i = 0; i < classes; i++) out[i] = (float)(gt_exp((double)logits[i] - most) / sum);
    }
}

static gt_status record_maps(void *arg, gt_runner *r, const gt_run_batch *b, void *records) {
    const gt_score_maps *maps = arg;
    softmax_places(gt_runner_output(r, "logits"), (size_t)b->n * (size_t)maps->height * (size_t)maps->width,
                   maps->classes, records);
    return GT_OK;
}

static gt_status open_maps(const char *checkpoint, const gt_dataset_info *info, gt_pool *pool,
                           const gt_network_options *reading, gt_runner **r, gt_score_maps *out) {
    *r = gt_runner_open(checkpoint, &(gt_runner_options){.role = GT_ROLE_CLASS_MAPS,
                                                         .request = {.height = info->height, .width = info->width},
                                                         .pool = pool,
                                                         .reading = *reading});
    if (!*r) return gt_failure();
    const gt_model *m = gt_runner_model(*r);
    if (info->channels != m->channels)
        return gt_fail(GT_USAGE, "images of %dx%d with %d channels: the network was trained on %dx%d with %d channels",
                       info->height, info->width, info->channels, m->height, m->width, m->channels);
    const gt_shape *s = gt_node_shape(gt_graph_output(gt_runner_graph(*r), 0, NULL));
    out->height = (int)s->d[1];
    out->width = (int)s->d[2];
    out->classes = m->label_dim;
    return GT_OK;
}

gt_status gt_class_maps_all(gt_comm *c, const char *checkpoint, gt_dataset *ds, gt_pool *pool,
                            const gt_network_options *reading, gt_score_maps *out) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_runner *r;
    void *all = NULL;
    *out = (gt_score_maps){.count = info->count};
    gt_status st = gt_comm_agree_all(c, open_maps(checkpoint, info, pool, reading, &r, out));
    if (!st)
        st = gt_runner_dataset_all(c, r,
                                   &(gt_runner_pass){.data = ds,
                                                     .bytes = gt_runner_floats(r, "logits") * sizeof(float),
                                                     .doing = "classifying",
                                                     .record = record_maps,
                                                     .arg = out},
                                   &all);
    out->probability = all;
    gt_runner_close(r);
    return st;
}
