/* SPDX-License-Identifier: Apache-2.0
 * gantry metrics: how good are the pictures of a network, or one set of pictures beside another? */
#include "command/door/cli.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/door/generator_options.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "gantry/log.h"
#include "gantry/metric.h"
#include "gantry/score.h"
#include "gantry/stop.h"
#include "runner/generator/door/ensemble.h"

/* Classes of generated pictures. */
#define CLASS_SHARES(X) X(CLASSES_OF_DATA, "data") X(CLASSES_EQUAL, "equal")
typedef enum class_shares { CLASS_SHARES(GT_CONSTANT) } class_shares;

typedef struct metrics_fields {
    gt_scores_options of; /* run, job: found by the first rank, before the ranks meet */
    class_shares fake_classes;
    gt_on_error on_error;
    cli_sampler_options sampling;
    bool json, verbose, overwrite;
    int64_t threads, seed, gpus;
    cli_assumed assumed;
    gt_ensemble_request ensemble; /* with --condition */
    bool few;                     /* without --metrics and a detector: the scores that need no file */
} metrics_fields;

#define FIELDS metrics_fields

static gt_status check_metrics(const gt_option *o, const char *value) {
    if (gt_is(value, "none")) return gt_fail(GT_USAGE, "names no metric; --metrics=help lists all");
    const gt_ensembles *ensembles = gt_ensembles_found[0];
    if (gt_is(value, "help") || (ensembles && !ensembles->check_metrics(value))) return GT_OK;
    return gt_metrics_check(o, value);
}

