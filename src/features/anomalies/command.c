/* SPDX-License-Identifier: Apache-2.0
 * gantry anomalies: images that a network cannot make again are not like those it was trained on. An autoencoder
 * reconstructs them; of a GAN the latent is looked for whose image is nearest. */

#include <math.h>
#include <stdlib.h>

#include "command/door/applied.h"
#include "features/anomalies/anomalies.h"
#include "gantry/arrays.h"
#include "gantry/encode.h"
#include "features/anomalies/invert.h"
#include "gantry/runner.h"
#include "gantry/rundir.h"
#include "gantry/text.h"

typedef struct anomalies_fields {
    const char *outdir, *classes, *normal, *reference;
    double quantile, threshold;
    int64_t worst, threads, steps, references;
    bool overwrite;
    const char *run, *job; /* of the network: found by the first rank, before the ranks meet */
} anomalies_fields;

#define FIELDS anomalies_fields

static const gt_option table[] = {
    {CLI_OPTION(outdir, "anomalies", "Folder to write to; made if needed"),
     CLI_FILLS({"scores.csv", GT_OUTFILE_TABLE}, {"roc.csv", GT_OUTFILE_TABLE}, {"worst.png", GT_OUTFILE_PICTURE},
               CLI_FIGURE("errors"), CLI_FIGURE("roc")),
     .detail = "scores.csv: every image with its file, its reconstruction error and whether the error is above the "
               "threshold; the largest error comes first. worst.png: the images with the largest errors, each beside "
               "its reconstruction. errors.svg, .png: a histogram of the errors. With --normal also roc.svg, .png, "
               ".csv: the share of normal images and of anomalies above each threshold."},
    {CLI_OPTION(worst, "32", "Number of images in the picture"), .min = 1, .max = 4096},
    {CLI_OPTION(quantile, "0.99", "Share of errors that lie below the threshold"), .max = 1, .with = "!--threshold",
     .detail = "The errors are measured on normal images: the network's training images, or the images of --reference, "
               "or with --normal the normal images of DATA. So 1 - quantile is the share of false alarms."},
    {CLI_OPTION(reference, "", "Normal images, whose errors give the threshold"), .path = true, .placeholder = "DATA",
     .with = "!--threshold", .detail = "Without --reference and --normal: the data that the run was trained on."},
    {CLI_OPTION(threshold, NULL, "The error above which an image is an anomaly"), .derived = "by --quantile",
     .detail = "The error is the reconstruction loss, summed over pixels. With --recon=normal this is -log p, which "
               "may be negative."},
    {CLI_ROW("reference-images", references, NULL, "Number of normal images that are measured, chosen at random"),
     .derived = "all; 500 for a GAN", .min = 1, .max = INT32_MAX, .with = "!--threshold", .late = true},
    {CLI_ROW("num-steps", steps, "200", "For a GAN: number of Adam steps in the search for the latent of an image"),
     .max = 1e6, .late = true,
     .detail = "The search begins at whichever seed from 0 to 31 gives the nearest image. For networks with styles it "
               "searches for one w."},
    {CLI_OPTION(normal, "", "Classes that are normal, as in 0 or cat,dog, for ROC and AUC"), .placeholder = "CLASSES",
     .any = true,
     .detail = "Numbers or names. Images of all other classes are anomalies; images without a class are not counted."},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
};

typedef struct reference { /* images that are normal */
    gt_dataset *data;      /* NULL: the threshold does not come from such images */
    const char *name;
    int64_t most; /* so many of them; 0: all */
    float *error; /* rank 0: [count] */
} reference;

/* Has the data that were opened more images than are looked at? Then they are closed. */
static bool has_more(reference *r) {
    if (!r->most || gt_dataset_get_info(r->data)->count <= r->most) return false;
    gt_dataset_close(r->data);
    r->data = NULL;
    return true;
}

