/* SPDX-License-Identifier: Apache-2.0
 * gantry anomalies: images that an autoencoder cannot reconstruct are not like those it was trained on. */

#include "cli/applied.h"
#include "gantry/anomalies.h"
#include "gantry/rundir.h"
#include "gantry/text.h"

typedef struct anomalies_fields {
    const char *outdir, *classes, *normal;
    double quantile;
    int64_t worst, threads;
    bool overwrite;
} anomalies_fields;

#define FIELDS anomalies_fields

static const gt_option table[] = {
    {CLI_OPTION(outdir, "anomalies", "Folder to write to; made if needed"),
     CLI_FILLS({"scores.csv", GT_OUTFILE_TABLE}, {"roc.csv", GT_OUTFILE_TABLE}, {"worst.png", GT_OUTFILE_PICTURE},
               CLI_FIGURE("errors"), CLI_FIGURE("roc")),
     .detail = "scores.csv: every image with its reconstruction error, the largest first, with its file and whether "
               "the error is above the threshold. worst.png: those images, each beside its reconstruction, with their "
               "errors. errors.svg, .png: a histogram of the errors. With --normal roc.svg, .png, .csv: which share "
               "of both kinds of images lies above each threshold."},
    {CLI_OPTION(worst, "32", "Number of images in the picture"), .min = 1, .max = 4096},
    {CLI_OPTION(quantile, "0.99", "Share of errors that lie below the threshold"), .max = 1,
     .detail = "Of the errors of all images; with --normal of the normal ones, so that 1 - quantile is the share of "
               "false alarms."},
    {CLI_OPTION(normal, "", "Classes that are normal, as in 0 or cat,dog, for ROC and AUC"), .placeholder = "CLASSES",
     .any = true,
     .detail = "Numbers and names. Images of all other classes are anomalies; images without a "
               "class do not count."},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
};

static gt_status write_anomalies(const cli_applied *e, const gt_encoded *all) {
    const cli_session *s = e->session;
    const anomalies_fields *f = s->fields;
    int64_t n = e->info->count, worst = f->worst < n ? f->worst : n;
    double area;
    gt_anomalies list;
    gt_status st = gt_anomalies_rank(s->arena, e->data, all->error, f->normal, f->quantile, &list);
    if (!st) st = gt_rundir_prepare(f->outdir, (size_t)n * 64);
    if (!st) st = gt_anomalies_write(&list, e->network, worst, f->outdir, &area);
    if (st) return st;
    gt_print("%lld image%s scored: %s\nthe %lld most unlike: %s\n", (long long)n, gt_plural(n),
             cli_out(s, "scores.csv"), (long long)worst, cli_out(s, "worst.png"));
    gt_print("threshold %.6g (quantile %g of %s): %lld image%s above it\n", list.threshold, f->quantile,
             list.normal ? "normal images" : "all images", (long long)list.above, gt_plural(list.above));
    if (list.normal) gt_print("area under the ROC curve %.6f: %s\n", area, cli_out(s, "roc.png"));
    return GT_OK;
}

static gt_status write_anomalies_all(cli_applied *e) {
    gt_encoded all;
    gt_status st = gt_encode_dataset_all(e->comm, e->network, e->data, &all);
    if (!st) st = gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : write_anomalies(e, &all));
    gt_encoded_free(&all);
    return st;
}

static gt_status rank_images(cli_session *s) {
    return cli_apply_all(s, GT_ROLE_ENCODER, CLI_SIZE_OF_TRAINING, write_anomalies_all, NULL);
}

const cli_command cli_anomalies = {
    .name = "anomalies",
    .help = "Rank images by how badly an autoencoder reconstructs them",
    .files = "In --outdir scores.csv, worst.png, errors.svg and .png; with --normal also roc.svg, .png and .csv.",
    CLI_EXAMPLES({"The worst 32 images of a dataset", "gantry anomalies runs/ae parts.zip"},
                 {"How well class 0 is separated from all others",
                  "gantry anomalies runs/ae parts.zip --normal=0 --quantile=0.95"}),
    CLI_APPLIED(table),
    .run = rank_images,
};
