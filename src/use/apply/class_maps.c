/* SPDX-License-Identifier: Apache-2.0
 * Classifiers as convolutions: see class_maps.h. */
#include "gantry/class_maps.h"

#include <stdlib.h>
#include <string.h>

#include "gantry/mathfn.h"
#include "graph/internal.h"
#include "use/runner/each_item.h"
#include "use/runner/trained.h"
#include "use/runner/wrong_model.h"

enum { BATCH = 4 }; /* a fixed number: no score depends on how many pictures there are */

typedef struct work {
    gt_trained trained;
    size_t pixels, size; /* floats of a picture, and of its map */
    int classes;
} work;

/* Softmax of each place. */
static void spread(const float *logits, size_t places, int classes, float *out) {
    for (size_t p = 0; p < places; p++, logits += classes, out += classes) {
        double most = (double)logits[0], sum = 0;
        for (int i = 1; i < classes; i++)
            if ((double)logits[i] > most) most = (double)logits[i];
        for (int i = 0; i < classes; i++) sum += gt_exp((double)logits[i] - most);
        for (int i = 0; i < classes; i++) out[i] = (float)(gt_exp((double)logits[i] - most) / sum);
    }
}

static gt_status make(void *arg, int64_t first, int n, const float *images, void *records) {
    (void)first;
    const work *w = arg;
    gt_exec *x = w->trained.exec;
    memcpy(gt_exec_input(x, "images"), images, (size_t)n * w->pixels * sizeof *images);
    gt_status st = gt_exec_run(x, &(gt_exec_env){0});
    if (!st) spread(gt_exec_output(x, "logits"), (size_t)n * w->size / (size_t)w->classes, w->classes, records);
    return st;
}

static gt_status open_all(work *w, const char *checkpoint, const gt_dataset_info *info, gt_pool *pool,
                          const gt_kernel_set *kernels, gt_score_maps *out) {
    gt_status st = gt_trained_open(&w->trained, checkpoint, kernels);
    if (st) return st;
    gt_model *m = w->trained.model;
    if (!m->build_convolutional) return gt_wrong_model(m, "is not a classifier");
    if (info->channels != m->channels || info->height < m->height || info->width < m->width)
        return gt_fail(GT_USAGE,
                       "images of %dx%d with %d channels: the network was trained on %dx%d with %d channels, and takes "
                       "these and larger ones",
                       info->height, info->width, info->channels, m->height, m->width, m->channels);
    gt_graph *g = m->build_convolutional(m, BATCH, info->height, info->width);
    gt_shape s = g ? g->results[0].node->shape : (gt_shape){0};
    out->height = (int)s.d[1];
    out->width = (int)s.d[2];
    out->classes = w->classes = m->label_dim;
    w->size = (size_t)(s.d[1] * s.d[2]) * (size_t)m->label_dim;
    w->pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    return gt_trained_build(&w->trained, g, pool);
}

gt_status gt_convolutional_all(gt_comm *c, const char *checkpoint, gt_dataset *ds, gt_pool *pool,
                               const gt_kernel_set *kernels, gt_score_maps *out) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    work w = {0};
    void *all = NULL;
    *out = (gt_score_maps){.count = info->count};
    gt_status st = gt_comm_agree_all(c, open_all(&w, checkpoint, info, pool, kernels, out));
    gt_each_item each = {.comm = c,
                         .count = info->count,
                         .batch = BATCH,
                         .bytes = w.size * sizeof(float),
                         .doing = "classifying",
                         .data = ds,
                         .make = make,
                         .arg = &w};
    if (!st) st = gt_each_item_all(&each, &all);
    out->probability = all;
    gt_trained_close(&w.trained);
    return st;
}
