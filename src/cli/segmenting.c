/* SPDX-License-Identifier: Apache-2.0
 * gantry predict and gantry evaluate of networks that segment. */
#include "cli/segmenting.h"

#include <math.h>
#include <stdlib.h>

#include "cli/classifying.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "gantry/rundir.h"
#include "gantry/text.h"
#include "gantry/train.h"

gt_status cli_segments_all(cli_session *s, bool *segments) {
    *segments = false;
    if (s->arguments.n_words != 2) return GT_OK; /* which the command tells */
    gt_status st = cli_share_path_all(s->comm, s->arena, &s->arguments.words[0]);
    if (!st && !s->comm->rank) st = gt_is_segmenter(s->arguments.words[0], segments);
    st = gt_comm_agree_all(s->comm, st);
    gt_comm_broadcast_all(s->comm, segments, sizeof *segments, 0);
    return st;
}

const char *cli_segment_name(const cli_segmenting *c, int class) {
    if (c->info->mask_name && class < c->info->mask_classes) return c->info->mask_name[class];
    return gt_arena_printf(c->session->arena, "%d", class);
}

static gt_status open_all(cli_segmenting *c, bool any_size) {
    const char **words = c->session->arguments.words;
    c->with = cli_open_role(c->session, words[0], GT_ROLE_SEGMENTER);
    if (!c->with) return gt_failure();
    c->model = gt_runner_model(c->with);
    gt_status st = any_size ? cli_open_pictures(c->session, words[1], c->model, &c->data)
                            : cli_open_data(c->session, words[1], 0, &c->data);
    if (!st) c->info = gt_dataset_get_info(c->data);
    return st;
}

static gt_status segment_all(cli_session *s, bool judged, bool classes, gt_status (*work)(cli_segmenting *c)) {
    cli_segmenting c = {.session = s};
    gt_status st = gt_comm_agree_all(s->comm, open_all(&c, classes));
    if (!st) st = gt_same_data_all(s->comm, c.data, s->arguments.words[1]);
    judged = judged || (!st && c.info->masks);
    if (!st)
        st = gt_segment_dataset_all(s->comm, c.with, c.data, judged ? &c.scores : NULL, classes ? &c.classes : NULL);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : work(&c));
    gt_segment_free(&c.scores);
    free(c.classes);
    gt_dataset_close(c.data);
    gt_runner_close(c.with);
    return st;
}

/* ---- evaluate ---- */

static gt_status write_tables(const cli_segmenting *c) {
    const gt_segment_scores *s = &c->scores;
    const char **names = gt_arena_array(c->session->arena, (size_t)s->classes, sizeof *names);
    if (!names) return GT_NOMEM;
    gt_buffer classes = {0};
    gt_buffer_printf(&classes, "class,pixels,accuracy,iou\n");
    for (int i = 0; i < s->classes; i++) {
        int64_t n = cli_confusion_count(s->confusion, s->classes, i), right = s->confusion[(int64_t)i * s->classes + i];
        names[i] = cli_segment_name(c, i);
        gt_buffer_csv(&classes, names[i]);
        gt_buffer_printf(&classes, ",%lld,", (long long)n);
        if (n) gt_buffer_printf(&classes, "%.6f", (double)right / (double)n);
        if (isnan(s->iou[i])) gt_buffer_printf(&classes, ",\n");
        else gt_buffer_printf(&classes, ",%.6f\n", s->iou[i]);
    }
    gt_status st = gt_buffer_write(&classes, cli_out(c->session, "classes.csv"));
    return st ? st : cli_write_confusion(c->session, s->confusion, s->classes, names);
}

static void print_scores(const cli_segmenting *c) {
    const gt_segment_scores *s = &c->scores;
    printf("%lld image%s, %lld pixels: accuracy %.4f, mean IoU %.4f, cross-entropy %.4f\n", (long long)c->info->count,
           gt_plural(c->info->count), (long long)s->pixels, s->accuracy, s->mean_iou, s->loss);
    for (int i = 0; i < s->classes && s->classes <= 32; i++)
        if (!isnan(s->iou[i]))
            printf("  %-20s %9lld pixels  IoU %.4f\n", cli_segment_name(c, i),
                   (long long)cli_confusion_count(s->confusion, s->classes, i), s->iou[i]);
}

static gt_status evaluate(cli_segmenting *c) {
    const gt_segment_scores *s = &c->scores;
    if (!s->pixels)
        return gt_fail(GT_USAGE, "the masks of '%s' have no classes that the network knows",
                       c->session->arguments.words[1]);
    gt_status st = write_tables(c);
    if (!st) print_scores(c);
    return st;
}

gt_status cli_segment_evaluate_all(cli_session *s, const char *outdir) {
    gt_status st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : gt_rundir_prepare(outdir, 1 << 20));
    if (!st) st = segment_all(s, true, false, evaluate);
    if (!st && !s->comm->rank) printf("tables: %s\n", outdir);
    return st;
}

/* ---- predict ---- */

static gt_status write_arrays(const cli_segmenting *c) {
    gt_array classes = {"classes", GT_NUMBER_UINT8, 3, {c->info->count, c->info->height, c->info->width}, c->classes};
    return gt_arrays_write(cli_out(c->session, "predictions.h5"), &classes, 1);
}

typedef struct wanted {
    const char *outdir;
    int64_t images;
} wanted;

static wanted predicted; /* of the one call */

static gt_status write_predictions(cli_segmenting *c) {
    int64_t n = c->info->count < predicted.images ? c->info->count : predicted.images;
    size_t bytes = 2 * (size_t)c->info->count * (size_t)c->info->height * (size_t)c->info->width;
    gt_status st = gt_rundir_prepare(predicted.outdir, bytes);
    if (!st) st = cli_segment_write_masks(c, predicted.outdir);
    if (!st) st = write_arrays(c);
    if (!st) st = cli_segment_draw(c, n, cli_out(c->session, "overlays.png"));
    if (!st && c->scores.pixels) print_scores(c);
    if (!st)
        printf("%lld image%s segmented: %s\n", (long long)c->info->count, gt_plural(c->info->count), predicted.outdir);
    return st;
}

gt_status cli_segment_predict_all(cli_session *s, const char *outdir, int64_t images) {
    predicted = (wanted){outdir, images};
    return segment_all(s, false, true, write_predictions);
}
