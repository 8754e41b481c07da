/* SPDX-License-Identifier: Apache-2.0
 * gantry latent: where an autoencoder puts the images of a dataset, and what lies between; several beside each other.
 */
#include <libgen.h>
#include <stdlib.h>

#include "command/door/applied.h"
#include "gantry/arrays.h"
#include "gantry/runner.h"
#include "features/latent/latent_view.h"
#include "gantry/rundir.h"

typedef struct latent_fields {
    const char *outdir, *classes, *traverse, *dims, *layer, *network, *class;
    double scale;
    int64_t interpolate, threads;
    bool overwrite;
    const char **names; /* of the runs, as they were given: their last parts */
} latent_fields;

#define FIELDS latent_fields

enum { DIMS_GIVEN_MAX = 64, VALUES_MAX = 64, SCALE_VALUES = 9 };

static gt_status check_values(const gt_option *o, const char *value) {
    int n = 1;
    for (const char *c = value; *c; c++) n += *c == ',';
    return n > VALUES_MAX ? gt_fail(GT_USAGE, "takes at most %d numbers", VALUES_MAX) : cli_check_numbers(o, value);
}

static const gt_option table[] = {
    {CLI_OPTION(outdir, "latent", "Folder to write to; made if needed"),
     CLI_FILLS({"latents.h5", GT_OUTFILE_ARRAYS}, CLI_FIGURE("histograms"), CLI_FIGURE("labels"),
               {"traversal.png", GT_OUTFILE_PICTURE}, {"interpolation.png", GT_OUTFILE_PICTURE}),
     .detail = "latents.h5: latent (and log_variance), error, labels of every image. histograms.svg, .png: each "
               "dimension against N(0,1). labels.svg, .png: the first dimensions against the label. traversal.png: one "
               "dimension moved, the others 0. interpolation.png: between four images. Without DATA: only "
               "traversal.png. For several runs: only histograms and labels, each with all runs on one axis."},
    {CLI_OPTION(traverse, "-3,-0.5,0,0.9,3", "Values of a dimension in traversal.png"), .placeholder = "LIST",
     .check = check_values, .with = "!--layer"},
    {CLI_OPTION(scale, NULL, "Take nine values from -X to X instead of --traverse"), .derived = "as --traverse",
     .min = 1e-6, .max = 1e6, .with = "!--layer"},
    {CLI_OPTION(dims, "", "Dimensions in the pictures, as in 3,17"), .placeholder = "LIST",
     .check = gt_option_check_ranges, .with = "!--layer",
     .detail =
         "By default the 16 dimensions with the largest divergence from N(0,1) over the data, the largest first. For "
         "latents without a distribution, and without data, the first 16. The program prints the dimensions."},
    {CLI_OPTION(interpolate, "8", "Number of steps along a side of interpolation.png"), .min = 2, .max = 64,
     .with = "!--layer", .late = true},
    {CLI_OPTION(class, "", "Class of the pictures, of a model that sees labels"), .placeholder = "CLASS", .any = true,
     .with = "!--layer", .detail = "A number or a name; empty: the label of the first image."},
    {CLI_OPTION(layer, "", "Write the results of this layer instead of latents, for any network"),
     .placeholder = "LAYER", .any = true,
     .detail = "latents.h5 then has latent [images,height,width,channels], or [images,features], and labels. The "
               "network is a classifier, an autoencoder or D of a GAN. An unknown name makes gantry list the names of "
               "the layers; the name of a block, such as layer2, means the last layer of the block."},
    {CLI_OPTION(network, "", "With --layer: the network, such as D"), .placeholder = "WORD", .any = true,
     .with = "--layer"},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
};

/* ---- options ---- */

/* Of latents of d numbers; d 0: not known yet. */
static gt_status read_dims(const cli_session *s, int d, int64_t **list, int64_t *n) {
    const char *text = ((const latent_fields *)s->fields)->dims;
    *list = NULL;
    *n = 0;
    gt_status st = *text ? gt_parse_range_list(s->arena, "--dims", text, DIMS_GIVEN_MAX, list, n) : GT_OK;
    for (int64_t i = 0; i < *n && d && !st; i++)
        if ((*list)[i] >= d) st = gt_fail(GT_USAGE, "--dims=%s: the latents have the dimensions 0 to %d", text, d - 1);
    return st;
}