/* The data that the network was trained on, without their mirror images. */
static gt_status open_training_data(const cli_session *s, reference *r) {
    const anomalies_fields *f = s->fields;
    gt_job *job = *f->job ? gt_job_new() : NULL;
    gt_status st = *f->job ? job ? gt_job_read_text(job, f->job, "job.ini") : GT_NOMEM : GT_OK;
    if (!st && (!job || !*gt_job_look(job).data))
        st = gt_fail(GT_USAGE,
                     "'%s' does not contain the path of its training pictures: name normal pictures with "
                     "--reference=DATA, or give the error above which a picture is an anomaly with --threshold=X",
                     s->arguments.words[0]);
    else if (!st) {
        st = gt_job_set(job, "mirror", "0", NULL);
        r->name = gt_arena_printf(s->arena, "that the run was trained on, %s", gt_job_look(job).data);
        if (!st) st = gt_job_open_data(job, &r->data);
        if (!st && has_more(r)) {
            st = gt_job_set(job, "subset", gt_arena_printf(s->arena, "%lld", (long long)r->most), NULL);
            if (!st) st = gt_job_open_data(job, &r->data);
        }
        if (st)
            gt_wrap(st,
                    "the data that '%s' was trained on (--reference=DATA names other normal pictures, --threshold=X "
                    "needs none)",
                    f->run);
    }
    gt_job_free(job);
    return st;
}

static gt_status open_reference(const cli_session *s, reference *r) {
    const anomalies_fields *f = s->fields;
    if (gt_options_state(&s->options, "threshold") == GT_OPTION_GIVEN) return GT_OK;
    if (!*f->reference) return *f->normal ? GT_OK : open_training_data(s, r);
    r->name = gt_arena_printf(s->arena, "of %s", f->reference);
    gt_status st = gt_dataset_open(&r->data, f->reference, NULL);
    const gt_dataset_options some = {.labels_if_any = true, .subset = r->most};
    if (!st && has_more(r)) st = gt_dataset_open(&r->data, f->reference, &some);
    return st ? gt_wrap(st, "--reference") : GT_OK;
}

/* ---- the errors of images, and the images that the network makes of them ---- */

typedef struct maker { /* all ranks */
    gt_runner *encoder;
    gt_inverter *inverter; /* of a GAN, which has no encoder; else NULL */
} maker;

static gt_status open_maker(const cli_applied *e, maker *m) {
    const cli_session *s = e->session;
    const anomalies_fields *f = s->fields;
    *m = (maker){.encoder = e->network};
    if (gt_model_has_role(e->model, GT_ROLE_ENCODER)) return GT_OK;
    gt_options_use(&s->options, "num-steps");
    m->inverter = gt_inverter_new(gt_runner_model(e->network), gt_runner_params(e->network),
                                  &(gt_inverter_options){.steps = f->steps, .pool = e->pool});
    return m->inverter ? GT_OK : gt_failure();
}

static gt_status errors_all(const cli_applied *e, const maker *m, gt_dataset *data, float **error) {
    if (m->inverter) return gt_invert_dataset_all(e->comm, m->inverter, data, error);
    gt_encoded all = {0};
    gt_status st = gt_encode_dataset_all(e->comm, m->encoder, data, &all);
    *error = (float *)all.error;
    all.error = NULL;
    gt_encoded_free(&all);
    return st;
}

static gt_status read_pairs(void *arg, gt_dataset *ds, int64_t n, int64_t *items, float *pairs) {
    const maker *m = arg;
    return m->inverter ? gt_invert_pairs(m->inverter, ds, n, items, pairs)
                       : gt_reconstruct(m->encoder, ds, n, items, pairs);
}

static gt_status reference_errors_all(const cli_applied *e, const maker *m, reference *r) {
    enum { SOME = 500 /* a search for each takes time */ };
    const cli_session *s = e->session;
    bool given = gt_options_state(&s->options, "reference-images") == GT_OPTION_GIVEN;
    r->most = given ? ((const anomalies_fields *)s->fields)->references : m->inverter ? SOME : 0;
    gt_status st = gt_comm_agree_all(e->comm, open_reference(s, r));
    if (!st && r->data && given) gt_options_use(&s->options, "reference-images");
    if (!st && r->data) st = gt_same_data_all(e->comm, r->data, "the normal pictures");
    if (!st && r->data && (st = errors_all(e, m, r->data, &r->error))) gt_wrap(st, "the normal pictures");
    return st;
}

