/* SPDX-License-Identifier: Apache-2.0
 * gantry reconstruct: images beside what an autoencoder makes of them. */
#include <stdlib.h>

#include "cli/encoding.h"
#include "gantry/grid.h"

typedef struct reconstruct_fields {
    const char *out, *items;
    int64_t columns, threads;
} reconstruct_fields;

#define FIELD(name) .class = GT_COMMAND, .group = "reconstruct", .common = true, .offset = offsetof(reconstruct_fields, name)

static const gt_option table[] = {
    {.key = "out", .type = GT_OPTION_TEXT, .path = true, FIELD(out), .standard = "reconstructions.png", .help = "The picture"},
    {.key = "items", .type = GT_OPTION_TEXT, FIELD(items), .standard = "0-31", .help = "Which images, as in 0-31,77"},
    {.key = "columns", .type = GT_OPTION_INT, FIELD(columns), .standard = "8", .min = 1, .max = 256, .help = "Pairs side by side"},
    {.key = "threads", .by_rank = true, .type = GT_OPTION_INT, FIELD(threads), .derived = "the host's cores", .min = 1, .max = 4096, .help = "Threads"},
};

const gt_option *cli_reconstruct_options(int *n) {
    *n = sizeof table / sizeof *table;
    return table;
}

typedef struct request {
    cli_session *session;
    const reconstruct_fields *fields;
} request;

static gt_status reconstruct(cli_encoding *e, void *arg) {
    enum { MOST = 1 << 16 };
    const request *r = arg;
    int64_t *items, n;
    gt_status st = gt_parse_range_list(r->session->arena, "--items", r->fields->items, MOST, &items, &n);
    if (st) return st;
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (items[i] < e->info->count) items[kept++] = items[i];
    if (!kept) return gt_fail(GT_USAGE, "--items=%s: the data have images 0 to %lld", r->fields->items, (long long)e->info->count - 1);
    int columns = (int)(r->fields->columns < kept ? r->fields->columns : kept), rows = (int)((kept + columns - 1) / columns);
    const gt_model *m = e->model;
    float *cells = calloc(2 * (size_t)columns * (size_t)rows, (size_t)m->height * (size_t)m->width * (size_t)m->channels * sizeof *cells);
    if (!cells) return gt_fail(GT_NOMEM, "out of memory for %lld pictures", (long long)kept);
    st = gt_reconstruct(e->encoder, e->data, kept, items, cells);
    if (!st) st = gt_grid_write(r->fields->out, cells, 2 * columns, rows, m->height, m->width, m->channels, -1, 1, NULL);
    free(cells);
    if (!st) printf("%s: %lld images, each beside its reconstruction\n", r->fields->out, (long long)kept);
    return st;
}

int cli_reconstruct(int argc, char **argv) {
    reconstruct_fields fields;
    cli_session s;
    int status;
    if (!cli_begin(&s, "reconstruct", argc, argv, &fields, &status)) return status;
    return cli_run_encoding(&s, "reconstruct", (int)fields.threads, CLI_UNENCODED, reconstruct, &(request){&s, &fields});
}