/* Of --scale, evenly from one end to the other, or of --traverse. */
static gt_status read_values(const cli_session *s, const float **values, int *n) {
    const latent_fields *f = s->fields;
    if (f->scale > 0) {
        float *even = gt_arena_array(s->arena, SCALE_VALUES, sizeof *even);
        for (int i = 0; even && i < SCALE_VALUES; i++) even[i] = (float)(f->scale * (2.0 * i / (SCALE_VALUES - 1) - 1));
        *values = even;
        *n = SCALE_VALUES;
        return even ? GT_OK : GT_NOMEM;
    }
    return cli_read_numbers(s->arena, f->traverse, values, n);
}

/* Do --traverse, --scale and --dims fit together? Before any work. */
static gt_status check_options(const cli_session *s) {
    const latent_fields *f = s->fields;
    int64_t *list, n_dims;
    if (f->scale > 0 && gt_options_state(&s->options, "traverse") == GT_OPTION_GIVEN)
        return gt_fail(GT_USAGE, "--scale=%g and --traverse=%s: only one of them", f->scale, f->traverse);
    return read_dims(s, 0, &list, &n_dims);
}

/* What the pictures show of latents of d numbers; `l` NULL: there are no data. */
static gt_status read_pictures(const cli_session *s, const gt_latents *l, const gt_generator *g, int d,
                               gt_latent_dims *dims, gt_latent_pictures *p) {
    const latent_fields *f = s->fields;
    int64_t *list, n;
    p->steps = (int)f->interpolate;
    if (l) gt_options_use(&s->options, "interpolate");
    gt_status st = gt_latent_label(s->arena, l, g, f->class, &p->label);
    if (!st) st = read_dims(s, d, &list, &n);
    if (!st) st = gt_latent_dims_choose(s->arena, l, d, list, n, dims);
    return st ? st : read_values(s, &p->values, &p->n_values);
}

static void print_dims(const gt_latent_dims *dims, int d) {
    if (d == 1) return;
    gt_print("dimensions in the pictures%s:", dims->divergence ? ", with their divergence from N(0,1)" : "");
    for (int k = 0; k < dims->n; k++) {
        gt_print("%s %d", k ? "," : "", dims->dim[k]);
        if (dims->divergence) gt_print(" (%.3g)", dims->divergence[k]);
    }
    gt_print("%s\n", dims->n < d ? "; --dims chooses others" : "");
}

/* ---- of a dataset ---- */

static gt_status write_latents(const cli_applied *e, const gt_encoded *all) {
    const cli_session *s = e->session;
    const latent_fields *f = s->fields;
    const gt_latents l = {e->model, e->data, *all};
    int d = gt_model_look(e->model).latent_size;
    int64_t n = e->info->count;
    gt_latent_dims dims;
    gt_latent_pictures pictures;
    gt_network_options reading = cli_reading(&s->options);
    gt_generator *g = gt_decoder_open(s->arguments.words[0], NULL, &reading);
    gt_status st = g ? read_pictures(s, &l, g, d, &dims, &pictures) : gt_failure();
    if (!st) st = gt_rundir_prepare(f->outdir, (size_t)n * (size_t)d * 8);
    if (!st) st = gt_latents_write(&l, g, &dims, &pictures, f->outdir);
    gt_generator_close(g);
    if (st) return st;
    print_dims(&dims, d);
    gt_print("%lld latents of %d numbers, and pictures, in %s\n", (long long)n, d, f->outdir);
    return GT_OK;
}

static gt_status write_latents_all(cli_applied *e) {
    gt_encoded all;
    gt_status st = gt_encode_dataset_all(e->comm, e->network, e->data, &all);
    if (!st) st = gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : write_latents(e, &all));
    gt_encoded_free(&all);
    return st;
}

/* ---- several runs beside each other ---- */

typedef struct beside { /* the runs so far, and what rank 0 keeps of them */
    gt_latent_shown *shown;
    const char **names;
    int n;
} beside;

