/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm: Gaussian mixtures. Actions are rows of a table. */
#include "cli/gmm.h"

#include <string.h>

#include "h5/h5.h"

#define FIELDS gmm_fields

static const gt_option table[] = {
    {CLI_OPTION(k, "8", "fit: components; 1-20: each number, and which is best"),
     .detail = "With several numbers, such as 1-20 or 2,4,8, each has a fit kK.h5, and mixture.h5 becomes the one with "
               "the least BIC; k.csv and k.svg, .png compare them. A fit with components that the floor holds up is "
               "best only where all have such."},
    {CLI_OPTION(covariance, "full", "fit: matrices or variances"), .choices = GT_COVARIANCES,
     .detail = "full: a matrix for each component; tied: one matrix for all; diag: a variance for each dimension of "
               "each component; spherical: one for each component."},
    {CLI_OPTION(restarts, "1", "fit: k-means++ starts; the best end is kept"), .min = 1, .max = 100000},
    {CLI_FURTHER(lloyd, NULL, "fit: steps of Lloyd's algorithm after k-means++, at most"), .max = 1 << 24,
     .derived = "10; 0 with --start",
     .detail = "Without such steps (0), in many dimensions most restarts end with components of few points. A fit that "
               "was begun without them goes on without them."},
    {CLI_OPTION(start, "", "fit: means (CSV, npy), or a mixture, to begin with"), .path = true,
     .detail =
         "FILE.csv or FILE.npy: a mean a line, each point belongs to the nearest one at first. FILE.h5: a mixture "
         "that gantry gmm fit has written, with the same --covariance; or the arrays means [k,d] and, for a whole "
         "mixture, weights [k] and covariances (full [k,d,d], tied [d,d], diag [k,d], spherical [k])."},
    {CLI_OPTION(iterations, "500", "fit: at most, of each; more go on later"), .min = 1, .max = 1 << 24},
    {CLI_OPTION(tol, "0.0001", "fit: an iteration that gains less is the last"), .max = 1e300,
     .unit = "nats per sample"},
    {CLI_OPTION(floor, "1e-06", "fit: least variance, as a share of the data's"), .max = 1,
     .detail = "In every direction, as a share of the mean variance of the data's dimensions. A constraint and not an "
               "addition: covariances that need none are left as they are, and "
               "the log-likelihood never falls."},
    {CLI_OPTION(seed, "0", "fit and sample: which random numbers"), .max = 4294967295},
    {CLI_OPTION(array, "", "Which array of an HDF5 file DATA")},
    {CLI_FURTHER(classes, "", "Of labelled images only those of these classes: cat,dog or 0-7,9")},
    {CLI_OPTION(labels, "", "fit, predict: column of CSV, or array, of labels"),
     .detail = "The column, by its name or its number from 0, is then no number of the points. fit and predict print "
               "labels against components and the adjusted Rand index, and write labels.csv or predictions-labels.csv. "
               "Images bring their classes."},
    {CLI_OPTION(axes, "0,1", "Which two numbers pictures show; columns by name")},
    {CLI_FURTHER(film, "", "fit: FILE.webp, or FOLDER/, of the iterations"), .path = true,
     .detail = "The best restart is computed again for its pictures, of at most about 100 iterations."},
    {CLI_OPTION(n, "64", "sample: how many"), .min = 1, .max = 1e9},
    {CLI_OPTION(decoder, "", "sample: latents through this checkpoint's decoder"), .path = true},
    {CLI_OPTION(outdir, "mixture", "Where to; made if needed"), .path = true,
     .detail = "fit: mixture.h5, which also goes on where a fit was stopped; curve.svg, .png: log-likelihood over "
               "iterations; clusters.svg, .png: points and ellipses. "
               "predict: predictions.h5 (responsibilities, labels, log_likelihood), predictions.svg, .png, and of CSV "
               "predictions.csv. score, of CSV and where --outdir is given: scores.csv. sample: samples.h5 (points, "
               "component), samples.csv and, of images or with a decoder, samples.png instead, if a PNG can hold so "
               "many; with DATA over-data.svg, .png, which shows samples over the points."},
    {CLI_ROW("checkpoint-minutes", checkpoint_minutes, "10",
             "fit: how often mixture.h5 is written; 0: only at the end"),
     .max = 1e6, .unit = "minutes"},
    CLI_THREADS,
};

typedef struct action {
    const char *name;
    int least, most; /* words */
    const char *words;
    gt_status (*run)(cli_session *s); /* collective */
} action;

static const action actions[] = {
    {"fit", 1, 1, "DATA", gmm_fit_all},
    {"predict", 2, 2, "MIXTURE DATA", gmm_predict_all},
    {"score", 2, 2, "MIXTURE DATA", gmm_score_all},
    {"sample", 1, 2, "MIXTURE [DATA]", gmm_sample_all},
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
    if (a->n_words > (*action)->least && a->n_words <= 1 + (*action)->most) return GT_OK;
    return gt_fail(GT_USAGE, "gantry gmm %s %s: %d argument%s needed", (*action)->name, (*action)->words,
                   (*action)->least, (*action)->least > 1 ? "s are" : " is");
}

static bool takes_mixture(const action *action) { return action->run != gmm_fit_all; } /* as its first word */

/* What comes from elsewhere is looked at before MPI is up. */
static gt_status check_files(cli_session *s) {
    gmm_fields *fields = s->fields;
    const action *action;
    const char **words = s->arguments.words + 1;
    gt_status st = find_action(&s->arguments, &action);
    for (int i = 0; !st && i + 1 < s->arguments.n_words && cli_first_rank(); i++)
        st = i == 0 && takes_mixture(action) ? cli_choose_checkpoint(s->arena, &words[i]) : gt_h5_check(words[i]);
    if (!st) st = gmm_check_film(s);
    if (!st && *fields->start && cli_first_rank()) st = gt_h5_check(fields->start);
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
    .detail = "DATA: FILE.csv with a point a line (commas, semicolons or tabs between the numbers), FILE.npy, an array "
              "of an HDF5 file (such as what gantry latent writes), "
              "or a dataset, whose images are points of numbers from 0 to 1. Log-likelihoods are per sample, in "
              "nats, in the data's own units; those of images are comparable with what gantry likelihood says of "
              "autoencoders. Under mpirun the ranks share the points; the bits are the same on any number. "
              "MIXTURE: what fit has written, OUTDIR/mixture.h5; a fit that was stopped goes on with the same "
              "command, also with more --iterations or a smaller --tol.",
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = check_files,
    .run = run,
};
