/* SPDX-License-Identifier: Apache-2.0
 * gantry latent: where an autoencoder puts the images of a dataset, and what lies between. */
#include "cli/latent.h"

#include <stdlib.h>

#include "cli/decoding.h"
#include "gantry/arrays.h"
#include "gantry/figure.h"
#include "gantry/generate.h"
#include "gantry/items.h"
#include "gantry/log.h"
#include "gantry/rundir.h"
#include "gantry/train.h"
#include "gantry/features.h"

#define FIELDS latent_fields

static const gt_option table[] = {
    {CLI_OPTION(outdir, "latent", "Folder to write to; made if needed"),
     CLI_FILLS({"latents.h5", GT_OUTFILE_ARRAYS}, CLI_FIGURE("histograms"), CLI_FIGURE("labels"),
               {"traversal.png", GT_OUTFILE_PICTURE}, {"interpolation.png", GT_OUTFILE_PICTURE}),
     .detail = "latents.h5: latent (and log_variance), error, labels of every image. histograms.svg, .png: each "
               "dimension against N(0,1). labels.svg, .png: "
               "the first dimensions against the label. traversal.png: one dimension moved, the others 0. "
               "interpolation.png: between four images. Without DATA: traversal.png alone."},
    {CLI_OPTION(traverse, "-3,-0.5,0,0.9,3", "Values of a dimension in traversal.png"), .placeholder = "LIST"},
    {CLI_OPTION(scale, NULL, "Take nine values from -X to X instead of --traverse"), .derived = "as --traverse says",
     .min = 1e-6, .max = 1e6},
    {CLI_OPTION(dims, "", "Dimensions in the pictures, as in 3,17"), .placeholder = "LIST",
     .detail = "Otherwise the 16 whose divergence from N(0,1) over the data is largest, the largest first; of latents "
               "without a distribution, and without data, the first 16. The program says which."},
    {CLI_OPTION(interpolate, "8", "Number of steps along a side of interpolation.png"), .min = 2, .max = 64},
    {CLI_OPTION(class, "", "Class of the pictures, of a model that sees labels"), .placeholder = "CLASS",
     .detail = "A number or a name; empty: the label of the first image."},
    {CLI_OPTION(layer, "", "Write the results of this layer of any network instead of latents"), .placeholder = "LAYER",
     .detail = "latents.h5 then has latent [images,height,width,channels], or [images,features], and labels; of a "
               "classifier, an autoencoder or D of a GAN. A name that is not a layer lists the names; the name of a "
               "block, such as layer2, means its last layer."},
    {CLI_OPTION(network, "", "With --layer: the network, such as D"), .placeholder = "WORD"},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
};

enum { BARS = 40, CURVE = 121, COLUMNS = 4 };

static gt_status write_table(const cli_encoding *e) {
    int64_t n = e->info->count, d = e->model->latent_size, width = e->info->label_width;
    float *labels = gt_arena_array(e->session->arena, (size_t)(n * width), sizeof *labels);
    if (!labels) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) gt_dataset_label(e->data, i, labels + i * width);
    gt_array arrays[4] = {{"latent", GT_NUMBER_FLOAT, 2, {n, d}, e->all.latent},
                          {"error", GT_NUMBER_FLOAT, 1, {n}, e->all.error}};
    int count = 2;
    if (e->all.log_variance)
        arrays[count++] = (gt_array){"log_variance", GT_NUMBER_FLOAT, 2, {n, d}, e->all.log_variance};
    if (width) arrays[count++] = (gt_array){"labels", GT_NUMBER_FLOAT, 2, {n, width}, labels};
    return gt_arrays_write(cli_out(e->session, "latents.h5"), arrays, count);
}

/* ---- figures ---- */

static gt_status draw_histograms(const cli_encoding *e, const latent_dims *dims) {
    gt_arena *a = e->session->arena;
    double(*edges)[BARS + 1] = gt_arena_array(a, (size_t)dims->n, sizeof *edges),
                          (*heights)[BARS] = gt_arena_array(a, (size_t)dims->n, sizeof *heights), x[CURVE], y[CURVE];
    gt_panel *panels = gt_arena_array(a, (size_t)dims->n, sizeof *panels);
    gt_curve normal = {.n = CURVE, .x = x, .y = y};
    if (!edges || !heights || !panels) return GT_NOMEM;
    for (int i = 0; i < CURVE; i++) {
        x[i] = -4 + 8.0 * i / (CURVE - 1);
        y[i] = exp(-x[i] * x[i] / 2) / sqrt(2 * M_PI);
    }
    for (int k = 0; k < dims->n; k++) {
        gt_histogram(e->all.latent + dims->dim[k], e->info->count, e->model->latent_size, BARS, edges[k], heights[k]);
        panels[k] = (gt_panel){.title = gt_arena_printf(a, "latent %d and N(0,1)", dims->dim[k]),
                               .x_label = "z",
                               .y_label = "density",
                               .bars = {BARS, edges[k], heights[k]},
                               .n_curves = 1,
                               .curves = &normal};
    }
    return gt_figure_write(cli_out(e->session, "histograms"), panels, dims->n, COLUMNS);
}

