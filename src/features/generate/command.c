/* SPDX-License-Identifier: Apache-2.0
 * gantry generate: images of seeds from a checkpoint. */
#include "gantry/generate.h"

#include "command/door/generator_options.h"
#include "gantry/log.h"
#include "gantry/stop.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "gantry/text.h"
#include "runner/generator/door/ensemble.h"
#include "runner/record/door/maker.h"

/* Numbers of pictures: those of the data, or 8-bit. */
#define GENERATED_DEPTHS(X) X(GENERATED_AS_DATA, "data") X(GENERATED_U8, "u8")
typedef enum generated_depth { GENERATED_DEPTHS(GT_CONSTANT) } generated_depth;

typedef struct generate_fields {
    cli_generator_options generating;
    cli_edit_options editing;
    const char *seeds, *grid, *class, *label, *mixture;
    generated_depth depth;
    gt_preview preview;
    int64_t threads;
    double temperature, strength;
    const char *start;
    cli_assumed assumed;
    gt_ensemble_request fields; /* with --condition */
    int64_t seed;
    gt_generate_request request; /* what all of them ask for; some options are fields of the request itself */
    bool overwrite;
} generate_fields;

#define FIELDS generate_fields

static const gt_option table[] = {
    {CLI_OPTION(seeds, "", "Seeds and ranges of seeds, as in 0-63,77 (required, or --projected-w)"),
     .placeholder = "SEEDS", .check = gt_option_check_ranges},
    {CLI_SHOWN("outdir", request.outdir, "generated", "Folder to write to; made if needed"),
     CLI_FILLS({"grid.png", GT_OUTFILE_PICTURE}, {"@(seed|proj)+([0-9])?(-class+([0-9])).png", GT_OUTFILE_PICTURE},
               {"@(seed|proj)+([0-9])?(-class+([0-9])).npy", GT_OUTFILE_ARRAYS})},
    {CLI_SHOWN("per-class", request.per_class, NULL,
               "Instead of --seeds: number of images of each class, written to --out"),
     .derived = "none", .min = 1, .max = 1 << 24, .with = "--out",
     .detail = "All classes of a conditional model, one after the other, with the seeds 0, 1, ... FILE.zip and FILE.h5 "
               "hold the class of each image and the names of the classes: they are datasets for gantry train and "
               "gantry dataset merge. In a picture, each class has a row."},
    {CLI_SHOWN("out", request.out, "",
               "One file instead, with all images: .png, .webp, .npy, .h5 or .zip; of fields also .nc"),
     .placeholder = "FILE",
     CLI_WRITES({"*.png", GT_OUTFILE_PICTURE}, {"*.webp", GT_OUTFILE_PICTURE}, {"*.npy", GT_OUTFILE_DATASET},
                {"*.nc", GT_OUTFILE_DATASET}, {"*.h5", GT_OUTFILE_DATASET}, {"*.zip", GT_OUTFILE_DATASET}),
     .detail =
         ".png and .webp show the images side by side, in --grid=COLUMNSxROWS or about square, with 8 bits; .webp is "
         "lossless. .npy and .h5 hold [N,H,W,C] with all channels, as uint8 or in the data's type (--depth); in .h5 "
         "this is the array `images`, beside `seeds`. .zip is a dataset of PNG files, as gantry dataset makes it."},
    {CLI_SHOWN("condition", fields.condition, "",
               "Make fields of these conditions instead, an ensemble for each sample"),
     .placeholder = "DATA", .path = true, .with = "--out",
     .detail =
         "For networks that were trained on data with conditions. --out=FILE.nc is NetCDF-4 with the variables "
         "[time,realization,y,x] and the axes of the data. FILE.npy and FILE.h5 hold "
         "[samples x members,H,W,targets] as float32 in physical units, one sample after the other; FILE.png shows "
         "a row for each sample: the first condition, the members, and the truth where the data have it. A member "
         "is a function of --seed, of the sample's time or number, and of its own number."},
    {CLI_ROW("data", fields.targets, "", "The truth: a picture shows it, and where it is missing, members are"),
     .placeholder = "DATA", .path = true, .with = "--condition"},
    {CLI_ROW("static", fields.statics, "", "Constant fields of the conditions; empty: those of the run"),
     .placeholder = "DATA", .path = true, .with = "--condition"},
    {CLI_SHOWN("members", fields.members, "16", "Number of members of each ensemble"), .min = 1, .max = 1 << 16,
     .with = "--condition"},
    {CLI_FURTHER(seed, "0", "Seed of the members' noise"), .max = 1e15, .with = "--condition"},
    {CLI_ROW("samples", fields.samples, NULL, "Only the first samples of the conditions"), .derived = "all", .min = 1,
     .max = 1e12, .with = "--condition"},
    {CLI_OPTION(class, "", "Class of a conditional model: its number or its name"), .placeholder = "CLASS", .any = true,
     .with = "!--projected-w"},
    {CLI_OPTION(label, "", "Label vector instead of a class, as in 0.5,-1"), .placeholder = "LIST",
     .check = cli_check_numbers, .with = "!--projected-w"},
    {CLI_SHOWN("projected-w", request.projected_w, "",
               "Take styles from this file (.npz, .npy, HDF5) instead of seeds"),
     .placeholder = "FILE", .path = true,
     .detail = "An array w [K,layers,w_dim], as `gantry project` and --space=w write it. The images are proj00.png and "
               "so on; --trunc and --class have no effect on them."},
    {CLI_OPTION(grid, "", "Also write grid.png, all images in one; without a value about square"),
     .placeholder = "COLUMNSxROWS", .bare = "auto", .check = cli_check_grid,
     .detail = "Without this option, each seed is written to its own file, seed0000.png."},
    {CLI_SHOWN("space", request.space, "image", "What --out holds: images, styles (w) or latents (z)"),
     GT_CHOICES(GT_GENERATE_SPACES),
     .detail = "w: float32 [N,layers,w_dim], truncated; z: float32 [N,z_dim]. In .h5 the arrays are called w and z."},
    {CLI_OPTION(depth, "data", "Numbers in single pictures and in --out: like the data, or 8-bit"),
     GT_CHOICES(GENERATED_DEPTHS),
     .detail = "For 16-bit data: PNG with 16 bits, arrays of uint16, in the range of the data. For float32 data: "
               "arrays of float32, clamped to the range; PNG with 8 bits. Pictures of many images have 8 bits."},
    {CLI_SHOWN("float", request.as_float, "0", "Write float32 to --out, in the range of the dataset, not clamped"),
     .detail =
         "The range is the declared range of the dataset, else the usual range of its numbers, such as 0 to 255."},
    {CLI_SHOWN("npy", request.npy, "0", "Also write all channels of each seed as float32 to seed0000.npy"),
     .detail = "-1 and 1 stand for the ends of the dataset's range. If images are not grey, RGB or RGBA, pictures show "
               "their first three channels, or the first one."},
    CLI_PREVIEW("Show the grid, the picture of --out or else the first picture on the terminal"),
    CLI_EDIT_OPTIONS(""),
    CLI_GENERATOR_OPTIONS,
    {CLI_FURTHER(temperature, NULL, "Temperature of draws from a prior of codes; below 1: less variety"),
     .derived = "1", .min = 1e-3, .max = 1e3, .with = "!--projected-w"},
    {CLI_FURTHER(start, "", "Diffusion models: begin with this picture instead of noise"), .placeholder = "FILE",
     .path = true, .with = "!--projected-w", .detail = "Cropped and resized to the size of the network's pictures."},
    {CLI_FURTHER(strength, "0.5", "With --start: how much noise covers the picture; 1: nothing of it is left"),
     .min = 0.01, .max = 1, .with = "--start"},
    {CLI_FURTHER(mixture, "", "Draw latents from this mixture instead of N(0,1)"), .with = "!--projected-w",
     .placeholder = "FILE", .path = true,
     .detail = "A mixture that `gantry gmm fit` fitted to latents of the same autoencoder. Seed n is sample n of "
               "`gantry gmm sample`."},
    CLI_RECORD,
    CLI_OVERWRITE,
    CLI_THREADS,
    CLI_ASSUMED,
};