static const gt_option table[] = {
    {CLI_SHOWN("metrics", of.options.metrics, NULL, "Metrics, as in fid10k,pr10k3; --metrics=help lists all"),
     .placeholder = "LIST", .check = check_metrics,
     .derived = "fid50k_full; fid with --reals; without a detector what needs no file",
     .detail = "A number in a name is the number of fakes. A name without a number means the published number, or with "
               "--reals all fakes."},
    {CLI_SHOWN("data", of.data, NULL, "Real pictures, to compare with the network's pictures"), .path = true,
     .derived = "the data of the network's run"},
    {CLI_SHOWN("condition", ensemble.condition, "",
               "Make ensembles of these conditions, and compare them with the truth"),
     .placeholder = "DATA", .path = true,
     .detail =
         "For networks that make fields of conditions. --metrics are then crps, rmse, spread, ranks, spectrum and "
         "quantiles (docs/mathematics/fields.md), in physical units, for each target. The truth is the set's own, or "
         "--data."},
    {CLI_ROW("static", ensemble.statics, "", "Constant fields of the conditions; empty: those of the run"),
     .placeholder = "DATA", .path = true, .with = "--condition"},
    {CLI_SHOWN("members", ensemble.members, "16", "Number of members of each ensemble"), .min = 1, .max = 1 << 16,
     .with = "--condition"},
    {CLI_ROW("samples", ensemble.samples, NULL, "Only the first samples of the conditions"), .derived = "all", .min = 1,
     .max = 1e12, .with = "--condition"},
    {CLI_ROW("chart", ensemble.chart, "", "Draw the spectra and the ranks of the truth into this file"),
     .placeholder = "FILE", CLI_WRITES({"*.png", GT_OUTFILE_PICTURE}, {"*.svg", GT_OUTFILE_PICTURE}),
     .with = "--condition",
     .detail = "Two panels for each of the first six targets: the power of members and truths by wave number, and "
               "how often the truth has each rank among the members."},
    {CLI_SHOWN("reals", of.reals, "", "A set of real pictures, to compare with --fakes instead of a network"),
     .path = true,
     .detail = "--reals and --fakes are compared. Both may be datasets, folders, or statistics of other programs (.npz "
               "with mu and sigma), which allow only fid."},
    {CLI_SHOWN("fakes", of.fakes, "", "The set of pictures that is compared with --reals"), .path = true,
     .with = "--reals"},
    {CLI_SHOWN("held-out", of.held_out, "", "Real pictures that were not trained on: base rate of authenticity"),
     .path = true,
     .detail = "The authenticity of generated pictures has a meaning only beside the authenticity of such pictures. "
               "Without this option, real pictures of the data are left out one at a time."},
    {CLI_SHOWN("count", of.options.count, NULL, "Number of generated pictures for all metrics"),
     .derived = "as in the metrics' names", .min = 1, .max = 2e9},
    {CLI_SHOWN("detector", of.options.detector, "", "Network whose features are compared: a run or a file"),
     .path = true,
     .detail = "A classifier or an autoencoder trained with Gantry (the layer before the last gives the features); a "
               "file of weights; or pixels: principal components of the reals' pixels, 50 by default (pixels:20: 20)."},
    {CLI_SHOWN("inception", of.options.inception, "", "Weights of Inception v3 for fid, kid and is"),
     .placeholder = "FILE", .path = true, .detail = "pt_inception-2015-12-05-6726825d.pth"},
    {CLI_SHOWN("vgg16", of.options.vgg16, "", "Weights of torchvision's VGG16 for pr and ppl"), .placeholder = "FILE",
     .path = true,
     .detail = "vgg16-397923af.pth. The published scores used another VGG16 file; the recipes note this."},
    {CLI_SHOWN("lpips", of.options.lpips, "", "Weights of LPIPS for ppl"), .placeholder = "FILE", .path = true,
     .detail = "vgg.pth, version 0.1"},
    {CLI_SHOWN("resize", of.options.resize, "tf1", "How pictures are resized for published networks"),
     GT_CHOICES(GT_RESIZE_RULES)},
    {CLI_SHOWN("on-error", on_error, "stop", "What to do if a real picture is damaged: stop, or skip it"),
     GT_CHOICES(GT_ON_ERRORS),
     .detail = "skip: the next picture of the same class takes its place, with a warning; more than 1 % damaged "
               "pictures are an error. skip is the default for the data of a run that was trained with skip."},
    {CLI_SHOWN("mirror", of.mirror, "0", "Take real pictures with their mirror images; never for *_full")},
    {CLI_SHOWN("classes", of.classes, "", "Only real pictures of these classes, as in cat,dog or 0-7,9"),
     .placeholder = "CLASSES", .any = true,
     .detail = "The words data and equal alone mean --fake-classes, because --fake-classes once had this name."},
    {CLI_SHOWN("fake-classes", fake_classes, "data",
               "Classes of generated pictures: drawn as in the data, or equally often"),
     GT_CHOICES(CLASS_SHARES)},
    CLI_SAMPLER_OPTIONS(sampling),
    {CLI_ROW("range", of.range, "", "The floats for black and white, if the file does not give them, as in 0,255"),
     .placeholder = "LO,HI", .check = cli_check_range,
     .detail = "For floats in .npy, .npz and .tif, and in HDF5 files without the attribute range. Without this option, "
               "-1 and 1 are black and white, and floats outside are an error. The data of a run have the range with "
               "which the network was trained."},
    {CLI_SHOWN("save", of.save, "", "Write statistics of the real pictures to FILE.npz"), .placeholder = "FILE",
     CLI_WRITES({"*.npz", GT_OUTFILE_STATISTICS}),
     .detail = "mu and sigma (divisor n - 1) in float64, in the form of the usual FID programs."},
    {CLI_ROW("save-fakes", of.save_fakes, "", "Write the generated pictures that were scored to FILE.zip or FILE.h5"),
     .placeholder = "FILE", CLI_WRITES({"*.zip", GT_OUTFILE_DATASET}, {"*.h5", GT_OUTFILE_DATASET}),
     .detail = "A dataset with the requested labels: .zip for pictures of 8 and 16 bits, .h5 also for floats. "
               "--fakes=FILE scores the same pictures."},
    {CLI_SHOWN("nearest", of.nearest, "",
               "Write to FILE.png the fakes that are most like a real picture, beside that picture"),
     .placeholder = "FILE", CLI_WRITES({"*.png", GT_OUTFILE_PICTURE})},
    {CLI_OPTION(json, "0", "Print a line of JSON for each metric")},
    {CLI_FURTHER(seed, NULL, "Seed of the latents and of the metrics' random numbers"),
     .derived = "the seed of the network's run, else 0", .max = 1e15},
    {CLI_ROW("network", of.network, "", "Checkpoint or run, instead of the first argument"), .path = true},
    {CLI_ROW("no-cache", of.options.no_cache, "0", "Neither read nor keep statistics of real pictures ($GT_CACHE)")},
    {CLI_ROW("gpus", gpus, "1", "No effect: accepted for command lines of calc_metrics.py"), .max = 1e6},
    {CLI_ROW("verbose", verbose, "1", "No effect: accepted for command lines of calc_metrics.py")},
    CLI_OVERWRITE,
    CLI_THREADS,
    CLI_ASSUMED,
    CLI_ASSUMED_OF_CLASSIFIERS,
};

