/* SPDX-License-Identifier: Apache-2.0
 * What the commands of autoencoders share: CHECKPOINT DATA, all images of the data encoded. */
#ifndef GANTRY_CLI_ENCODING_H
#define GANTRY_CLI_ENCODING_H

#include "cli/cli.h"
#include "gantry/encode.h"

typedef struct cli_encoding {
    cli_session *session;
    gt_comm *comm;
    gt_pool *pool;
    gt_runner *encoder;
    const gt_model *model; /* the encoder's */
    gt_dataset *data;
    const gt_dataset_info *info;
    gt_encoded all; /* what the encoder made of all items; on rank 0 */
} cli_encoding;

typedef enum cli_encoding_way {
    CLI_ENCODED,   /* all ranks encode the data, then rank 0 does the work */
    CLI_UNENCODED, /* rank 0 does the work; nothing is encoded before */
    CLI_COLLECTIVE /* all ranks do the work, and return the same; nothing is encoded before */
} cli_encoding_way;

/* Checks the files that the session's two words name, before the ranks meet. */
gt_status cli_check_encoding(cli_session *s);
/* Opens the checkpoint and the data that the session's two words name, for `work`. Collective. */
gt_status cli_with_encoding_all(cli_session *s, cli_encoding_way way, gt_status (*work)(cli_encoding *e));

/* What the rows of these commands have in common. */
#define CLI_ENCODING(table)                                                                                 \
    CLI_ROWS(table), .arguments = "CHECKPOINT | RUN DATA [--key=value ...]", .own_words = 2, .ranks = true, \
                     .pool = true, .prepare = cli_check_encoding

#endif