static gt_status read_grid(const generate_fields *fields, gt_generate_request *r) {
    bool out = *r->out;
    r->single = r->class_in_name = !out;
    r->gathered = !out && *fields->grid;
    if (!*fields->grid || gt_is(fields->grid, "auto")) return GT_OK;
    gt_status st = gt_grid_parse(fields->grid, &r->grid);
    if (st) return st;
    int64_t cells = (int64_t)r->grid.columns * r->grid.rows;
    if (r->n > cells)
        return gt_fail(GT_USAGE, "--grid=%s has %lld cells for %lld seeds", fields->grid, (long long)cells,
                       (long long)r->n);
    return GT_OK;
}

/* What goes into one file, and whether that is possible. */
static gt_status read_out(const cli_session *s, const generate_fields *fields, gt_generate_request *r) {
    static const char *const names[] = {GT_GENERATE_SPACES(GT_NAME)};
    gt_collection_kind kind = gt_collection_kind_of(r->out);
    if (*r->out) r->outdir = "";
    if (*r->out && r->npy)
        return gt_fail(GT_USAGE, "--npy writes one file for each seed, --out one file for all seeds");
    if (*r->out && gt_options_state(&s->options, "outdir") == GT_OPTION_GIVEN)
        return gt_fail(GT_USAGE, "--out=%s and --outdir: only one of them; --out already names the place", r->out);
    if (r->space != GT_IMAGES && kind != GT_COLLECTION_ARRAY)
        return gt_fail(GT_USAGE, "--space=%s needs --out=FILE.npy or --out=FILE.h5", names[r->space]);
    if (r->space == GT_LATENTS && *fields->editing.edit)
        return gt_fail(GT_USAGE, "--edit changes styles: --space=z writes latents, --space=w styles");
    if (r->as_float && kind != GT_COLLECTION_ARRAY)
        return gt_fail(GT_USAGE, "--float needs --out=FILE.npy or --out=FILE.h5");
    r->bytes = fields->depth == GENERATED_U8;
    if (r->bytes && r->as_float) return gt_fail(GT_USAGE, "--float and --depth=u8: only one of them");
    if (r->bytes && r->space != GT_IMAGES)
        return gt_fail(GT_USAGE, "--depth is for images: --space=%s is float32", names[r->space]);
    if (*fields->grid && kind == GT_COLLECTION_ARRAY)
        return gt_fail(GT_USAGE, "--grid is for pictures, not arrays; --out=FILE.png shows images side by side");
    if (*fields->grid && kind == GT_COLLECTION_DATASET)
        return gt_fail(GT_USAGE, "--grid is for pictures, not datasets; --out=FILE.png shows images side by side");
    if (r->per_class && r->space != GT_IMAGES)
        return gt_fail(GT_USAGE, "--per-class is for images, not for --space=%s", names[r->space]);
    if (r->per_class && gt_ends_with(r->out, ".npy"))
        return gt_fail(GT_USAGE, "--per-class: a .npy file cannot hold labels; use --out=FILE.zip or FILE.h5");
    return GT_OK;
}

