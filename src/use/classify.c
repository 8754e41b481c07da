/* SPDX-License-Identifier: Apache-2.0
 * Classifying pictures. */
#include "gantry/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/encode.h"
#include "gantry/mathfn.h"
#include "use/each_item.h"
#include "use/trained.h"

struct gt_classifying {
    gt_model *model;
    gt_graph *graph;
    gt_exec *exec;
    int batch, classes;
    gt_dataset *data; /* that is being classified */
};

gt_classifying *gt_classifying_new(gt_model *m, const float *params, int batch, gt_pool *pool) {
    if (!m->build_classifier) {
        gt_fail(GT_USAGE, "model '%s' is no classifier", m->name);
        return NULL;
    }
    gt_classifying *c = calloc(1, sizeof *c);
    if (!c) {
        gt_fail(GT_NOMEM, "out of memory for a classifier");
        return NULL;
    }
    *c = (gt_classifying){.model = m, .batch = batch, .classes = m->label_dim};
    c->graph = m->build_classifier(m, batch);
    c->exec = gt_trained_exec(c->graph, params, pool);
    if (c->exec) return c;
    gt_classifying_close(c);
    return NULL;
}

void gt_classifying_close(gt_classifying *c) {
    if (!c) return;
    gt_exec_free(c->exec);
    gt_graph_free(c->graph);
    free(c);
}

gt_status gt_classifying_prepare(gt_classifying *c) { return gt_exec_prepare(c->exec, &(gt_exec_env){0}); }

gt_status gt_classifying_run(gt_classifying *c, const float *images, const float **logits) {
    const gt_model *m = c->model;
    memcpy(gt_exec_input(c->exec, "images"), images,
           (size_t)c->batch * (size_t)m->height * (size_t)m->width * (size_t)m->channels * sizeof *images);
    gt_status st = gt_exec_run(c->exec, &(gt_exec_env){0});
    if (!st) *logits = gt_exec_output(c->exec, "logits");
    return st;
}

static gt_classified judge(const float *logits, int classes, int truth) {
    gt_classified r = {.truth = truth, .place = -1, .loss = NAN};
    for (int i = 1; i < classes; i++)
        if (logits[i] > logits[r.best]) r.best = i;
    double sum = 0, most = (double)logits[r.best];
    for (int i = 0; i < classes; i++) sum += gt_exp((double)logits[i] - most);
    r.probability = (float)(1 / sum);
    if (truth < 0 || truth >= classes) return r;
    r.place = 0;
    for (int i = 0; i < classes; i++) r.place += logits[i] > logits[truth];
    r.loss = (float)gt_ln(sum) + (float)(most - (double)logits[truth]);
    return r;
}

static gt_status classify_batch(void *arg, int64_t first, int n, const float *images, void *records) {
    gt_classifying *c = arg;
    const float *logits = NULL;
    gt_classified *to = records;
    gt_status st = gt_classifying_run(c, images, &logits);
    for (int i = 0; i < n && !st; i++)
        to[i] = judge(logits + (size_t)i * (size_t)c->classes, c->classes, gt_dataset_class(c->data, first + i));
    return st;
}

gt_status gt_classify_dataset_all(gt_comm *comm, gt_classifying *with, gt_dataset *ds, gt_classified **all) {
    void *records = NULL;
    with->data = ds;
    *all = NULL;
    gt_status st = gt_comm_agree_all(comm, gt_model_takes(with->model, ds));
    if (!st)
        st = gt_each_image_all(
            &(gt_each_image){comm, ds, with->batch, sizeof **all, "classifying", classify_batch, with}, &records);
    *all = records;
    return st;
}

gt_status gt_classify_score(const gt_classified *all, int64_t n, int classes, gt_scores *out) {
    *out = (gt_scores){.classes = classes, .confusion = calloc((size_t)classes * (size_t)classes, sizeof(int64_t))};
    if (!out->confusion) return gt_fail(GT_NOMEM, "out of memory for a table of %d classes", classes);
    for (int64_t i = 0; i < n; i++) {
        const gt_classified *r = &all[i];
        if (r->place < 0) continue;
        out->count++;
        out->loss += (double)r->loss;
        out->accuracy += r->place == 0 && r->best == r->truth;
        out->top += r->place < GT_TOP;
        out->confusion[(int64_t)r->truth * classes + r->best]++;
    }
    if (out->count)
        out->loss /= (double)out->count, out->accuracy /= (double)out->count, out->top /= (double)out->count;
    return GT_OK;
}
