/* SPDX-License-Identifier: Apache-2.0
 * gantry directions: what steps in the styles of a network change. */
#include "features/directions/directions.h"

#include <string.h>

#include "command/door/generator_options.h"
#include "gantry/arrays.h"
#include "gantry/stop.h"

typedef struct directions_fields {
    const char *network, *class, *label, *strengths;
    const char *with, *without;
    double trunc;
    bool sheet;
    int64_t threads;
    cli_assumed assumed;
    gt_directions_request request;
    bool overwrite;
} directions_fields;

#define FIELDS directions_fields

static gt_status check_name(const gt_option *o, const char *value) {
    (void)o;
    return gt_direction_name_check(value);
}

static const gt_option table[] = {
    {CLI_SHOWN("method", request.method, "pca",
               "Directions in which w varies most (pca), or which the weights amplify most (sefa)"),
     GT_CHOICES(GT_DIRECTION_METHODS),
     .detail = "pca: principal components of the w of --samples seeds. sefa: eigenvectors of A^T A, where the styles "
               "of --layers are A w + b. In both, strengths are in standard deviations of w along the direction."},
    {CLI_SHOWN("count", request.count, "10", "Number of directions, called d0, d1 and so on"), .min = 1, .max = 1024},
    {CLI_SHOWN("layers", request.layers, "", "Layers of styles that are measured and moved; empty: all"),
     .placeholder = "LAYERS", .check = cli_check_styles,
     .detail = "As in 0-3, 8- or 0,2,5. Layer 0 is the coarsest: coarse layers decide pose and shape, fine ones "
               "colours and texture."},
    {CLI_OPTION(with, "", "Direction from examples: seeds whose pictures have the property"), .placeholder = "SEEDS",
     .check = gt_option_check_ranges,
     .detail = "The direction is the mean w of these seeds minus the mean w of --without; --name is its name. "
               "Directions that are already in the file are kept."},
    {CLI_OPTION(without, "", "Seeds whose pictures do not have it; empty: the seeds of --with"), .placeholder = "SEEDS",
     .check = gt_option_check_ranges, .with = "--with",
     .detail = "The same seeds are useful with --with-class and --without-class."},
    {CLI_SHOWN("with-w", request.with.file, "", "A file of w instead of --with"), .placeholder = "FILE", .path = true,
     .with = "!--with",
     .detail = "The same files as for generate --projected-w: [K,layers,w_dim] in .npz, .npy or HDF5."},
    {CLI_SHOWN("without-w", request.without.file, "", "A file of w instead of --without"), .placeholder = "FILE",
     .path = true, .with = "--with-w"},
    {CLI_SHOWN("name", request.name, "", "Name of the direction from examples; empty: examples"), .placeholder = "NAME",
     .check = check_name, .with = "--with|--with-w"},
    {CLI_SHOWN("out", request.out, "", "File to write, .h5 or .npy; empty: directions.h5 in the run"),
     .placeholder = "FILE", CLI_WRITES({"*.h5", GT_OUTFILE_ARRAYS}, {"*.npy", GT_OUTFILE_ARRAYS}),
     .detail = "directions [K,layers,w_dim]: what strength 1 adds to the styles; names, sigma, layers, how, network. "
               ".npy: only that array. If the network is not in a run: NAME-directions.h5 beside the network."},
    {CLI_OPTION(sheet, "1", "Also draw the sheet, FILE.png beside --out: a row for each direction")},
    {CLI_SHOWN("seed", request.seed, "0", "Seed of the pictures of the sheet"), .max = 4294967295.0},
    {CLI_OPTION(strengths, "-3,-2,-1,0,1,2,3", "Columns of the sheet"), .placeholder = "LIST",
     .check = cli_check_numbers},
    {CLI_OPTION(trunc, "1", "Truncation psi of the pictures of the sheet"), .placeholder = "PSI"},
    {CLI_OPTION(class, "", "Class of a conditional model; empty: all classes in turn"), .placeholder = "CLASS",
     .any = true,
     .detail =
         "Without this option, w is measured around the mean of its class, so directions show what the classes share."},
    {CLI_FURTHER(label, "", "Label vector instead of a class, as in 0.5,-1"), .placeholder = "LIST",
     .check = cli_check_numbers},
    {CLI_ROW("with-class", request.with.class, "", "Class of the seeds of --with"), .placeholder = "CLASS", .any = true,
     .with = "--with"},
    {CLI_ROW("without-class", request.without.class, "", "Class of the seeds of --without"), .placeholder = "CLASS",
     .any = true, .with = "--with"},
    {CLI_ROW("samples", request.samples, "10000", "Number of seeds, from 0 on, for which w is measured"), .min = 100,
     .max = 1 << 24},
    {CLI_FURTHER(network, "", "Checkpoint or run, instead of the first argument"), .path = true},
    CLI_OVERWRITE,
    CLI_THREADS,
    CLI_ASSUMED,
};

