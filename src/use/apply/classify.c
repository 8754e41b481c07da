/* SPDX-License-Identifier: Apache-2.0
 * Classifying pictures. */
#include "gantry/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/items.h"
#include "gantry/mathfn.h"
#include "use/runner/each_item.h"
#include "use/runner/trained.h"
#include "use/runner/wrong_model.h"

struct gt_classifying {
    gt_trained trained;
    int batch, classes;
};

int gt_classifying_batch(const gt_model *m) {
    enum { MOST = 16 /* maps of small pictures stay in the cache */, LEAST = 4, PIXELS = 64 * 64 * 64 };
    int64_t n = PIXELS / ((int64_t)m->height * m->width);
    return n > MOST ? MOST : n < LEAST ? LEAST : (int)n;
}

static gt_status build(gt_classifying *c, gt_pool *pool, size_t *room) {
    gt_model *m = c->trained.model;
    if (gt_model_classifier(m) < 0) return gt_wrong_model(m, "is not a classifier");
    c->classes = m->label_dim;
    c->batch = gt_classifying_batch(m);
    gt_graph *g = (m->build_classifier ? m->build_classifier : m->build_d_classifier)(m, c->batch);
    return room ? gt_trained_build_beside(&c->trained, g, pool, room) : gt_trained_build(&c->trained, g, pool);
}

/* The network of a checkpoint that tells classes. */
static gt_status open_checkpoint(gt_trained *t, const char *checkpoint, const gt_kernel_set *kernels) {
    gt_status st = gt_trained_open(t, checkpoint, kernels);
    if (st || gt_model_classifier(t->model) < 1) return st;
    gt_trained_close(t);
    return gt_trained_open_network(t, checkpoint, kernels, "D");
}

/* Of a checkpoint, or of the model and parameters where there is none; room NULL: with an arena of its own. */
static gt_classifying *open_classifier(const char *checkpoint, const gt_kernel_set *kernels, gt_model *m,
                                       const float *params, gt_pool *pool, size_t *room) {
    gt_classifying *c = calloc(1, sizeof *c);
    if (!c) gt_fail(GT_NOMEM, "out of memory for a classifier");
    if (c) *c = (gt_classifying){.trained = {.model = m, .params = params}};
    gt_status st = !c ? GT_NOMEM : checkpoint ? open_checkpoint(&c->trained, checkpoint, kernels) : GT_OK;
    if (!st && !build(c, pool, room)) return c;
    gt_classifying_close(c);
    return NULL;
}

gt_classifying *gt_classifying_open(const char *checkpoint, gt_pool *pool, const gt_kernel_set *kernels) {
    return open_classifier(checkpoint, kernels, NULL, NULL, pool, NULL);
}

gt_classifying *gt_classifying_new(gt_model *m, const float *params, gt_pool *pool, size_t *room) {
    return open_classifier(NULL, NULL, m, params, pool, room);
}

void gt_classifying_use_arena(gt_classifying *c, void *memory) {
    if (c) gt_exec_use_arena(c->trained.exec, memory);
}

void gt_classifying_close(gt_classifying *c) {
    if (c) gt_trained_close(&c->trained);
    free(c);
}

const gt_model *gt_classifying_model(const gt_classifying *c) { return c->trained.model; }

const gt_checkpoint_data *gt_classifying_data(const gt_classifying *c) { return &c->trained.data; }

gt_status gt_classifying_prepare(gt_classifying *c) { return gt_exec_prepare(c->trained.exec, &(gt_exec_env){0}); }

gt_status gt_classifying_run(gt_classifying *c, const float *images, const float **logits) {
    gt_exec *x = c->trained.exec;
    memcpy(gt_exec_input(x, "images"), images, (size_t)c->batch * gt_model_floats(c->trained.model) * sizeof *images);
    gt_status st = gt_exec_run(x, &(gt_exec_env){0});
    if (!st) *logits = gt_exec_output(x, "logits");
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

typedef struct records { /* of a picture: gt_classified, then its probabilities where they are wanted */
    gt_classifying *with;
    gt_dataset *data;
    size_t probabilities, bytes;
} records;

/* Softmax, by way of the logits' largest. */
static void spread(const float *logits, int classes, const gt_classified *r, float *out) {
    for (int i = 0; i < classes; i++)
        out[i] = (float)gt_exp((double)logits[i] - (double)logits[r->best]) * r->probability;
}

static gt_status classify_batch(void *arg, int64_t first, int n, const float *images, void *out) {
    const records *r = arg;
    const float *logits = NULL;
    gt_status st = gt_classifying_run(r->with, images, &logits);
    for (int i = 0; i < n && !st; i++, logits += r->with->classes) {
        char *to = (char *)out + (size_t)i * r->bytes;
        gt_classified one = judge(logits, r->with->classes, gt_dataset_class(r->data, first + i));
        memcpy(to, &one, sizeof one);
        if (r->probabilities) spread(logits, r->with->classes, &one, (float *)(void *)(to + sizeof one));
    }
    return st;
}

static gt_status unpack(const records *r, const char *from, int64_t n, gt_classified **all, float **probabilities) {
    *all = malloc((size_t)n * sizeof **all);
    if (probabilities) *probabilities = malloc((size_t)n * r->probabilities * sizeof(float));
    if (!*all || (probabilities && !*probabilities))
        return gt_fail(GT_NOMEM, "out of memory for the classes of %lld pictures", (long long)n);
    for (int64_t i = 0; i < n; i++, from += r->bytes) {
        memcpy(*all + i, from, sizeof **all);
        if (probabilities)
            memcpy(*probabilities + (size_t)i * r->probabilities, from + sizeof **all, r->bytes - sizeof **all);
    }
    return GT_OK;
}

gt_status gt_classify_dataset_all(gt_comm *comm, gt_classifying *with, gt_dataset *ds, gt_classified **all,
                                  float **probabilities) {
    records r = {with, ds, probabilities ? (size_t)with->classes : 0, sizeof **all};
    void *packed = NULL;
    r.bytes += r.probabilities * sizeof(float);
    *all = NULL;
    if (probabilities) *probabilities = NULL;
    gt_status st = gt_comm_agree_all(comm, gt_model_takes(with->trained.model, ds));
    gt_each_item each = {.comm = comm,
                         .data = ds,
                         .count = gt_dataset_get_info(ds)->count,
                         .batch = with->batch,
                         .bytes = r.bytes,
                         .doing = "classifying",
                         .make = classify_batch,
                         .arg = &r};
    if (!st) st = gt_each_item_all(&each, &packed);
    if (!st && packed) st = unpack(&r, packed, gt_dataset_get_info(ds)->count, all, probabilities);
    free(packed);
    return gt_comm_agree_all(comm, st);
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
