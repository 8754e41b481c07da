/* SPDX-License-Identifier: Apache-2.0
 * gantry predict and gantry evaluate of networks that segment: CHECKPOINT DATA. */
#ifndef GANTRY_CLI_SEGMENTING_H
#define GANTRY_CLI_SEGMENTING_H

#include "cli/cli.h"
#include "gantry/segment.h"

typedef struct cli_segmenting {
    cli_session *session;
    gt_runner *with;
    const gt_model *model;
    gt_dataset *data;
    const gt_dataset_info *info;
    gt_segment_scores scores; /* where the data have masks; on rank 0 */
    uint8_t *classes;         /* [count,H,W] where wanted; on rank 0 */
} cli_segmenting;

/* Is the checkpoint that the session's first word names of a network that segments? The same on all ranks. */
gt_status cli_segments_all(cli_session *s, bool *segments);
/* Masks, overlays and scores of the data, in `outdir`; `images` of them in the overlays. */
gt_status cli_segment_predict_all(cli_session *s, const char *outdir, int64_t images);
gt_status cli_segment_evaluate_all(cli_session *s, const char *outdir);

/* The name of a class by the data, or its number; the text lives in the session's arena. */
const char *cli_segment_name(const cli_segmenting *c, int class);
/* overlays.png: of each of n evenly spaced items the picture, its mask where there is one, and what the network says;
 * then the colours of the classes. (segmented_pictures.c) */
gt_status cli_segment_draw(const cli_segmenting *c, int64_t n, const char *path);
/* masks/00000/img00000000.png and so on: the predicted classes, as masks of a dataset are. */
gt_status cli_segment_write_masks(const cli_segmenting *c, const char *outdir);

#endif
