/* SPDX-License-Identifier: Apache-2.0
 * The commands of classifiers: what they share. */
#include "cli/classifying.h"

#include <stdlib.h>

#include "gantry/train.h"

static gt_status open_all(cli_classifying *c) {
    const char **words = c->session->arguments.words;
    c->with = gt_classifying_open(words[0], c->session->pool, cli_kernels());
    if (!c->with) return GT_FAILED;
    c->model = gt_classifying_model(c->with);
    gt_status st = gt_dataset_open(&c->data, words[1], NULL);
    if (!st) c->info = gt_dataset_get_info(c->data);
    return st;
}

gt_status cli_classify_all(cli_session *s, bool probabilities, gt_status (*work)(cli_classifying *c)) {
    cli_classifying c = {.session = s};
    const char **words = s->arguments.words;
    if (s->arguments.n_words != 2)
        return gt_fail(GT_USAGE, "a checkpoint (or a run's directory) and a dataset are needed");
    gt_status st = cli_share_path_all(s->comm, s->arena, &words[0]);
    if (!st) st = gt_comm_agree_all(s->comm, open_all(&c));
    if (!st) st = gt_same_data_all(s->comm, c.data, words[1]);
    if (!st) st = gt_classify_dataset_all(s->comm, c.with, c.data, &c.all, probabilities ? &c.probabilities : NULL);
    if (!st) st = gt_comm_agree_all(s->comm, s->comm->rank ? GT_OK : work(&c));
    free(c.all);
    free(c.probabilities);
    gt_dataset_close(c.data);
    gt_classifying_close(c.with);
    return st;
}

const char *cli_class_name(const cli_classifying *c, int class) {
    if (class >= 0 && class < c->info->class_names) return c->info->class_name[class];
    return gt_arena_printf(c->session->arena, "%d", class);
}
