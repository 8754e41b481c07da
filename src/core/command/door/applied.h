/* SPDX-License-Identifier: Apache-2.0
 * What the commands share that apply a trained network to a dataset: CHECKPOINT DATA. */
#ifndef GANTRY_COMMAND_DOOR_APPLIED_H
#define GANTRY_COMMAND_DOOR_APPLIED_H

#include "command/door/cli.h"
#include "gantry/runner.h"

typedef struct cli_applied {
    cli_session *session;
    gt_comm *comm;
    gt_pool *pool;
    gt_runner *network;
    const gt_model *model; /* the network's */
    gt_dataset *data;
    const gt_dataset_info *info;
    const void *arg; /* of the work; may be NULL */
} cli_applied;

typedef enum cli_sizes {
    CLI_SIZE_OF_TRAINING, /* the data have the size that the network takes */
    CLI_ANY_SIZE,         /* pictures become what the network takes */
} cli_sizes;

/* Checks the files that the session's two words name, before the ranks meet. */
gt_status cli_check_applied(cli_session *s);
/* Opens the network in a role and the data that the session's two words name, for `work_all`, which all ranks do. */
gt_status cli_apply_all(cli_session *s, const char *role, cli_sizes sizes, gt_status (*work_all)(cli_applied *a),
                        const void *arg);

/* The same with a model that has no such role in the role `otherwise`, if it has that. */
gt_status cli_apply_either_all(cli_session *s, const char *role, const char *otherwise, cli_sizes sizes,
                               gt_status (*work_all)(cli_applied *a), const void *arg);

/* What the rows of these commands have in common. */
#define CLI_APPLIED(table) CLI_APPLIED_PREPARED(table, cli_check_applied)
/* With a function of the command's own, which calls cli_check_applied(). */
#define CLI_APPLIED_PREPARED(table, function)                                                               \
    CLI_ROWS(table), .arguments = "CHECKPOINT | RUN DATA [--key=value ...]", .own_words = 2, .ranks = true, \
                     .pool = true, .prepare = (function)

#endif
