/* SPDX-License-Identifier: Apache-2.0
 * What the commands of autoencoders share: CHECKPOINT DATA, all images of the data encoded. */
#ifndef GANTRY_CLI_ENCODING_H
#define GANTRY_CLI_ENCODING_H

#include "cli/cli.h"
#include "gantry/encode.h"

typedef struct cli_encoding {
    gt_comm *comm;
    gt_pool *pool;
    gt_encoder *encoder;
    const gt_model *model; /* its */
    gt_dataset *data;
    const gt_dataset_info *info;
    gt_encoded all;        /* of all items; rank 0 */
} cli_encoding;

typedef enum cli_encoding_way {
    CLI_ENCODED,   /* `work` on rank 0 after all ranks have encoded the data */
    CLI_UNENCODED, /* ... without */
    CLI_COLLECTIVE /* `work` on all ranks, which return the same; nothing is encoded beforehand */
} cli_encoding_way;

/* Opens the checkpoint and the data that the session's two words name, for `work`. Returns the exit status. */
int cli_run_encoding(cli_session *s, const char *command, int threads, cli_encoding_way way, gt_status (*work)(cli_encoding *e, void *arg), void *arg);

/* OUTDIR/NAME; the directory is there. */
const char *cli_path_in(gt_arena *a, const char *outdir, const char *name);

#endif
