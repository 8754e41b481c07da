/* SPDX-License-Identifier: Apache-2.0
 * gantry predict and gantry evaluate of networks that segment. */
#include "cli/segmenting.h"

#include <math.h>
#include <stdlib.h>

#include "cli/classifying.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "gantry/text.h"
#include "gantry/figure.h"
#include "gantry/prediction_view.h"
#include "gantry/rundir.h"
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

static gt_status segment_all(cli_segmenting *c, bool judged, bool classes, gt_status (*work)(cli_segmenting *c)) {
    cli_session *s = c->session;
    gt_status st = gt_comm_agree_all(s->comm, open_all(c, classes));
    if (!st) st = gt_same_data_all(s->comm, c->data, s->arguments.words[1]);
    judged = judged || (!st && c->info->masks);
    if (!st)
        st = gt_segment_dataset_all(s->comm, c->with, c->data, judged ? &c->scores : NULL,
                                    classes ? &c->classes : NULL);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : work(c));
    gt_segment_free(&c->scores);
    free(c->classes);
    gt_dataset_close(c->data);
    gt_runner_close(c->with);
    return st;
}

/* ---- evaluate ---- */

static gt_segmentation segmentation_of(const cli_segmenting *c) {
    return (gt_segmentation){c->model, c->data, &c->scores, c->classes};
}

static void print_scores(const cli_segmenting *c) {
    const gt_segment_scores *s = &c->scores;
    const gt_segmentation of = segmentation_of(c);
    printf("%lld image%s, %lld pixels: accuracy %.4f, mean IoU %.4f, cross-entropy %.4f\n", (long long)c->info->count,
           gt_plural(c->info->count), (long long)s->pixels, s->accuracy, s->mean_iou, s->loss);
    for (int i = 0; i < s->classes && s->classes <= 32; i++)
        if (!isnan(s->iou[i]))
            printf("  %-20s %9lld pixels  IoU %.4f\n", gt_segmentation_class_name(&of, c->session->arena, i),
                   (long long)gt_confusion_count(s->confusion, s->classes, i), s->iou[i]);
}

static gt_status evaluate_pixels(cli_segmenting *c) {
    const gt_segmentation of = segmentation_of(c);
    if (!c->scores.pixels)
        return gt_fail(GT_USAGE, "the masks of '%s' have no classes that the network knows",
                       c->session->arguments.words[1]);
    gt_status st = gt_segmentation_write_scores(&of, c->outdir);
    if (!st) print_scores(c);
    return st;
}

gt_status cli_segment_evaluate_all(cli_session *s, const char *outdir) {
    gt_status st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : gt_rundir_prepare(outdir, 1 << 20));
    if (!st) st = segment_all(&(cli_segmenting){.session = s, .outdir = outdir}, true, false, evaluate_pixels);
    if (!st && !s->comm->rank) printf("tables: %s\n", outdir);
    return st;
}

/* ---- predict ---- */

static gt_status write_predictions(cli_segmenting *c) {
    const gt_segmentation of = segmentation_of(c);
    size_t bytes = 2 * (size_t)c->info->count * (size_t)c->info->height * (size_t)c->info->width;
    gt_status st = gt_rundir_prepare(c->outdir, bytes);
    if (!st) st = gt_segmentation_write(&of, c->images, c->outdir);
    if (!st && c->scores.pixels) print_scores(c);
    if (!st) printf("%lld image%s segmented: %s\n", (long long)c->info->count, gt_plural(c->info->count), c->outdir);
    return st;
}

gt_status cli_segment_predict_all(cli_session *s, const char *outdir, int64_t images) {
    return segment_all(&(cli_segmenting){.session = s, .outdir = outdir, .images = images}, false, true,
                       write_predictions);
}
