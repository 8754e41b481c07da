/* SPDX-License-Identifier: Apache-2.0
 * gantry predict and gantry evaluate of networks that segment: CHECKPOINT DATA. */
#ifndef GANTRY_CLI_SEGMENTING_H
#define GANTRY_CLI_SEGMENTING_H

#include "cli/cli.h"
#include "gantry/segment.h"

typedef struct cli_segmenting {
    cli_session *session;
    const char *outdir;
    int64_t images; /* in overlays */
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

#endif