static gt_status keep_latents(const cli_applied *e, const gt_encoded *all, gt_latent_shown *out, const char *name) {
    const cli_session *s = e->session;
    const gt_latents l = {e->model, e->data, *all};
    int64_t *list, n;
    gt_latent_dims *dims = gt_arena_array(s->arena, 1, sizeof *dims);
    gt_status st = dims ? read_dims(s, gt_model_look(e->model).latent_size, &list, &n) : GT_NOMEM;
    if (!st) st = gt_latent_dims_choose(s->arena, &l, gt_model_look(e->model).latent_size, list, n, dims);
    if (!st) st = gt_latents_show(s->arena, &l, dims, name, out);
    if (st) return gt_wrap(st, "%s", name);
    gt_print("%s: ", name);
    print_dims(dims, gt_model_look(e->model).latent_size);
    if (gt_model_look(e->model).latent_size == 1) gt_print("latents of one number\n");
    return GT_OK;
}

static gt_status keep_latents_all(cli_applied *e) {
    const beside *b = e->arg;
    gt_encoded all;
    gt_status st = gt_encode_dataset_all(e->comm, e->network, e->data, &all);
    if (!st)
        st = gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : keep_latents(e, &all, &b->shown[b->n], b->names[b->n]));
    gt_encoded_free(&all);
    return st;
}

static gt_status draw_beside(const cli_session *s, const beside *b) {
    const char *outdir = ((const latent_fields *)s->fields)->outdir;
    gt_status st = gt_rundir_prepare(outdir, 1 << 20);
    if (!st) st = gt_latents_plot_histograms(b->shown, b->n, cli_out(s, "histograms"));
    if (!st) st = gt_latents_plot_labels(b->shown, b->n, cli_out(s, "labels"));
    if (!st) gt_print("the latents of %d runs, side by side, in %s\n", b->n, outdir);
    return st;
}

static gt_status compare_latents_all(cli_session *s) {
    int runs = s->arguments.n_words - 1;
    const char **words = s->arguments.words, *pair[2] = {NULL, words[runs]};
    beside b = {gt_arena_array(s->arena, (size_t)runs, sizeof *b.shown), ((latent_fields *)s->fields)->names, 0};
    gt_status st = gt_comm_agree_all(s->comm, b.shown ? GT_OK : GT_NOMEM);
    for (; b.n < runs && !st; b.n++) {
        pair[0] = words[b.n];
        s->arguments.words = pair; /* one run and the data, as for any command */
        s->arguments.n_words = 2;
        st = cli_apply_all(s, GT_ROLE_ENCODER, CLI_SIZE_OF_TRAINING, keep_latents_all, &b);
    }
    s->arguments.words = words;
    s->arguments.n_words = runs + 1;
    return st ? st : gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : draw_beside(s, &b));
}

/* The runs are words 0 to n - 2; their names are kept before they become those of checkpoints. */
static gt_status check_several(cli_session *s) {
    static const char *const of_one[] = {"traverse", "scale", "interpolate", "class", "layer", "network"};
    latent_fields *f = s->fields;
    const char **words = s->arguments.words;
    int runs = s->arguments.n_words - 1;
    gt_status st = GT_OK;
    f->names = gt_arena_array(s->arena, (size_t)runs, sizeof *f->names);
    if (!f->names) return GT_NOMEM;
    for (size_t i = 0; i < sizeof of_one / sizeof *of_one; i++)
        if (gt_options_state(&s->options, of_one[i]) == GT_OPTION_GIVEN)
            return gt_fail(GT_USAGE, "--%s is for one run, but %d are given", of_one[i], runs);
    for (int i = 0; i < runs && !st; i++) {
        char *copy = gt_arena_printf(s->arena, "%s", words[i]);
        if (!copy) return GT_NOMEM;
        f->names[i] = basename(copy);
        st = cli_choose_checkpoint(&s->options, &words[i]);
    }
    return !st && cli_first_rank() ? gt_h5_check(words[runs]) : st;
}

/* ---- without data ---- */

static gt_status draw_traversal(const cli_session *s, gt_generator *g) {
    const gt_model_facts m = gt_model_look(gt_generator_model(g));
    gt_latent_dims dims;
    gt_latent_pictures pictures;
    gt_status st = read_pictures(s, NULL, g, m.z_dim, &dims, &pictures);
    if (!st && gt_model_has_role(gt_generator_model(g), GT_ROLE_ENCODER) && m.z_dim != m.latent_size)
        st = gt_fail(GT_USAGE, "no traversal.png: there is nothing between the codes of a discrete latent");
    if (!st) st = gt_rundir_prepare(((const latent_fields *)s->fields)->outdir, 1 << 20);
    if (!st) st = gt_latent_draw_traversal(g, &dims, &pictures, cli_out(s, "traversal.png"));
    if (!st) print_dims(&dims, m.z_dim);
    if (!st) gt_print("%s\n", cli_out(s, "traversal.png"));
    return st;
}

