/* SPDX-License-Identifier: Apache-2.0
 * Members of ensembles: see ensemble.h. The ranks share pieces of ensembles, as many members as the network makes at
 * once; rank 0 gets them in their order. */
#include "ensemble.h"

#include <inttypes.h>
#include <string.h>

#include "base/door/random.h"
#include "data/door/dataset.h"
#include "dist/door/dist.h"
#include "gantry/checkpoint.h"
#include "gantry/job.h"
#include "gantry/text.h"
#include "job/door/job.h"
#include "runner/door/in_order.h"
#include "runner/door/items.h"

/* ---- network and data ---- */

static gt_status open_network(gt_ensemble *e) {
    const gt_ensemble_request *r = e->request;
    gt_runner_options o = {.role = GT_ROLE_CONDITIONAL,
                           .request = gt_plain_request(0),
                           .seed = r->seed,
                           .pool = r->options.pool,
                           .reading = r->options.reading};
    o.request.steps = r->options.steps;
    e->runner = gt_runner_open(r->checkpoint, &o);
    if (!e->runner) return gt_failure();
    e->model = gt_runner_model(e->runner);
    e->targets = e->model->channels - e->model->conditions;
    e->floats = (size_t)e->model->height * (size_t)e->model->width * (size_t)e->targets;
    const gt_checkpoint_data *d = gt_runner_data(e->runner);
    return !d->scale || (d->scales == e->model->channels && d->conditions == e->model->conditions)
               ? GT_OK
               : gt_fail(GT_FORMAT, "'%s': its channels of fields are not those of its network", r->checkpoint);
}

/* Fields of files are read as the run has read its own, with the channels of the checkpoint. */
static gt_status read_job(const gt_ensemble *e, gt_job *job, gt_fields_request *fields) {
    const gt_ensemble_request *r = e->request;
    const gt_checkpoint_data *d = gt_runner_data(e->runner);
    gt_status st = job ? GT_OK : GT_NOMEM;
    if (!st && *r->job) st = gt_job_read_text(job, r->job, "job.ini");
    if (st) return st;
    gt_job_fields(job, fields);
    fields->condition = r->condition;
    if (*r->statics) fields->statics = r->statics;
    fields->value_transform = "";
    fields->fixed = d->scale;
    fields->n_fixed = d->scales;
    fields->fixed_conditions = d->conditions;
    fields->fixed_place = d->place;
    fields->height = e->model->height;
    fields->width = e->model->width;
    return d->scale ? GT_OK : gt_fail(GT_USAGE, "the network's file has no means and deviations of its channels");
}

static gt_status open_files(gt_ensemble *e) {
    gt_fields_request fields;
    gt_dataset_options o = {.use_labels = e->model->label_dim > 0, .fields = &fields};
    gt_job *job = gt_job_new();
    gt_status st = read_job(e, job, &fields);
    if (!st && !e->comm->rank) st = gt_h5_check(fields.statics); /* that of job.ini, where the command has none */
    if (!st) st = gt_dataset_open(&e->data, e->request->targets, &o);
    gt_job_free(job);
    return st;
}

/* A built-in set has conditions of its own. */
static gt_status open_data(gt_ensemble *e) {
    const gt_ensemble_request *r = e->request;
    bool built_in = gt_synth_of_path(r->condition);
    gt_dataset_options o = {.use_labels = e->model->label_dim > 0};
    gt_status st = built_in ? gt_dataset_open(&e->data, r->condition, &o) : open_files(e);
    if (st) return st;
    e->info = gt_dataset_get_info(e->data);
    e->truth = built_in || *r->targets;
    const gt_channel_scale *trained = gt_runner_data(e->runner)->scale;
    e->scale = trained ? trained : e->info->scale;
    return GT_OK;
}

static gt_status check_data(const gt_ensemble *e, bool truth) {
    const gt_model *m = e->model;
    const gt_dataset_info *i = e->info;
    const char *names = gt_runner_data(e->runner)->channels;
    if (!i->conditions)
        return gt_fail(GT_USAGE, "--condition=%s: these are pictures without conditions", e->request->condition);
    if (i->height != m->height || i->width != m->width)
        return gt_fail(GT_USAGE, "--condition=%s: fields of %dx%d, but the network makes fields of %dx%d",
                       e->request->condition, i->width, i->height, m->width, m->height);
    int given = e->truth ? m->channels : m->conditions - m->target_mask;
    bool named = e->truth && names && i->channel_names; /* without targets names were matched one by one */
    if (i->channels != given || (e->truth && i->conditions != m->conditions) ||
        (named && !gt_is(names, i->channel_names)))
        return gt_fail(GT_USAGE, "--condition=%s: the channels are %s, but the network was trained on %s",
                       e->request->condition, i->channel_names ? i->channel_names : "without names",
                       names ? names : "others");
    if (m->label_dim && i->label_width != m->label_dim)
        return gt_fail(GT_USAGE, "the network has labels of %d numbers, and the data of %d", m->label_dim,
                       (int)i->label_width);
    if (truth && !e->truth)
        return gt_fail(GT_USAGE, "the members are compared with the truth: --data=FILE:NAME is needed");
    return e->request->samples > i->count ? gt_fail(GT_USAGE, "--samples=%" PRId64 ": '%s' holds %" PRId64,
                                                    e->request->samples, e->request->condition, i->count)
                                          : GT_OK;
}

