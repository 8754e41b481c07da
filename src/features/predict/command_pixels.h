/* SPDX-License-Identifier: Apache-2.0
 * gantry predict and gantry evaluate in other ways than for the classes of whole pictures: of networks that tell the
 * class of each pixel, and of classifiers in their convolutional form. */
#ifndef GANTRY_FEATURES_PREDICT_COMMAND_PIXELS_H
#define GANTRY_FEATURES_PREDICT_COMMAND_PIXELS_H

#include "command/door/cli.h"

/* Is the checkpoint that the session's first word names of a network that segments? The same on all ranks. */
gt_status cli_segments_all(cli_session *s, bool *segments);
/* Masks, overlays and scores of the data, in `outdir`; `images` of them in the overlays. */
gt_status cli_predict_pixels_all(cli_session *s, const char *outdir, int64_t images);
gt_status cli_evaluate_pixels_all(cli_session *s, const char *outdir);
/* gantry predict --fully-convolutional; `images`: so many at most are drawn. */
gt_status cli_predict_maps_all(cli_session *s, int64_t images);

#endif
