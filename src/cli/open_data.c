/* SPDX-License-Identifier: Apache-2.0
 * The network and the dataset that a command works with, with the command's --classes. */
#include "cli/cli.h"
#include "gantry/runner.h"
#include "gantry/trained.h"

static const char *classes_of(const cli_session *s) {
    const gt_option *row = gt_options_find(&s->options, "classes");
    return row ? gt_options_effective(&s->options, row) : "";
}

gt_runner *cli_open_role(const cli_session *s, const char *checkpoint, const char *role) {
    return gt_runner_open(checkpoint, &(gt_runner_options){.role = role, .pool = s->pool, .kernels = cli_kernels()});
}

gt_status cli_open_data(const cli_session *s, const char *path, int network_classes, gt_dataset **out) {
    const char *classes = classes_of(s);
    const gt_dataset_options some = {.use_labels = true, .classes = classes, .network_classes = network_classes};
    if (!classes) return GT_NOMEM;
    gt_status st = gt_dataset_open(out, path, *classes ? &some : NULL);
    if (!st) gt_dataset_tell_classes(*out, path);
    return st;
}

gt_status cli_open_pictures(const cli_session *s, const char *path, const gt_model *m, gt_dataset **out) {
    const char *classes = classes_of(s);
    bool pad = gt_is(gt_options_effective(&s->options, gt_options_find(&s->options, "pad")), "1");
    const gt_transform fit = {.width = m->width,
                              .height = m->height,
                              .channels = m->channels,
                              .crop = (gt_crop)gt_options_choice(&s->options, "transform"),
                              .filter = (gt_resize_filter)gt_options_choice(&s->options, "resize-filter"),
                              .pad = pad};
    gt_dataset_options o = {.classes = classes, .network_classes = m->masks ? 0 : m->label_dim, .fit = &fit};
    if (!classes) return GT_NOMEM;
    o.use_labels = *classes != 0;
    gt_status st = gt_transform_check(&fit);
    if (!st) st = gt_dataset_open(out, path, &o);
    if (!st) gt_dataset_tell_classes(*out, path);
    if (!st) gt_dataset_tell_fit(*out, path);
    return st;
}

gt_status cli_network_classes(const cli_session *s, const char *network, int *n) {
    const char *classes = classes_of(s);
    gt_trained t = {0};
    *n = 0;
    if (!classes || !*classes) return classes ? GT_OK : GT_NOMEM;
    gt_status st = gt_trained_open(&t, network, cli_kernels());
    if (!st) *n = t.model->label_dim;
    gt_trained_close(&t);
    return st;
}
