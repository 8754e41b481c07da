/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm: Gaussian mixtures. Actions are rows of a table. */
#include "cli/gmm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gantry/dataset.h"
#include "gantry/log.h"

#define FIELD(name) .class = GT_COMMAND, .group = "gmm", .offset = offsetof(gmm_fields, name)
#define COMMON .common = true

static const gt_option table[] = {
    {.key = "k", .type = GT_OPTION_INT, FIELD(k), COMMON, .standard = "8", .min = 1, .max = 1 << 20, .help = "fit: components"},
    {.key = "covariance", .type = GT_OPTION_CHOICE, FIELD(covariance), COMMON, .standard = "full", .choices = GT_COVARIANCES, .help = "fit: matrices or variances", .detail =
     "full: a matrix for each component; tied: one matrix for all; diag: a variance for each dimension of each component; spherical: one for each component."},
    {.key = "restarts", .type = GT_OPTION_INT, FIELD(restarts), COMMON, .standard = "1", .min = 1, .max = 100000, .help = "fit: k-means++ starts; the best end is kept"},
    {.key = "iterations", .type = GT_OPTION_INT, FIELD(iterations), COMMON, .standard = "500", .min = 1, .max = 1 << 24, .help = "fit: at most, of each"},
    {.key = "tol", .type = GT_OPTION_REAL, FIELD(tol), COMMON, .standard = "0.0001", .max = 1e300, .unit = "nats per sample", .help = "fit: an iteration that gains less is the last"},
    {.key = "floor", .type = GT_OPTION_REAL, FIELD(floor), COMMON, .standard = "1e-06", .max = 1, .help = "fit: least variance, as a share of the data's",
     .detail = "In every direction, as a share of the mean variance of the data's dimensions. A constraint and not an addition: covariances that need none are left as they are, and "
               "the log-likelihood never falls."},
    {.key = "seed", .type = GT_OPTION_INT, FIELD(seed), COMMON, .standard = "0", .max = 4294967295, .help = "fit and sample: which random numbers"},
    {.key = "array", .type = GT_OPTION_TEXT, FIELD(array), COMMON, .standard = "", .help = "Which array of an HDF5 file DATA"},
    {.key = "axes", .type = GT_OPTION_TEXT, FIELD(axes), COMMON, .standard = "0,1", .help = "fit and predict: which two numbers clusters.png shows"},
    {.key = "n", .type = GT_OPTION_INT, FIELD(n), COMMON, .standard = "64", .min = 1, .max = 1e9, .help = "sample: how many"},
    {.key = "decoder", .type = GT_OPTION_TEXT, .path = true, FIELD(decoder), COMMON, .standard = "", .help = "sample: latents through this checkpoint's decoder"},
    {.key = "outdir", .type = GT_OPTION_TEXT, .path = true, FIELD(outdir), COMMON, .standard = "mixture", .help = "Where to; made if needed",
     .detail = "fit: mixture.h5, which also goes on where a fit was stopped; curve.svg, .png: log-likelihood over iterations; clusters.svg, .png: points and ellipses. "
               "predict: predictions.h5 (responsibilities, labels, log_likelihood), clusters. sample: samples.h5 (points, component) and, of images or with a decoder, samples.png, if a PNG can hold so many."},
    {.key = "checkpoint-minutes", .type = GT_OPTION_REAL, FIELD(checkpoint_minutes), .standard = "10", .max = 1e6, .unit = "minutes", .help = "fit: how often mixture.h5 is written; 0: only at the end"},
    {.key = "threads", .by_rank = true, .type = GT_OPTION_INT, FIELD(threads), COMMON, .derived = "the host's cores shared out among its ranks", .min = 1, .max = 4096, .help = "Threads per rank"},
};

const gt_option *cli_gmm_options(int *n) {
    *n = sizeof table / sizeof *table;
    return table;
}

static const gmm_action actions[] = {
    {"fit", 1, "DATA", gmm_fit},
    {"predict", 2, "MIXTURE DATA", gmm_predict},
    {"score", 2, "MIXTURE DATA", gmm_score},
    {"sample", 1, "MIXTURE", gmm_sample},
};
enum { ACTIONS = sizeof actions / sizeof *actions };

static gt_status find_action(const cli_arguments *a, const gmm_action **action) {
    char list[128] = "";
    *action = NULL;
    for (int i = 0; i < ACTIONS; i++) {
        if (a->n_words && !strcmp(a->words[0], actions[i].name)) *action = &actions[i];
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", actions[i].name);
    }
    if (!*action) return gt_fail(GT_USAGE, "what to do comes first: one of %s", list);
    if (a->n_words == 1 + (*action)->n_words) return GT_OK;
    return gt_fail(GT_USAGE, "gantry gmm %s %s: %d argument%s needed", (*action)->name, (*action)->words, (*action)->n_words, (*action)->n_words > 1 ? "s are" : " is");
}

static bool takes_mixture(const gmm_action *action) { return action->run != gmm_fit; } /* as its first word */

/* What comes from elsewhere is looked at before MPI is up. */
static gt_status check_files(cli_session *s, gmm_fields *fields, const gmm_action *action) {
    const char **words = s->arguments.words + 1;
    gt_status st = GT_OK;
    for (int i = 0; i < action->n_words && !st && cli_first_rank(); i++)
        st = i == 0 && takes_mixture(action) ? cli_choose_checkpoint(s->arena, &words[i]) : gt_dataset_check_foreign(words[i], NULL);
    if (!st && *fields->decoder) st = cli_choose_checkpoint(s->arena, &fields->decoder); /* only the first rank opens it */
    return st;
}

int cli_gmm(int argc, char **argv) {
    gmm_fields fields;
    cli_session s;
    int status;
    if (!cli_begin(&s, "gmm", argc, argv, &fields, &status)) return status;
    const gmm_action *action;
    gmm_run run = {.session = &s, .fields = &fields};
    gt_status st = find_action(&s.arguments, &action);
    if (!st) st = check_files(&s, &fields, action);
    run.comm = cli_meet(&s.settings, (int)fields.threads, &st);
    if (!st) {
        gt_log_setup(run.comm->rank, run.comm->ranks, GT_INFO);
        run.words = s.arguments.words + 1;
        run.pool = gt_pool_new(run.comm->threads);
        st = gt_comm_agree_all(run.comm, run.pool ? GT_OK : GT_FAILED);
        if (!st && takes_mixture(action)) st = cli_share_path(run.comm, s.arena, &run.words[0]);
        if (!st) st = action->run(&run);
        gt_pool_free(run.pool);
    }
    status = cli_leave("gmm", st, run.comm);
    cli_end(&s);
    return status;
}