/* Against the label: a vector's first number, or the class (then the first two dimensions, coloured by class). */
static gt_status draw_labels(const cli_encoding *e, const latent_dims *dims) {
    gt_arena *a = e->session->arena;
    int64_t n = e->info->count;
    int d = e->model->latent_size, width = e->info->label_width, n_panels = dims->n;
    if (!width) return GT_OK;
    char name[64];
    gt_panel *panels = gt_arena_array(a, (size_t)dims->n, sizeof *panels);
    bool classes = e->info->label_kind == GT_LABELS_CLASSES;
    float *label = gt_arena_array(a, (size_t)width, sizeof *label),
          *first = gt_arena_array(a, (size_t)n, sizeof *first);
    int32_t *group = gt_arena_array(a, (size_t)n, sizeof *group);
    if (!panels || !label || !first || !group) return GT_NOMEM;
    gt_label_name(e->info, 0, name);
    for (int64_t i = 0; i < n; i++) {
        gt_dataset_label(e->data, i, label);
        group[i] = classes ? gt_dataset_class(e->data, i) : 0;
        first[i] = classes ? (float)group[i] : *label;
    }
    if (classes && dims->n > 1) {
        n_panels = 1;
        panels[0] = (gt_panel){.title = "classes",
                               .x_label = gt_arena_printf(a, "latent %d", dims->dim[0]),
                               .y_label = gt_arena_printf(a, "latent %d", dims->dim[1]),
                               .points = {n, e->all.latent + dims->dim[0], e->all.latent + dims->dim[1], d, d, group}};
    } else {
        for (int k = 0; k < n_panels; k++)
            panels[k] = (gt_panel){.title = gt_arena_printf(a, "latent %d and %s", dims->dim[k], name),
                                   .x_label = "z",
                                   .y_label = name,
                                   .points = {n, e->all.latent + dims->dim[k], first, d, 1, group}};
    }
    return gt_figure_write(cli_out(e->session, "labels"), panels, n_panels, COLUMNS);
}

/* The label of all pictures of decoded latents, NULL where the decoder takes none: of --class, or of image 0. */
static gt_status read_label(const cli_session *s, const cli_encoding *e, const gt_generator *g, const float **label) {
    const latent_fields *fields = s->fields;
    size_t dim = (size_t)gt_generator_labels(g);
    *label = NULL;
    if (!dim && *fields->class) return gt_fail(GT_USAGE, "--class=%.60s: the model sees no labels", fields->class);
    if (!dim) return GT_OK;
    float *own = gt_arena_array(s->arena, dim, sizeof *own);
    *label = own;
    if (!own) return GT_NOMEM;
    if (*fields->class || !e) return gt_generator_label(g, &(gt_condition){.class = fields->class}, own, NULL);
    gt_model_label(e->model, e->data, 0, own);
    gt_info("pictures of decoded latents have the label of image 0; --class=CLASS chooses another");
    return GT_OK;
}

static gt_status write_all(cli_encoding *e) {
    const cli_session *s = e->session;
    const latent_fields *fields = s->fields;
    latent_dims dims;
    bool decoded = e->model->z_dim == e->model->latent_size; /* of continuous latents */
    gt_generator *g = cli_open_decoder(s->arguments.words[0], NULL);
    const float *label = NULL;
    gt_status st = g ? read_label(s, e, g, &label) : gt_failure();
    if (!st) st = latent_choose_dims(s, e, e->model->latent_size, &dims);
    if (!st) st = gt_rundir_prepare(fields->outdir, (size_t)e->info->count * (size_t)e->model->latent_size * 8);
    if (!st) st = write_table(e);
    if (!st) st = draw_histograms(e, &dims);
    if (!st) st = draw_labels(e, &dims);
    if (!st && !decoded)
        gt_info("a discrete latent has nothing between its codes: no traversal.png and no interpolation.png");
    if (!st && decoded) st = latent_draw_traversal(s, &dims, g, label);
    if (!st && decoded) st = latent_draw_interpolation(e, &dims, g, label);
    gt_generator_close(g);
    if (st) return st;
    latent_tell_dims(&dims, e->model->latent_size);
    printf("%lld latents of %d numbers, and pictures, in %s\n", (long long)e->info->count, e->model->latent_size,
           fields->outdir);
    return GT_OK;
}

/* ---- without data ---- */