static gt_status read_seeds(cli_session *s, const generate_fields *fields, gt_generate_request *r) {
    enum { MOST_SEEDS = 1 << 24 };
    int64_t *seeds = NULL;
    if (*r->projected_w && r->per_class)
        return gt_fail(GT_USAGE, "--per-class and --projected-w: only one of them; projected styles have no class");
    if (*r->projected_w) {
        if (*fields->seeds && cli_first_rank()) gt_warn("--seeds is ignored when using --projected-w");
        return cli_first_rank() ? gt_h5_check(r->projected_w) : GT_OK;
    }
    if (r->per_class) {
        const char *other = *fields->seeds ? "seeds" : *fields->class ? "class" : *fields->label ? "label" : NULL;
        return other ? gt_fail(GT_USAGE, "--per-class and --%s: only one of them", other) : GT_OK;
    }
    if (!*fields->seeds)
        return gt_fail(GT_USAGE, "which images? --seeds=0-63 makes 64 images, --projected-w=FILE makes images of "
                                 "projected styles, --per-class=N makes N images of each class");
    gt_status st = gt_parse_range_list(s->arena, "--seeds", fields->seeds, MOST_SEEDS, &seeds, &r->n);
    r->seeds = seeds;
    return st;
}

/* Of fields nothing else is asked for. */
static gt_status read_ensembles(cli_session *s, generate_fields *fields) {
    static const char *const others[] = {"seeds", "outdir", "per-class", "class", "label", "projected-w", "grid",
                                         "space", "depth",  "float",     "npy",   "edit",  "start",       "mixture"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (gt_options_state(&s->options, others[i]) == GT_OPTION_GIVEN)
            return gt_fail(GT_USAGE, "--condition and --%s: only one of them", others[i]);
    gt_ensemble_request *e = &fields->fields;
    e->out = fields->request.out;
    e->record = fields->request.record;
    const char *run;
    e->job = "";
    e->seed = (uint64_t)fields->seed;
    gt_status st = cli_first_rank() ? gt_h5_check(e->condition) : GT_OK;
    if (!st && cli_first_rank()) st = gt_h5_check(e->statics);
    if (!st && cli_first_rank()) st = gt_h5_check(e->targets);
    if (!st) st = cli_read_generator_options(s, &fields->generating, &e->options, &e->checkpoint);
    return st ? st : cli_find_run(s, e->checkpoint, &run, &e->job);
}

static gt_status read_request(cli_session *s) {
    generate_fields *fields = s->fields;
    gt_generate_request *r = &fields->request;
    gt_status st = cli_one_network(s, &fields->generating);
    if (!st && *fields->fields.condition) return read_ensembles(s, fields);
    if (!st) st = read_out(s, fields, r);
    if (!st) st = read_seeds(s, fields, r);
    if (!st) st = cli_read_condition(s, fields->class, fields->label, &r->condition);
    if (!st) st = read_grid(fields, r);
    r->options.temperature = (float)fields->temperature;
    if (!st) st = cli_read_generator_options(s, &fields->generating, &r->options, &r->checkpoint);
    if (!st) st = cli_read_edits(s, &fields->editing, r->checkpoint, &r->edit);
    if (!st) gt_preview_ask(fields->preview);
    r->options.start = *fields->start ? fields->start : NULL;
    r->options.steps.strength = *fields->start ? fields->strength : 0;
    return !st && *fields->mixture ? cli_choose_checkpoint(&s->options, &fields->mixture) : st;
}

/* All ranks: the images, from seeds or from samples of a mixture. */
static gt_status make_images(const cli_session *s, gt_generate_request *r, const char *mixture, int64_t *made) {
    if (!*mixture) return gt_generate_all(s->comm, r, made);
    const gt_latent_file *file = cli_find_latent_file();
    if (!file) return gt_fail(GT_USAGE, "--mixture: this program reads no mixtures");
    gt_status st = file->open_all(s->comm, s->arena, mixture, &r->latents_arg);
    r->latents = file->latents;
    r->latents_file = mixture;
    if (!st) st = gt_generate_all(s->comm, r, made);
    if (r->latents_arg) file->close(r->latents_arg);
    return st;
}

static void print_made(const gt_generate_request *r, int64_t made) {
    static const char *const what[] = {"images", "rows of styles", "latents"};
    if (r->single) gt_print("%lld image%s in %s\n", (long long)made, made == 1 ? "" : "s", r->outdir);
    if (*r->out) gt_print("%s: %lld %s\n", r->out, (long long)made, what[r->space]);
    if (r->gathered) gt_print("%s/grid.png\n", r->outdir);
    cli_print_replaced(r->told->replaced);
}

/* One picture of what was made. */
static gt_status show_made(const cli_session *s, const gt_generate_request *r) {
    const char *path = r->out;
    if (r->gathered) path = gt_arena_printf(s->arena, "%s/grid.png", r->outdir);
    else if (r->single) path = gt_arena_printf(s->arena, "%s/%s.png", r->outdir, r->told->first);
    if (!path) return GT_NOMEM;
    return gt_ends_with(path, ".png") || gt_ends_with(path, ".webp") ? cli_preview_file(&s->options, path) : GT_OK;
}

static gt_status generate_fields_all(cli_session *s, gt_ensemble_request *e) {
    const gt_ensembles *found = gt_ensembles_find();
    int64_t made;
    if (!found) return GT_USAGE;
    e->options.pool = s->pool;
    e->stop = gt_stop_requested;
    gt_stop_install_short(s->comm, CLI_STOPPING);
    gt_status st = cli_share_network_all(s, &e->checkpoint);
    if (!st) st = cli_share_path_all(s->comm, s->arena, &e->job);
    if (!st) st = found->generate_all(s->comm, e, &made);
    gt_stop_restore();
    cli_say_stopped(st, gt_arena_printf(s->arena, "%s is not written", e->out));
    if (!st && !s->comm->rank)
        gt_print("%s: %lld members of %lld samples\n", e->out, (long long)e->members, (long long)made);
    return st;
}

static gt_status generate(cli_session *s) {
    generate_fields *fields = s->fields;
    if (*fields->fields.condition) return generate_fields_all(s, &fields->fields);
    gt_generate_request *r = &fields->request;
    gt_generated told = {0};
    int64_t made;
    r->told = &told;
    r->options.pool = s->pool;
    r->stop = gt_stop_requested;
    gt_stop_install_short(s->comm, CLI_STOPPING);
    gt_status st = cli_share_network_all(s, &r->checkpoint);
    if (!st) st = cli_share_path_all(s->comm, s->arena, &fields->mixture);
    if (!st) st = make_images(s, r, fields->mixture, &made);
    gt_stop_restore();
    cli_say_stopped(st, *r->out ? gt_arena_printf(s->arena, "%s is not written", r->out)
                                : gt_arena_printf(s->arena, "the finished images are in %s", r->outdir));
    if (st || s->comm->rank) return st;
    print_made(r, made);
    if (show_made(s, r)) gt_warn("no preview: %s", gt_message());
    return GT_OK;
}

const cli_command cli_generate = {
    .name = "generate",
    .place = 4,
    .stopping = CLI_STOPPING,
    .arguments = "CHECKPOINT | RUN [--key=value ...]",
    .help = "Make images with a trained network; the ranks share the work",
    .detail = "Uses the moving average of the generator. A seed gives the same latent as in generate.py of "
              "stylegan2-ada-pytorch.",
    .files = "In --outdir: seed0000.png and so on, seed0000-class3.png for a network with classes; with --grid also "
             "grid.png. With --out: one file instead.",
    .stopped = CLI_STARTS_AGAIN,
    CLI_EXAMPLES({"64 images, and one picture with all of them", "gantry generate runs/first --seeds=0-63 --grid=8x8"},
                 {"An image file for each seed, with less variety and better quality",
                  "gantry generate runs/first --seeds=0-99 --trunc=0.7 --outdir=images"},
                 {"A labelled dataset from a conditional model, 100 images of each class",
                  "gantry generate runs/first --per-class=100 --out=made.zip"},
                 {"Sixteen fields for each sample of a dataset's conditions",
                  "gantry generate runs/rain --condition=later.nc:ta_850,hus --out=pred.nc"},
                 {"An array for Python, with images of one class",
                  "gantry generate runs/first --seeds=0-999 --class=3 --out=images.npy"}),
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = read_request,
    .run = generate,
};