/* ---- before the ranks meet ---- */

static bool wants_help(const metrics_fields *f) { return gt_is(f->of.options.metrics, "help"); }

static gt_status check_data(const char *path) {
    return !*path || gt_ends_with(path, ".npz") || !cli_first_rank() ? GT_OK : gt_h5_check(path);
}

/* Before hours of work: is there a folder for the file? */
static gt_status check_folder(cli_session *s, const char *option, const char *path) {
    char *dir = gt_arena_printf(s->arena, "%s", path), *slash = dir ? strrchr(dir, '/') : NULL;
    if (!dir) return GT_NOMEM;
    if (slash) slash[slash == dir] = 0;
    if (!*path || !cli_first_rank() || !access(slash ? dir : ".", W_OK | X_OK)) return GT_OK;
    return gt_fail(GT_FAILED, "%s=%s: cannot write into '%s': %s", option, path, slash ? dir : ".", strerror(errno));
}

/* --classes=equal was the name of --fake-classes=equal. */
static void read_old_spelling(metrics_fields *f) {
    static const char *const names[] = {CLASS_SHARES(GT_NAME)};
    for (int i = 0; i < 2; i++) {
        if (!gt_is(f->of.classes, names[i])) continue;
        f->fake_classes = (class_shares)i;
        f->of.classes = "";
    }
}

static gt_status check_saved_fakes(const metrics_fields *f, bool sets) {
    if (!*f->of.save_fakes || !sets) return GT_OK;
    return gt_fail(GT_USAGE, "--save-fakes writes the pictures of a network, so a network is needed");
}

static gt_status read_form(cli_session *s, metrics_fields *f) {
    const cli_arguments *a = &s->arguments;
    if (*f->of.network && a->n_words)
        return gt_fail(GT_USAGE, "'%s' and --network=%s: one network is needed", a->words[0], f->of.network);
    if (a->n_words > 1) return gt_fail(GT_USAGE, "one network is needed, not %d", a->n_words);
    if (a->n_words) f->of.network = a->words[0];
    bool sets = *f->of.reals || *f->of.fakes;
    if (sets && (*f->of.network || *f->of.data))
        return gt_fail(GT_USAGE, "--reals and --fakes compare two sets of pictures: leave out the network and --data");
    if (!sets && !*f->of.network)
        return gt_fail(GT_USAGE, "a network is needed, or two sets of pictures: --reals=A --fakes=B");
    if (sets && f->fake_classes != CLASSES_OF_DATA)
        return gt_fail(GT_USAGE,
                       "--fake-classes is for pictures that a network makes; the pictures of --fakes=%s exist already",
                       f->of.fakes);
    if (sets && !*f->of.reals) return gt_fail(GT_USAGE, "--fakes=%s: --reals is also needed", f->of.fakes);
    if (sets && !*f->of.fakes && !*f->of.save)
        return gt_fail(GT_USAGE, "--reals=%s: --fakes is also needed, or --save=FILE.npz for statistics", f->of.reals);
    gt_status st = GT_OK;
    if (*f->of.range) cli_read_range(f->of.range, f->of.float_range);
    if (*f->of.save && gt_is_pixels(f->of.options.detector))
        st = gt_fail(GT_USAGE,
                     "--save: components of pixels depend on these reals and cannot be compared with any other set");
    if (!st) st = check_saved_fakes(f, sets);
    if (st) return st;
    f->of.options.all = sets;
    f->of.options.statistics = gt_ends_with(f->of.reals, ".npz") && gt_ends_with(f->of.fakes, ".npz"); /* perhaps */
    /* Of features, from which fid alone can be computed; or --save will write some. */
    f->of.options.keeps_features = *f->of.save || gt_is_statistics(f->of.reals) || gt_is_statistics(f->of.fakes);
    return GT_OK;
}

