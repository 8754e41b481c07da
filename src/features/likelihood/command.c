/* SPDX-License-Identifier: Apache-2.0
 * gantry likelihood: how likely images are under a variational autoencoder. */
#include <math.h>
#include <stdlib.h>

#include "command/door/applied.h"
#include "gantry/file.h"
#include "gantry/likelihood.h"
#include "gantry/text.h"

typedef struct likelihood_fields {
    const char *out, *classes;
    int64_t samples, seed, threads;
    double sigma;
    bool overwrite;
} likelihood_fields;

#define FIELDS likelihood_fields

static const gt_option table[] = {
    {CLI_OPTION(samples, "500", "Number of importance samples of each image"), .min = 1, .max = 1 << 20,
     .detail = "On average the estimate of log p(x) is too low; the error shrinks with more samples."},
    {CLI_OPTION(sigma, NULL, "Standard deviation of a pixel in [0,1] around its decoded value"),
     .derived = "as in the training loss", .min = 1e-6, .max = 1e6,
     .detail = "Squared error with the weight w against the divergence implies 1/sqrt(2 w): 0.707 by default. Another "
               "value leaves the decoder as it is and changes the density: with 0.05, for example, pixels differ by "
               "about 0.05 from their decoded values. Not for cross-entropy, which treats pixels as 0 or 1, and not "
               "for --recon=normal, where the decoder gives each pixel its own deviation."},
    {CLI_OPTION(seed, "0", "Seed of the samples"), .max = 4294967295.0},
    {CLI_OPTION(out, "likelihood.csv", "Table to write: for each image log p(x), ELBO, divergence, error"),
     .placeholder = "FILE", CLI_WRITES({"*.csv", GT_OUTFILE_TABLE})},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
};

static gt_status write_lines(const char *path, const gt_likelihood *all, int64_t n) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "item,log_likelihood,elbo,divergence,error\n");
    for (int64_t i = 0; i < n; i++)
        gt_buffer_printf(&b, "%lld,%.9g,%.9g,%.9g,%.9g\n", (long long)i, all[i].log_likelihood, all[i].bound,
                         all[i].divergence, all[i].error);
    return gt_buffer_write(&b, path);
}

typedef struct mean {
    double value, deviation; /* the second: of the mean itself */
} mean;

static mean mean_of(const gt_likelihood *all, int64_t n, size_t field) {
    double sum = 0, square = 0;
    for (int64_t i = 0; i < n; i++) sum += *(const double *)((const char *)&all[i] + field);
    for (int64_t i = 0; i < n; i++) {
        double d = *(const double *)((const char *)&all[i] + field) - sum / (double)n;
        square += d * d;
    }
    return (mean){sum / (double)n, n > 1 ? sqrt(square / (double)(n - 1) / (double)n) : 0};
}

static void print_summary(const cli_applied *e, const gt_likelihood *all, const likelihood_fields *f, double sigma) {
    const gt_model *m = e->model;
    int64_t n = e->info->count;
    mean likelihood = mean_of(all, n, offsetof(gt_likelihood, log_likelihood)),
         bound = mean_of(all, n, offsetof(gt_likelihood, bound)),
         divergence = mean_of(all, n, offsetof(gt_likelihood, divergence)),
         error = mean_of(all, n, offsetof(gt_likelihood, error));
    gt_print("%lld image%s, %lld sample%s each, nats per image (standard error of the mean)\n", (long long)n,
             gt_plural(n), (long long)f->samples, gt_plural(f->samples));
    gt_print("log p(x)            %12.4f (%.4f)\n", likelihood.value, likelihood.deviation);
    gt_print("ELBO                %12.4f (%.4f)\n", bound.value, bound.deviation);
    gt_print("KL(q(z|x)||p(z|x))  %12.4f           = log p(x) - ELBO\n", likelihood.value - bound.value);
    gt_print("E log p(x|z)        %12.4f           = ELBO + KL(q(z|x)||p(z))\n", bound.value + divergence.value);
    gt_print("KL(q(z|x)||p(z))    %12.4f (%.4f)\n", divergence.value, divergence.deviation);
    double pixels = (double)gt_model_floats(m);
    if (sigma > 0)
        gt_print("Gaussian pixels in [0,1], sigma %.4g%s; the ELBO is largest at %.4g\n", sigma,
                 f->sigma > 0 ? "" : " (as in the training loss)", sqrt(error.value / pixels));
    else gt_print(sigma < 0 ? "Gaussian pixels in [0,1], each with its own sigma\n" : "Bernoulli pixels\n");
    gt_print("%s\n", f->out);
}

static gt_status estimate_all(cli_applied *e) {
    const likelihood_fields *f = e->session->fields;
    gt_likelihood_options o = {
        .samples = (int)f->samples, .sigma = f->sigma, .seed = (uint64_t)f->seed, .pool = e->pool};
    gt_estimator *estimator = gt_estimator_new(gt_runner_model(e->network), gt_runner_params(e->network), &o);
    GT_FREED gt_likelihood *all = NULL;
    gt_status st = gt_comm_agree_all(e->comm, estimator ? GT_OK : gt_failure());
    if (!st) st = gt_likelihood_dataset_all(e->comm, estimator, e->data, &all);
    if (!st && all) st = write_lines(f->out, all, e->info->count);
    if (!st && all) print_summary(e, all, f, gt_estimator_sigma(estimator));
    gt_estimator_free(estimator);
    return st;
}

static gt_status likelihood(cli_session *s) {
    return cli_apply_all(s, GT_ROLE_ENCODER, CLI_SIZE_OF_TRAINING, estimate_all, NULL);
}

const cli_command cli_likelihood = {
    .name = "likelihood",
    .help = "Estimate log p(x) of images under a variational autoencoder",
    .detail =
        "Prints estimates from importance samples, the ELBO and the difference between the two, in nats per image for "
        "pixels in [0,1]. The values are comparable with the log-likelihoods of other models of the same pixels.",
    .files = "--out: a table.",
    CLI_EXAMPLES({"All images, with 500 samples each", "gantry likelihood runs/vae digits.zip"},
                 {"A quick estimate", "gantry likelihood runs/vae digits.zip --samples=50 --out=quick.csv"}),
    CLI_APPLIED(table),
    .run = likelihood,
};
