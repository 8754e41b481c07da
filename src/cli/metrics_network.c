/* SPDX-License-Identifier: Apache-2.0
 * gantry metrics NET: the scores of what a network makes. */
#include "cli/metrics.h"
#include "gantry/items.h"
#include "gantry/log.h"
#include "gantry/network.h"
#include "use/score/path_length.h"
#include "gantry/trained.h"
#include "use/runner/roles.h"

typedef struct network_work {
    metrics_work *w;
    gt_trained net;
    gt_dataset *data;
    gt_picture_set reals, fakes;
    uint64_t seed;
    int64_t images;          /* that the network has been shown */
    gt_sample_format format; /* of what it learns */
} network_work;

/* 0: the file does not say. */
static int64_t images_of(const char *path) {
    int64_t images = 0;
    gt_checkpoint_file *f = gt_network_open(path, NULL);
    if (f && gt_checkpoint_get_int(f, "/state/images", &images)) images = 0;
    gt_checkpoint_close(f);
    return images;
}

static gt_status open_network(network_work *n) {
    const metrics_fields *f = n->w->fields;
    gt_trained *t = &n->net;
    gt_status st = gt_trained_open(t, f->network, cli_kernels());
    if (st) return st;
    gt_model *m = t->model;
    if (!gt_role_needed(m, GT_ROLE_GENERATOR)) return GT_USAGE;
    bool given = gt_options_state(&n->w->session->options, "seed") == GT_OPTION_GIVEN;
    n->seed = given ? (uint64_t)f->seed : (uint64_t)t->job->seed;
    gt_scoring_set_seed(n->w->scoring, n->seed);
    const gt_request o = {
        .n = m->slice_size > 0 ? m->slice_size : 1, .noise_mode = "random", .truncation = 1, .truncation_cutoff = -1};
    st = gt_trained_build(t, gt_model_build(m, GT_ROLE_GENERATOR, &o), n->w->session->pool);
    if (!st) st = gt_exec_prepare(t->exec, &(gt_exec_env){.seed = n->seed});
    n->images = images_of(f->network);
    return st;
}

static bool is_conditional(const gt_model *m) { return m->label_dim && !m->unlabelled_generator; }
static int classes_of(const gt_model *m) { return is_conditional(m) ? m->label_dim : 0; }

/* As the training did: samples beyond the range are clamped. */
static gt_status warn_range(const network_work *n, gt_dataset *data, const char *spec) {
    const gt_dataset_info *info = gt_dataset_get_info(data);
    gt_data_look look;
    if (!cli_first_rank() || !gt_dataset_may_leave_range(info)) return GT_OK;
    gt_status st = gt_dataset_look(data, n->w->session->pool, &look);
    if (!st) gt_look_warn(&look, info, spec);
    return st;
}

/* The data of the run as training sees them. */
static gt_status open_run_data(const network_work *n, gt_dataset **data) {
    const metrics_fields *f = n->w->fields;
    gt_job *job = gt_job_new();
    gt_status st = job ? gt_job_read_text(job, f->job, "job.ini") : GT_NOMEM;
    if (!st && !*job->data) st = gt_fail(GT_USAGE, "the job of '%s' names no data; --data=PATH does", f->dir);
    if (!st && gt_options_state(&n->w->session->options, "mirror") == GT_OPTION_GIVEN) job->mirror = f->mirror;
    if (!st) {
        gt_dataset_options some = {.use_labels = is_conditional(n->net.model),
                                   .classes = f->classes,
                                   .network_classes = classes_of(n->net.model),
                                   .class_names = job->class_names,
                                   .mirror = job->mirror,
                                   .subset = job->subset,
                                   .held_out = job->validation,
                                   .subset_seed = (uint32_t)job->seed};
        st = *f->classes ? gt_dataset_open(data, job->data, &some) : gt_job_open_data(job, data);
        if (st) gt_wrap(st, "the data of the run '%s' (--data=PATH names others)", f->dir);
        else gt_dataset_tell_classes(*data, job->data);
        if (!st) st = warn_range(n, *data, job->data);
    }
    gt_job_free(job);
    return st;
}