/* Without --metrics: fid, as the programs of others; where there is no detector to judge by, what needs none. */
static gt_status choose_metrics(cli_session *s, metrics_fields *f) {
    char names[GT_METRIC_LIST_BYTES] = "";
    if (gt_options_state(&s->options, "metrics") == GT_OPTION_GIVEN) return GT_OK;
    f->few = !*f->of.options.detector && !*f->of.options.inception && (*f->of.network || !f->of.options.keeps_features);
    if (f->few && (*f->of.options.vgg16 || *f->of.options.lpips))
        return gt_fail(GT_USAGE, "--vgg16 is for precision, recall and path lengths: name them, with "
                                 "--metrics=pr50k3_full, or with --lpips and --metrics=ppl2_wend");
    if (f->few) gt_metrics_without_files(names);
    f->of.options.metrics = f->few ? gt_arena_printf(s->arena, "%s", names) : *f->of.network ? "fid50k_full" : "fid";
    return f->of.options.metrics ? GT_OK : GT_NOMEM;
}

/* Does something of all that is given go into these metrics? */
static gt_status check_files(const cli_session *s, const metrics_fields *f) {
    gt_metric_request asked[GT_METRICS_MAX];
    int n;
    gt_status st = gt_metrics_parse(f->of.options.metrics, 0, false, asked, &n);
    return st ? st : gt_metrics_check_takes(&s->options, asked, n);
}

static gt_status prepare_ensembles(cli_session *s, metrics_fields *f) {
    static const char *const all = "crps,rmse,spread,ranks,spectrum,quantiles";
    gt_ensemble_request *e = &f->ensemble;
    const gt_ensembles *found = gt_ensembles_find();
    if (!found) return GT_USAGE;
    if (*f->of.reals || *f->of.fakes)
        return gt_fail(GT_USAGE, "--condition is for a network: leave out --reals and --fakes");
    gt_status st = read_form(s, f);
    if (!st && gt_options_state(&s->options, "metrics") != GT_OPTION_GIVEN) f->of.options.metrics = all;
    if (!st) st = found->check_metrics(f->of.options.metrics);
    if (!st) st = cli_choose_checkpoint(&s->options, &f->of.network);
    if (!st) st = check_data(e->condition);
    if (!st) st = check_data(e->statics);
    if (!st) st = check_data(f->of.data);
    if (!st) st = cli_find_run(s, f->of.network, &f->of.run, &f->of.job);
    e->targets = f->of.data;
    e->seed = (uint64_t)f->seed;
    e->out = "";
    return st;
}

static gt_status prepare(cli_session *s) {
    metrics_fields *f = s->fields;
    f->of.run = f->of.job = "";
    if (wants_help(f)) return GT_OK;
    if (*f->ensemble.condition) return prepare_ensembles(s, f);
    read_old_spelling(f);
    gt_status st = read_form(s, f);
    if (!st) st = choose_metrics(s, f);
    if (!st && *f->of.network) st = cli_choose_checkpoint(&s->options, &f->of.network);
    if (!st) st = gt_metric_options_check(&f->of.options);
    if (!st) st = check_files(s, f);
    if (!st) st = cli_choose_detector(&s->options, &f->of.options.detector);
    if (!st && *f->of.network) st = cli_find_run(s, f->of.network, &f->of.run, &f->of.job);
    if (!st) st = check_folder(s, "--save", f->of.save);
    if (!st) st = check_folder(s, "--nearest", f->of.nearest);
    if (!st) st = check_folder(s, "--save-fakes", f->of.save_fakes);
    if (!st) st = check_data(f->of.data);
    if (!st) st = check_data(f->of.held_out);
    if (!st) st = check_data(f->of.reals);
    return st ? st : check_data(f->of.fakes);
}

