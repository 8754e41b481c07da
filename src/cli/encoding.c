/* SPDX-License-Identifier: Apache-2.0
 * The commands of autoencoders: what they share. */
#include "cli/encoding.h"

#include <stdlib.h>

#include "gantry/arrays.h"
#include "gantry/grid.h"
#include "gantry/train.h"

static gt_status open_all(cli_encoding *e) {
    const char **words = e->session->arguments.words;
    e->encoder = cli_open_role(e->session, words[0], GT_ROLE_ENCODER);
    if (!e->encoder) return gt_failure();
    e->model = gt_runner_model(e->encoder);
    gt_status st = cli_open_data(e->session, words[1], e->model->label_dim, &e->data);
    if (!st) e->info = gt_dataset_get_info(e->data);
    return st;
}

/* Rank 0. The others wait. */
static gt_status warn_range(const cli_encoding *e, const char *spec) {
    gt_data_look look;
    if (!gt_dataset_may_leave_range(e->info)) return GT_OK;
    gt_status st = gt_dataset_look(e->data, e->pool, &look);
    if (!st) gt_look_warn(&look, e->info, spec);
    return st;
}

gt_status cli_check_encoding(cli_session *s) {
    if (s->arguments.n_words != 2) return GT_OK; /* cli_with_encoding_all() says so when the ranks have been compared */
    gt_status st = cli_choose_checkpoint(s->arena, &s->arguments.words[0]);
    return !st && cli_first_rank() ? gt_h5_check(s->arguments.words[1]) : st;
}

gt_status cli_with_encoding_all(cli_session *s, cli_encoding_way way, gt_status (*work)(cli_encoding *e)) {
    cli_encoding e = {.session = s, .comm = s->comm, .pool = s->pool};
    const char **words = s->arguments.words;
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    gt_status st = cli_share_path_all(e.comm, s->arena, &words[0]);
    if (!st) st = gt_comm_agree_all(e.comm, open_all(&e));
    if (!st) st = gt_same_data_all(e.comm, e.data, words[1]);
    if (!st) st = gt_comm_agree_all(e.comm, e.comm->rank ? GT_OK : warn_range(&e, words[1]));
    if (!st && way == CLI_ENCODED) st = gt_encode_dataset_all(e.comm, e.encoder, e.data, &e.all);
    if (!st) st = gt_comm_agree_all(e.comm, e.comm->rank && way != CLI_COLLECTIVE ? GT_OK : work(&e));
    gt_encoded_free(&e.all);
    gt_dataset_close(e.data);
    gt_runner_close(e.encoder);
    return st;
}
