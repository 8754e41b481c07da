/* SPDX-License-Identifier: Apache-2.0
 * gantry mix: the coarse styles of some seeds with the fine ones of others. */
#include "features/mix/mix.h"

#include "command/door/generator_options.h"
#include "gantry/stop.h"
#include "gantry/text.h"

typedef struct mix_fields {
    cli_generator_options generating;
    cli_edit_options editing;
    const char *rows, *cols, *class, *label;
    int64_t threads;
    cli_assumed assumed;
    gt_mix_request request;
    bool overwrite;
} mix_fields;

#define FIELDS mix_fields

static const gt_option table[] = {
    {CLI_OPTION(rows, "", "Seeds that give all layers except --styles, as in 85,100,75"), .required = true,
     .placeholder = "SEEDS", .check = gt_option_check_ranges},
    {CLI_OPTION(cols, "", "Seeds that give the layers of --styles"), .required = true, .placeholder = "SEEDS",
     .check = gt_option_check_ranges},
    {CLI_SHOWN("styles", request.styles, "", "Layers of styles to take from --cols, as in 0-6, 8- or 0,2,5"),
     .placeholder = "LAYERS", .check = cli_check_styles,
     .detail = "Layers count from 0, the coarsest. By default layers 0 to 6, but at most the first half."},
    {CLI_SHOWN("outdir", request.outdir, "mixed", "Folder to write to; made if needed"),
     CLI_FILLS({"grid.png", GT_OUTFILE_PICTURE}, {"+([0-9])-+([0-9])?(-class+([0-9])).png", GT_OUTFILE_PICTURE}),
     .detail = "grid.png: the images of --cols at the top, the images of --rows at the left. ROW-COL.png: each cell; "
               "SEED-SEED.png: each seed by itself. For a network with classes: ROW-COL-class3.png."},
    {CLI_OPTION(class, "", "Class of a conditional model: its number or its name"), .placeholder = "CLASS",
     .any = true},
    CLI_EDIT_OPTIONS(""),
    CLI_GENERATOR_OPTIONS,
    {CLI_FURTHER(label, "", "Label vector instead of a class, as in 0.5,-1"), .placeholder = "LIST",
     .check = cli_check_numbers},
    CLI_RECORD,
    CLI_OVERWRITE,
    CLI_THREADS,
    CLI_ASSUMED,
};

enum { MOST_SEEDS = 1024 };

static gt_status read_request(cli_session *s) {
    mix_fields *fields = s->fields;
    gt_mix_request *r = &fields->request;
    int64_t *rows, *columns;
    if (!*fields->rows || !*fields->cols)
        return gt_fail(GT_USAGE, "--%s is needed, as in --rows=85,100,75 --cols=55,821",
                       *fields->rows ? "cols" : "rows");
    gt_status st = gt_parse_range_list(s->arena, "--rows", fields->rows, MOST_SEEDS, &rows, &r->n_rows);
    if (!st) st = gt_parse_range_list(s->arena, "--cols", fields->cols, MOST_SEEDS, &columns, &r->n_columns);
    if (st) return st;
    r->rows = rows;
    r->columns = columns;
    st = cli_read_condition(s, fields->class, fields->label, &r->condition);
    if (!st) st = cli_read_generator_options(s, &fields->generating, &r->options, &r->checkpoint);
    return st ? st : cli_read_edits(s, &fields->editing, r->checkpoint, &r->edit);
}

static gt_status mix(cli_session *s) {
    gt_mix_request *r = &((mix_fields *)s->fields)->request;
    r->options.pool = s->pool;
    r->stop = gt_stop_requested;
    int64_t replaced = 0;
    gt_stop_install_short(s->comm, CLI_STOPPING);
    gt_status st = cli_share_network_all(s, &r->checkpoint);
    if (!st) st = gt_mix_all(s->comm, r, &replaced);
    gt_stop_restore();
    cli_say_stopped(st, "no grid is written");
    if (st || s->comm->rank) return st;
    gt_print("%s/grid.png: %lld row%s, %lld column%s\n", r->outdir, (long long)r->n_rows, gt_plural(r->n_rows),
             (long long)r->n_columns, gt_plural(r->n_columns));
    cli_print_replaced(replaced);
    return GT_OK;
}

const cli_command cli_mix = {
    .name = "mix",
    .stopping = CLI_STOPPING,
    .arguments = "CHECKPOINT | RUN --rows=SEEDS --cols=SEEDS [--key=value ...]",
    .help = "Mix the styles of seeds; the ranks share the work",
    .detail = "For models with styles (StyleGAN2). In the layers of --styles, an image has the styles of its column's "
              "seed; in all other layers, the styles of its row's seed.",
    .files = "In --outdir: grid.png, all images; SEED-SEED.png, each seed by itself; ROW-COL.png, each mixture.",
    .stopped = CLI_STARTS_AGAIN,
    CLI_EXAMPLES({"Fine styles of two seeds for three others",
                  "gantry mix runs/first --rows=85,100,75 --cols=55,821 --styles=8-"},
                 {"Coarse styles", "gantry mix runs/first --rows=0-3 --cols=4-7 --styles=0-3 --outdir=coarse"}),
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = read_request,
    .run = mix,
};
