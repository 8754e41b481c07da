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
    gt_encoder *encoder;
    const gt_model *model; /* its */
    gt_dataset *data;
    const gt_dataset_info *info;
    gt_encoded all; /* of all items; rank 0 */
} cli_encoding;

typedef enum cli_encoding_way {
    CLI_ENCODED,   /* `work` on rank 0 after all ranks have encoded the data */
    CLI_UNENCODED, /* ... without */
    CLI_COLLECTIVE /* `work` on all ranks, which return the same; nothing is encoded beforehand */
} cli_encoding_way;

/* Before the ranks meet: what the session's two words name, from elsewhere perhaps. */
gt_status cli_check_encoding(cli_session *s);
/* Opens the checkpoint and the data that the session's two words name, for `work`. Collective. */
gt_status cli_with_encoding_all(cli_session *s, cli_encoding_way way, gt_status (*work)(cli_encoding *e));

/* Items beside their reconstructions as one PNG, so many pairs side by side. */
gt_status cli_draw_pairs(cli_encoding *e, int64_t n, const int64_t *items, int columns, const char *path);

/* What the rows of these commands have in common. */
#define CLI_ENCODING(table)                                                                                 \
    CLI_ROWS(table), .arguments = "CHECKPOINT | RUN DATA [--key=value ...]", .own_words = 2, .ranks = true, \
                     .pool = true, .prepare = cli_check_encoding

#endif
