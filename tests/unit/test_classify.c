/* SPDX-License-Identifier: Apache-2.0
 * What is concluded of a classifier's logits, and how it is scored. The network is made up: the test gives its logits.
 */
#include "expect.h"

#include <math.h>
#include <stdlib.h>

#include "data/door/dataset.h"
#include "gantry/classify.h"
#include "gantry/runner.h"
#include "networks/model/door/model.h"

enum { N = 6, CLASSES = 4 };
static const float logits[N][CLASSES] = {{1, 2, 3, 0}, {1, 2, 3, 0},    {1, 2, 3, 0},
                                         {2, 2, 0, 0}, {90, -90, 0, 1}, {1, 2, 3, 0}};
static const int truth[N] = {2, 1, 0, 1, 0, -1}, best[N] = {2, 2, 2, 0, 0, 2}, place[N] = {0, 1, 2, 0, 0, -1};

static gt_model model = {.label_dim = CLASSES};
static gt_dataset_info info = {.count = N};

gt_status __wrap_gt_runner_dataset_all(gt_comm *c, gt_runner *r, const gt_runner_pass *pass, void **records);
const float *__wrap_gt_runner_output(const gt_runner *r, const char *name);
gt_model *__wrap_gt_runner_model(const gt_runner *r);
const gt_dataset_info *__wrap_gt_dataset_get_info(const gt_dataset *ds);
int __wrap_gt_dataset_class(const gt_dataset *ds, int64_t item);
gt_status __wrap_gt_comm_agree_all(gt_comm *c, gt_status st);

/* In one batch. */
gt_status __wrap_gt_runner_dataset_all(gt_comm *c, gt_runner *r, const gt_runner_pass *pass, void **records) {
    (void)c;
    *records = calloc(N, pass->bytes);
    assert_non_null(*records);
    return pass->record(pass->arg, r, &(gt_run_batch){.n = N}, *records);
}
const float *__wrap_gt_runner_output(const gt_runner *r, const char *name) {
    (void)r;
    assert_string_equal(name, "logits");
    return logits[0];
}
gt_model *__wrap_gt_runner_model(const gt_runner *r) { return (void)r, &model; }
const gt_dataset_info *__wrap_gt_dataset_get_info(const gt_dataset *ds) { return (void)ds, &info; }
int __wrap_gt_dataset_class(const gt_dataset *ds, int64_t item) { return (void)ds, truth[item]; }
gt_status __wrap_gt_comm_agree_all(gt_comm *c, gt_status st) { return (void)c, st; }

static void near(double is, double wanted) {
    if (!(fabs(is - wanted) <= 1e-6 * fmax(1, fabs(wanted)))) fail_msg("%.9g is not %.9g", is, wanted);
}

/* Of equal logits the first class is the best one, and none is further back. */
static void logits_become_classes(void **state) {
    (void)state;
    gt_classified *all;
    float *probabilities;
    gt_scores scores;
    double loss = 0;
    assert_ok(gt_classify_dataset_all(NULL, NULL, NULL, &all, &probabilities));
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int k = 0; k < CLASSES; k++) sum += exp((double)logits[i][k]);
        for (int k = 0; k < CLASSES; k++) near(probabilities[i * CLASSES + k], exp((double)logits[i][k]) / sum);
        assert_true(all[i].best == best[i] && all[i].truth == truth[i] && all[i].place == place[i]);
        near(all[i].probability, exp((double)logits[i][best[i]]) / sum);
        if (truth[i] < 0) continue;
        near(all[i].loss, log(sum) - (double)logits[i][truth[i]]);
        loss += (double)all[i].loss;
    }
    assert_ok(gt_classify_score(all, N, CLASSES, &scores));
    assert_int_equal(scores.count, N - 1); /* one has no class */
    near(scores.loss, loss / (N - 1));
    near(scores.accuracy, 2.0 / (N - 1));
    near(scores.top, 1);
    for (int i = 0; i < CLASSES * CLASSES; i++) {
        int64_t wanted = 0;
        for (int k = 0; k < N; k++) wanted += truth[k] >= 0 && truth[k] * CLASSES + best[k] == i;
        assert_int_equal(scores.confusion[i], wanted);
    }
    free(scores.confusion);
    free(probabilities);
    free(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(logits_become_classes)};
    return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
