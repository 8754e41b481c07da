/* SPDX-License-Identifier: Apache-2.0
 * gantry gmm: Gaussian mixtures. Actions are rows of a table. */
#include "features/gmm/command.h"

#include <string.h>

#include "gantry/arrays.h"
#include "gantry/file.h"
#include "runner/record/door/maker.h"

#define FIELDS gmm_fields

static gt_status check_axes(const gt_option *o, const char *value) {
    const char *comma = strchr(value, ',');
    (void)o;
    if (comma && comma > value && comma[1] && !strchr(comma + 1, ',')) return GT_OK;
    return gt_fail(GT_USAGE, "must be two numbers, such as 0,1, or two names of columns");
}

static const gt_option table[] = {
    {CLI_OPTION(k, "8", "For fit: number of components, or numbers to compare, as in 1-20"), .with = "fit",
     .placeholder = "LIST", .check = gt_option_check_ranges,
     .detail = "With several numbers, such as 1-20 or 2,4,8, each number K gets a fit kK.h5, and mixture.h5 is the fit "
               "with the lowest BIC; k.csv and k.svg, .png compare the fits. A fit with components at the floor is "
               "chosen only if every fit has such components."},
    {CLI_OPTION(covariance, "full", "For fit: kind of covariances"), .with = "fit", GT_CHOICES(GT_COVARIANCES),
     .detail = "full: a matrix for each component; tied: one matrix for all; diag: a variance for each dimension of "
               "each component; spherical: one for each component."},
    {CLI_OPTION(restarts, "1", "For fit: number of k-means++ starts; the best result is kept"), .with = "fit", .min = 1,
     .max = 100000},
    {CLI_FURTHER(lloyd, NULL, "For fit: largest number of steps of Lloyd's algorithm after k-means++"), .with = "fit",
     .max = 1 << 24, .derived = "10; 0 with --start",
     .detail = "With 0, in many dimensions most restarts end with components of few points. A fit that was begun "
               "without these steps resumes without them."},
    {CLI_OPTION(start, "", "For fit: means (CSV, npy) or a mixture to begin with"), .with = "fit",
     .placeholder = "FILE", .path = true,
     .detail = "FILE.csv or FILE.npy: one mean per line; at first, each point belongs to the nearest mean. FILE.h5: a "
               "mixture from gantry gmm fit with the same --covariance, or the arrays means [k,d] and, for a whole "
               "mixture, weights [k] and covariances (full [k,d,d], tied [d,d], diag [k,d], spherical [k])."},
    {CLI_OPTION(iterations, "500", "For fit: largest number of iterations; a resumed fit may have more"), .with = "fit",
     .min = 1, .max = 1 << 24},
    {CLI_OPTION(tol, "0.0001", "For fit: stop if an iteration raises the log-likelihood per sample by less"),
     .with = "fit", .max = 1e300, .unit = "nats per sample"},
    {CLI_OPTION(floor, "1e-06", "For fit: smallest variance of a component, as a share of the variance of the data"),
     .with = "fit", .max = 1,
     .detail =
         "It holds in every direction, as a share of the mean variance of the data's dimensions. The floor is a "
         "constraint, not an added term: larger covariances are not changed, and the log-likelihood never falls."},
    {CLI_OPTION(seed, "0", "For fit and sample: seed of the random numbers"), .with = "fit|sample", .max = 4294967295},
    {CLI_OPTION(array, "", "Array to read, if DATA is an HDF5 file"), .placeholder = "NAME", .any = true, .late = true},
    {CLI_FURTHER(classes, "", "For labelled images: only images of these classes, as in cat,dog or 0-7,9"),
     .placeholder = "CLASSES", .any = true, .late = true},
    {CLI_OPTION(labels, "", "Column of a CSV, or array, that holds labels"), .placeholder = "NAME", .any = true,
     .late = true,
     .detail = "The column, given by its name or its number from 0, is then not part of the points. fit and predict "
               "print labels against components and the adjusted Rand index, and write labels.csv or "
               "predictions-labels.csv. Images have their classes as labels."},
    {CLI_OPTION(axes, "0,1", "The two columns of the points to show in pictures, by number or name"),
     .placeholder = "A,B", .check = check_axes, .with = "fit|predict|sample", .late = true},
    {CLI_FURTHER(film, "", "For fit: film of the iterations, FILE.webp or FOLDER/"), .with = "fit",
     CLI_FILMS({"*.webp", GT_OUTFILE_FILM}),
     .detail = "The best restart is computed again for the film, which shows at most about 100 iterations."},
    {CLI_ROW("half-steps", half_steps, "0", "For fit: ELBO and KL after each half step of EM, as a table and a figure"),
     .with = "fit",
     .detail = "elbo.csv, elbo.svg, .png: after each E step, KL is 0 and the ELBO equals the log-likelihood; each M "
               "step raises the log-likelihood and the ELBO, and KL is their difference. The iterations of the best "
               "restart are computed again."},
    {CLI_OPTION(n, "64", "For sample: number of samples"), .with = "sample", .min = 1, .max = 1e9},
    {CLI_OPTION(decoder, "", "For sample: decode the samples with this checkpoint's decoder"), .path = true,
     .with = "sample"},
    {CLI_OPTION(outdir, "mixture", "Folder to write to; made if needed"),
     CLI_FILLS({"mixture.h5", GT_OUTFILE_OWN}, {"k+([0-9]).h5", GT_OUTFILE_OWN}, {"predictions.h5", GT_OUTFILE_ARRAYS},
               {"samples.h5", GT_OUTFILE_ARRAYS}, {"@(labels|predictions-labels|k|elbo).csv", GT_OUTFILE_TABLE},
               {"@(predictions|scores|samples).csv", GT_OUTFILE_POINTS}, {"samples.png", GT_OUTFILE_PICTURE},
               {"stop", GT_OUTFILE_DATASET} /* which a fit takes for a wish, and removes */,
               CLI_FIGURE("@(curve|clusters|predictions|over-data|k|elbo)")),
     .detail = "fit: mixture.h5, which also lets a stopped fit resume (--overwrite replaces it with a fit to other "
               "data or with other options); curve.svg, .png: log-likelihood over iterations; clusters.svg, .png: "
               "points and ellipses. predict: predictions.h5 (responsibilities, labels, log_likelihood), "
               "predictions.svg, .png, and for CSV predictions.csv. score: scores.csv, for CSV with --outdir. sample: "
               "samples.h5 (points, component) and samples.csv, or for images and with a decoder samples.png instead, "
               "if the samples fit into a PNG; with DATA also over-data.svg, .png: samples over the points."},
    {CLI_ROW("checkpoint-minutes", checkpoint_minutes, "10",
             "For fit: longest time between two writings of mixture.h5; 0: only at the end"),
     .max = 1e6, .unit = "minutes", .with = "fit"},
    CLI_THREADS,
    CLI_OVERWRITE,
};