static gt_status traverse(cli_session *s) {
    const latent_fields *fields = s->fields;
    latent_dims dims;
    gt_generator *g = cli_open_decoder(s->arguments.words[0], s->pool);
    int d = g ? gt_generator_model(g)->z_dim : 0;
    const float *label = NULL;
    gt_status st = g ? read_label(s, NULL, g, &label) : gt_failure();
    if (!st) st = latent_choose_dims(s, NULL, d, &dims);
    if (!st && gt_model_role(gt_generator_model(g), GT_ROLE_ENCODER) && d != gt_generator_model(g)->latent_size)
        st = gt_fail(GT_USAGE, "a discrete latent has nothing between its codes: no traversal.png");
    if (!st) st = gt_rundir_prepare(fields->outdir, 1 << 20);
    if (!st) st = latent_draw_traversal(s, &dims, g, label);
    if (!st) latent_tell_dims(&dims, d);
    if (!st) printf("%s\n", cli_out(s, "traversal.png"));
    gt_generator_close(g);
    return st;
}

/* ---- a layer ---- */

static gt_status write_layer(const cli_session *s, const gt_features *f, gt_dataset *ds, const float *all) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_shape shape = gt_features_shape(f);
    int64_t width = info->label_width;
    gt_array arrays[2] = {{"latent", GT_NUMBER_FLOAT, 1 + shape.n, {info->count}, all}};
    for (int i = 0; i < shape.n; i++) arrays[0].dims[1 + i] = shape.d[i];
    float *labels = gt_arena_array(s->arena, (size_t)(info->count * width), sizeof *labels);
    if (!labels) return GT_NOMEM;
    for (int64_t i = 0; i < info->count; i++) gt_dataset_label(ds, i, labels + i * width);
    arrays[1] = (gt_array){"labels", GT_NUMBER_FLOAT, 2, {info->count, width}, labels};
    const latent_fields *fields = s->fields;
    gt_status st = gt_rundir_prepare(fields->outdir,
                                     (size_t)info->count * (size_t)gt_shape_size(&shape) * sizeof(float));
    if (!st) st = gt_arrays_write(cli_out(s, "latents.h5"), arrays, width ? 2 : 1);
    char text[96];
    if (!st)
        printf("%lld results of layer %s, %s numbers each, in %s\n", (long long)info->count, fields->layer,
               gt_shape_text(&shape, text), cli_out(s, "latents.h5"));
    return st;
}

static gt_status layer_all(cli_session *s) {
    const latent_fields *fields = s->fields;
    const char **words = s->arguments.words;
    gt_features_options o = {.layer = fields->layer, .pool = s->pool, .kernels = cli_kernels()};
    gt_dataset *ds = NULL;
    gt_features *f = NULL;
    float *all = NULL;
    if (*fields->network) o.network = fields->network;
    gt_status st = s->arguments.n_words == 2
                       ? cli_share_path_all(s->comm, s->arena, &words[0])
                       : gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    if (st) return st;
    f = gt_features_open(words[0], &o, &st);
    if (!st) st = cli_open_data(s, words[1], gt_features_model(f)->label_dim, &ds);
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = gt_same_data_all(s->comm, ds, words[1]);
    if (!st) st = gt_features_dataset_all(s->comm, f, ds, &all);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : write_layer(s, f, ds, all));
    free(all);
    gt_dataset_close(ds);
    gt_features_close(f);
    return st;
}

static gt_status check(cli_session *s) {
    const latent_fields *fields = s->fields;
    gt_status st = *fields->network && !*fields->layer ? gt_fail(GT_USAGE, "--network goes with --layer")
                                                       : latent_check_options(s);
    if (!st && s->arguments.n_words == 1 && !*fields->layer)
        return cli_choose_checkpoint(s->arena, &s->arguments.words[0]);
    return st ? st : cli_check_encoding(s);
}

static gt_status latent(cli_session *s) {
    const latent_fields *fields = s->fields;
    if (*fields->layer) return layer_all(s);
    if (s->arguments.n_words == 1) return gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : traverse(s));
    return cli_with_encoding_all(s, CLI_ENCODED, write_all);
}

const cli_command cli_latent = {
    .name = "latent",
    .arguments = "CHECKPOINT | RUN [DATA] [--key=value ...]",
    .help = "Encode a dataset; show histograms, traversals, interpolations",
    .files = "In --outdir latents.h5, histograms.svg and .png, labels.svg and .png, traversal.png, interpolation.png; "
             "without DATA traversal.png alone.",
    CLI_EXAMPLES({"Latents of all images", "gantry latent runs/vae digits.zip --outdir=latent"},
                 {"Only what single dimensions do", "gantry latent runs/vae --traverse=-2,-1,0,1,2"},
                 {"Features of a layer of a classifier", "gantry latent runs/lenet digits.zip --layer=fc2"}),
    CLI_ROWS(table),
    .own_words = 2,
    .ranks = true,
    .pool = true,
    .prepare = check,
    .run = latent,
};
