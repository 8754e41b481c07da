/* SPDX-License-Identifier: Apache-2.0
 * gantry evaluate: how good a classifier is on pictures whose classes are known. */
#include <stdlib.h>

#include "command/door/applied.h"
#include "features/predict/command_pixels.h"
#include "gantry/text.h"
#include "figures/door/figure.h"
#include "features/predict/prediction_view.h"
#include "gantry/rundir.h"

typedef struct evaluate_fields {
    const char *outdir, *classes;
    int64_t threads;
    cli_assumed assumed;
    bool overwrite;
} evaluate_fields;

#define FIELDS evaluate_fields

static const gt_option table[] = {
    {CLI_OPTION(outdir, "evaluation", "Folder to write to; made if needed"),
     CLI_FILLS({"confusion.csv", GT_OUTFILE_TABLE}, {"confusion.png", GT_OUTFILE_PICTURE},
               {"classes.csv", GT_OUTFILE_TABLE}),
     .detail =
         "confusion.csv: how often each class (row) was predicted as each class (column). confusion.png: the same as a "
         "picture, with each row divided by its sum. classes.csv: each class with its number of pictures and its "
         "accuracy. For networks that segment, pixels are counted, and classes.csv has the IoU of each class."},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
    CLI_ASSUMED_OF_CLASSIFIERS,
};

static void print_scores(const gt_predictions *p, gt_arena *a, const gt_scores *s) {
    gt_print("%lld image%s: accuracy %.4f, among the first %d %.4f, cross-entropy %.4f\n", (long long)s->count,
             gt_plural(s->count), s->accuracy, GT_TOP, s->top, s->loss);
    for (int i = 0; i < s->classes && s->classes <= 32; i++) {
        int64_t n = gt_confusion_count(s->confusion, s->classes, i);
        if (n)
            gt_print("  %-20s %6lld image%-3saccuracy %.4f\n", gt_predicted_name(p, a, i), (long long)n, gt_plural(n),
                     (double)s->confusion[(int64_t)i * s->classes + i] / (double)n);
    }
}

static gt_status write_scores(const cli_applied *c, const gt_classified *all) {
    const evaluate_fields *f = c->session->fields;
    const gt_predictions p = {c->model, c->data, gt_runner_data(c->network), all, NULL};
    gt_scores s;
    gt_status st = gt_classify_score(all, c->info->count, gt_model_look(c->model).label_dim, &s);
    if (!st && !s.count)
        st = gt_fail(GT_USAGE, "'%s' has none of the network's classes", c->session->arguments.words[1]);
    if (!st) st = gt_rundir_prepare(f->outdir, (size_t)s.classes * (size_t)s.classes * 32 + 65536);
    if (!st) st = gt_evaluation_write(&p, &s, f->outdir);
    if (!st) print_scores(&p, c->session->arena, &s);
    if (!st) gt_print("tables: %s\n", f->outdir);
    free(s.confusion);
    return st;
}

static gt_status evaluate_classes_all(cli_applied *c) {
    GT_FREED gt_classified *all = NULL;
    gt_status st = gt_classify_dataset_all(c->comm, c->network, c->data, &all, NULL);
    if (!st && all) gt_classified_warn(c->network, c->data, all);
    return st ? st : gt_comm_agree_all(c->comm, c->comm->rank ? GT_OK : write_scores(c, all));
}

static gt_status evaluate(cli_session *s) {
    const evaluate_fields *f = s->fields;
    bool segments;
    gt_status st = cli_segments_all(s, &segments);
    if (st || segments) return st ? st : cli_evaluate_pixels_all(s, f->outdir);
    return cli_apply_all(s, GT_ROLE_CLASSIFIER, CLI_SIZE_OF_TRAINING, evaluate_classes_all, NULL);
}

const cli_command cli_evaluate = {
    .name = "evaluate",
    .help = "Measure a classifier on images (or pixels) of known classes",
    .files = "In --outdir: confusion.csv, confusion.png and classes.csv.",
    CLI_EXAMPLES({"Accuracy, confusions and accuracy of each class", "gantry evaluate runs/lenet test.zip"},
                 {"Only some classes", "gantry evaluate runs/lenet test.zip --classes=0-4 --outdir=few"}),
    CLI_APPLIED(table),
    .run = evaluate,
};
