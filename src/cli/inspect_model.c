/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect --model=NAME: the layers of a model's networks, with their parameters, arithmetic and memory. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "gantry/graph.h"
#include "gantry/train.h"
#include "use/runner/trained.h"

typedef struct shape_fields {
    const char *size;
    int64_t channels, classes;
} shape_fields;

enum { OWN = 3, LAYER = 256 };

static const char *const own_keys[OWN] = {"size", "channels", "classes"};

/* ---- tables ---- */

typedef struct totals {
    double parameters, buffers, flops, values; /* numbers of one network */
    int tensors;
} totals;

/* Floats of the layer's tensors. */
static void count_tensors(const gt_net *net, const char *layer, double *parameters, double *buffers) {
    *parameters = *buffers = 0;
    for (int i = 0; i < net->n_tensors; i++) {
        char name[LAYER];
        gt_layer_name(net->tensors[i].name, false, name, sizeof name);
        if (!strcmp(name, layer)) *(net->tensors[i].trainable ? parameters : buffers) += (double)net->tensors[i].size;
    }
}

/* "112x112x64", height, width and channels: without the number of images. */
static void shape_text(const gt_node *n, char *text) {
    gt_shape s = *gt_node_shape(n);
    if (s.n > 1) {
        s.n--;
        memmove(s.d, s.d + 1, (size_t)s.n * sizeof *s.d);
    }
    gt_shape_text(&s, text);
}

static void print_row(const char *layer, const char *kind, const char *shape, double parameters, double flops,
                      double values) {
    printf("%-40.*s %-14s %-14s %12.0f %12.3f %10.1f\n", (int)strcspn(layer, "#"), layer, kind, shape, parameters,
           flops / 1e6, 4 * values / 1e3);
}

static void print_layer(const gt_net *net, const gt_graph_layer *l, totals *sum) {
    char shape[96];
    double parameters, buffers, values = (double)gt_shape_size(gt_node_shape(l->output));
    count_tensors(net, l->name, &parameters, &buffers);
    if (strchr(l->name, '#') && l->flops <= 0) return; /* a view of a view */
    shape_text(l->output, shape);
    print_row(l->name, l->kind, shape, parameters, l->flops, values);
    sum->flops += l->flops;
    sum->values += values;
}

/* Layers whose tensors the pass in use does not read: heads that help to train. */
static void print_absent(const gt_net *net, const gt_layer_list *list) {
    char last[LAYER] = "";
    for (int i = 0; i < net->n_tensors; i++) {
        char name[LAYER];
        double parameters, buffers;
        bool there = false;
        gt_layer_name(net->tensors[i].name, false, name, sizeof name);
        for (int k = 0; k < list->n && !there; k++) there = !strcmp(list->layers[k].name, name);
        count_tensors(net, name, &parameters, &buffers);
        if (there || !strcmp(name, last) || parameters <= 0) continue;
        snprintf(last, sizeof last, "%s", name);
        print_row(name, "in training", "", parameters, 0, 0);
    }
}

static gt_status print_network(gt_model *m, int i) {
    const gt_net *net = m->nets[i];
    gt_graph *g = gt_model_forward(m, i, 1);
    gt_exec *e = g ? gt_exec_new(g, &(gt_exec_options){0}) : NULL;
    gt_layer_list list;
    gt_status st = e ? gt_layer_list_make(g, &list) : gt_failure();
    if (!st) {
        totals sum = {.tensors = net->n_tensors};
        printf("network %s\n%-40s %-14s %-14s %12s %12s %10s\n", net->name, "layer", "op", "result", "parameters",
               "Mflop", "kB");
        for (int k = 0; k < list.n; k++) print_layer(net, &list.layers[k], &sum);
        print_absent(net, &list);
        for (int k = 0; k < net->n_tensors; k++)
            *(net->tensors[k].trainable ? &sum.parameters : &sum.buffers) += (double)net->tensors[k].size;
        print_row("total", "", "", sum.parameters, sum.flops, sum.values);
        printf(
            "%s has %.0f parameters and %.0f other numbers in %d tensors: %.1f MB. One image: %.3f Gflop, %.1f MB of "
            "results; a pass needs %.1f MB, with packed weights.\n\n",
            net->name, sum.parameters, sum.buffers, sum.tensors, 4 * (sum.parameters + sum.buffers) / 1e6,
            sum.flops / 1e9, 4 * sum.values / 1e6, (double)gt_exec_arena_bytes(e) / 1e6);
    }
    gt_exec_free(e);
    gt_graph_free(g);
    return st;
}