/* ---- the work ---- */

static void print_help(void *arg, const char *name, const char *text) {
    (void)arg;
    gt_print("%-14s %s\n", name, text);
}

static void print_json(void *arg, const char *metric, const char *line) {
    (void)arg;
    (void)metric;
    fputs(line, stdout); /* JSON escapes what a terminal may obey */
    gt_print("\n");
}

static gt_status print_scores(const metrics_fields *f, const gt_metric_table *t, int64_t images) {
    const char *network = *f->of.network ? f->of.network : NULL;
    if (f->json) return gt_metric_table_lines(t, network, images, print_json, NULL);
    for (int i = 0; i < t->n; i++) {
        const gt_metric_value *v = &t->value[i], *next = i + 1 < t->n ? v + 1 : v;
        gt_print("%-24s %-14.8g ", v->key, v->value);
        if (next->is_base) gt_print("(base rate %.8g) ", next->value);
        gt_print("%s\n", v->recipe);
        i += next->is_base;
    }
    return GT_OK;
}

/* Standard error, for results alone are on standard output; the last line wherever both go. */
static void tell_rest(void) {
    char rest[GT_METRIC_LIST_BYTES];
    gt_metrics_with_files(rest);
    gt_info("not computed, since they need a network: %s", rest);
}

static void tell_next(const char *run, bool few, bool nearest) {
    gt_info("next:");
    gt_log_command("report", run, "", "scores, curves and pictures, for a browser");
    if (!nearest)
        gt_log_command("metrics", run, " --metrics=authenticity --nearest=nearest.png",
                       "pictures most like a real one");
    if (!few) return;
    gt_log_command("metrics", run, " --metrics=fid10k,pr10k3 --detector=pixels",
                   "FID and recall without a network, to compare runs of the same data");
    gt_log_command("metrics", run, " --detector=JUDGE", "FID and recall, with a classifier of your own");
}

/* Rank 0. A value that somebody asked for and that is missing makes the command fail, when all others are printed. */
static gt_status tell_scores(const metrics_fields *f, const gt_metric_table *t, int64_t images) {
    int missing = 0;
    gt_status st = print_scores(f, t, images);
    char name[GT_NAME_BYTES];
    gt_path_name(f->of.network, name);
    if (!st && *f->of.run && t->n) st = gt_metric_table_append(f->of.run, t, name, images);
    for (int i = 0; i < t->n; i++) missing += isnan(t->value[i].value);
    if (!st && *f->of.nearest && !f->json) gt_print("%s: fakes that are most like a real picture\n", f->of.nearest);
    if (!st && f->few) tell_rest();
    if (!st && *f->of.run && !f->json) tell_next(f->of.run, f->few, *f->of.nearest);
    bool fails = f->few ? missing == t->n : missing > 0;
    return !st && fails ? gt_fail(GT_FAILED, "missing: %d of %d values", missing, t->n) : st;
}

static gt_status share_paths_all(cli_session *s, metrics_fields *f) {
    const char **paths[] = {&f->of.network, &f->of.run, &f->of.job, &f->of.options.detector};
    gt_status st = GT_OK;
    for (size_t i = 0; i < sizeof paths / sizeof *paths && !st; i++)
        st = cli_share_path_all(s->comm, s->arena, paths[i]);
    return st;
}

static gt_status score_all(const metrics_fields *f) {
    const gt_scores_options *r = &f->of;
    gt_metric_table t = {0};
    int64_t images;
    gt_status st = gt_score_pictures_all(r, &t, &images);
    bool tells = !st || t.n; /* also where only a file could not be written: scores may have taken hours */
    gt_status told = tells && !r->comm->rank ? tell_scores(f, &t, images) : GT_OK;
    if (!st) st = gt_comm_agree_all(r->comm, told);
    gt_metric_table_free(&t);
    return st;
}