static gt_status make_room(gt_ensemble *e) {
    e->samples = e->request->samples ? e->request->samples : e->info->count;
    e->read = -1;
    e->picture = gt_arena_array(e->arena, gt_model_floats(e->model), sizeof *e->picture);
    e->given = gt_arena_array(e->arena, gt_model_floats(e->model), sizeof *e->given);
    e->numbers = gt_arena_array(e->arena, (size_t)gt_runner_batch(e->runner), sizeof *e->numbers);
    if (!e->comm->rank)
        e->members = gt_arena_array(e->arena, (size_t)e->request->members, e->floats * sizeof *e->members);
    return gt_arena_failed(e->arena) ? GT_NOMEM : GT_OK;
}

gt_status gt_ensemble_open_all(gt_ensemble *e, gt_comm *comm, const gt_ensemble_request *r, bool truth) {
    *e = (gt_ensemble){.request = r, .comm = comm, .arena = gt_arena_new()};
    gt_status st = e->arena ? open_network(e) : GT_NOMEM;
    if (!st) st = open_data(e);
    if (!st) st = check_data(e, truth);
    if (!st) st = make_room(e);
    st = gt_comm_agree_all(comm, st);
    return st ? st : gt_same_data_all(comm, e->data, r->condition);
}

void gt_ensemble_close(gt_ensemble *e) {
    gt_runner_close(e->runner);
    gt_dataset_close(e->data);
    gt_arena_free(e->arena);
}

gt_status gt_ensemble_read(gt_ensemble *e, int64_t sample) {
    int64_t item = sample;
    if (e->read == sample) return GT_OK;
    e->read = -1;
    gt_status st = gt_read_images(e->data, 1, &item, e->given);
    size_t cells = (size_t)e->model->height * (size_t)e->model->width, n = (size_t)e->info->channels,
           channels = (size_t)e->model->channels, first = e->truth ? 0 : (size_t)e->targets;
    for (size_t i = 0; i < cells && !st; i++)
        memcpy(e->picture + i * channels + first, e->given + i * n, n * sizeof *e->given);
    if (!st) e->read = sample;
    return st;
}

void gt_ensemble_undo(const gt_ensemble *e, float *fields, int64_t n, int channels) {
    size_t cells = (size_t)n * (size_t)e->model->height * (size_t)e->model->width;
    for (int c = 0; c < e->targets; c++) gt_channel_scale_undo(&e->scale[c], fields + c, cells, (size_t)channels);
}

/* ---- members ---- */

static int64_t pieces(const gt_ensemble *e) {
    int64_t batch = gt_runner_batch(e->runner);
    return (e->request->members + batch - 1) / batch;
}

/* Where the draws of a sample's member come from. */
static gt_key key_of(const gt_ensemble *e, int64_t sample, int64_t member) {
    uint64_t moment = (uint64_t)gt_dataset_moment(e->data, sample, NULL);
    return (gt_key){.seed = e->request->seed,
                    .stream = gt_stream("member") ^ (uint32_t)(moment >> 32),
                    .step = (uint32_t)member,
                    .sample = (uint32_t)moment};
}

static gt_status make(void *arg, int64_t piece, int n, gt_buffer *out) {
    gt_ensemble *e = arg;
    const gt_model *m = e->model;
    int64_t batch = gt_runner_batch(e->runner), sample = piece / pieces(e), first = piece % pieces(e) * batch;
    int64_t count = e->request->members - first < batch ? e->request->members - first : batch;
    float *z = gt_runner_input(e->runner, "z"), *c = gt_runner_input(e->runner, "c");
    gt_status st = gt_ensemble_read(e, sample);
    (void)n;
    for (int64_t i = 0; i < batch && !st; i++) {
        gt_key key = key_of(e, sample, i < count ? first + i : 0);
        float *to = z + (size_t)i * (size_t)m->z_dim;
        gt_random_normal(key, to, (size_t)m->z_dim);
        gt_model_put_conditions(m, e->picture, to);
        if (m->label_dim) gt_dataset_label(e->data, sample, c + (size_t)i * (size_t)m->label_dim);
        gt_random_bits(key, &e->numbers[i], 1);
    }
    if (!st) st = gt_runner_run(e->runner, &(gt_run_batch){.n = (int)count, .numbers = e->numbers});
    const float *image = st ? NULL : gt_runner_output(e->runner, "image");
    size_t cells = (size_t)m->height * (size_t)m->width, target = (size_t)e->targets * sizeof *image;
    for (size_t i = 0; i < (size_t)count * cells && !st; i++)
        gt_buffer_add(out, image + i * (size_t)m->channels, target);
    return !st && out->failed ? gt_fail(GT_NOMEM, "out of memory for fields") : st;
}

/* Rank 0: the last piece of a sample completes its members. */
static gt_status take(void *arg, int64_t piece, int n, const char *bytes, size_t size) {
    gt_ensemble *e = arg;
    int64_t place = piece % pieces(e), first = place * gt_runner_batch(e->runner);
    (void)n;
    memcpy(e->members + (size_t)first * e->floats, bytes, size);
    if (place + 1 < pieces(e)) return GT_OK;
    gt_status st = gt_ensemble_read(e, piece / pieces(e));
    return st ? st : e->take(e, piece / pieces(e));
}

gt_status gt_ensemble_make_all(gt_ensemble *e, const char *doing, gt_ensemble_take *each, void *arg) {
    e->take = each;
    e->arg = arg;
    return gt_in_order_all(&(gt_in_order){.comm = e->comm,
                                          .count = e->samples * pieces(e),
                                          .batch = 1,
                                          .doing = doing,
                                          .of = "ensembles",
                                          .make = make,
                                          .take = take,
                                          .stop = e->request->stop,
                                          .arg = e});
}
