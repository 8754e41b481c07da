/* SPDX-License-Identifier: Apache-2.0
 * gantry study: figures that explain, with the numbers behind them. Studies are rows of a table. */
#include <stdlib.h>
#include <string.h>

#include "command/door/applied.h"
#include "features/study/command.h"
#include "gantry/rundir.h"
#include "features/study/study_view.h"

/* A row: a study without words, or one of the latents of a run's model and the images of a dataset. All ranks run it,
 * and return the same. */
typedef struct study {
    const char *name;
    gt_status (*run)(cli_session *s);
    gt_status (*of_latents)(cli_applied *e, gt_latent_loss *l, int64_t images); /* of the first so many images */
    int64_t images;                                                             /* without --images; 0: all */
} study;

#define FIELDS study_fields

#define STUDIED "@(kl|kl-densities|optimizers|conv|pooling|dimensions|gradient-variance)"

static gt_status check_power(const gt_option *o, const char *value) {
    unsigned long long n = strtoull(value, NULL, 10);
    (void)o;
    if (!(n & (n - 1))) return GT_OK;
    return gt_fail(GT_USAGE, "is not a power of 2; the nearest below is %lld", 1LL << (63 - __builtin_clzll(n)));
}

static gt_status check_input(const gt_option *o, const char *value) {
    return *value ? study_check_numbers(o, value) : GT_OK;
}

static gt_status check_rates(const gt_option *o, const char *value) {
    double rates[GT_OPTIMIZER_PATHS];
    bool fine = !*value || cli_are_numbers(value, GT_OPTIMIZER_PATHS, rates);
    (void)o;
    for (int i = 0; i < GT_OPTIMIZER_PATHS && fine && *value; i++) fine = rates[i] > 0 && rates[i] < 1e6;
    return fine ? GT_OK
                : gt_fail(GT_USAGE,
                          "must be %d rates above 0, of SGD, momentum, AdaGrad, RMSprop and Adam, such as "
                          "0.95,0.1,1.5,0.1,0.3",
                          GT_OPTIMIZER_PATHS);
}

static const gt_option table[] = {
    {CLI_OPTION(outdir, "study", "Folder to write to; made if needed"),
     CLI_FILLS({STUDIED ".csv", GT_OUTFILE_TABLE}, CLI_FIGURE(STUDIED)),
     .detail = "kl: kl.svg, .png, .csv: KL(N(m,s^2) || N(mean,deviation^2)) over m and s; kl-densities.svg, .png, "
               ".csv: both densities in cells, with the KL of each. optimizers: optimizers.svg, .png, .csv: paths of "
               "SGD, momentum, AdaGrad, RMSprop and Adam from (-7,2) down the valley x^2/20 + y^2. conv: conv.svg, "
               ".png, .csv: a convolution as a product of matrices, in numbers, with a row for each place of the "
               "filter. pooling: pooling.svg, .png, .csv: an image that moves to the right, and the largest values in "
               "windows of the image. dimensions: dimensions.svg, .png, .csv: for each dimension of the latent, its "
               "divergence from N(0,1) and the rise of the reconstruction error when the dimension is held at its mean "
               "over the images. gradient-variance: gradient-variance.svg, .png, .csv: the variance of estimates of "
               "the gradient of the reconstruction loss, with L samples each, with respect to the means and the "
               "log-variances of the latents: score-function (REINFORCE) against reparametrised."},
    {CLI_OPTION(images, NULL, "Number of images, counted from the first"), .with = "dimensions|gradient-variance",
     .min = 1, .max = 1e9, .derived = "dimensions: all; gradient-variance: 100"},
    {CLI_OPTION(samples, "1024", "For gradient-variance: samples of each image, a power of 2"),
     .with = "gradient-variance", .check = check_power, .min = 32, .max = 1 << 20,
     .detail =
         "L goes up to a sixteenth of this number, so that each variance is computed from at least 16 estimates."},
    {CLI_OPTION(seed, "0", "For gradient-variance: seed of the samples"), .with = "gradient-variance",
     .max = 4294967295.0},
    CLI_OVERWRITE,
    CLI_CLASSES_WITH("dimensions|gradient-variance"),
    {CLI_OPTION(mean, "0", "For kl: mean of the second Gaussian"), .with = "kl", .min = -1e6, .max = 1e6},
    {CLI_OPTION(deviation, "1", "For kl: deviation of the second Gaussian"), .with = "kl", .min = 1e-6, .max = 1e6},
    {CLI_OPTION(steps, "30", "For optimizers: number of steps"), .with = "optimizers", .min = 1, .max = 10000},
    {CLI_OPTION(lrates, "", "For optimizers: five learning rates; empty: 0.95,0.1,1.5,0.1,0.3"), .with = "optimizers",
     .placeholder = "LIST", .check = check_rates, .detail = "The order is SGD, momentum, AdaGrad, RMSprop, Adam."},
    {CLI_OPTION(input, "", "For conv and pooling: image, as in 1,2,3/4,5,6; empty: a 4x4 or 6x6 image"),
     .with = "conv|pooling", .placeholder = "NUMBERS", .check = check_input,
     .detail = "A comma between numbers, a slash between lines, a colon between channels."},
    {CLI_OPTION(filter, "2,0,1/0,1,2/1,0,2", "For conv: filter, written like --input"), .with = "conv",
     .placeholder = "NUMBERS", .check = study_check_numbers},
    {CLI_OPTION(stride, NULL, "For conv and pooling: step of the filter or window"), .with = "conv|pooling", .min = 1,
     .max = 16, .derived = "1; pooling: as --window"},
    {CLI_OPTION(pad, "0", "For conv: zeros around the image"), .with = "conv", .max = 16},
    {CLI_OPTION(window, "3", "For pooling: side of the windows"), .with = "pooling", .min = 1, .max = 8},
    CLI_THREADS,
};

