/* SPDX-License-Identifier: Apache-2.0
 * gantry anomalies: images that an autoencoder cannot reconstruct are not like those it was trained on. */
#include "cli/anomalies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/classifying.h"
#include "gantry/rundir.h"
#include "gantry/text.h"
#include "report/sheet.h"

typedef struct anomalies_fields {
    const char *outdir, *classes, *normal;
    double quantile;
    int64_t worst, threads;
    bool overwrite;
} anomalies_fields;

#define FIELDS anomalies_fields

static const gt_option table[] = {
    {CLI_OPTION(outdir, "anomalies", "Folder to write to; made if needed"),
     CLI_FILLS({"scores.csv", GT_OUTFILE_TABLE}, {"roc.csv", GT_OUTFILE_TABLE}, {"worst.png", GT_OUTFILE_PICTURE},
               CLI_FIGURE("errors"), CLI_FIGURE("roc")),
     .detail = "scores.csv: every image with its reconstruction error, the largest first, with its file and whether "
               "the error is above the threshold. worst.png: those images, each beside its reconstruction, with their "
               "errors. errors.svg, .png: a histogram of the errors. With --normal roc.svg, .png, .csv: which share "
               "of both kinds of images lies above each threshold."},
    {CLI_OPTION(worst, "32", "Number of images in the picture"), .min = 1, .max = 4096},
    {CLI_OPTION(quantile, "0.99", "Share of errors that lie below the threshold"), .max = 1,
     .detail = "Of the errors of all images; with --normal of the normal ones, so that 1 - quantile is the share of "
               "false alarms."},
    {CLI_OPTION(normal, "", "Classes that are normal, as in 0 or cat,dog, for ROC and AUC"), .placeholder = "CLASSES",
     .detail = "Numbers and names. Images of all other classes are anomalies; images without a "
               "class do not count."},
    CLI_OVERWRITE,
    CLI_CLASSES,
    CLI_THREADS,
};

/* The largest error first; not a number before all. */
static int order(const void *a, const void *b) {
    const anomaly *x = a, *y = b;
    bool x_wins = x->error > y->error || x->error != x->error, y_wins = y->error > x->error || y->error != y->error;
    return x_wins != y_wins ? (x_wins ? -1 : 1) : (x->item > y->item) - (x->item < y->item);
}

static gt_status write_scores(const cli_encoding *e, const anomalies *a, const char *path) {
    gt_buffer b = {0};
    char name[GT_ITEM_NAME_BYTES];
    bool classes = e->info->label_kind == GT_LABELS_CLASSES;
    gt_buffer_printf(&b, "item,error,%sfile,above\n", classes ? "class," : "");
    for (int64_t i = 0; i < a->n; i++) {
        const anomaly *one = &a->all[i];
        gt_buffer_printf(&b, "%lld,%.9g,", (long long)one->item, (double)one->error);
        if (classes) gt_buffer_printf(&b, "%d,", gt_dataset_class(e->data, one->item));
        gt_buffer_csv(&b, gt_dataset_name(e->data, one->item, name));
        gt_buffer_printf(&b, ",%d\n", anomaly_above(a, one));
    }
    return gt_buffer_write(&b, path);
}

/* Each image beside its reconstruction, with its error and its name. */
static gt_status draw_worst(cli_encoding *e, const anomalies *a, int64_t n, const char *path) {
    enum { PAIRS = 4 };
    const gt_model *m = e->model;
    gt_arena *arena = e->session->arena;
    char name[GT_ITEM_NAME_BYTES];
    int64_t items[4096];
    size_t pixels = gt_model_floats(m);
    float *images = calloc(2 * (size_t)n, pixels * sizeof *images);
    sheet_cell *cells = gt_arena_array(arena, 2 * (size_t)n, sizeof *cells);
    for (int64_t i = 0; i < n; i++) items[i] = a->all[i].item;
    gt_status st = images && cells ? gt_reconstruct(e->encoder, e->data, n, items, images)
                                   : gt_fail(GT_NOMEM, "out of memory for %lld pictures", (long long)n);
    for (int64_t i = 0; i < 2 * n && !st; i++) {
        const anomaly *one = &a->all[i / 2];
        cells[i] = (sheet_cell){.image = images + (size_t)i * pixels, .bad = anomaly_above(a, one)};
        cells[i].text[0] = i % 2 ? gt_arena_printf(arena, "%s", gt_dataset_name(e->data, one->item, name))
                                 : gt_arena_printf(arena, "error %.4g", (double)one->error);
    }
    const char *title = gt_arena_printf(arena,
                                        "each image beside its reconstruction, the largest error first; red: "
                                        "above %.4g",
                                        a->threshold);
    if (!st)
        st = sheet_write(path, &(sheet){.title = title,
                                        .columns = 2 * PAIRS,
                                        .n = 2 * n,
                                        .cells = cells,
                                        .height = m->height,
                                        .width = m->width,
                                        .channels = m->channels,
                                        .lo = -1,
                                        .hi = 1});
    free(images);
    return st;
}

/* The quantile of the finite errors of the images that count, between two of them by their distance. */
static gt_status find_threshold(const cli_session *s, anomalies *a, double quantile) {
    double *errors = gt_arena_array(s->arena, (size_t)a->n, sizeof *errors);
    int64_t n = 0;
    if (!errors) return GT_NOMEM;
    for (int64_t i = a->n - 1; i >= 0; i--) /* the smallest first */
        if (isfinite(a->all[i].error) && (!a->classes || a->all[i].kind == ANOMALY_NORMAL))
            errors[n++] = (double)a->all[i].error;
    if (!n) return gt_fail(GT_FAILED, "no image has a finite error: there is no threshold");
    double place = quantile * (double)(n - 1);
    int64_t below = (int64_t)place, next = below + 1 < n ? below + 1 : below;
    a->threshold = errors[below] + (place - (double)below) * (errors[next] - errors[below]);
    return GT_OK;
}

