/* SPDX-License-Identifier: Apache-2.0
 * gantry anomalies: images that an autoencoder cannot reconstruct are not like those it was trained on. */
#include <stdlib.h>

#include "base/file.h"
#include "cli/encoding.h"
#include "gantry/rundir.h"

typedef struct anomalies_fields {
    const char *outdir, *classes;
    int64_t worst, threads;
} anomalies_fields;

#define FIELDS anomalies_fields

static const gt_option table[] = {
    {CLI_OPTION(outdir, "anomalies", "Where to; made if needed"), .path = true,
     .detail = "scores.csv: every image with its reconstruction error, the largest first. worst.png: those images, "
               "each beside its reconstruction."},
    {CLI_OPTION(worst, "32", "Images in the picture"), .min = 1, .max = 4096},
    CLI_CLASSES,
    CLI_THREADS,
};

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
    return gt_buffer_write(&b, path);
}

static gt_status rank_items(cli_encoding *e) {
    const anomalies_fields *f = e->session->fields;
    int64_t n = e->info->count, worst = f->worst < n ? f->worst : n;
    int64_t items[4096];
    score *scores = gt_arena_array(e->session->arena, (size_t)n, sizeof *scores);
    if (!scores) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) scores[i] = (score){e->all.error[i], i};
    qsort(scores, (size_t)n, sizeof *scores, order);
    const char *csv = cli_out(e->session, "scores.csv"), *png = cli_out(e->session, "worst.png");
    gt_status st = csv && png ? gt_rundir_prepare(f->outdir, (size_t)n * 32) : GT_NOMEM;
    if (!st) st = write_scores(e, scores, csv);
    for (int64_t i = 0; i < worst && !st; i++) items[i] = scores[i].item;
    if (!st) st = cli_draw_pairs(e, worst, items, 8, png);
    if (!st) printf("%lld images scored: %s\nthe %lld most unlike: %s\n", (long long)n, csv, (long long)worst, png);
    return st;
}

static gt_status anomalies(cli_session *s) { return cli_with_encoding_all(s, CLI_ENCODED, rank_items); }

const cli_command cli_anomalies = {
    .name = "anomalies",
    .help = "Rank images by how badly an autoencoder reconstructs them",
    CLI_ENCODING(table),
    .run = anomalies,
};
