/* SPDX-License-Identifier: Apache-2.0
 * gantry entropy: how undecided a classifier is, in bits: -sum p log2 p of the probabilities of the classes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command/door/applied.h"
#include "gantry/text.h"

typedef struct entropy_fields {
    const char *classes;
    int64_t threads;
} entropy_fields;

#define FIELDS entropy_fields

static const gt_option table[] = {CLI_CLASSES, CLI_THREADS};

static gt_status record_entropy(void *arg, gt_runner *r, const gt_run_batch *b, void *records) {
    (void)arg;
    memcpy(records, gt_runner_output(r, "entropy"), (size_t)b->n * sizeof(float));
    return GT_OK;
}

static gt_status measure_entropy_all(cli_applied *a) {
    void *all;
    double sum = 0;
    const gt_runner_pass pass = {
        .data = a->data, .bytes = sizeof(float), .doing = "measuring", .record = record_entropy};
    gt_status st = gt_runner_dataset_all(a->comm, a->network, &pass, &all);
    for (int64_t i = 0; all && i < a->info->count; i++) sum += (double)((const float *)all)[i] / M_LN2;
    if (all) gt_print("%lld images: %.6f bits\n", (long long)a->info->count, sum / (double)a->info->count);
    free(all);
    return st;
}

static gt_status entropy(cli_session *s) {
    return cli_apply_all(s, "entropy", CLI_SIZE_OF_TRAINING, measure_entropy_all, NULL);
}

const cli_command cli_entropy = {
    .name = "entropy",
    .help = "Measure how undecided a classifier is on a dataset",
    CLI_EXAMPLES({"Of a run", "gantry entropy runs/lenet test.zip"},
                 {"Of a class", "gantry entropy runs/lenet test.zip --classes=3"}),
    CLI_APPLIED(table),
    .run = entropy,
};