/* ---- the studies ---- */

static const char *outdir_of(const cli_session *s) { return ((const study_fields *)s->fields)->outdir; }

void study_print_files(const cli_session *s, const char *name) {
    gt_print("%s/%s.png, beside %s.svg and %s.csv\n", outdir_of(s), name, name, name);
}

static gt_status study_kl(cli_session *s) {
    const study_fields *f = s->fields;
    gt_status st = gt_rundir_prepare(f->outdir, 1 << 20);
    if (!st) st = gt_kl_write(f->mean, f->deviation, f->outdir);
    if (st) return st;
    gt_print("KL(N(m,s^2) || N(%.4g,%.4g)) over m and s:\n", f->mean, f->deviation * f->deviation);
    study_print_files(s, "kl");
    gt_print("densities for some of these:\n");
    study_print_files(s, "kl-densities");
    return GT_OK;
}

static gt_status study_optimizers(cli_session *s) {
    const study_fields *f = s->fields;
    const float *rates = NULL;
    double ends[GT_OPTIMIZER_PATHS];
    int n;
    gt_status st = *f->lrates ? cli_read_numbers(s->arena, f->lrates, &rates, &n) : GT_OK;
    if (!st) st = gt_rundir_prepare(f->outdir, 1 << 20);
    if (!st) st = gt_optimizer_paths_write((int)f->steps, rates, f->outdir, ends);
    if (st) return st;
    gt_print("x^2/20 + y^2, from 6.45 on, after %lld step%s:\n", (long long)f->steps, gt_plural(f->steps));
    for (int k = 0; k < GT_OPTIMIZER_PATHS; k++) gt_print("  %-9s %.4g\n", gt_optimizer_path_name(k), ends[k]);
    study_print_files(s, "optimizers");
    return GT_OK;
}

static gt_status study_dimensions_all(cli_applied *e, gt_latent_loss *l, int64_t images) {
    const cli_session *s = e->session;
    int d = gt_model_look(e->model).latent_size;
    double error = 0;
    gt_dimension *of = gt_arena_array(s->arena, (size_t)d, sizeof *of);
    gt_status st = gt_comm_agree_all(e->comm, of ? GT_OK : GT_NOMEM);
    if (!st) st = gt_study_dimensions_all(e->comm, l, e->data, images, of, &error);
    if (st || e->comm->rank) return gt_comm_agree_all(e->comm, st);
    st = gt_rundir_prepare(outdir_of(s), 1 << 20);
    if (!st) st = gt_dimensions_write(of, d, outdir_of(s));
    if (!st) {
        gt_print("error of an image, with all %d dimensions: %.6g\n", d, error);
        study_print_files(s, "dimensions");
    }
    return gt_comm_agree_all(e->comm, st);
}

static void print_variances(const cli_session *s, const gt_gradient_study *g, int64_t images) {
    gt_print("%lld image%s; variance of the gradient, summed over the latent, with one sample:\n", (long long)images,
             gt_plural(images));
    for (int k = 0; k < GT_DERIVATIVES; k++)
        gt_print("  %-22s score function %.6g, reparametrised %.6g: %.4g times as large\n", gt_derivative_name(k),
                 g->variance[GT_SCORE_FUNCTION][k][0], g->variance[GT_REPARAMETRISED][k][0],
                 g->variance[GT_SCORE_FUNCTION][k][0] / g->variance[GT_REPARAMETRISED][k][0]);
    study_print_files(s, "gradient-variance");
}

