/* SPDX-License-Identifier: Apache-2.0
 * The network and the dataset that a command works with, with the command's --classes. */
#include <stdlib.h>
#include <string.h>

#include "command/door/applied.h"
#include "gantry/arrays.h"
#include "gantry/file.h"
#include "gantry/runner.h"
#include "gantry/rundir.h"
#include "gantry/trained.h"

static const char *classes_of(const cli_session *s) {
    const gt_option *row = gt_options_find(&s->options, "classes");
    gt_options_use(&s->options, "classes");
    return row ? gt_options_effective(&s->options, row) : "";
}

gt_status cli_open_data(const cli_session *s, const char *path, int network_classes, gt_dataset **out) {
    const char *classes = classes_of(s);
    const gt_dataset_options some = {.use_labels = true, .classes = classes, .network_classes = network_classes};
    if (!classes) return GT_NOMEM;
    gt_status st = gt_dataset_open(out, path, *classes ? &some : NULL);
    if (!st) gt_dataset_tell_classes(*out, path);
    return st;
}

/* As cli_open_data() for a network of this model: pictures of any size, also a file by itself, become what the network
 * takes, and the log says how. */
static gt_status open_pictures(const cli_session *s, const char *path, const gt_model *m, gt_dataset **out) {
    const char *classes = classes_of(s);
    bool pad = gt_is(gt_options_effective(&s->options, gt_options_find(&s->options, "pad")), "1");
    const gt_model_facts of = gt_model_look(m);
    const gt_transform fit = {.width = of.width,
                              .height = of.height,
                              .channels = of.channels,
                              .crop = (gt_crop)gt_options_choice(&s->options, "transform"),
                              .filter = (gt_resize_filter)gt_options_choice(&s->options, "resize-filter"),
                              .pad = pad};
    gt_dataset_options o = {.classes = classes, .network_classes = of.masks ? 0 : of.label_dim, .fit = &fit};
    if (!classes) return GT_NOMEM;
    o.use_labels = *classes != 0;
    gt_status st = gt_transform_check(&fit);
    if (!st) st = gt_dataset_open(out, path, &o);
    if (!st) gt_dataset_tell_classes(*out, path);
    if (!st) gt_dataset_tell_fit(*out, path);
    static const char *const keys[] = {"transform", "resize-filter", "pad"};
    for (int i = 0; i < 3 && !st && gt_dataset_get_info(*out)->fitted; i++) gt_options_use(&s->options, keys[i]);
    return st;
}

gt_status cli_network_classes(const cli_session *s, const char *network, int *n) {
    const char *classes = classes_of(s);
    gt_trained t = {0};
    *n = 0;
    if (!classes || !*classes) return classes ? GT_OK : GT_NOMEM;
    gt_network_options reading = cli_reading(&s->options);
    gt_status st = gt_trained_open(&t, network, &reading);
    if (!st) *n = gt_model_look(t.model).label_dim;
    gt_trained_close(&t);
    return st;
}

gt_status cli_find_run(const cli_session *s, const char *network, const char **run, const char **job) {
    char *slash, *dir = gt_arena_printf(s->arena, "%s", network), *text = NULL;
    *run = *job = "";
    if (!dir) return GT_NOMEM;
    if (!cli_first_rank()) return GT_OK;
    if (!gt_is_directory(dir)) {
        slash = strrchr(dir, '/');
        if (slash && slash != dir) *slash = 0;
        else dir = slash ? "/" : ".";
    }
    gt_status st = gt_rundir_read(dir, "job.ini", &text);
    if (st || !text) return st;
    *run = dir;
    *job = gt_arena_printf(s->arena, "%s", text);
    free(text);
    return *job ? GT_OK : GT_NOMEM;
}

/* ---- a network applied to a dataset: applied.h ---- */

static gt_status open_words(cli_applied *a, const char *role, const char *otherwise, cli_sizes sizes) {
    const char **words = a->session->arguments.words;
    const cli_session *s = a->session;
    const gt_runner_options o = {.role = role,
                                 .otherwise = otherwise,
                                 .request = gt_plain_request(0),
                                 .pool = s->pool,
                                 .reading = cli_reading(&s->options)};
    a->network = gt_runner_open(words[0], &o);
    if (!a->network) return gt_failure();
    a->model = gt_runner_model(a->network);
    int classes = gt_model_look(a->model).masks ? 0 : gt_model_look(a->model).label_dim;
    gt_status st = sizes == CLI_ANY_SIZE ? open_pictures(a->session, words[1], a->model, &a->data)
                                         : cli_open_data(a->session, words[1], classes, &a->data);
    if (!st) a->info = gt_dataset_get_info(a->data);
    return st;
}

gt_status cli_check_applied(cli_session *s) {
    if (s->arguments.n_words != 2) return GT_OK; /* cli_apply_all() says so when the ranks have been compared */
    gt_status st = cli_choose_checkpoint(&s->options, &s->arguments.words[0]);
    return !st && cli_first_rank() ? gt_h5_check(s->arguments.words[1]) : st;
}

gt_status cli_apply_all(cli_session *s, const char *role, cli_sizes sizes, gt_status (*work_all)(cli_applied *a),
                        const void *arg) {
    return cli_apply_either_all(s, role, NULL, sizes, work_all, arg);
}

gt_status cli_apply_either_all(cli_session *s, const char *role, const char *otherwise, cli_sizes sizes,
                               gt_status (*work_all)(cli_applied *a), const void *arg) {
    cli_applied a = {.session = s, .comm = s->comm, .pool = s->pool, .arg = arg};
    const char **words = s->arguments.words;
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    gt_status st = cli_share_path_all(a.comm, s->arena, &words[0]);
    if (!st) st = gt_comm_agree_all(a.comm, open_words(&a, role, otherwise, sizes));
    if (!st) st = gt_same_data_all(a.comm, a.data, words[1]);
    if (!st) st = gt_comm_agree_all(a.comm, a.comm->rank ? GT_OK : gt_dataset_warn_of_range(a.data, a.pool, words[1]));
    if (!st) st = work_all(&a);
    gt_dataset_close(a.data);
    gt_runner_close(a.network);
    return st;
}
