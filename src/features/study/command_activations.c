/* SPDX-License-Identifier: Apache-2.0
 * gantry activations: how initial values and activation functions spread the values of a classifier's layers. */
#include <stdlib.h>
#include <string.h>

#include "command/door/cli.h"
#include "gantry/rundir.h"
#include "features/study/study_view.h"

typedef struct activations_fields {
    const char *inits, *activations, *size, *range, *outdir;
    bool overwrite;
    int64_t channels, classes, inputs, bins;
} activations_fields;

#define FIELDS activations_fields

enum { LIST = 64, BINS = 1000 };

/* The words of a text; one NULL where there is none. */
static int split_words(gt_arena *a, const char *text, const char **words) {
    int n = 0;
    char *copy = gt_arena_printf(a, "%s", text), *rest = copy;
    for (char *word; copy && n < LIST && (word = strtok_r(rest, " ", &rest));) words[n++] = word;
    if (!n) words[n++] = NULL;
    return n;
}

/* Values of the option of jobs whose key has no s. */
static gt_status check_words(const gt_option *o, const char *value) {
    const char *words[LIST];
    char key[32];
    gt_job *job = gt_job_new();
    if (!job) return GT_NOMEM;
    snprintf(key, sizeof key, "%.*s", (int)strlen(o->key) - 1, o->key);
    int n = split_words(gt_job_arena(job), value, words);
    gt_status st = GT_OK;
    for (int i = 0; i < n && !st; i++) st = gt_job_set(job, key, words[i], NULL);
    gt_job_free(job);
    return st;
}

static gt_status check_range(const gt_option *o, const char *value) {
    return gt_is(value, "own") ? GT_OK : cli_check_ends(o, value);
}

static const gt_option table[] = {
    {CLI_OPTION(inits, "", "Initial values to compare, such as '1 0.01 xavier he'"), .placeholder = "WORDS",
     .check = check_words, .detail = "Values of --init, separated by spaces; empty: only the job's value."},
    {CLI_OPTION(activations, "", "Activations to compare, such as 'sigmoid relu tanh'"), .placeholder = "WORDS",
     .check = check_words,
     .detail = "Values of --activation (for mlp), separated by spaces; empty: only the job's value."},
    {CLI_OPTION(size, "10x10", "Height x width of the inputs"), .placeholder = "HxW", .check = cli_check_size},
    {CLI_OPTION(channels, "1", "Number of channels of the inputs"), .min = 1, .max = 256},
    {CLI_OPTION(classes, "10", "Number of classes"), .min = 2, .max = 65536},
    {CLI_OPTION(inputs, "1000", "Number of inputs, each of independent normal numbers"), .min = 1, .max = 1 << 24},
    {CLI_OPTION(bins, "30", "Number of bins of a histogram"), .min = 1, .max = BINS},
    {CLI_OPTION(range, NULL, "Ends of the axis of all histograms, as in 0..1; own: each layer has its own"),
     .placeholder = "LO..HI", .derived = "-1..1 with tanh and lrelu, else 0..1", .check = check_range,
     .detail = "One axis for all layers shows how values shrink or grow from layer to layer. Values outside the axis "
               "are in no bin, and the table says how many they are."},
    {CLI_OPTION(outdir, "activations", "Folder to write to; made if needed"),
     CLI_FILLS({"activations.csv", GT_OUTFILE_TABLE}, CLI_FIGURE("activations")),
     .detail = "activations.csv: for each layer the mean, the standard deviation, four shares (values that are 0, "
               "values in the outer two bins, values within a twentieth of the range around its middle, values "
               "outside the range) and all bins. "
               "activations.png, activations.svg: the histograms, one column per layer."},
    CLI_OVERWRITE,
};

typedef struct work {
    const activations_fields *fields;
    const cli_arguments *arguments;
    gt_arena *arena;
    gt_activation_table *table;
} work;

/* ---- a job ---- */

static gt_status set_option(gt_options *o, const char *key, const char *value) {
    return value ? gt_options_set(o, key, value, NULL) : GT_OK;
}

/* NULL: the job's own. */
static gt_status read_job(const work *w, gt_job *job, const char *init, const char *activation) {
    const cli_arguments *a = w->arguments;
    const activations_fields *f = w->fields;
    gt_options o = *gt_options_of_job(job);
    int64_t height = 0, width = 0;
    if (a->n_words > 1) return gt_fail(GT_USAGE, "'%s': one job file at most", a->words[1]);
    cli_read_size(f->size, &height, &width);
    gt_status st = set_option(&o, "model", "mlp");
    if (!st && a->n_words) st = gt_job_read_file(job, a->words[0]);
    if (!st) st = cli_apply(&o, a);
    if (!st) st = set_option(&o, "init", init);
    if (!st) st = set_option(&o, "activation", activation);
    return st ? st : gt_job_resolve(job, height, width, (int)f->channels, (int)f->classes, 0);
}

