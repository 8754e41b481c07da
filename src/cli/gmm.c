/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm: Gaussian mixtures. Actions are rows of a table. */
#include "cli/gmm.h"

#include <string.h>

#include "h5/h5.h"

#define FIELDS gmm_fields

static const gt_option table[] = {
    {CLI_OPTION(k, "8", "fit: components"), .min = 1, .max = 1 << 20},
    {CLI_OPTION(covariance, "full", "fit: matrices or variances"), .choices = GT_COVARIANCES,
     .detail = "full: a matrix for each component; tied: one matrix for all; diag: a variance for each dimension of "
               "each component; spherical: one for each component."},
    {CLI_OPTION(restarts, "1", "fit: k-means++ starts; the best end is kept"), .min = 1, .max = 100000},
    {CLI_OPTION(iterations, "500", "fit: at most, of each"), .min = 1, .max = 1 << 24},
    {CLI_OPTION(tol, "0.0001", "fit: an iteration that gains less is the last"), .max = 1e300,
     .unit = "nats per sample"},
    {CLI_OPTION(floor, "1e-06", "fit: least variance, as a share of the data's"), .max = 1,
     .detail = "In every direction, as a share of the mean variance of the data's dimensions. A constraint and not an "
               "addition: covariances that need none are left as they are, and "
               "the log-likelihood never falls."},
    {CLI_OPTION(seed, "0", "fit and sample: which random numbers"), .max = 4294967295},
    {CLI_OPTION(array, "", "Which array of an HDF5 file DATA")},
    {CLI_FURTHER(classes, "", "Of labelled images only those of these classes: cat,dog or 0-7,9")},
    {CLI_OPTION(axes, "0,1", "fit and predict: which two numbers clusters.png shows")},
    {CLI_OPTION(n, "64", "sample: how many"), .min = 1, .max = 1e9},
    {CLI_OPTION(decoder, "", "sample: latents through this checkpoint's decoder"), .path = true},
    {CLI_OPTION(outdir, "mixture", "Where to; made if needed"), .path = true,
     .detail = "fit: mixture.h5, which also goes on where a fit was stopped; curve.svg, .png: log-likelihood over "
               "iterations; clusters.svg, .png: points and ellipses. "
               "predict: predictions.h5 (responsibilities, labels, log_likelihood), clusters. sample: samples.h5 "
               "(points, component) and, of images or with a decoder, samples.png, if a PNG can hold so many."},
    {CLI_ROW("checkpoint-minutes", checkpoint_minutes, "10",
             "fit: how often mixture.h5 is written; 0: only at the end"),
     .max = 1e6, .unit = "minutes"},
    CLI_THREADS,
};

typedef struct action {
    const char *name;
    int n_words;
    const char *words;
    gt_status (*run)(cli_session *s); /* collective */
} action;

static const action actions[] = {
    {"fit", 1, "DATA", gmm_fit_all},
    {"predict", 2, "MIXTURE DATA", gmm_predict_all},
    {"score", 2, "MIXTURE DATA", gmm_score_all},
    {"sample", 1, "MIXTURE", gmm_sample_all},
};
enum { ACTIONS = sizeof actions / sizeof *actions };

static gt_status find_action(const cli_arguments *a, const action **action) {
    char list[128] = "";
    *action = NULL;
    for (int i = 0; i < ACTIONS; i++) {
        if (a->n_words && !strcmp(a->words[0], actions[i].name)) *action = &actions[i];
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", actions[i].name);
    }
    if (!*action) return gt_fail(GT_USAGE, "what to do comes first: one of %s", list);
    if (a->n_words == 1 + (*action)->n_words) return GT_OK;
    return gt_fail(GT_USAGE, "gantry gmm %s %s: %d argument%s needed", (*action)->name, (*action)->words,
                   (*action)->n_words, (*action)->n_words > 1 ? "s are" : " is");
}

static bool takes_mixture(const action *action) { return action->run != gmm_fit_all; } /* as its first word */

/* What comes from elsewhere is looked at before MPI is up. */
static gt_status check_files(cli_session *s) {
    gmm_fields *fields = s->fields;
    const action *action;
    const char **words = s->arguments.words + 1;
    gt_status st = find_action(&s->arguments, &action);
    for (int i = 0; !st && i < action->n_words && cli_first_rank(); i++)
        st = i == 0 && takes_mixture(action) ? cli_choose_checkpoint(s->arena, &words[i]) : gt_h5_check(words[i]);
    /* only the first rank opens it */
    if (!st && *fields->decoder) st = cli_choose_checkpoint(s->arena, &fields->decoder);
    return st;
}

static gt_status run(cli_session *s) {
    const action *a;
    gt_status st = find_action(&s->arguments, &a);
    if (!st && takes_mixture(a)) st = cli_share_path_all(s->comm, s->arena, &s->arguments.words[1]);
    return st ? st : a->run(s);
}

const cli_command cli_gmm = {
    .name = "gmm",
    .arguments = "fit DATA | predict|score MIXTURE DATA | sample MIXTURE ...",
    .help = "Gaussian mixtures of points, images or latents",
    .detail = "DATA: FILE.csv with a point a line, an array of an HDF5 file (such as what gantry latent writes), "
              "or a dataset, whose images are points of numbers from 0 to 1. Log-likelihoods are per sample, in "
              "nats, in the data's own units; those of images are comparable with what gantry likelihood says of "
              "autoencoders. Under mpirun the ranks share the points; the bits are the same on any number. "
              "MIXTURE: what fit has written, OUTDIR/mixture.h5; a fit that was stopped goes on with the same "
              "command.",
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = check_files,
    .run = run,
};
