/* SPDX-License-Identifier: Apache-2.0
 * What the commands of classifiers share: CHECKPOINT DATA, all pictures of the data classified. */
#ifndef GANTRY_CLI_CLASSIFYING_H
#define GANTRY_CLI_CLASSIFYING_H

#include "cli/cli.h"
#include "gantry/classify.h"

typedef struct cli_classifying {
    cli_session *session;
    gt_classifying *with;
    const gt_model *model;
    gt_dataset *data;
    const gt_dataset_info *info;
    gt_classified *all;   /* of each picture; on rank 0 */
    float *probabilities; /* [count,classes]; NULL: not wanted */
} cli_classifying;

/* Opens the checkpoint and the data that the session's two words name and classifies the data; then rank 0 does the
 * work. Collective. */
gt_status cli_classify_all(cli_session *s, bool probabilities, gt_status (*work)(cli_classifying *c));

/* The name of a class by the data, or its number; the text lives in the session's arena. */
const char *cli_class_name(const cli_classifying *c, int class);

#define CLI_CLASSIFYING(table)                                                                              \
    CLI_ROWS(table), .arguments = "CHECKPOINT | RUN DATA [--key=value ...]", .own_words = 2, .ranks = true, \
                     .pool = true, .prepare = cli_check_encoding

#endif