/* ---- a network ---- */

static void print_layer(const gt_activations *a, const char *init, const char *activation) {
    gt_print("%-10s %-10s %-16s %10.3g %10.3g %8.3f %8.3f %8.3f %8.3f\n", activation, init, a->layer, a->mean, a->std,
             a->zeros, a->outer, a->middle, a->outside);
}

static void set_range(const char *range, const char *activation, gt_activations_options *o) {
    double ends[2] = {gt_is(activation, "tanh") || gt_is(activation, "lrelu") ? -1 : 0, 1};
    if (range && gt_is(range, "own")) return;
    if (range && *range) cli_read_ends(range, ends);
    o->lo = ends[0], o->hi = ends[1];
}

static gt_status measure_network(work *w, gt_job *job, const char *init, const char *activation) {
    gt_options o = *gt_options_of_job(job);
    gt_status st = read_job(w, job, init, activation);
    if (st) return st;
    const gt_option *of_init = gt_options_find(&o, "init"), *of_activation = gt_options_find(&o, "activation");
    const char *shown = gt_options_effective(&o, of_init), *by = gt_options_effective(&o, of_activation);
    const gt_job_facts of = gt_job_look(job);
    gt_activations_options options = {
        .inputs = (int)w->fields->inputs, .bins = (int)w->fields->bins, .seed = (uint64_t)of.seed};
    const gt_family_model *kind;
    const gt_family *family = gt_family_of(of.model, &kind);
    if (!gt_model_has(family, kind, of_activation)) by = of.model;
    set_range(w->fields->range, by, &options);
    gt_model *m = gt_model_new(job);
    gt_activations *all = NULL;
    int n = 0;
    st = m ? gt_activations_measure(m, &options, w->arena, &all, &n) : gt_failure();
    if (!st && !*shown) shown = "own"; /* a model without the option has ended with an error */
    if (!st) st = gt_activation_table_add(w->table, shown, by, all, n);
    for (int i = 0; i < n && !st; i++) print_layer(&all[i], shown, by);
    gt_model_free(m);
    return st;
}

/* ---- all of them ---- */

static gt_status write_table(const work *w) {
    const char *outdir = w->fields->outdir;
    gt_status st = gt_rundir_prepare(outdir, 1 << 20);
    if (!st) st = gt_activation_table_write(w->table, outdir);
    if (!st) gt_print("%s/activations.csv, %s/activations.png\n", outdir, outdir);
    return st;
}

static gt_status compare_networks(work *w) {
    const char *inits[LIST], *activations[LIST];
    int n_inits = split_words(w->arena, w->fields->inits, inits),
        n_activations = split_words(w->arena, w->fields->activations, activations);
    gt_print("%-10s %-10s %-16s %10s %10s %8s %8s %8s %8s\n", "activation", "init", "layer", "mean", "std", "zeros",
             "outer", "middle", "outside");
    gt_status st = GT_OK;
    for (int i = 0; i < n_activations * n_inits && !st; i++) {
        gt_job *job = gt_job_new();
        if (!job) return GT_NOMEM;
        gt_job_set_kernels(job, cli_kernels());
        st = measure_network(w, job, inits[i % n_inits], activations[i / n_inits]);
        gt_job_free(job);
    }
    return st ? st : write_table(w);
}

static gt_status activations(cli_session *s) {
    work w = {.fields = s->fields, .arguments = &s->arguments, .arena = s->arena};
    w.table = gt_activation_table_new((int)w.fields->bins);
    gt_status st = w.table ? compare_networks(&w) : gt_failure();
    gt_activation_table_free(w.table);
    return st;
}

const cli_command cli_activations = {
    .name = "activations",
    .arguments = "[JOB.ini] [--key=value ...]",
    .help = "Draw histograms of a classifier's layers before training",
    .detail = "Also takes the options of train. If no model is given, the model is mlp. The inputs are independent "
              "normal numbers instead of pixels.",
    .files = "In --outdir: activations.csv, activations.png and activations.svg.",
    .takes_job = true,
    CLI_EXAMPLES(
        {"Three ways to begin", "gantry activations --inits='0.01 xavier he'"},
        {"Two activations with wider layers", "gantry activations --hidden=500,500 --activations='sigmoid relu'"}),
    CLI_ROWS(table),
    .run = activations,
};
