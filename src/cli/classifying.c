/* SPDX-License-Identifier: Apache-2.0
 * The commands of classifiers: what they share. */
#include "cli/classifying.h"

#include <stdlib.h>

#include "gantry/checkpoint.h"
#include "gantry/log.h"
#include "gantry/train.h"

static gt_status open_all(cli_classifying *c, cli_classify_way way) {
    const char **words = c->session->arguments.words;
    c->with = cli_open_role(c->session, words[0], GT_ROLE_CLASSIFIER);
    if (!c->with) return gt_failure();
    c->model = gt_runner_model(c->with);
    gt_status st = way == CLI_PREDICT ? cli_open_pictures(c->session, words[1], c->model, &c->data)
                                      : cli_open_data(c->session, words[1], c->model->label_dim, &c->data);
    if (!st) c->info = gt_dataset_get_info(c->data);
    return st;
}

/* On rank 0: classes beyond those of the network. */
static void warn_of_classes(const cli_classifying *c) {
    int64_t n = 0;
    for (int64_t i = 0; c->all && i < c->info->count; i++) n += c->all[i].truth >= c->model->label_dim;
    if (n)
        gt_warn("%lld of %lld images have classes beyond the network's %d: they are not judged", (long long)n,
                (long long)c->info->count, c->model->label_dim);
}

/* On rank 0: classes of the same number and of other names than in training. */
static void warn_of_names(const cli_classifying *c) {
    const gt_checkpoint_data *known = gt_runner_data(c->with);
    const gt_dataset_info *given = c->info;
    int k = gt_class_names_differ(given->class_name, given->class_names, known->class_name, known->class_names);
    if (!c->all || k < 0) return;
    gt_warn("class %d of the data is '%s', that of the network '%s': classes are compared by their numbers "
            "(--classes=A,B,... takes classes of the data in the network's order)",
            k, given->class_name[k], known->class_name[k]);
}

gt_status cli_classify_all(cli_session *s, cli_classify_way way, gt_status (*work)(cli_classifying *c)) {
    cli_classifying c = {.session = s};
    const char **words = s->arguments.words;
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    gt_status st = cli_share_path_all(s->comm, s->arena, &words[0]);
    if (!st) st = gt_comm_agree_all(s->comm, open_all(&c, way));
    if (!st) st = gt_same_data_all(s->comm, c.data, words[1]);
    if (!st)
        st = gt_classify_dataset_all(s->comm, c.with, c.data, &c.all, way == CLI_PREDICT ? &c.probabilities : NULL);
    if (!st) warn_of_classes(&c);
    if (!st) warn_of_names(&c);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : work(&c));
    free(c.all);
    free(c.probabilities);
    gt_dataset_close(c.data);
    gt_runner_close(c.with);
    return st;
}

gt_predictions cli_predictions(const cli_classifying *c) {
    return (gt_predictions){c->model, c->data, gt_runner_data(c->with), c->all, c->probabilities};
}
