/* SPDX-License-Identifier: Apache-2.0
 * gantry predict: the classes of pictures by a classifier. */
#include <stdlib.h>

#include "base/file.h"
#include "cli/classifying.h"
#include "cli/encoding.h"
#include "gantry/arrays.h"
#include "gantry/encode.h"
#include "gantry/grid.h"
#include "gantry/rundir.h"

typedef struct predict_fields {
    const char *outdir;
    int64_t images, threads;
} predict_fields;

#define FIELDS predict_fields

enum { COLUMNS = 8, MOST = 4096 };

static const gt_option table[] = {
    {CLI_OPTION(outdir, "predictions", "Where to; made if needed"), .path = true,
     .detail = "predictions.csv: the class of each image, its probability, and the true class where it is known. "
               "predictions.h5: the same and the probabilities of all classes. right.png, wrong.png: images that were "
               "taken for what they are and for something else, the surest first."},
    {CLI_OPTION(images, "32", "Images in each picture"), .min = 1, .max = MOST},
    CLI_THREADS,
};

static gt_status write_csv(const cli_classifying *c) {
    gt_buffer b = {0};
    bool known = c->info->label_kind == GT_LABELS_CLASSES;
    gt_buffer_printf(&b, known ? "item,class,probability,truth\n" : "item,class,probability\n");
    for (int64_t i = 0; i < c->info->count; i++) {
        const gt_classified *r = &c->all[i];
        gt_buffer_printf(&b, "%lld,%s,%.6f", (long long)i, cli_class_name(c, r->best), (double)r->probability);
        if (known) gt_buffer_printf(&b, ",%s", r->truth < 0 ? "" : cli_class_name(c, r->truth));
        gt_buffer_printf(&b, "\n");
    }
    return gt_buffer_write(&b, cli_out(c->session, "predictions.csv"));
}

static gt_status write_arrays(const cli_classifying *c) {
    int64_t n = c->info->count;
    int32_t *classes = gt_arena_array(c->session->arena, 2 * (size_t)n, sizeof *classes), *truth = classes + n;
    if (!classes) return GT_NOMEM;
    for (int64_t i = 0; i < n; i++) classes[i] = c->all[i].best, truth[i] = c->all[i].truth;
    gt_array arrays[] = {{"class", GT_NUMBER_INT32, 1, {n}, classes},
                         {"truth", GT_NUMBER_INT32, 1, {n}, truth},
                         {"probability", GT_NUMBER_FLOAT, 2, {n, c->model->label_dim}, c->probabilities}};
    return gt_arrays_write(cli_out(c->session, "predictions.h5"), arrays, 3);
}

static const gt_classified *compared;

/* The surest first. */
static int order(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    float p = compared[x].probability, q = compared[y].probability;
    return p != q ? (p > q ? -1 : 1) : (x > y) - (x < y);
}

static gt_status draw(const cli_classifying *c, bool right, const char *name) {
    const predict_fields *f = c->session->fields;
    const gt_model *m = c->model;
    int64_t count = c->info->count, n = 0;
    int64_t *items = gt_arena_array(c->session->arena, (size_t)count, sizeof *items);
    if (!items) return GT_NOMEM;
    for (int64_t i = 0; i < count; i++)
        if (c->all[i].truth >= 0 && (c->all[i].truth == c->all[i].best) == right) items[n++] = i;
    if (!n) return GT_OK;
    compared = c->all;
    qsort(items, (size_t)n, sizeof *items, order);
    if (n > f->images) n = f->images;
    int rows = (int)((n + COLUMNS - 1) / COLUMNS);
    float *cells = calloc((size_t)rows * COLUMNS * gt_model_floats(m), sizeof *cells);
    if (!cells) return gt_fail(GT_NOMEM, "out of memory for %lld pictures", (long long)n);
    gt_status st = gt_read_images(c->data, n, items, cells);
    if (!st)
        st = gt_grid_write(cli_out(c->session, name), cells, COLUMNS, rows, m->height, m->width, m->channels, -1, 1,
                           NULL);
    free(cells);
    return st;
}

static gt_status write_all(cli_classifying *c) {
    const predict_fields *f = c->session->fields;
    gt_status st = gt_rundir_prepare(f->outdir, (size_t)c->info->count * 64);
    if (!st) st = write_csv(c);
    if (!st) st = write_arrays(c);
    if (!st) st = draw(c, true, "right.png");
    if (!st) st = draw(c, false, "wrong.png");
    if (!st) printf("%lld images classified: %s\n", (long long)c->info->count, cli_out(c->session, "predictions.csv"));
    return st;
}

static gt_status predict(cli_session *s) { return cli_classify_all(s, true, write_all); }

const cli_command cli_predict = {
    .name = "predict",
    .help = "Classes of images, with their probabilities, by a classifier",
    CLI_CLASSIFYING(table),
    .run = predict,
};