/* What the graphs of training need for the largest slice. */
static gt_status print_training(gt_model *m, const gt_job *job) {
    size_t most = 0;
    gt_status st = GT_OK;
    for (int i = 0; i < m->n_phases && !st; i++) {
        gt_graph *g = m->phases[i].build(&m->phases[i], m->slice_size);
        gt_exec *e = g ? gt_exec_new(g, &(gt_exec_options){.runs = 1, .recompute = gt_job_recompute(job)}) : NULL;
        st = e ? GT_OK : gt_failure();
        if (e && gt_exec_arena_bytes(e) > most) most = gt_exec_arena_bytes(e);
        gt_exec_free(e);
        gt_graph_free(g);
    }
    if (!st)
        printf("Training with --batch=%lld: slices of %d images, of which each needs %.1f MB while it is computed.\n",
               (long long)job->batch, m->slice_size, (double)most / 1e6);
    return st;
}

static gt_status print_model(const gt_job *job) {
    gt_model *m = gt_model_bare(job);
    if (!m) return gt_failure();
    gt_status st = GT_OK;
    printf("model %s, images of %dx%d with %d channel%s\n\n", job->model, m->height, m->width, m->channels,
           m->channels == 1 ? "" : "s");
    for (int i = 0; i < m->n_nets && !st; i++) st = print_network(m, i);
    if (!st) st = print_training(m, job);
    gt_model_free(m);
    return st;
}

gt_status cli_print_layers(const char *checkpoint) {
    gt_trained t;
    gt_status st = gt_trained_open(&t, checkpoint, cli_kernels());
    if (st) return st == GT_NOMEM ? st : GT_OK; /* a mixture, say, has no layers */
    putchar('\n');
    for (int i = 0; i < t.model->n_nets && !st; i++) st = print_network(t.model, i);
    gt_trained_close(&t);
    return st;
}

/* ---- arguments ---- */

gt_status cli_read_size(const char *text, int64_t *height, int64_t *width) {
    enum { MOST = 1 << 16 };
    char *end;
    if (!*text) return gt_fail(GT_USAGE, "--model needs --size: height x width of the images, such as --size=224x224");
    *height = *width = strtoll(text, &end, 10);
    if (end != text && *end == 'x') *width = strtoll(text = end + 1, &end, 10);
    if (end == text || *end || *height < 1 || *width < 1 || *height > MOST || *width > MOST)
        return gt_fail(GT_USAGE, "--size: '%s' is not a size such as 224x224", text);
    return GT_OK;
}

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

static gt_status resolve(gt_job *job, const shape_fields *f) {
    int64_t height = 0, width = 0;
    gt_status st = cli_read_size(f->size, &height, &width);
    job->colours = f->channels == 1 || f->channels == 3 ? f->channels : 0;
    return st ? st : gt_job_resolve(job, height, width, f->channels, f->classes, 0);
}

static gt_status inspect_model(gt_job *job, int argc, char **argv, bool *help) {
    gt_option rows[OWN];
    shape_fields fields = {0};
    uint8_t state[OWN];
    cli_arguments arguments;
    own_rows(rows);
    gt_options own = {rows, OWN, &fields, state, job->arena, false}, of_job = job->options;
    gt_status st = cli_split_with_job(job, &own, argc, argv, &arguments);
    *help = !st && arguments.help;
    if (st || *help) return st;
    if (arguments.n_words)
        return gt_fail(GT_USAGE, "'%s': --model shows a model of its own, without a file", arguments.words[0]);
    st = cli_apply(&of_job, &arguments);
    if (!st) st = resolve(job, &fields);
    return st ? st : print_model(job);
}

int cli_inspect_model(int argc, char **argv) {
    bool help = false;
    gt_job *job = gt_job_new();
    if (!job) return cli_exit("inspect", GT_NOMEM);
    job->kernels = cli_kernels();
    gt_status st = inspect_model(job, argc, argv, &help);
    if (help) cli_print_help(cli_find("inspect"), NULL, stdout);
    gt_job_free(job);
    return cli_exit("inspect", st);
}