/* The scores need no pictures of the run. Which numbers those have decides all the same what scores see. */
static gt_status learn_format_all(network_work *n) {
    gt_comm *comm = n->w->team.comm;
    gt_dataset *data = NULL;
    gt_status st = comm->rank ? GT_OK : open_run_data(n, &data);
    if (data) n->format = gt_dataset_format(gt_dataset_get_info(data));
    if (st)
        gt_warn("pictures %s are scored, whatever the network learns: %s",
                *n->w->fields->data ? "of the kind of --data" : "of 8 bits", gt_message());
    gt_comm_broadcast_all(comm, &n->format, sizeof n->format, 0);
    gt_dataset_close(data);
    return GT_OK;
}

/* --data. A network whose data are not known learns such pictures. */
static gt_status open_named_reals_all(network_work *n, const gt_dataset_options *o) {
    const metrics_fields *f = n->w->fields;
    gt_status st = metrics_open_data_all(n->w, f->data, *o, "--data", &n->data, &n->reals);
    if (st) return st;
    n->format = n->reals.format;
    return *f->job ? learn_format_all(n) : GT_OK;
}

static gt_status open_reals_all(network_work *n) {
    metrics_work *w = n->w;
    const metrics_fields *f = w->fields;
    bool needed = gt_scoring_needs_reals(w->scoring) || *f->save || *f->nearest,
         labels = is_conditional(n->net.model) && gt_is(f->fake_classes, "data");
    gt_dataset_options o = {.use_labels = is_conditional(n->net.model),
                            .classes = f->classes,
                            .network_classes = classes_of(n->net.model),
                            .mirror = f->mirror};
    if (*f->data) return open_named_reals_all(n, &o);
    if (!needed && !(*f->job && labels)) return *f->job ? learn_format_all(n) : GT_OK;
    if (!*f->job)
        return gt_fail(GT_USAGE, "'%s' does not say which pictures it was trained on: --data=PATH is needed",
                       f->network);
    gt_status st = gt_comm_agree_all(w->team.comm, open_run_data(n, &n->data));
    if (!st) st = gt_same_data_all(w->team.comm, n->data, "the data of the run");
    if (!st) st = gt_picture_set_of_dataset_all(&n->reals, w->team.comm, n->data, 0);
    if (!st) n->format = n->reals.format;
    return st;
}

static gt_status work_all(network_work *n, gt_metric_table *out) {
    metrics_work *w = n->w;
    const metrics_fields *f = w->fields;
    gt_comm *comm = w->team.comm;
    gt_status st = gt_comm_agree_all(comm, open_network(n));
    if (!st) st = open_reals_all(n);
    if (st) return st;
    n->reals.name = "reals";
    gt_dataset *labels = gt_is(f->fake_classes, "data") ? n->data : NULL;
    gt_fakes_options o = {.model = n->net.model,
                          .generator = n->net.exec,
                          .labels = labels,
                          .seed = n->seed,
                          .images = n->images,
                          .count = gt_scoring_fakes(w->scoring),
                          .format = n->format,
                          .class_names = n->net.data.class_names,
                          .class_name = n->net.data.class_name};
    st = gt_comm_agree_all(comm, gt_picture_set_of_fakes(&n->fakes, &o));
    if (st) return st;
    gt_path_maker paths = {
        .model = n->net.model, .params = n->net.params, .labels = labels, .seed = n->seed, .images = n->images};
    return metrics_run_all(w, n->data ? &n->reals : NULL, &n->fakes, &paths, out);
}

gt_status metrics_of_network_all(metrics_work *w, gt_metric_table *out, int64_t *images) {
    network_work n = {.w = w, .format = GT_SAMPLES_OF_8_BITS};
    gt_status st = work_all(&n, out);
    *images = n.images;
    gt_picture_set_close(&n.fakes);
    gt_picture_set_close(&n.reals);
    gt_dataset_close(n.data);
    gt_trained_close(&n.net);
    return st;
}