typedef struct action {
    const char *name;
    int min_words, max_words; /* behind it */
    const char *words;
    gt_status (*run_all)(cli_session *s);
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
    if (!*action) return gt_fail(GT_USAGE, "an action is needed first: one of %s", list);
    if (a->n_words > (*action)->min_words && a->n_words <= 1 + (*action)->max_words) return GT_OK;
    return gt_fail(GT_USAGE, "gmm %s needs %d argument%s: gantry gmm %s %s", (*action)->name, (*action)->min_words,
                   (*action)->min_words > 1 ? "s" : "", (*action)->name, (*action)->words);
}

static bool takes_mixture(const action *action) { return action->run_all != gmm_fit_all; } /* as its first word */

/* A folder stands for the mixture that fit has written into it. */
static gt_status name_mixture(gt_arena *a, const char **path) {
    if (gt_kind_of_file(*path) == GT_KIND_FOLDER && gt_folder_has(*path, "mixture.h5"))
        *path = gt_arena_printf(a, "%s/mixture.h5", *path);
    return *path ? GT_OK : GT_NOMEM;
}

static gt_status check_order(cli_session *s, const action *action, const char **words, int n) {
    gt_status st = GT_OK;
    if (!takes_mixture(action)) return GT_OK;
    for (int i = 0; i < n && !st; i++) st = name_mixture(s->arena, &words[i]);
    if (st || n < 2 || gt_kind_of_file(words[0]) == GT_KIND_CHECKPOINT ||
        gt_kind_of_file(words[1]) != GT_KIND_CHECKPOINT)
        return st;
    return gt_fail(GT_USAGE, "a mixture is needed before the data: gantry gmm %s %s %s", action->name, words[1],
                   words[0]);
}

