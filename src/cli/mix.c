/* SPDX-License-Identifier: Apache-2.0
 * gantry mix: the coarse styles of some seeds with the fine ones of others. */
#include "gantry/mix.h"

#include "cli/generating.h"
#include "train/stop.h"

typedef struct mix_fields {
    cli_generating generating;
    const char *rows, *cols, *class, *label;
    int64_t threads;
    cli_assumed assumed;
    gt_mix_request request;
} mix_fields;

#define FIELDS mix_fields

static const gt_option table[] = {
    {CLI_OPTION(rows, "", "Required: seeds whose other styles stay, as in 85,100,75")},
    {CLI_OPTION(cols, "", "Required: seeds whose chosen styles are taken")},
    {CLI_SHOWN("styles", request.styles, "", "Layers to take, as in 0-6, 8- or 0,2,5"),
     .detail = "Layers count from 0, the coarsest. Without this option they are 0 to 6, and at most the first half."},
    {CLI_SHOWN("outdir", request.outdir, "mixed", "Where to; made if needed"), .path = true,
     .detail = "grid.png: the images of --cols above, those of --rows at the left. ROW-COL.png: each cell; SEED-SEED."
               "png: each seed by itself."},
    {CLI_OPTION(class, "", "Class of a conditional model: its number or its name")},
    CLI_GENERATING,
    {CLI_FURTHER(label, "", "Label vector instead of a class, as in 0.5,-1")},
    CLI_THREADS,
    CLI_ASSUMED,
};

enum { MOST_SEEDS = 1024 };

static gt_status read_request(cli_session *s) {
    mix_fields *fields = s->fields;
    gt_mix_request *r = &fields->request;
    int64_t *rows, *columns;
    if (!*fields->rows || !*fields->cols)
        return gt_fail(GT_USAGE, "--%s option is required, for example --rows=85,100,75 --cols=55,821",
                       *fields->rows ? "cols" : "rows");
    if (!*r->outdir) return gt_fail(GT_USAGE, "--outdir must name a folder");
    gt_status st = gt_parse_range_list(s->arena, "--rows", fields->rows, MOST_SEEDS, &rows, &r->n_rows);
    if (!st) st = gt_parse_range_list(s->arena, "--cols", fields->cols, MOST_SEEDS, &columns, &r->n_columns);
    if (st) return st;
    r->rows = rows;
    r->columns = columns;
    st = cli_read_condition(s, fields->class, fields->label, &r->condition);
    return st ? st : cli_read_generating(s, &fields->generating, &r->options, &r->checkpoint);
}

static gt_status mix(cli_session *s) {
    gt_mix_request *r = &((mix_fields *)s->fields)->request;
    r->options.pool = s->pool;
    r->stop = gt_stop_requested;
    gt_stop_install_short(s->comm, CLI_STOPPING);
    gt_status st = cli_share_network_all(s, &r->checkpoint);
    if (!st) st = gt_mix_all(s->comm, r);
    gt_stop_restore();
    if (!st && !s->comm->rank)
        printf("%s/grid.png: %lld rows, %lld columns\n", r->outdir, (long long)r->n_rows, (long long)r->n_columns);
    return st;
}

const cli_command cli_mix = {
    .name = "mix",
    .arguments = "NET --rows=85,100,75 --cols=55,821 [--key=value ...]",
    .help = "Mix the styles of seeds; under mpirun the ranks share the work",
    .detail = "For models with styles (StyleGAN2). An image has the styles of its row's seed, but in the layers of "
              "--styles those of its column's seed.",
    CLI_ROWS(table),
    .ranks = true,
    .pool = true,
    .prepare = read_request,
    .run = mix,
};
