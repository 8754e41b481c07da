/* SPDX-License-Identifier: Apache-2.0
 * What the commands of classifiers share: CHECKPOINT DATA, all pictures of the data classified. */
#ifndef GANTRY_CLI_CLASSIFYING_H
#define GANTRY_CLI_CLASSIFYING_H

#include "cli/cli.h"
#include "gantry/classify.h"
#include "gantry/file.h"
#include "gantry/prediction_view.h"

typedef struct cli_classifying {
    cli_session *session;
    gt_runner *with;
    const gt_model *model;
    gt_dataset *data;
    const gt_dataset_info *info;
    gt_classified *all;   /* of each picture; on rank 0 */
    float *probabilities; /* [count,classes]; NULL: not wanted */
} cli_classifying;

typedef enum cli_classify_way {
    CLI_JUDGE,   /* the data are of the network's shape, and nothing but classes is needed */
    CLI_PREDICT, /* pictures of any size, and the probabilities of all classes */
} cli_classify_way;
/* Opens the checkpoint and the data that the session's two words name and classifies the data; then rank 0 does the
 * work. Collective. */
gt_status cli_classify_all(cli_session *s, cli_classify_way way, gt_status (*work)(cli_classifying *c));

gt_predictions cli_predictions(const cli_classifying *c); /* for tables and pictures */

/* gantry predict --fully-convolutional; `images`: so many at most are drawn. Collective. */
gt_status cli_predict_maps_all(cli_session *s, int64_t images);

#define CLI_CLASSIFYING(table)                                                                              \
    CLI_ROWS(table), .arguments = "CHECKPOINT | RUN DATA [--key=value ...]", .own_words = 2, .ranks = true, \
                     .pool = true, .prepare = cli_check_encoding

#endif
