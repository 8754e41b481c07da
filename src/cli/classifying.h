/* SPDX-License-Identifier: Apache-2.0
 * What the commands of classifiers share: CHECKPOINT DATA, all pictures of the data classified. */
#ifndef GANTRY_CLI_CLASSIFYING_H
#define GANTRY_CLI_CLASSIFYING_H

#include "cli/cli.h"
#include "gantry/classify.h"
#include "gantry/file.h"

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

typedef enum cli_verdict {
    CLI_UNKNOWN, /* the picture has no class, or one that the network does not know */
    CLI_RIGHT,
    CLI_WRONG,
} cli_verdict;
cli_verdict cli_verdict_of(const gt_classified *r);

/* Draws n items of the data with their true and their predicted classes. `heat` unless NULL: [n,height,width] in 0 ..
 * 1, drawn over the pictures. */
gt_status cli_draw_classified(const cli_classifying *c, int64_t n, const int64_t *items, const float *heat, int height,
                              int width, const char *path, const char *title);
/* gantry predict --fully-convolutional; `images`: so many at most are drawn. Collective. */
gt_status cli_predict_maps_all(cli_session *s, int64_t images);

/* A file that this command would have made with other data; none is fine. */
gt_status cli_remove_old(const char *path);
/* confusion.csv and confusion.png: how often each class (row) was taken for each (column). confusion [n,n]. */
gt_status cli_write_confusion(const cli_session *s, const int64_t *confusion, int n, const char *const *names);
/* How often a class of the confusion table is the true one. */
int64_t cli_confusion_count(const int64_t *confusion, int n, int class);

/* The name of a class as the data have it (the true class), and as the network knows it (what it tells); of neither its
 * number. The text lives in the session's arena. */
const char *cli_true_name(const cli_classifying *c, int class);
const char *cli_class_name(const cli_classifying *c, int class);

#define CLI_CLASSIFYING(table)                                                                              \
    CLI_ROWS(table), .arguments = "CHECKPOINT | RUN DATA [--key=value ...]", .own_words = 2, .ranks = true, \
                     .pool = true, .prepare = cli_check_encoding

#endif
