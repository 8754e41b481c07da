/* SPDX-License-Identifier: Apache-2.0
 * gantry predict --fully-convolutional: maps of scores of pictures that are larger than those of the training. */
#include <stdlib.h>

#include "cli/classifying.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "gantry/items.h"
#include "gantry/rundir.h"
#include "gantry/text.h"
#include "gantry/train.h"
#include "report/sheet.h"
#include "gantry/class_maps.h"

typedef struct mapping {
    cli_classifying of; /* session, data, info: for names of classes */
    gt_score_maps maps;
    double *mean; /* [classes]: of an image's places */
} mapping;

/* The class of the largest mean over the map's places. */
static int best_class(const mapping *m, int64_t item) {
    const gt_score_maps *s = &m->maps;
    int64_t places = (int64_t)s->height * s->width;
    const float *p = s->probability + item * places * s->classes;
    int best = 0;
    for (int k = 0; k < s->classes; k++) m->mean[k] = 0;
    for (int64_t i = 0; i < places * s->classes; i++) m->mean[i % s->classes] += (double)p[i] / (double)places;
    for (int k = 1; k < s->classes; k++)
        if (m->mean[k] > m->mean[best]) best = k;
    return best;
}

static gt_status write_tables(const mapping *m) {
    const gt_score_maps *s = &m->maps;
    gt_buffer b = {0};
    gt_buffer_printf(&b, "item,class,probability\n");
    for (int64_t i = 0; i < s->count; i++) {
        int best = best_class(m, i);
        gt_buffer_printf(&b, "%lld,", (long long)i);
        gt_buffer_csv(&b, cli_class_name(&m->of, best));
        gt_buffer_printf(&b, ",%.6f\n", m->mean[best]);
    }
    gt_array array = {"probability", GT_NUMBER_FLOAT, 4, {s->count, s->height, s->width, s->classes}, s->probability};
    gt_status st = gt_buffer_write(&b, cli_out(m->of.session, "predictions.csv"));
    return st ? st : gt_arrays_write(cli_out(m->of.session, "predictions.h5"), &array, 1);
}

static gt_status draw(const mapping *m, int64_t n) {
    enum { COLUMNS = 6 };
    const gt_score_maps *s = &m->maps;
    const gt_dataset_info *info = m->of.info;
    gt_arena *a = m->of.session->arena;
    size_t pixels = (size_t)info->height * (size_t)info->width * (size_t)info->channels,
           places = (size_t)s->height * (size_t)s->width;
    if (n > s->count) n = s->count;
    int64_t *items = gt_arena_array(a, (size_t)n, sizeof *items);
    float *images = calloc((size_t)n, pixels * sizeof *images), *heat = calloc((size_t)n, places * sizeof *heat);
    sheet_cell *cells = calloc((size_t)n, sizeof *cells);
    gt_status st = items && images && heat && cells ? GT_OK : gt_fail(GT_NOMEM, "out of memory for pictures");
    for (int64_t i = 0; i < n && !st; i++) items[i] = i;
    if (!st) st = gt_read_images(m->of.data, n, items, images);
    for (int64_t i = 0; i < n && !st; i++) {
        int best = best_class(m, i);
        for (size_t p = 0; p < places; p++)
            heat[(size_t)i * places + p] = s->probability[((size_t)i * places + p) * (size_t)s->classes + (size_t)best];
        cells[i] = (sheet_cell){.image = images + (size_t)i * pixels, .heat = heat + (size_t)i * places};
        cells[i].text[0] = gt_arena_printf(a, "%s %.2f", cli_class_name(&m->of, best), m->mean[best]);
    }
    if (!st)
        st = sheet_write(cli_out(m->of.session, "maps.png"),
                         &(sheet){.title = "bright: the probability of the class named below",
                                  .columns = COLUMNS,
                                  .n = n,
                                  .cells = cells,
                                  .height = info->height,
                                  .width = info->width,
                                  .channels = info->channels,
                                  .lo = -1,
                                  .hi = 1,
                                  .heat_height = s->height,
                                  .heat_width = s->width});
    free(cells);
    free(heat);
    free(images);
    return st;
}

static gt_status write_all(mapping *m, int64_t images) {
    const gt_score_maps *s = &m->maps;
    cli_session *session = m->of.session;
    m->mean = gt_arena_array(session->arena, (size_t)s->classes, sizeof *m->mean);
    if (!m->mean) return GT_NOMEM;
    const char *dir = gt_options_effective(&session->options, gt_options_find(&session->options, "outdir"));
    gt_status st = gt_rundir_prepare(dir, (size_t)s->count * (size_t)s->height * (size_t)s->width * 4);
    if (!st) st = write_tables(m);
    if (!st) st = draw(m, images);
    if (!st)
        printf("%lld map%s of %dx%d places: %s\n", (long long)s->count, gt_plural(s->count), s->height, s->width,
               cli_out(session, "predictions.h5"));
    return st;
}

/* What brings pictures to the network's size. */
static gt_status check_options(const cli_session *s) {
    static const char *const keys[] = {"transform", "resize-filter", "pad"};
    for (int i = 0; i < 3; i++)
        if (gt_options_state(&s->options, keys[i]) == GT_OPTION_GIVEN)
            return gt_fail(GT_USAGE,
                           "--%s has no meaning with --fully-convolutional: pictures keep their size (gantry dataset "
                           "makes a dataset of another size)",
                           keys[i]);
    return GT_OK;
}

static bool is_picture(const char *path) {
    gt_file_kind kind = gt_kind_of_file(path);
    return kind == GT_KIND_PICTURE || (kind != GT_KIND_FOLDER && gt_picture_is_name(path));
}

/* A picture file by itself is a dataset of one picture. */
static gt_status open_data(const cli_session *s, const char *path, int network_classes, gt_dataset **out) {
    const gt_transform none = {0};
    const char *classes = gt_options_effective(&s->options, gt_options_find(&s->options, "classes"));
    const gt_dataset_options alone = {.classes = classes, .network_classes = network_classes, .fit = &none};
    if (!is_picture(path)) return cli_open_data(s, path, network_classes, out);
    return gt_dataset_open(out, path, &alone);
}

gt_status cli_predict_maps_all(cli_session *s, int64_t images) {
    mapping m = {.of.session = s};
    int classes;
    const char **words = s->arguments.words;
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    gt_status st = check_options(s);
    if (!st) st = cli_share_path_all(s->comm, s->arena, &words[0]);
    if (!st) st = cli_network_classes(s, words[0], &classes);
    if (!st) st = open_data(s, words[1], classes, &m.of.data);
    st = gt_comm_agree_all(s->comm, st);
    if (!st) st = gt_same_data_all(s->comm, m.of.data, words[1]);
    if (!st) {
        m.of.info = gt_dataset_get_info(m.of.data);
        st = gt_class_maps_all(s->comm, words[0], m.of.data, s->pool, cli_kernels(), &m.maps);
    }
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : write_all(&m, images));
    free(m.maps.probability);
    gt_dataset_close(m.of.data);
    return st;
}