static gt_status study_gradients_all(cli_applied *e, gt_latent_loss *l, int64_t images) {
    const cli_session *s = e->session;
    const study_fields *f = s->fields;
    gt_gradient_study g;
    gt_status st = gt_study_gradients_all(e->comm, l, e->data, images, (int)f->samples, (uint64_t)f->seed, &g);
    if (st || e->comm->rank) return gt_comm_agree_all(e->comm, st);
    st = gt_rundir_prepare(f->outdir, 1 << 20);
    if (!st) st = gt_gradient_study_write(&g, f->outdir);
    if (!st) print_variances(s, &g, images);
    return gt_comm_agree_all(e->comm, st);
}

static const study studies[] = {
    {"kl", .run = study_kl},
    {"optimizers", .run = study_optimizers},
    {"conv", .run = study_conv},
    {"pooling", .run = study_pooling},
    {"dimensions", .of_latents = study_dimensions_all},
    {"gradient-variance", .of_latents = study_gradients_all, .images = 100},
};
enum { STUDIES = sizeof studies / sizeof *studies };

/* ---- the command ---- */

/* The first word names the study; those behind it are the session's words from now on. */
static gt_status choose_study(cli_session *s) {
    study_fields *f = s->fields;
    cli_arguments *a = &s->arguments;
    char list[128] = "";
    for (int i = 0; i < STUDIES; i++) {
        if (a->n_words && !strcmp(a->words[0], studies[i].name)) f->study = &studies[i];
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", studies[i].name);
    }
    if (!f->study && a->n_words)
        return gt_fail(GT_USAGE, "there is no study '%s'; the studies are %s", a->words[0], list);
    if (!f->study) return gt_fail(GT_USAGE, "a study is needed first: one of %s", list);
    a->words++;
    a->n_words--;
    if (f->study->run && a->n_words)
        return gt_fail(GT_USAGE, "gantry study %s does not take '%s'", f->study->name, a->words[0]);
    if (f->study->run || a->n_words == 2) return GT_OK;
    return gt_fail(GT_USAGE, "gantry study %s RUN DATA: a checkpoint (or a run's directory) and a dataset are needed",
                   f->study->name);
}

static gt_status check_study(cli_session *s) {
    const study_fields *f = s->fields;
    gt_status st = choose_study(s);
    if (!st) st = gt_options_check_effect(&s->options, f->study->name);
    return !st && f->study->of_latents ? cli_check_applied(s) : st;
}

static gt_status study_latents_all(cli_applied *e) {
    const study_fields *f = e->session->fields;
    int64_t count = e->info->count, images = f->images ? f->images : f->study->images ? f->study->images : count;
    gt_latent_loss *l = gt_latent_loss_new(e->network, e->pool);
    gt_status st = gt_comm_agree_all(e->comm, l ? GT_OK : gt_failure());
    if (!st) st = f->study->of_latents(e, l, images < count ? images : count);
    gt_latent_loss_free(l);
    return st;
}

static gt_status run_study(cli_session *s) {
    const study *study = ((const study_fields *)s->fields)->study;
    if (study->of_latents) return cli_apply_all(s, GT_ROLE_ENCODER, CLI_SIZE_OF_TRAINING, study_latents_all, NULL);
    return gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : study->run(s));
}

const cli_command cli_study = {
    .name = "study",
    .arguments = "kl | optimizers | conv | pooling | dimensions RUN DATA | gradient-variance RUN DATA",
    .help = "Draw figures that explain networks and training, with numbers",
    .detail = "Each study writes a picture (.svg, .png) and a table (.csv), with the same numbers on any number of "
              "ranks.",
    .files =
        "In --outdir: a picture (.svg, .png) and a table (.csv) with the name of the study; for kl also kl-densities.",
    CLI_EXAMPLES(
        {"Divergence of Gaussians", "gantry study kl --mean=1 --deviation=0.5"},
        {"Paths of optimisers, with a learning rate too large for SGD",
         "gantry study optimizers --lrates=1.05,0.1,1.5,0.1,0.3"},
        {"A convolution in numbers", "gantry study conv --pad=1"},
        {"How pooling ignores small shifts", "gantry study pooling --window=2"},
        {"What each dimension of the latent contributes", "gantry study dimensions runs/vae digits.zip --images=1000"}),
    CLI_ROWS(table),
    .own_words = 4,
    .ranks = true,
    .pool = true,
    .prepare = check_study,
    .run = run_study,
    .acts = true,
};
