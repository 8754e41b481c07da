/* SPDX-License-Identifier: Apache-2.0
 * The commands of autoencoders: what they share. */
#include "cli/encoding.h"

#include "gantry/log.h"
#include "gantry/train.h"

static gt_status open_all(cli_encoding *e, const cli_session *s) {
    if (s->arguments.n_words != 2) return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    e->pool = gt_pool_new(e->comm->threads);
    if (!e->pool) return GT_FAILED;
    e->encoder = gt_encoder_open(s->arguments.words[0], e->pool);
    if (!e->encoder) return GT_FAILED;
    e->model = gt_encoder_model(e->encoder);
    gt_status st = gt_dataset_open(&e->data, s->arguments.words[1], NULL);
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

int cli_run_encoding(cli_session *s, const char *command, int threads, cli_encoding_way way, gt_status (*work)(cli_encoding *e, void *arg), void *arg) {
    cli_encoding e = {0};
    gt_status st = GT_OK;
    bool named = s->arguments.n_words == 2;
    if (named) st = cli_choose_checkpoint(s->arena, &s->arguments.words[0]);
    if (named && !st && cli_first_rank()) st = gt_dataset_check_foreign(s->arguments.words[1], NULL);
    e.comm = cli_meet(&s->settings, threads, &st);
    if (!st) {
        gt_log_setup(e.comm->rank, e.comm->ranks, GT_INFO);
        if (named) st = cli_share_path(e.comm, s->arena, &s->arguments.words[0]);
        if (!st) st = gt_comm_agree_all(e.comm, open_all(&e, s));
        if (!st) st = gt_same_data_all(e.comm, e.data, s->arguments.words[1]);
        if (!st) st = gt_comm_agree_all(e.comm, e.comm->rank ? GT_OK : warn_range(&e, s->arguments.words[1]));
        if (!st && way == CLI_ENCODED) st = gt_encode_dataset_all(e.comm, e.encoder, e.data, &e.all);
        if (!st) st = gt_comm_agree_all(e.comm, e.comm->rank && way != CLI_COLLECTIVE ? GT_OK : work(&e, arg));
    }
    gt_encoded_free(&e.all);
    gt_dataset_close(e.data);
    gt_encoder_close(e.encoder);
    gt_pool_free(e.pool);
    int status = cli_leave(command, st, e.comm);
    cli_end(s);
    return status;
}

const char *cli_path_in(gt_arena *a, const char *outdir, const char *name) { return gt_arena_printf(a, "%s/%s", outdir, name); }