static void print_ensemble_score(void *arg, const char *target, const char *key, double value, const char *recipe) {
    const metrics_fields *f = arg;
    if (!f->json) {
        char text[32] = "none";
        if (isfinite(value)) snprintf(text, sizeof text, "%.8g", value);
        gt_print("%-24s %-16s %-14s %s\n", target, key, text, recipe);
        return;
    }
    json_t *line = json_pack("{s:s, s:s, s:o, s:s}", "target", target, "score", key, "value",
                             isfinite(value) ? json_real(value) : json_null(), "recipe", recipe);
    GT_FREED char *text = json_dumps(line, JSON_ENSURE_ASCII | JSON_REAL_PRECISION(17));
    print_json(NULL, NULL, text ? text : "{}");
    json_decref(line);
}

static gt_status score_ensembles_all(cli_session *s, metrics_fields *f) {
    gt_ensemble_request *e = &f->ensemble;
    e->options = (gt_generator_options){
        .steps = cli_steps_wanted(s, &f->sampling), .pool = s->pool, .reading = cli_reading(&s->options)};
    e->stop = gt_stop_requested;
    gt_stop_install_short(s->comm, "stopping after these fields; no score is written (Ctrl-C again: at once)");
    gt_status st = share_paths_all(s, f);
    e->checkpoint = f->of.network;
    e->job = f->of.job;
    if (!st) st = gt_ensembles_find()->score_all(s->comm, e, f->of.options.metrics, print_ensemble_score, f);
    gt_stop_restore();
    return st;
}

static void print_all_help(void) {
    gt_metric_help(print_help, NULL);
    if (gt_ensembles_found[0]) gt_ensembles_found[0]->help(print_help, NULL);
}

static gt_status metrics(cli_session *s) {
    metrics_fields *f = s->fields;
    if (wants_help(f)) {
        if (!s->comm->rank) print_all_help();
        return GT_OK;
    }
    if (*f->ensemble.condition) return score_ensembles_all(s, f);
    if (gt_options_state(&s->options, "gpus") == GT_OPTION_GIVEN)
        gt_info("--gpus has no effect here; gantry run -n sets the number of ranks");
    gt_stop_install_short(s->comm, "stopping after these images; no score is written (Ctrl-C again: at once)");
    gt_scores_options *r = &f->of;
    r->comm = s->comm;
    r->pool = s->pool;
    r->reading = cli_reading(&s->options);
    r->options.given = &s->options;
    r->equal_classes = f->fake_classes == CLASSES_EQUAL;
    r->skip_damaged = f->on_error == GT_ON_ERROR_SKIP;
    r->mirror_given = gt_options_state(&s->options, "mirror") == GT_OPTION_GIVEN;
    r->steps = cli_steps_wanted(s, &f->sampling);
    r->seed_given = gt_options_state(&s->options, "seed") == GT_OPTION_GIVEN;
    r->options.seed = (uint64_t)f->seed;
    r->options.stop = gt_stop_requested;
    gt_status st = share_paths_all(s, f);
    if (!st) st = score_all(f);
    gt_stop_restore();
    return st;
}

const cli_command cli_metrics = {
    .name = "metrics",
    .stopping = "stopping; no score is written",
    .arguments = "CHECKPOINT | RUN [--metrics=LIST] [--data=PATH] | --reals=A --fakes=B",
    .help = "Measure how good a network's pictures are, or a set of pictures",
    .detail = "Values are the same on any number of ranks and threads. In a run's directory they are appended to "
              "metric-NAME.jsonl.",
    .files = "metric-NAME.jsonl in the folder of the run. With --save: statistics; with --save-fakes: a dataset; with "
             "--nearest: a picture.",
    .stopped = "stopped before the end; no score is written",
    CLI_EXAMPLES({"Frechet distance of 10,000 images of a run's newest network",
                  "gantry metrics runs/first --metrics=fid10k --inception=inception.pth"},
                 {"The same with features of a network trained here",
                  "gantry metrics runs/first --metrics=fid10k,pr10k3 --detector=runs/lenet"},
                 {"Two sets of pictures", "gantry metrics --reals=photos.zip --fakes=images --inception=inception.pth"},
                 {"Metrics that need no weights: patches, wavelets, spectrum, near copies",
                  "gantry metrics runs/first --count=1000"},
                 {"Names of all metrics", "gantry metrics --metrics=help"}),
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = prepare,
    .run = metrics,
};
