/* SPDX-License-Identifier: Apache-2.0
 * Classifying pictures. */
#include "runner/apply/door/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/door/dataset.h"
#include "gantry/checkpoint.h"
#include "gantry/log.h"
#include "base/door/mathfn.h"
#include "networks/model/door/model.h"

static gt_classified classified_of(const float *logits, int classes, int truth) {
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
    gt_dataset *data;
    size_t probabilities, bytes;
} records;

/* Softmax, by way of the logits' largest. */
static void write_probabilities(const float *logits, int classes, const gt_classified *r, float *out) {
    for (int i = 0; i < classes; i++)
        out[i] = (float)gt_exp((double)logits[i] - (double)logits[r->best]) * r->probability;
}

void gt_class_probabilities(const float *logits, int classes, float *out) {
    const gt_classified r = classified_of(logits, classes, -1);
    write_probabilities(logits, classes, &r, out);
}

static gt_status record_classes(void *arg, gt_runner *r, const gt_run_batch *b, void *out) {
    const records *wanted = arg;
    const float *logits = gt_runner_output(r, "logits");
    int classes = gt_runner_model(r)->label_dim;
    for (int i = 0; i < b->n; i++, logits += classes) {
        char *to = (char *)out + (size_t)i * wanted->bytes;
        gt_classified one = classified_of(logits, classes, gt_dataset_class(wanted->data, b->first + i));
        memcpy(to, &one, sizeof one);
        if (wanted->probabilities) write_probabilities(logits, classes, &one, (float *)(void *)(to + sizeof one));
    }
    return GT_OK;
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

gt_status gt_classify_dataset_all(gt_comm *comm, gt_runner *with, gt_dataset *ds, gt_classified **all,
                                  float **probabilities) {
    records r = {ds, probabilities ? (size_t)gt_runner_model(with)->label_dim : 0, sizeof **all};
    GT_FREED void *packed = NULL;
    r.bytes += r.probabilities * sizeof(float);
    *all = NULL;
    if (probabilities) *probabilities = NULL;
    const gt_runner_pass pass = {
        .data = ds, .bytes = r.bytes, .doing = "classifying", .record = record_classes, .arg = &r};
    gt_status st = gt_runner_dataset_all(comm, with, &pass, &packed);
    if (!st && packed) st = unpack(&r, packed, gt_dataset_get_info(ds)->count, all, probabilities);
    return gt_comm_agree_all(comm, st);
}

static void warn_of_unknown(int classes, int64_t n, const gt_classified *all) {
    int64_t unknown = 0;
    for (int64_t i = 0; i < n; i++) unknown += all[i].truth >= classes;
    if (unknown)
        gt_warn("%lld of %lld images have classes beyond the network's %d and are not counted", (long long)unknown,
                (long long)n, classes);
}

void gt_classified_warn(const gt_runner *with, gt_dataset *ds, const gt_classified *all) {
    const gt_checkpoint_data *known = gt_runner_data(with);
    const gt_dataset_info *given = gt_dataset_get_info(ds);
    warn_of_unknown(gt_runner_model(with)->label_dim, given->count, all);
    int k = gt_class_names_differ(given->class_name, given->class_names, known->class_name, known->class_names);
    if (k >= 0)
        gt_warn("class %d of the data is '%s', but '%s' in the network: classes are compared by their numbers (to give "
                "the data's classes in the network's order: --classes=A,B,...)",
                k, given->class_name[k], known->class_name[k]);
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