static gt_status traverse(const cli_session *s) {
    gt_network_options reading = cli_reading(&s->options);
    gt_generator *g = gt_decoder_open(s->arguments.words[0], s->pool, &reading);
    gt_status st = g ? draw_traversal(s, g) : gt_failure();
    gt_generator_close(g);
    return st;
}

/* ---- a layer ---- */

static gt_status write_layer(const cli_session *s, const gt_features *f, gt_dataset *ds, const float *all) {
    const latent_fields *fields = s->fields;
    int64_t n = gt_dataset_get_info(ds)->count;
    gt_shape shape = gt_features_shape(f);
    char text[96];
    gt_status st = gt_rundir_prepare(fields->outdir, (size_t)n * (size_t)gt_shape_size(&shape) * sizeof(float));
    if (!st) st = gt_layer_write_arrays(f, ds, all, cli_out(s, "latents.h5"));
    if (!st)
        gt_print("%lld results of layer %s, %s numbers each, in %s\n", (long long)n, fields->layer,
                 gt_shape_text(&shape, text), cli_out(s, "latents.h5"));
    return st;
}

static gt_status layer_all(cli_session *s) {
    const latent_fields *fields = s->fields;
    const char **words = s->arguments.words;
    gt_features_options o = {.layer = fields->layer, .pool = s->pool, .reading = cli_reading(&s->options)};
    gt_dataset *ds = NULL;
    gt_features *f = NULL;
    GT_FREED float *all = NULL;
    if (*fields->network) o.network = fields->network;
    gt_status st = s->arguments.n_words == 2
                       ? cli_share_path_all(s->comm, s->arena, &words[0])
                       : gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    if (st) return st;
    f = gt_features_open(words[0], &o, &st);
    if (!st) st = cli_open_data(s, words[1], gt_model_look(gt_features_model(f)).label_dim, &ds);
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = gt_same_data_all(s->comm, ds, words[1]);
    if (!st) st = gt_features_dataset_all(s->comm, f, ds, &all);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : write_layer(s, f, ds, all));
    gt_dataset_close(ds);
    gt_features_close(f);
    return st;
}

/* ---- the command ---- */

static gt_status check_words(cli_session *s) {
    const latent_fields *f = s->fields;
    gt_status st = check_options(s);
    if (!st && s->arguments.n_words > 2) return check_several(s);
    if (!st && s->arguments.n_words == 1 && !*f->layer)
        return cli_choose_checkpoint(&s->options, &s->arguments.words[0]);
    return st ? st : cli_check_applied(s);
}

static gt_status latent(cli_session *s) {
    const latent_fields *f = s->fields;
    if (s->arguments.n_words > 2) return compare_latents_all(s);
    if (*f->layer) return layer_all(s);
    if (s->arguments.n_words == 1) return gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : traverse(s));
    return cli_apply_all(s, GT_ROLE_ENCODER, CLI_SIZE_OF_TRAINING, write_latents_all, NULL);
}

const cli_command cli_latent = {
    .name = "latent",
    .arguments = "CHECKPOINT | RUN ... [DATA] [--key=value ...]",
    .help = "Encode a dataset; show histograms, traversals, interpolations",
    .files = "In --outdir: latents.h5, histograms.svg and .png, labels.svg and .png, traversal.png, interpolation.png; "
             "without DATA only traversal.png; for several runs only histograms and labels.",
    CLI_EXAMPLES({"Latents of all images", "gantry latent runs/vae digits.zip --outdir=latent"},
                 {"An autoencoder beside two variational ones", "gantry latent runs/ae runs/vae runs/cvae digits.zip"},
                 {"Only the effect of single dimensions", "gantry latent runs/vae --traverse=-2,-1,0,1,2"},
                 {"Features of a layer of a classifier", "gantry latent runs/lenet digits.zip --layer=fc2"}),
    CLI_ROWS(table),
    .own_words = ~1u, /* the first rank opens the runs; the data are compared by what they hold */
    .ranks = true,
    .pool = true,
    .prepare = check_words,
    .run = latent,
};
