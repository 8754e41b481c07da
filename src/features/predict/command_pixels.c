/* SPDX-License-Identifier: Apache-2.0
 * gantry predict and gantry evaluate of networks that segment. */
#include "features/predict/command_pixels.h"

#include <math.h>
#include <stdlib.h>

#include "gantry/text.h"
#include "command/door/applied.h"
#include "figures/door/figure.h"
#include "features/predict/prediction_view.h"
#include "gantry/rundir.h"
#include "gantry/segment.h"

gt_status cli_segments_all(cli_session *s, bool *segments) {
    *segments = false;
    if (s->arguments.n_words != 2) return GT_OK; /* which the command tells */
    gt_status st = cli_share_path_all(s->comm, s->arena, &s->arguments.words[0]);
    gt_network_options reading = cli_reading(&s->options);
    if (!st && !s->comm->rank) st = gt_is_segmenter(s->arguments.words[0], &reading, segments);
    st = gt_comm_agree_all(s->comm, st);
    gt_comm_broadcast_all(s->comm, segments, sizeof *segments, 0);
    return st;
}

/* ---- evaluate ---- */

static void print_scores(const cli_applied *a, const gt_segmentation *of) {
    const gt_segment_scores *s = of->scores;
    gt_print("%lld image%s, %lld pixels: accuracy %.4f, mean IoU %.4f, cross-entropy %.4f\n", (long long)a->info->count,
             gt_plural(a->info->count), (long long)s->pixels, s->accuracy, s->mean_iou, s->loss);
    for (int i = 0; i < s->classes && s->classes <= 32; i++)
        if (!isnan(s->iou[i]))
            gt_print("  %-20s %9lld pixels  IoU %.4f\n", gt_segmentation_class_name(of, a->session->arena, i),
                     (long long)gt_confusion_count(s->confusion, s->classes, i), s->iou[i]);
}

static gt_status write_scores(const cli_applied *a, const gt_segment_scores *scores) {
    const gt_segmentation of = {a->model, a->data, scores, NULL};
    if (!scores->pixels)
        return gt_fail(GT_USAGE, "the masks of '%s' have none of the network's classes",
                       a->session->arguments.words[1]);
    gt_status st = gt_segmentation_write_scores(&of, a->arg);
    if (!st) print_scores(a, &of);
    return st;
}

static gt_status score_masks_all(cli_applied *a) {
    gt_segment_scores scores;
    gt_status st = gt_segment_dataset_all(a->comm, a->network, a->data, &scores, NULL);
    if (!st) st = gt_comm_agree_all(a->comm, a->comm->rank ? GT_OK : write_scores(a, &scores));
    gt_segment_free(&scores);
    return st;
}

gt_status cli_evaluate_pixels_all(cli_session *s, const char *outdir) {
    gt_status st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : gt_rundir_prepare(outdir, 1 << 20));
    if (!st) st = cli_apply_all(s, GT_ROLE_SEGMENTER, CLI_SIZE_OF_TRAINING, score_masks_all, outdir);
    if (!st && !s->comm->rank) gt_print("tables: %s\n", outdir);
    return st;
}

/* ---- predict ---- */

typedef struct output {
    const char *outdir;
    int64_t images; /* in overlays */
} output;

static gt_status write_masks(const cli_applied *a, const gt_segment_scores *scores, const uint8_t *classes) {
    const output *out = a->arg;
    const gt_segmentation of = {a->model, a->data, scores, classes};
    const char *outdir = out->outdir;
    int64_t n = a->info->count;
    gt_status st = gt_rundir_prepare(outdir, 2 * (size_t)n * (size_t)a->info->height * (size_t)a->info->width);
    if (!st) st = gt_segmentation_write(&of, out->images, outdir);
    if (!st && scores->pixels) print_scores(a, &of);
    if (!st) gt_print("%lld image%s segmented: %s\n", (long long)n, gt_plural(n), outdir);
    return st;
}

static gt_status predict_masks_all(cli_applied *a) {
    gt_segment_scores scores = {0};
    GT_FREED uint8_t *classes = NULL;
    gt_status st = gt_segment_dataset_all(a->comm, a->network, a->data, a->info->masks ? &scores : NULL, &classes);
    if (!st) st = gt_comm_agree_all(a->comm, a->comm->rank ? GT_OK : write_masks(a, &scores, classes));
    gt_segment_free(&scores);
    return st;
}

gt_status cli_predict_pixels_all(cli_session *s, const char *outdir, int64_t images) {
    const output out = {outdir, images};
    return cli_apply_all(s, GT_ROLE_SEGMENTER, CLI_ANY_SIZE, predict_masks_all, &out);
}
