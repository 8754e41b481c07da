/* SPDX-License-Identifier: Apache-2.0
 * The commands of classifiers: what they share. */
#include "cli/classifying.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gantry/checkpoint.h"
#include "gantry/items.h"
#include "gantry/figure.h"
#include "gantry/log.h"
#include "gantry/train.h"
#include "report/sheet.h"

static gt_status open_all(cli_classifying *c, cli_classify_way way) {
    const char **words = c->session->arguments.words;
    c->with = cli_open_role(c->session, words[0], GT_ROLE_CLASSIFIER);
    if (!c->with) return gt_failure();
    c->model = gt_runner_model(c->with);
    gt_status st = way == CLI_PREDICT ? cli_open_pictures(c->session, words[1], c->model, &c->data)
                                      : cli_open_data(c->session, words[1], c->model->label_dim, &c->data);
    if (!st) c->info = gt_dataset_get_info(c->data);
    return st;
}

/* On rank 0: classes beyond those of the network. */
static void warn_of_classes(const cli_classifying *c) {
    int64_t n = 0;
    for (int64_t i = 0; c->all && i < c->info->count; i++) n += c->all[i].truth >= c->model->label_dim;
    if (n)
        gt_warn("%lld of %lld images have classes beyond the network's %d: they are not judged", (long long)n,
                (long long)c->info->count, c->model->label_dim);
}

/* On rank 0: classes of the same number and of other names than in training. */
static void warn_of_names(const cli_classifying *c) {
    const gt_checkpoint_data *known = gt_runner_data(c->with);
    const gt_dataset_info *given = c->info;
    int k = gt_class_names_differ(given->class_name, given->class_names, known->class_name, known->class_names);
    if (!c->all || k < 0) return;
    gt_warn("class %d of the data is '%s', that of the network '%s': classes are compared by their numbers "
            "(--classes=A,B,... takes classes of the data in the network's order)",
            k, given->class_name[k], known->class_name[k]);
}

gt_status cli_classify_all(cli_session *s, cli_classify_way way, gt_status (*work)(cli_classifying *c)) {
    cli_classifying c = {.session = s};
    const char **words = s->arguments.words;
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    gt_status st = cli_share_path_all(s->comm, s->arena, &words[0]);
    if (!st) st = gt_comm_agree_all(s->comm, open_all(&c, way));
    if (!st) st = gt_same_data_all(s->comm, c.data, words[1]);
    if (!st)
        st = gt_classify_dataset_all(s->comm, c.with, c.data, &c.all, way == CLI_PREDICT ? &c.probabilities : NULL);
    if (!st) warn_of_classes(&c);
    if (!st) warn_of_names(&c);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : work(&c));
    free(c.all);
    free(c.probabilities);
    gt_dataset_close(c.data);
    gt_runner_close(c.with);
    return st;
}

/* From the first of two lists that has a name. */
static const char *name_from(const cli_classifying *c, int class, bool data_first) {
    static const gt_checkpoint_data nothing;
    const gt_checkpoint_data *known = c->with ? gt_runner_data(c->with) : &nothing;
    for (int i = 0; i < 2; i++) {
        bool data = (i == 0) == data_first;
        if (data && class >= 0 && class < c->info->class_names) return c->info->class_name[class];
        if (!data && class >= 0 && class < known->class_names) return known->class_name[class];
    }
    return gt_arena_printf(c->session->arena, "%d", class);
}

const char *cli_true_name(const cli_classifying *c, int class) { return name_from(c, class, true); }

const char *cli_class_name(const cli_classifying *c, int class) { return name_from(c, class, false); }

int64_t cli_confusion_count(const int64_t *confusion, int n, int class) {
    int64_t count = 0;
    for (int k = 0; k < n; k++) count += confusion[(int64_t) class * n + k];
    return count;
}

gt_status cli_write_confusion(const cli_session *s, const int64_t *confusion, int n, const char *const *names) {
    gt_buffer b = {0};
    gt_buffer_printf(&b, "class");
    for (int k = 0; k < n; k++) gt_buffer_printf(&b, ","), gt_buffer_csv(&b, names[k]);
    gt_buffer_printf(&b, "\n");
    for (int i = 0; i < n; i++) {
        gt_buffer_csv(&b, names[i]);
        for (int k = 0; k < n; k++) gt_buffer_printf(&b, ",%lld", (long long)confusion[(int64_t)i * n + k]);
        gt_buffer_printf(&b, "\n");
    }
    gt_status st = gt_buffer_write(&b, cli_out(s, "confusion.csv"));
    return st ? st : gt_confusion_write(cli_out(s, "confusion.png"), confusion, n, names);
}

/* ---- sheets ---- */

cli_verdict cli_verdict_of(const gt_classified *r) {
    if (r->place < 0) return CLI_UNKNOWN;
    return r->truth == r->best ? CLI_RIGHT : CLI_WRONG;
}

gt_status cli_remove_old(const char *path) {
    if (!path) return GT_NOMEM;
    int error = gt_file_remove(path);
    return error && error != ENOENT ? gt_fail(GT_FAILED, "%s: %s", path, strerror(error)) : GT_OK;
}

static void write_words(const cli_classifying *c, int64_t item, sheet_cell *cell) {
    const gt_classified *r = &c->all[item];
    gt_arena *a = c->session->arena;
    const char *taken = gt_arena_printf(a, "%s %.2f", cli_class_name(c, r->best), (double)r->probability);
    int line = 0;
    if (r->truth >= 0) cell->text[line++] = gt_arena_printf(a, "is %s", cli_true_name(c, r->truth));
    cell->text[line] = cli_verdict_of(r) == CLI_UNKNOWN ? taken : gt_arena_printf(a, "taken for %s", taken);
    cell->bad = cli_verdict_of(r) == CLI_WRONG;
}

gt_status cli_draw_classified(const cli_classifying *c, int64_t n, const int64_t *items, const float *heat, int height,
                              int width, const char *path, const char *title) {
    enum { COLUMNS = 8 };
    size_t pixels = gt_model_floats(c->model);
    float *images = calloc((size_t)n, pixels * sizeof *images);
    sheet_cell *cells = calloc((size_t)n, sizeof *cells);
    gt_status st = images && cells ? gt_read_images(c->data, n, items, images)
                                   : gt_fail(GT_NOMEM, "out of memory for %lld pictures", (long long)n);
    for (int64_t i = 0; i < n && !st; i++) {
        cells[i].image = images + (size_t)i * pixels;
        if (heat) cells[i].heat = heat + i * height * width;
        write_words(c, items[i], &cells[i]);
    }
    if (!st)
        st = sheet_write(path, &(sheet){.title = title,
                                        .columns = COLUMNS,
                                        .n = n,
                                        .cells = cells,
                                        .height = c->model->height,
                                        .width = c->model->width,
                                        .channels = c->model->channels,
                                        .lo = -1,
                                        .hi = 1,
                                        .heat_height = height,
                                        .heat_width = width});
    free(cells);
    free(images);
    return st;
}