static void print_threshold(const gt_anomalies *list, const reference *r) {
    gt_print("threshold %.6g (", list->threshold);
    if (isnan(list->quantile)) gt_print("as given");
    else if (!r->data) gt_print("quantile %g of normal images", list->quantile);
    else
        gt_print("quantile %g of the %lld image%s %s", list->quantile, (long long)gt_dataset_get_info(r->data)->count,
                 gt_plural(gt_dataset_get_info(r->data)->count), r->name);
    gt_print("): %lld image%s above it\n", (long long)list->above, gt_plural(list->above));
}

static gt_status write_anomalies(const cli_applied *e, maker *m, const float *error, const reference *r) {
    const cli_session *s = e->session;
    const anomalies_fields *f = s->fields;
    int64_t n = e->info->count, worst = f->worst < n ? f->worst : n;
    double area;
    gt_anomalies list;
    bool given = gt_options_state(&s->options, "threshold") == GT_OPTION_GIVEN;
    const gt_anomalies_limit limit = {.threshold = given ? f->threshold : (double)NAN,
                                      .quantile = f->quantile,
                                      .errors = r->error,
                                      .n = r->data ? gt_dataset_get_info(r->data)->count : 0};
    gt_status st = gt_anomalies_rank(s->arena, e->data, error, f->normal, &limit, &list);
    if (!st) st = gt_rundir_prepare(f->outdir, (size_t)n * 64);
    if (!st) st = gt_anomalies_write(&list, &(gt_pairs_of){e->model, read_pairs, m}, worst, f->outdir, &area);
    if (st) return st;
    gt_print("%lld image%s scored: %s\nthe %lld with the largest errors: %s\n", (long long)n, gt_plural(n),
             cli_out(s, "scores.csv"), (long long)worst, cli_out(s, "worst.png"));
    print_threshold(&list, r);
    if (list.normal) gt_print("area under the ROC curve: %.6f (%s)\n", area, cli_out(s, "roc.png"));
    return GT_OK;
}

static gt_status write_anomalies_all(cli_applied *e) {
    GT_FREED float *error = NULL;
    reference r = {0};
    maker m = {0};
    gt_status st = gt_comm_agree_all(e->comm, open_maker(e, &m));
    if (!st) st = reference_errors_all(e, &m, &r);
    if (!st) st = errors_all(e, &m, e->data, &error);
    if (!st) st = gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : write_anomalies(e, &m, error, &r));
    gt_inverter_close(m.inverter);
    free(r.error);
    gt_dataset_close(r.data);
    return st;
}

static gt_status prepare(cli_session *s) {
    anomalies_fields *f = s->fields;
    gt_status st = cli_check_applied(s);
    f->run = f->job = "";
    if (!st && s->arguments.n_words == 2) st = cli_find_run(s, s->arguments.words[0], &f->run, &f->job);
    return !st && *f->reference && cli_first_rank() ? gt_h5_check(f->reference) : st;
}

static gt_status rank_images(cli_session *s) {
    anomalies_fields *f = s->fields;
    gt_status st = cli_share_path_all(s->comm, s->arena, &f->run);
    if (!st) st = cli_share_path_all(s->comm, s->arena, &f->job);
    return st ? st
              : cli_apply_either_all(s, GT_ROLE_ENCODER, GT_ROLE_GENERATOR, CLI_SIZE_OF_TRAINING, write_anomalies_all,
                                     NULL);
}

const cli_command cli_anomalies = {
    .name = "anomalies",
    .help = "Rank images by how badly an autoencoder or a GAN makes them again",
    .detail = "Images with an error above a threshold are marked. By default 99 % of the network's training images "
              "have errors below the threshold. --reference names other normal images, and --threshold sets the "
              "threshold itself. A GAN has no encoder: for each image, gantry searches for the latent with the nearest "
              "generated image, and the distance between the two images is the error.",
    .files = "In --outdir: scores.csv, worst.png, errors.svg and .png; with --normal also roc.svg, .png and .csv.",
    CLI_EXAMPLES({"The worst 32 images of a dataset", "gantry anomalies runs/ae parts.zip"},
                 {"How well class 0 is separated from all others",
                  "gantry anomalies runs/ae parts.zip --normal=0 --quantile=0.95"},
                 {"With a GAN and a longer search", "gantry anomalies runs/dcgan parts.zip --num-steps=500"}),
    CLI_APPLIED_PREPARED(table, prepare),
    .run = rank_images,
};