static gt_status read_seeds(cli_session *s, const char *option, const char *text, gt_style_set *set) {
    enum { MOST_SEEDS = 1 << 16 };
    int64_t *seeds;
    gt_status st = gt_parse_range_list(s->arena, option, text, MOST_SEEDS, &seeds, &set->n);
    if (!st) set->seeds = seeds;
    return st;
}

static gt_status read_examples(cli_session *s, const directions_fields *f, gt_directions_request *r) {
    bool files = *r->with.file, seeds = *f->with;
    const char *file = r->without.file;
    if (!files && !seeds) return GT_OK;
    if (!*r->name) r->name = "examples";
    if (files && !*file)
        return gt_fail(GT_USAGE, "--with-w needs --without-w=FILE: a direction leads from one to the other");
    if (files) {
        gt_status st = cli_first_rank() ? gt_h5_check(r->with.file) : GT_OK;
        return !st && cli_first_rank() ? gt_h5_check(file) : st;
    }
    if (!*f->without && !*r->without.class && !*r->with.class)
        return gt_fail(GT_USAGE, "--with needs --without=SEEDS: a direction leads from one to the other");
    gt_status st = read_seeds(s, "--with", f->with, &r->with);
    return st ? st : read_seeds(s, "--without", *f->without ? f->without : f->with, &r->without);
}

/* The file, and the sheet beside it, where the first rank will write them. */
static gt_status choose_place(cli_session *s, const directions_fields *f, gt_directions_request *r) {
    const gt_outfile *of_out = gt_options_find(&s->options, "out")->writes;
    if (!cli_first_rank()) return GT_OK;
    gt_status st = GT_OK;
    if (!*r->out) {
        if (!(r->out = gt_directions_place(s->arena, r->checkpoint))) return GT_NOMEM;
        st = cli_check_output(&s->options, r->out, of_out);
    }
    if (!st) st = gt_h5_check(r->out);
    return st || !f->sheet ? st : cli_picture_beside(s, r->out, &r->sheet);
}

static gt_status read_request(cli_session *s) {
    directions_fields *f = s->fields;
    gt_directions_request *r = &f->request;
    const cli_arguments *a = &s->arguments;
    gt_status st = cli_one_network(s, &(cli_generator_options){.network = f->network});
    if (st) return st;
    r->checkpoint = *f->network ? f->network : a->words[0];
    r->options = (gt_generator_options){
        .noise_mode = GT_NOISE_CONST, .truncation = (float)f->trunc, .reading = cli_reading(&s->options)};
    r->replace = f->overwrite;
    r->sheet = "";
    st = read_examples(s, f, r);
    if (!st) st = cli_read_condition(s, f->class, f->label, &r->condition);
    if (!st) st = cli_read_numbers(s->arena, f->strengths, &r->strengths, &r->n_strengths);
    if (!st) st = cli_choose_checkpoint(&s->options, &r->checkpoint);
    return st ? st : choose_place(s, f, r);
}

static gt_status directions(cli_session *s) {
    gt_directions_request *r = &((directions_fields *)s->fields)->request;
    r->options.pool = s->pool;
    r->stop = gt_stop_requested;
    gt_stop_install_short(s->comm, CLI_STOPPING);
    gt_status st = cli_share_network_all(s, &r->checkpoint);
    if (!st) st = cli_share_path_all(s->comm, s->arena, &r->out);
    if (!st) st = cli_share_path_all(s->comm, s->arena, &r->sheet);
    if (!st) st = gt_directions_all(s->comm, r);
    gt_stop_restore();
    cli_say_stopped(st, "nothing is written");
    return st;
}

const cli_command cli_directions = {
    .name = "directions",
    .arguments = "CHECKPOINT | RUN [--key=value ...]",
    .help = "Find directions in a network's styles; the ranks share the work",
    .detail = "For models with styles (StyleGAN2). Shen and Zhou, \"Closed-Form Factorization of Latent Semantics in "
              "GANs\" (sefa); Haerkoenen et al., \"GANSpace\" (pca); or the difference of the means of two sets of "
              "examples (--with, --without). generate, mix and walk take such steps: --edit.",
    .files = "directions.h5 in the run, or --out; beside it the sheet, directions.png.",
    .stopped = CLI_STARTS_AGAIN,
    CLI_EXAMPLES({"Ten directions, and a sheet to see what they change", "gantry directions runs/first"},
                 {"From the weights of the coarse layers",
                  "gantry directions runs/first --method=sefa --layers=0-3 --out=coarse.h5"},
                 {"From examples, found on a sheet of seeds",
                  "gantry directions runs/first --with=3,17 --without=0,8,11 --name=glasses"},
                 {"Steps along two of them", "gantry generate runs/first --seeds=0-9 --edit=d3:+2.5,glasses:-1"}),
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = read_request,
    .run = directions,
};
