/* SPDX-License-Identifier: Apache-2.0
 * gantry anomalies: images that an autoencoder cannot reconstruct are not like those it was trained on. */
#include <stdlib.h>

#include "base/file.h"
#include "cli/encoding.h"
#include "gantry/grid.h"
#include "gantry/rundir.h"

typedef struct anomalies_fields {
    const char *outdir;
    int64_t worst, threads;
} anomalies_fields;

#define FIELD(name) .class = GT_COMMAND, .group = "anomalies", .common = true, .offset = offsetof(anomalies_fields, name)

static const gt_option table[] = {
    {.key = "outdir", .type = GT_OPTION_TEXT, .path = true, FIELD(outdir), .standard = "anomalies", .help = "Where to; made if needed",
     .detail = "scores.csv: every image with its reconstruction error, the largest first. worst.png: those images, each beside its reconstruction."},
    {.key = "worst", .type = GT_OPTION_INT, FIELD(worst), .standard = "32", .min = 1, .max = 4096, .help = "Images in the picture"},
    {.key = "threads", .by_rank = true, .type = GT_OPTION_INT, FIELD(threads), .derived = "the host's cores shared out among its ranks", .min = 1, .max = 4096, .help = "Threads per rank"},
};

const gt_option *cli_anomalies_options(int *n) {
    *n = sizeof table / sizeof *table;
    return table;
}

typedef struct score {
    float error;
    int64_t item;
} score;

/* The largest error first; not a number before all. */
static int order(const void *a, const void *b) {
    const score *x = a, *y = b;
    bool x_wins = x->error > y->error || x->error != x->error, y_wins = y->error > x->error || y->error != y->error;
    return x_wins != y_wins ? (x_wins ? -1 : 1) : (x->item > y->item) - (x->item < y->item);
}

static gt_status write_scores(const cli_encoding *e, const score *scores, const char *path) {
    gt_buffer b = {0};
    bool classes = e->info->label_kind == GT_LABELS_CLASSES;
    gt_buffer_printf(&b, classes ? "item,error,class\n" : "item,error\n");
    for (int64_t i = 0; i < e->info->count; i++) {
        gt_buffer_printf(&b, "%lld,%.9g", (long long)scores[i].item, (double)scores[i].error);
        if (classes) gt_buffer_printf(&b, ",%d", gt_dataset_class(e->data, scores[i].item));
        gt_buffer_printf(&b, "\n");
    }
    gt_status st = b.failed ? gt_fail(GT_NOMEM, "out of memory for %s", path) : gt_file_write(path, b.data, b.n);
    gt_buffer_free(&b);
    return st;
}

static gt_status write_worst(cli_encoding *e, const score *scores, int64_t n, const char *path) {
    enum { COLUMNS = 8 };
    int64_t items[4096];
    const gt_model *m = e->model;
    int rows = (int)((n + COLUMNS - 1) / COLUMNS);
    float *cells = calloc(2 * COLUMNS * (size_t)rows, (size_t)m->height * (size_t)m->width * (size_t)m->channels * sizeof *cells);
    if (!cells) return gt_fail(GT_NOMEM, "out of memory for %lld pictures", (long long)n);
    for (int64_t i = 0; i < n; i++) items[i] = scores[i].item;
    gt_status st = gt_reconstruct(e->encoder, e->data, n, items, cells);
    if (!st) st = gt_grid_write(path, cells, 2 * COLUMNS, rows, m->height, m->width, m->channels, -1, 1, NULL);
    free(cells);
    return st;
}

typedef struct request {
    cli_session *session;
    const anomalies_fields *fields;
} request;

static gt_status rank_items(cli_encoding *e, void *arg) {
    const request *r = arg;
    int64_t n = e->info->count, worst = r->fields->worst < n ? r->fields->worst : n;
    score *scores = malloc((size_t)n * sizeof *scores);
    if (!scores) return gt_fail(GT_NOMEM, "out of memory for %lld scores", (long long)n);
    for (int64_t i = 0; i < n; i++) scores[i] = (score){e->all.error[i], i};
    qsort(scores, (size_t)n, sizeof *scores, order);
    const char *csv = cli_path_in(r->session->arena, r->fields->outdir, "scores.csv"), *png = cli_path_in(r->session->arena, r->fields->outdir, "worst.png");
    gt_status st = csv && png ? gt_rundir_prepare(r->fields->outdir, (size_t)n * 32) : GT_NOMEM;
    if (!st) st = write_scores(e, scores, csv);
    if (!st) st = write_worst(e, scores, worst, png);
    if (!st) printf("%lld images scored: %s\nthe %lld most unlike: %s\n", (long long)n, csv, (long long)worst, png);
    free(scores);
    return st;
}

int cli_anomalies(int argc, char **argv) {
    anomalies_fields fields;
    cli_session s;
    int status;
    if (!cli_begin(&s, "anomalies", argc, argv, &fields, &status)) return status;
    return cli_run_encoding(&s, "anomalies", (int)fields.threads, CLI_ENCODED, rank_items, &(request){&s, &fields});
}
