/* SPDX-License-Identifier: Apache-2.0
 * The commands that apply a trained network to a dataset: what they share. */
#include "cli/applied.h"

#include "gantry/items.h"
#include "gantry/arrays.h"

static gt_status open_words(cli_applied *a, const char *role, cli_sizes sizes) {
    const char **words = a->session->arguments.words;
    a->network = cli_open_role(a->session, words[0], role);
    if (!a->network) return gt_failure();
    a->model = gt_runner_model(a->network);
    int classes = a->model->masks ? 0 : a->model->label_dim;
    gt_status st = sizes == CLI_ANY_SIZE ? cli_open_pictures(a->session, words[1], a->model, &a->data)
                                         : cli_open_data(a->session, words[1], classes, &a->data);
    if (!st) a->info = gt_dataset_get_info(a->data);
    return st;
}

gt_status cli_check_applied(cli_session *s) {
    if (s->arguments.n_words != 2) return GT_OK; /* cli_apply_all() says so when the ranks have been compared */
    gt_status st = cli_choose_checkpoint(s->arena, &s->arguments.words[0]);
    return !st && cli_first_rank() ? gt_h5_check(s->arguments.words[1]) : st;
}

gt_status cli_apply_all(cli_session *s, const char *role, cli_sizes sizes, gt_status (*work_all)(cli_applied *a),
                        const void *arg) {
    cli_applied a = {.session = s, .comm = s->comm, .pool = s->pool, .arg = arg};
    const char **words = s->arguments.words;
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    gt_status st = cli_share_path_all(a.comm, s->arena, &words[0]);
    if (!st) st = gt_comm_agree_all(a.comm, open_words(&a, role, sizes));
    if (!st) st = gt_same_data_all(a.comm, a.data, words[1]);
    if (!st) st = gt_comm_agree_all(a.comm, a.comm->rank ? GT_OK : gt_dataset_warn_of_range(a.data, a.pool, words[1]));
    if (!st) st = work_all(&a);
    gt_dataset_close(a.data);
    gt_runner_close(a.network);
    return st;
}
