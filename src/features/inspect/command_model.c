/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect --model=NAME: the layers of a model's networks, with their parameters, arithmetic and memory. */
#include <stdlib.h>
#include <string.h>

#include "features/inspect/command.h"
#include "gantry/text.h"
#include "features/inspect/layer_table.h"

typedef struct shape_fields {
    const char *size;
    int64_t channels, classes;
} shape_fields;

enum { OWN = 3 };

static const char *const own_keys[OWN] = {"size", "channels", "classes"};

/* ---- tables ---- */

enum { TEXTS = 5 };

static void texts_of(const gt_layer_row *r, const char *text[TEXTS]) {
    text[0] = r->layer, text[1] = r->kind, text[2] = r->channels, text[3] = r->activation, text[4] = r->shape;
}

static void print_texts(const char *const text[TEXTS], const int width[TEXTS]) {
    for (int i = 0; i < TEXTS; i++) gt_print("%-*s  ", width[i], text[i]);
}

static void print_row(const gt_layer_row *r, const int width[TEXTS]) {
    const char *text[TEXTS];
    texts_of(r, text);
    print_texts(text, width);
    gt_print("%10.0f %12.3f %10.1f\n", r->parameters, r->flops / 1e6, 4 * r->values / 1e3);
}

static void print_table(const gt_layer_table *t) {
    static const char *const heads[TEXTS] = {"layer", "what", "channels", "activation", "result"};
    int width[TEXTS];
    for (int i = 0; i < TEXTS; i++) width[i] = (int)strlen(heads[i]);
    for (int k = 0; k < t->n; k++) {
        const char *text[TEXTS];
        texts_of(&t->rows[k], text);
        for (int i = 0; i < TEXTS; i++)
            if ((int)strlen(text[i]) > width[i]) width[i] = (int)strlen(text[i]);
    }
    gt_print("network %s\n", t->network);
    print_texts(heads, width);
    gt_print("%10s %12s %10s\n", "parameters", "Mflop", "kB");
    for (int k = 0; k < t->n; k++) print_row(&t->rows[k], width);
    print_row(&(gt_layer_row){"total", "", "", "", "", t->parameters, t->flops, t->values, false}, width);
    gt_print("%s has %.0f parameters and %.0f other numbers in %d tensors: %.1f MB. One image: %.3f Gflop, %.1f MB of "
             "results; a pass needs %.1f MB, with packed weights.\n\n",
             t->network, t->parameters, t->buffers, t->tensors, 4 * (t->parameters + t->buffers) / 1e6, t->flops / 1e9,
             4 * t->values / 1e6, (double)t->bytes / 1e6);
}

static gt_status print_network(gt_arena *a, gt_model *m, int i) {
    gt_layer_table t;
    gt_status st = gt_layer_table_make(a, m, i, &t);
    if (!st) print_table(&t);
    return st;
}

static gt_status print_model(const gt_job *job) {
    gt_model *m = gt_model_bare(job);
    if (!m) return gt_failure();
    const gt_job_facts of_job = gt_job_look(job);
    const gt_model_facts of = gt_model_look(m);
    gt_status st = GT_OK;
    size_t bytes;
    gt_print("model %s, images of %dx%d with %d channel%s\n\n", of_job.model, of.height, of.width, of.channels,
             of.channels == 1 ? "" : "s");
    for (int i = 0; i < of.n_networks && !st; i++) st = print_network(gt_job_arena(job), m, i);
    if (!st) st = gt_training_bytes(m, job, &bytes);
    if (!st)
        gt_print("Training with --batch=%lld: slices of %d image%s; each slice needs %.1f MB while it is computed.\n",
                 (long long)of_job.batch, of.slice_size, gt_plural(of.slice_size), (double)bytes / 1e6);
    gt_model_free(m);
    return st;
}

gt_status cli_print_layers(const gt_options *o, const char *checkpoint) {
    gt_network_options reading = cli_reading(o);
    GT_ARENA gt_arena *a = gt_arena_new();
    gt_layer_table *tables;
    int n = 0;
    gt_status st = a ? gt_layer_tables_of(a, checkpoint, &reading, &tables, &n) : GT_NOMEM;
    if (!st && n) gt_print("\n");
    for (int i = 0; i < n && !st; i++) print_table(&tables[i]);
    return st;
}

/* ---- arguments ---- */

/* The options of inspect that go with --model. */
static void own_rows(gt_option rows[OWN]) {
    static const size_t places[OWN] = {offsetof(shape_fields, size), offsetof(shape_fields, channels),
                                       offsetof(shape_fields, classes)};
    int n;
    const gt_option *inspect = cli_options(cli_find("inspect"), &n);
    for (int i = 0; i < OWN; i++) {
        rows[i] = *gt_options_find(&(gt_options){.rows = inspect, .n = n}, own_keys[i]);
        rows[i].offset = places[i];
    }
}

static gt_status resolve_job(gt_job *job, const shape_fields *f) {
    int64_t height = 0, width = 0;
    if (!*f->size)
        return gt_fail(GT_USAGE, "--model needs --size: height x width of the images, such as --size=224x224");
    cli_read_size(f->size, &height, &width);
    gt_job_set_colours(job, f->channels == 1 || f->channels == 3 ? f->channels : 0);
    return gt_job_resolve(job, height, width, f->channels, f->classes, 0);
}

static gt_status inspect_model(gt_job *job, int argc, char **argv, bool *help) {
    gt_option rows[OWN];
    shape_fields fields = {0};
    uint8_t state[OWN];
    cli_arguments arguments;
    own_rows(rows);
    gt_options own = {.rows = rows, .n = OWN, .fields = &fields, .state = state, .arena = gt_job_arena(job)},
               of_job = *gt_options_of_job(job);
    gt_status st = cli_split_with_job(&own, argc, argv, &arguments);
    *help = !st && arguments.help;
    if (st || *help) return st;
    if (arguments.n_words)
        return gt_fail(GT_USAGE, "'%s': --model takes no file; give one of the two", arguments.words[0]);
    st = cli_apply(&of_job, &arguments);
    if (!st) st = resolve_job(job, &fields);
    return st ? st : print_model(job);
}

int cli_inspect_model(int argc, char **argv) {
    bool help = false;
    gt_job *job = gt_job_new();
    if (!job) return cli_exit("inspect", GT_NOMEM);
    gt_job_set_kernels(job, cli_kernels());
    gt_status st = inspect_model(job, argc, argv, &help);
    if (help) cli_print_help(cli_find("inspect"), NULL, stdout);
    gt_job_free(job);
    return cli_exit("inspect", st);
}