/* What comes from elsewhere is looked at before MPI is up. */
static gt_status check_files(cli_session *s) {
    gmm_fields *fields = s->fields;
    const action *action;
    const char **words = s->arguments.words + 1;
    gt_status st = find_action(&s->arguments, &action);
    if (!st) st = gt_options_check_effect(&s->options, action->name);
    if (!st && cli_first_rank()) st = check_order(s, action, words, s->arguments.n_words - 1);
    for (int i = 0; !st && i + 1 < s->arguments.n_words && cli_first_rank(); i++)
        st = i == 0 && takes_mixture(action) ? cli_choose_checkpoint(&s->options, &words[i]) : gt_h5_check(words[i]);
    if (!st && *fields->start && cli_first_rank()) st = gt_h5_check(fields->start);
    /* only the first rank opens it */
    if (!st && *fields->decoder) st = cli_choose_checkpoint(&s->options, &fields->decoder);
    return st;
}

static gt_status run_action_all(cli_session *s) {
    const action *a;
    gt_status st = find_action(&s->arguments, &a);
    if (!st && takes_mixture(a)) st = cli_share_path_all(s->comm, s->arena, &s->arguments.words[1]);
    return st ? st : a->run_all(s);
}

/* Latents of generators, sampled from a fit. */
static gt_status open_fit_all(gt_comm *comm, gt_arena *a, const char *path, void **opened) {
    gt_fit *fit = gt_arena_array(a, 1, sizeof *fit);
    *opened = NULL;
    if (gt_comm_agree_all(comm, fit ? GT_OK : GT_NOMEM)) return GT_NOMEM;
    *opened = fit;
    return gt_fit_read_all(fit, comm, path);
}

static gt_status sample_fit(void *fit, int64_t n, const int64_t *seeds, int z_dim, float *z) {
    return gt_mixture_latents(&((gt_fit *)fit)->best, n, seeds, z_dim, z);
}

static void close_fit(void *fit) { gt_fit_free(fit); }

const cli_command cli_gmm = {
    .name = "gmm",
    .latent_file = &(const gt_latent_file){open_fit_all, sample_fit, close_fit},
    .stopping = "stopping after this iteration, then mixture.h5 is written (Ctrl-C again: at once)",
    .stopping_action = "fit",
    .arguments = "fit DATA | predict|score MIXTURE DATA | sample MIXTURE ...",
    .help = "Gaussian mixtures of points, images or latents: fit, use, sample",
    .detail = "DATA: FILE.csv with one point per line (commas, semicolons, tabs or blanks between the numbers; .tsv, "
              ".txt and .dat are read in the same way), FILE.npy, an array of an HDF5 file (such as the output of "
              "gantry latent), or a dataset, whose images are points of numbers from 0 to 1. Log-likelihoods are per "
              "sample, in nats, in the data's own units; for images they are comparable with the results of gantry "
              "likelihood for autoencoders. Under mpirun the ranks share the points; the bits are the same on any "
              "number of ranks. MIXTURE: OUTDIR/mixture.h5, written by fit. The same command resumes a stopped fit, "
              "also with more --iterations or a smaller --tol.",
    .files = "In --outdir: mixture.h5, curve and clusters (.svg, .png) from fit; predictions.h5, .csv and a picture "
             "from predict; scores.csv from score; samples.h5, .csv and .png from sample.",
    .stopped = CLI_RESUMES,
    CLI_EXAMPLES(
        {"Three clusters of points", "gantry gmm fit points.csv --k=3 --outdir=three"},
        {"The cluster of each point", "gantry gmm predict three/mixture.h5 points.csv --outdir=three"},
        {"The best number of clusters for latents", "gantry gmm fit latent/latents.h5 --k=1-20 --covariance=diag"},
        {"New points", "gantry gmm sample three/mixture.h5 --n=100 --outdir=new"}),
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = check_files,
    .run = run_action_all,
    .acts = true,
};