/* The class of a name, or of a number; -1: there is none. */
static int find_class(const gt_dataset_info *info, const char *text, int classes) {
    char *end;
    long number = strtol(text, &end, 10);
    for (int i = 0; i < info->class_names && i < classes; i++)
        if (!strcmp(info->class_name[i], text)) return i;
    return end != text && !*end && number >= 0 && number < classes ? (int)number : -1;
}

/* chosen[class]: the class is among those of the list. */
static gt_status read_normal(const cli_session *s, const gt_dataset_info *info, const char *list, bool *chosen) {
    int classes = info->stored_label_width;
    if (info->label_kind != GT_LABELS_CLASSES)
        return gt_fail(GT_USAGE, "--normal=%s: the images of the data have no classes", list);
    for (const char *at = list, *end; at; at = *end ? end + 1 : NULL) {
        end = at + strcspn(at, ",");
        const char *word = gt_arena_printf(s->arena, "%.*s", (int)(end - at), at);
        int class = word ? find_class(info, word, classes) : -1;
        if (!word) return GT_NOMEM;
        if (class < 0)
            return gt_fail(GT_USAGE, "--normal=%s: there is no class '%s' (there are %d, numbered from 0)", list, word,
                           classes);
        chosen[class] = true;
    }
    return GT_OK;
}

static gt_status set_kinds(const cli_encoding *e, anomalies *a, const char *normal) {
    if (!*normal) return GT_OK;
    int classes = e->info->stored_label_width, count[3] = {0};
    bool *chosen = gt_arena_array(e->session->arena, (size_t)classes + 1, sizeof *chosen);
    gt_status st = chosen ? read_normal(e->session, e->info, normal, chosen) : GT_NOMEM;
    for (int64_t i = 0; i < a->n && !st; i++) {
        int class = gt_dataset_class(e->data, a->all[i].item);
        a->all[i].kind = class < 0 ? ANOMALY_UNKNOWN : chosen[class] ? ANOMALY_NORMAL : ANOMALY_OTHER;
        count[a->all[i].kind]++;
    }
    if (!st && (!count[ANOMALY_NORMAL] || !count[ANOMALY_OTHER]))
        st = gt_fail(GT_USAGE, "--normal=%s: %s image of the data is of another class; a ROC curve needs both kinds",
                     normal, count[ANOMALY_NORMAL] ? "no" : "each");
    a->classes = normal;
    return st;
}

static gt_status write_all(cli_encoding *e, anomalies *a) {
    const anomalies_fields *f = e->session->fields;
    const cli_session *s = e->session;
    int64_t n = a->n, worst = f->worst < n ? f->worst : n, above = 0;
    double auc = 0;
    const char *csv = cli_out(s, "scores.csv"), *png = cli_out(s, "worst.png");
    gt_status st = csv && png ? gt_rundir_prepare(f->outdir, (size_t)n * 64) : GT_NOMEM;
    if (!st) st = write_scores(e, a, csv);
    if (!st) st = draw_worst(e, a, worst, png);
    if (!st) st = anomalies_draw_errors(s, a, f->quantile);
    if (!st && a->classes) st = anomalies_write_roc(s, a, &auc);
    if (st) return st;
    for (int64_t i = 0; i < n; i++) above += anomaly_above(a, &a->all[i]);
    printf("%lld image%s scored: %s\nthe %lld most unlike: %s\n", (long long)n, gt_plural(n), csv, (long long)worst,
           png);
    printf("threshold %.6g (quantile %g of %s): %lld image%s above it\n", a->threshold, f->quantile,
           a->classes ? "normal images" : "all images", (long long)above, gt_plural(above));
    if (a->classes) printf("area under the ROC curve %.6f: %s\n", auc, cli_out(s, "roc.png"));
    return GT_OK;
}

static gt_status rank_items(cli_encoding *e) {
    const anomalies_fields *f = e->session->fields;
    anomalies a = {.n = e->info->count};
    a.all = gt_arena_array(e->session->arena, (size_t)a.n, sizeof *a.all);
    if (!a.all) return GT_NOMEM;
    for (int64_t i = 0; i < a.n; i++) a.all[i] = (anomaly){.error = e->all.error[i], .item = i};
    qsort(a.all, (size_t)a.n, sizeof *a.all, order);
    gt_status st = set_kinds(e, &a, f->normal);
    if (!st) st = find_threshold(e->session, &a, f->quantile);
    return st ? st : write_all(e, &a);
}

static gt_status run(cli_session *s) { return cli_with_encoding_all(s, CLI_ENCODED, rank_items); }

const cli_command cli_anomalies = {
    .name = "anomalies",
    .help = "Rank images by how badly an autoencoder reconstructs them",
    .files = "In --outdir scores.csv, worst.png, errors.svg and .png; with --normal also roc.svg, .png and .csv.",
    CLI_EXAMPLES({"The worst 32 images of a dataset", "gantry anomalies runs/ae parts.zip"},
                 {"How well class 0 is separated from all others",
                  "gantry anomalies runs/ae parts.zip --normal=0 --quantile=0.95"}),
    CLI_ENCODING(table),
    .run = run,
};
