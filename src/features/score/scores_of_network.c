/* SPDX-License-Identifier: Apache-2.0
 * The scores of what a network makes: see gt_score_pictures_all() in gantry/score.h. */
#include "features/score/scores_of.h"

#include "data/door/dataset.h"
#include "gantry/job.h"
#include "gantry/runner.h"
#include "gantry/log.h"
#include "gantry/network.h"
#include "networks/model/door/family.h"
#include "run/door/checkpoint.h"
#include "runner/door/runner.h"
#include "gantry/trained.h"
#include "features/score/path_length.h"

typedef struct network_work {
    gt_scores_work *w;
    gt_trained net;
    gt_runner *generator; /* of `net` */
    gt_dataset *data;
    gt_picture_set reals, fakes;
    uint64_t seed;
    int64_t images;          /* that the network has been shown */
    gt_sample_format format; /* of what it learns */
} network_work;

/* 0: the file does not say. */
static int64_t images_of(const gt_scores_options *r) {
    int64_t images = 0;
    gt_checkpoint_file *f = gt_network_open(r->network, &r->reading, NULL);
    if (f && gt_checkpoint_get_int(f, "/state/images", &images)) images = 0;
    gt_checkpoint_close(f);
    return images;
}

static gt_status open_network(network_work *n) {
    const gt_scores_options *r = n->w->request;
    gt_trained *t = &n->net;
    gt_status st = gt_trained_open(t, r->network, &r->reading);
    if (st) return st;
    n->seed = r->seed_given ? r->options.seed : (uint64_t)t->job->seed;
    gt_scoring_set_seed(n->w->scoring, n->seed);
    if ((st = gt_model_takes_steps(t->model, &r->steps))) return st;
    gt_runner_options o = {.role = GT_ROLE_GENERATOR, .seed = n->seed, .pool = r->pool};
    o.request = gt_plain_request(0);
    o.request.noise_mode = GT_NOISE_RANDOM;
    o.request.steps = r->steps;
    n->generator = gt_runner_new(t->model, t->params, &o, NULL);
    if (!n->generator) return gt_failure();
    n->images = images_of(r);
    return GT_OK;
}

static bool is_conditional(const gt_model *m) { return m->label_dim && !m->unlabelled_generator; }
static int classes_of(const gt_model *m) { return is_conditional(m) ? m->label_dim : 0; }

/* The data of the run as training sees them. */
static gt_status open_run_data(const network_work *n, gt_dataset **data) {
    const gt_scores_options *r = n->w->request;
    gt_job *job = gt_job_new();
    gt_status st = job ? gt_job_read_text(job, r->job, "job.ini") : GT_NOMEM;
    if (!st && !*job->data) st = gt_fail(GT_USAGE, "the job of '%s' names no data; give --data=PATH", r->run);
    if (!st && r->mirror_given) job->mirror = r->mirror;
    if (!st && r->skip_damaged) job->on_error = GT_ON_ERROR_SKIP;
    if (!st) {
        gt_dataset_options some = {.use_labels = is_conditional(n->net.model),
                                   .classes = r->classes,
                                   .network_classes = classes_of(n->net.model),
                                   .class_names = job->class_names,
                                   .skip_damaged = job->on_error == GT_ON_ERROR_SKIP,
                                   .mirror = job->mirror,
                                   .subset = job->subset,
                                   .held_out = job->validation,
                                   .subset_seed = (uint32_t)job->seed};
        st = *r->classes ? gt_dataset_open(data, job->data, &some) : gt_job_open_data(job, data);
        if (st) gt_wrap(st, "the data of the run '%s' (--data=PATH names others)", r->run);
        else gt_dataset_tell_classes(*data, job->data);
        /* as the training did: samples beyond the range are clamped */
        if (!st && !n->w->team.comm->rank) st = gt_dataset_warn_of_range(*data, n->w->team.pool, job->data);
    }
    gt_job_free(job);
    return st;
}

/* A checkpoint says so of numbers other than 8-bit. */
static bool says_format(const network_work *n) { return n->net.data.samples != GT_U8; }

/* The scores need no pictures of the run. Which numbers those have decides all the same what scores see. */
static gt_status learn_format_all(network_work *n) {
    gt_comm *comm = n->w->team.comm;
    gt_dataset *data = NULL;
    if (says_format(n)) return GT_OK;
    gt_status st = comm->rank ? GT_OK : open_run_data(n, &data);
    if (data) n->format = gt_dataset_format(gt_dataset_get_info(data));
    if (st)
        gt_warn("scoring pictures %s, which differ from the training data: %s",
                *n->w->request->data ? "of the kind of --data" : "of 8 bits", gt_message());
    gt_comm_broadcast_all(comm, &n->format, sizeof n->format, 0);
    gt_dataset_close(data);
    return GT_OK;
}

/* --data. A network whose data are not known learns such pictures. */
static gt_status open_named_reals_all(network_work *n, const gt_dataset_options *o) {
    const gt_scores_options *r = n->w->request;
    gt_status st = gt_scores_open_data_all(n->w, r->data, *o, "--data", &n->data, &n->reals);
    if (st) return st;
    if (!says_format(n)) n->format = n->reals.format;
    return *r->job ? learn_format_all(n) : GT_OK;
}

static gt_status open_reals_all(network_work *n) {
    gt_scores_work *w = n->w;
    const gt_scores_options *r = w->request;
    bool needed = gt_scoring_needs_reals(w->scoring) || *r->save || *r->nearest,
         labels = is_conditional(n->net.model) && !r->equal_classes;
    gt_dataset_options o = {.use_labels = is_conditional(n->net.model),
                            .classes = r->classes,
                            .network_classes = classes_of(n->net.model),
                            .mirror = r->mirror};
    if (*r->data) return open_named_reals_all(n, &o);
    if (!needed && !(*r->job && labels)) return *r->job ? learn_format_all(n) : GT_OK;
    if (!*r->job)
        return gt_fail(GT_USAGE, "'%s' does not contain the path of its training pictures: give --data=PATH",
                       r->network);
    gt_status st = gt_comm_agree_all(w->team.comm, open_run_data(n, &n->data));
    if (!st) st = gt_same_data_all(w->team.comm, n->data, "the data of the run");
    if (!st) st = gt_picture_set_of_dataset_all(&n->reals, w->team.comm, n->data, 0);
    if (!st) n->format = n->reals.format;
    return st;
}

static gt_status work_all(network_work *n, gt_metric_table *out) {
    gt_scores_work *w = n->w;
    const gt_scores_options *r = w->request;
    gt_comm *comm = w->team.comm;
    gt_status st = gt_comm_agree_all(comm, open_network(n));
    n->format = gt_checkpoint_samples(&n->net.data);
    if (!st) st = open_reals_all(n);
    if (st) return st;
    n->reals.name = "reals";
    gt_dataset *labels = !r->equal_classes ? n->data : NULL;
    gt_fakes_options o = {.model = n->net.model,
                          .generator = n->generator,
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
    return gt_scores_run_all(w, n->data ? &n->reals : NULL, &n->fakes, &paths, out);
}

gt_status gt_scores_of_network_all(gt_scores_work *w, gt_metric_table *out, int64_t *images) {
    network_work n = {.w = w};
    gt_status st = work_all(&n, out);
    *images = n.images;
    gt_picture_set_close(&n.fakes);
    gt_picture_set_close(&n.reals);
    gt_dataset_close(n.data);
    gt_runner_close(n.generator);
    gt_trained_close(&n.net);
    return st;
}
