/* SPDX-License-Identifier: Apache-2.0
 * Makes everything that exists before the first step: data, the resolved job, the model, its executions, memory. */
#include "train/door/engine.h"

#include <stdlib.h>

#include "base/door/memory.h"
#include "base/door/numbers.h"
#include "base/door/pool.h"
#include "gantry/job.h"
#include "runner/apply/door/classify.h"
#include "runner/door/items.h"
#include "base/door/random.h"
#include "train/measure/eval_data.h"
#include "train/journal/journal.h"
#include "train/door/measurer.h"

/* ---- data and job ---- */

static gt_status same_job_all(gt_comm *comm, gt_job *job) {
    gt_options o = job->options;
    gt_setting *settings = NULL;
    int n = 0;
    gt_status st = gt_comm_agree_all(comm, comm->ranks > 1 ? gt_options_settings(&o, &settings, &n) : GT_OK);
    return st ? st : gt_comm_same_settings_all(comm, settings, n);
}

/* Bytes of a picture that do not decode, or another failure, where all pictures or some are read. */
static gt_status advise_on_picture(const gt_engine *e, gt_status st) {
    return st == GT_FORMAT ? gt_engine_advise(e, st, true) : st;
}

static gt_status fingerprint(gt_engine *e) {
    return e->comm->rank ? GT_OK : advise_on_picture(e, gt_dataset_fingerprint(e->data, &e->fingerprint));
}

static gt_status open_data(gt_engine *e) {
    gt_status st = gt_job_open_data(e->job, &e->data);
    if (!st) e->info = gt_dataset_get_info(e->data);
    return st;
}

static gt_status resolve(gt_engine *e) {
    return gt_job_resolve(e->job, e->info->height, e->info->width, e->info->channels,
                          gt_job_label_width(e->job, e->info), e->info->stored);
}

/* --normalize=data as numbers. */
static gt_status normalise_all(gt_engine *e) {
    int channels = e->info->channels;
    double mean[channels], std[channels];
    const char *rule = gt_job_value(e->job, "normalize");
    if (!rule || !gt_is(rule, "data")) return GT_OK;
    gt_status st = gt_channel_moments_all(e->comm, e->data, mean, std);
    char *text = calloc((size_t)channels, 64), *at = text;
    for (int c = 0; c < channels && text && !st; c++) at += sprintf(at, "%s%.6g:%.6g", c ? "," : "", mean[c], std[c]);
    if (!st) st = text ? gt_job_set(e->job, "normalize", text, NULL) : gt_fail(GT_NOMEM, "out of memory for means");
    free(text);
    return gt_comm_agree_all(e->comm, st);
}

static gt_status open_pool(gt_engine *e) {
    gt_status st = gt_slices_check_ranks((int)e->job->batch, (int)e->job->slices, e->comm->ranks);
    if (st) return st;
    e->pool = gt_pool_new(e->comm->threads);
    if (!e->pool) return GT_NOMEM;
    gt_pool_spin(e->pool, !e->comm->oversubscribed);
    e->ada.p = (float)e->job->gan.p_initial;
    return GT_OK;
}

static gt_status resolve_all(gt_engine *e) {
    gt_comm *comm = e->comm;
    gt_status st = gt_comm_agree_all(comm, gt_job_check(e->job));
    if (!st) st = gt_comm_agree_all(comm, open_data(e));
    if (!st) st = gt_same_data_all(comm, e->data, e->job->data);
    if (!st) st = gt_comm_agree_all(comm, fingerprint(e));
    if (!st) st = gt_engine_inherit_all(e);
    if (!st) st = gt_comm_agree_all(comm, resolve(e));
    return st ? st : normalise_all(e);
}

gt_status gt_engine_open_all(gt_engine *e, gt_comm *comm, gt_job *job) {
    *e = (gt_engine){.comm = comm, .job = job, .choice = ""};
    gt_status st = gt_comm_agree_all(comm, gt_job_check_start(job));
    if (!st) st = gt_engine_adopt_all(e);
    if (!st && (st = resolve_all(e)) == GT_USAGE && e->differences) st = gt_engine_refuse_given(e);
    if (!st) st = same_job_all(comm, job);
    return st ? st : gt_comm_agree_all(comm, open_pool(e));
}

/* ---- the model made ready ---- */

static gt_status open_model(gt_engine *e) {
    e->model = gt_model_new(e->job);
    if (!e->model) return GT_FAILED;
    gt_status st = gt_stat_table_init(&e->stats, e->model);
    return st ? st : gt_engine_make_batches(e);
}

int gt_engine_batches_of(gt_engine *e, int net, gt_batch *out[GT_MOST_BATCHES]) {
    int n = 0;
    for (int i = 0; i < e->n_batches; i++) out[n++] = &e->batches[i];
    for (int p = 0; p < e->model->n_phases; p++)
        if (e->phases[p].own.slices.count && e->model->phases[p].net == net) out[n++] = &e->phases[p].own;
    return n;
}

/* They take turns, so the first one's memory does for all. Fails on all ranks where it fails on one. */
static gt_status open_reducers_all(gt_engine *e) {
    const gt_model *m = e->model;
    for (int net = 0; net < m->n_nets; net++) {
        gt_batch *all[GT_MOST_BATCHES];
        gt_reducer_options o = {.floats = m->nets[net]->trainable_floats,
                                .plain = e->job->reduce == GT_REDUCE_ALLREDUCE};
        int n = gt_engine_batches_of(e, net, all);
        for (int i = n - 1; i >= 0; i--) {
            o.slices = all[i]->slices.count;
            o.work = &all[i]->work;
            o.spare_buffers = (int)gt_largest(o.spare_buffers, gt_reducer_buffers(e->comm, &o));
        }
        for (int i = 0; i < n; i++) {
            o.slices = all[i]->slices.count;
            o.work = &all[i]->work;
            all[i]->reducers[net] = gt_reducer_new_all(e->comm, e->pool, &o);
            if (!all[i]->reducers[net]) return GT_NOMEM;
            o.lender = all[0]->reducers[net];
            o.spare_buffers = 0;
        }
    }
    return GT_OK;
}

static gt_status open_meetings_all(gt_engine *e) {
    for (int i = 0; i < e->n_batches + e->model->n_phases; i++) {
        gt_batch *b = i < e->n_batches ? &e->batches[i] : &e->phases[i - e->n_batches].own;
        if (!b->slices.count) continue;
        b->meetings = gt_meetings_new_all(e->comm, b->slices.count, b->stretch);
        if (!b->meetings) return GT_NOMEM;
    }
    return GT_OK;
}

static gt_status open_learner(gt_engine *e, int net) {
    const gt_model *m = e->model;
    gt_learner *l = &e->learners[net];
    l->optimizer = gt_optimizer_find(m->learning[net].optimizer);
    l->settings = m->learning[net].settings;
    l->reducer = e->batches[0].reducers[net];
    l->by_tensor = l->settings.decay > 0;
    for (int i = 0; i < m->nets[net]->n_tensors; i++) l->by_tensor |= m->nets[net]->tensors[i].rate > 0;
    for (int k = 0; k < GT_LEARNT; k++) {
        if (!gt_learner_moment(l, k)) continue;
        l->moments[k] = gt_block_alloc(m->nets[net]->block_floats * sizeof(float), "the optimiser's moments");
        if (!l->moments[k]) return GT_NOMEM;
    }
    return GT_OK;
}

static bool unequal(const gt_engine *e) {
    bool any = false;
    for (int i = 0; i < e->n_batches; i++) any |= e->batches[i].slices.samples % e->batches[i].slices.count != 0;
    return any;
}

static gt_status open_execution(gt_engine *e, gt_engine_phase *run, const gt_batch *b, int shape) {
    gt_model *m = e->model;
    gt_execution *x = &run->executions[shape];
    const gt_exec_shape *s = &e->shapes[shape];
    int runs = s->abreast ? 1 : (b->count + s->slices - 1) / s->slices;
    if (run->own.slices.count && runs > 1) runs *= 2;
    gt_exec_options options = gt_engine_exec_options(e, s->slices, s->stretch, runs);
    options.prepared = e->prepared;
    options.use = (int)(run - e->phases);
    gt_status st = gt_engine_take_execution(e, options.use, s->samples, &options, x);
    if (st) return st;
    if (unequal(e) && !gt_exec_has_input(x->exec, GT_SLICE_WEIGHT))
        return gt_fail(GT_FAILED, "phase %s of model %s does not weigh its loss, but slices differ in size",
                       run->phase->name, m->name);
    bool own = run->own.slices.count;
    if (gt_exec_slice_sums(x->exec) > (own ? 1 : m->stretch ? INT32_MAX : 0))
        return gt_fail(GT_FAILED, "phase %s sums over slices %s, but model %s does not declare it (stretch)",
                       run->phase->name, own ? "more than once" : "of the batch", m->name);
    for (int i = 0; i < m->n_nets; i++) gt_exec_bind(x->exec, GT_SLOT(i), m->blocks[i]);
    /* each group binds its own place */
    gt_exec_bind(x->exec, GT_SLOT_GRAD, gt_reducer_gradient(e->batches[0].reducers[run->phase->net]));
    for (int i = 0; i < run->phase->n_stats; i++)
        x->stat_size[i] = gt_exec_output_size(x->exec, run->phase->stats[i].output);
    return GT_OK;
}

/* The executions of a batch's groups; a rank without any has one all the same: it knows outputs and their sizes. */
static gt_status open_batch(gt_engine *e, gt_engine_phase *run, const gt_batch *b) {
    gt_status st = GT_OK;
    for (int i = 0; i < b->work.n_groups && !st; i++)
        if (!run->executions[b->shape[i]].exec) st = open_execution(e, run, b, b->shape[i]);
    if (!st && !b->work.n_groups && !run->executions[0].exec) st = open_execution(e, run, b, 0);
    return st;
}

/* When the buckets of a phase's gradients leave is decided by this rank's last group. */
static gt_status open_schedule(gt_engine *e, gt_batch *b, int phase) {
    int last = b->work.n_groups ? b->shape[b->work.n_groups - 1] : 0;
    const gt_output_place *order;
    int n = gt_exec_output_order(e->phases[phase].executions[last].exec, &order);
    gt_span spans[n > 0 ? n : 1];
    for (int i = 0; i < n; i++) spans[i] = (gt_span){order[i].offset, order[i].size};
    b->schedules[phase] = gt_reducer_schedule_new(b->reducers[e->model->phases[phase].net], n, spans);
    return b->schedules[phase] ? GT_OK : GT_FAILED;
}

/* Room for the executions that are in memory at the same time: one, or those of a stretch. */
static void make_room(gt_engine *e, const gt_engine_phase *run, const gt_batch *b) {
    for (int u = 0, first = 0; u < b->work.n_units; first += b->work.units[u++]) {
        size_t bytes = 0;
        for (int i = first; i < first + b->work.units[u]; i++)
            bytes += gt_exec_arena_bytes(run->executions[b->shape[i]].exec);
        if (bytes > e->arena_bytes) e->arena_bytes = bytes;
    }
}

/* Which values a phase needs depends on the samples of a slice. Where slices differ, all ranks note what all need, in
 * one order, so that they need the same. */
static gt_status note_phase(gt_engine *e, int p) {
    gt_engine_phase *run = &e->phases[p];
    int sizes[4], n = 0, batches = run->own.slices.count ? 1 : e->n_batches;
    gt_status st = GT_OK;
    for (int i = 0; i < 2 * batches; i++) {
        gt_slices s = gt_engine_batch(e, run, i / 2)->slices;
        int samples = gt_slices_samples(s, i % 2 ? s.count - 1 : 0), k = 0;
        while (k < n && sizes[k] != samples) k++;
        if (k == n) sizes[n++] = samples;
    }
    for (int k = 0; k < n && n > 1 && !st; k++) {
        gt_exec_options options = gt_engine_exec_options(e, 1, 1, 0);
        options.prepared = e->prepared;
        options.use = p;
        gt_execution x = {0};
        st = gt_execution_make(&x, &e->model->phases[p], sizes[k], &options);
        gt_execution_free(&x);
    }
    return st;
}

static gt_status note_prepared(gt_engine *e) {
    gt_status st = GT_OK;
    for (int p = 0; p < e->model->n_phases && e->prepared && !st; p++) st = note_phase(e, p);
    return st;
}

/* Room for the sums of groups that run twice. */
static gt_status open_sums(gt_engine *e, gt_engine_phase *run) {
    gt_batch *b = &run->own;
    size_t floats = 0;
    for (int i = 0; i < b->work.n_groups; i++) {
        const gt_exec *exec = run->executions[b->shape[i]].exec;
        if (gt_exec_slice_sums(exec)) floats += gt_exec_slice_sum(exec, 0).floats;
    }
    b->sums = gt_arena_array(e->model->arena, floats + 1, sizeof *b->sums);
    return b->sums ? GT_OK : GT_NOMEM;
}

static gt_status open_phase(gt_engine *e, int index) {
    gt_engine_phase *run = &e->phases[index];
    run->phase = &e->model->phases[index];
    run->executions = gt_arena_array(e->model->arena, (size_t)e->n_shapes + 1, sizeof *run->executions);
    gt_status st = run->executions ? GT_OK : GT_NOMEM;
    int n = run->own.slices.count ? 1 : e->n_batches;
    for (int i = 0; i < n && !st; i++) {
        gt_batch *b = gt_engine_batch(e, run, i);
        st = open_batch(e, run, b);
        if (st) break;
        make_room(e, run, b);
        st = open_schedule(e, b, index);
    }
    if (st) return st;
    const gt_batch *b = gt_engine_batch(e, run, 0);
    run->first = b->work.n_groups ? b->shape[0] : 0;
    for (int i = 0; i < run->phase->n_stats; i++) run->stat[i] = gt_stat_index(&e->stats, run->phase->stats[i].name);
    return run->own.slices.count ? open_sums(e, run) : GT_OK;
}

static gt_status open_generator(gt_engine *e) {
    const gt_role *maker = gt_model_maker(e->model);
    if (!maker) return GT_OK;
    e->drawn = gt_model_batch(e->model, maker);
    gt_request plain = gt_plain_request(e->drawn);
    plain.draft = true;
    e->generator_graph = gt_model_build(e->model, maker->name, &plain);
    if (!e->generator_graph) return GT_FAILED;
    gt_exec_options options = gt_engine_exec_options(e, 1, 1, 0);
    e->generator = gt_exec_new(e->generator_graph, &options);
    if (!e->generator) return gt_wrap(GT_FAILED, "the generator");
    gt_exec_bind(e->generator, GT_SLOT(0), e->model->ema_of >= 0 ? e->model->ema_block : e->model->blocks[0]);
    if (gt_exec_arena_bytes(e->generator) > e->arena_bytes) e->arena_bytes = gt_exec_arena_bytes(e->generator);
    return GT_OK;
}

static void close_phases(gt_engine *e) {
    for (int i = 0; i < GT_MAX_PHASES; i++)
        for (int k = 0; e->phases[i].executions && k < e->n_shapes; k++) gt_execution_free(&e->phases[i].executions[k]);
}

static gt_status open_phases(gt_engine *e) {
    gt_status st = note_prepared(e);
    e->arena_bytes = 0;
    for (int p = 0; p < e->model->n_phases && !st; p++) st = open_phase(e, p);
    return st;
}

static gt_status open_executions_all(gt_engine *e) {
    bool remake = false;
    gt_status st = gt_engine_begin_prepared_all(e);
    for (int i = 0; i < e->model->n_nets && !st; i++) st = open_learner(e, i);
    if (!st) st = open_phases(e);
    st = gt_comm_agree_all(e->comm, st);
    if (!st) st = gt_engine_share_prepared_all(e, &remake);
    if (!st && remake) {
        close_phases(e);
        st = open_phases(e);
    }
    gt_engine_forget_tried(e);
    return st ? st : open_generator(e);
}

/* The sizes of an execution's sums over slices, as one number. */
static int fingerprint_of_sums(const gt_exec *x) {
    uint32_t h = 2166136261u; /* FNV-1a, a sum at a time */
    for (int i = 0; i < gt_exec_slice_sums(x); i++) h = (h ^ (uint32_t)gt_exec_slice_sum(x, i).floats) * 16777619u;
    return (int)(h >> 1);
}

/* Whatever the size of slices, all executions of a phase that stop at sums have the same sums on all ranks: else ranks
 * would wait for each other for ever. */
static gt_status check_slice_sums_all(gt_engine *e) {
    gt_status st = GT_OK;
    for (int p = 0; p < e->model->n_phases; p++) {
        int most = -1, least = INT32_MAX;
        for (int i = 0; i < e->n_shapes; i++) {
            const gt_exec *exec = e->phases[p].executions[i].exec;
            if (!exec || !gt_exec_slice_sums(exec)) continue;
            int one = fingerprint_of_sums(exec);
            if (one > most) most = one;
            if (one < least) least = one;
        }
        most = gt_comm_max_all(e->comm, most);
        least = gt_comm_min_all(e->comm, least);
        if (most >= 0 && most != least && !st)
            st = gt_fail(GT_FAILED,
                         "phase %s sums other things over slices where slices have other sizes: use --slices that "
                         "divide --batch",
                         e->phases[p].phase->name);
    }
    return st;
}

static gt_status open_memory(gt_engine *e) {
    const gt_model *m = e->model;
    size_t states = 0, stats = 0, slices = gt_engine_most_slices(e), images = (size_t)m->slice_size;
    for (int p = 0; p < m->n_phases; p++) {
        if (gt_phase_states(&m->phases[p]) > states) states = gt_phase_states(&m->phases[p]);
        if ((size_t)m->phases[p].n_stats > stats) stats = (size_t)m->phases[p].n_stats;
    }
    e->images = calloc(images * gt_model_floats(m), sizeof *e->images);
    e->labels = calloc(images * (size_t)(m->label_dim + 1), sizeof *e->labels);
    e->masks = m->masks ? malloc(images * gt_mask_bytes(e->info)) : NULL;
    e->slice_states = calloc(slices * states + 1, sizeof *e->slice_states);
    e->slice_moments = calloc(slices * stats + 1, sizeof(gt_stat_moments));
    e->arena = gt_block_alloc(e->arena_bytes, "the graphs of a step");
    if (!e->images || !e->labels || (m->masks && !e->masks) || !e->slice_states || !e->slice_moments)
        return gt_fail(GT_NOMEM, "out of memory for a slice");
    if (!e->arena) return GT_NOMEM;
    if (e->generator) gt_exec_use_arena(e->generator, e->arena);
    gt_measurers_use_arena(e);
    return GT_OK;
}

static void forget_record(gt_engine *e) {
    gt_checkpoint_close(e->recorded);
    e->recorded = NULL;
}

gt_status gt_engine_build_all(gt_engine *e) {
    forget_record(e); /* nobody goes on from there */
    gt_status st = gt_comm_agree_all(e->comm, open_model(e));
    if (!st) st = gt_exports_check(e);
    if (!st) st = open_reducers_all(e);
    if (!st) st = gt_engine_share_blocks_all(e);
    if (!st) st = open_meetings_all(e);
    if (!st) st = gt_comm_agree_all(e->comm, open_executions_all(e));
    if (!st && e->model->stretch) st = gt_comm_agree_all(e->comm, check_slice_sums_all(e));
    if (!st) st = gt_comm_agree_all(e->comm, gt_best_resolve(e));
    if (!st) st = gt_eval_data_open_all(e);
    if (!st) st = gt_measurers_open_all(e);
    if (!st) st = gt_comm_agree_all(e->comm, e->comm->rank ? GT_OK : gt_best_check(e));
    if (!st) st = gt_comm_agree_all(e->comm, gt_engine_relax(e));
    if (st) return st;
    st = gt_comm_agree_all(e->comm, gt_engine_check_memory_all(e));
    return st ? st : gt_comm_agree_all(e->comm, open_memory(e));
}

static gt_sample_ranges ranges_of(const gt_batch *b, gt_sample_range *ranges) {
    for (int k = 0; k < b->count; k++)
        ranges[k] = (gt_sample_range){gt_slices_first(b->slices, b->first + k),
                                      gt_slices_samples(b->slices, b->first + k)};
    return (gt_sample_ranges){b->count, ranges};
}

static gt_status open_loader(gt_engine *e) {
    gt_sample_range *full = gt_arena_array(e->model->arena, (size_t)e->batches[0].count + 1, sizeof *full);
    gt_sample_range *rest = gt_arena_array(e->model->arena, (size_t)e->batches[1].count + 1, sizeof *rest);
    if (!full || !rest) return GT_NOMEM;
    gt_loader_plan plan = {.batch = (int)e->job->batch,
                           .epoch_end = e->model->epoch_end,
                           .full = ranges_of(&e->batches[0], full),
                           .rest = ranges_of(&e->batches[1], rest),
                           .masks = e->model->masks,
                           .seed = (uint64_t)e->job->seed,
                           .start_step = e->step,
                           .cache_bytes = gt_engine_most_picture_bytes(e)};
    const gt_neighbours *with = e->pictures_with;
    if (with) plan.common = (gt_loader_common){with->memory, with->place, with->count};
    return advise_on_picture(e, gt_loader_new(&e->loader, e->data, &plan));
}

gt_status gt_engine_start_loader_all(gt_engine *e) {
    gt_loader_free(e->loader);
    e->loader = NULL;
    gt_engine_share_pictures_all(e);
    gt_status st = gt_comm_agree_all(e->comm, open_loader(e));
    if (!st) st = gt_comm_agree_all(e->comm, e->pictures_with ? gt_loader_go(e->loader) : GT_OK);
    return st ? st : gt_engine_check_data_all(e);
}

static void close_batch_all(gt_batch *b) {
    for (int i = 0; i < GT_MAX_NETS; i++) gt_reducer_free_all(b->reducers[i]);
    gt_meetings_free_all(b->meetings);
}

void gt_engine_close_all(gt_engine *e) {
    gt_loader_free(e->loader);
    gt_measurers_close(e);
    gt_eval_data_close(e);
    gt_exec_free(e->generator);
    gt_graph_free(e->generator_graph);
    gt_engine_forget_tried(e);
    forget_record(e);
    close_phases(e);
    for (int i = 0; i < GT_MAX_PHASES; i++) close_batch_all(&e->phases[i].own);
    for (int i = e->n_batches - 1; i >= 0; i--) close_batch_all(&e->batches[i]); /* the lender of memory last */
    for (int i = 0; i < GT_MAX_NETS; i++)
        for (int k = 0; k < GT_LEARNT; k++)
            if (e->model)
                gt_block_free(e->learners[i].moments[k],
                              i < e->model->n_nets ? e->model->nets[i]->block_floats * sizeof(float) : 0);
    gt_engine_close_in_common(e);
    gt_model_free(e->model);
    free(e->differences);
    free(e->images);
    free(e->labels);
    free(e->masks);
    free(e->slice_states);
    free(e->slice_moments);
    gt_block_free(e->arena, e->arena_bytes);
    gt_pool_free(e->pool);
    gt_engine_forget_damage(e);
    gt_dataset_close(e->data);
}

/* ---- small questions ---- */

gt_exec *gt_engine_first(const gt_engine *e, int phase) {
    const gt_engine_phase *p = &e->phases[phase];
    return p->executions[p->first].exec;
}

double gt_engine_runs(const gt_engine *e, int phase) {
    const gt_engine_phase *p = &e->phases[phase];
    int count = p->own.slices.count ? p->own.count : e->batches[0].count;
    return (double)count / e->shapes[p->first].slices;
}

double gt_engine_phase_flops(const gt_engine *e, int phase) {
    const gt_engine_phase *p = &e->phases[phase];
    const gt_exec_shape *s = &e->shapes[p->first];
    double samples = p->own.slices.count ? p->own.slices.samples : (double)e->job->batch;
    return gt_exec_cost(gt_engine_first(e, phase)).flops / (s->slices * s->samples) * samples / (double)e->job->batch;
}

bool gt_engine_at_end(const gt_engine *e) {
    return e->shown >= e->job->total_images || (e->job->steps && e->step >= e->job->steps);
}

bool gt_engine_finished(const gt_engine *e) { return e->stopped_early || gt_engine_at_end(e); }

uint64_t gt_engine_seed(const gt_engine *e) {
    uint64_t seed = (uint64_t)e->job->seed;
    return e->reseed ? seed ^ ((uint64_t)gt_stream("rollback") << 32) ^ ((uint64_t)e->reseed << 40) : seed;
}

gt_status gt_engine_sample_of(void *engine, uint32_t step, uint32_t sample, float *image, float *label) {
    const gt_engine *e = engine;
    gt_sampler sampler = gt_sampler_make((uint64_t)e->job->seed, e->info->count);
    int64_t item = gt_sampler_item(&sampler, gt_steps_position(&e->steps, step) + sample);
    gt_status st = gt_read_images(e->data, 1, &item, image);
    gt_dataset_label(e->data, item, label);
    return st;
}

void gt_engine_label_of(void *dataset, int64_t item, float *label) { gt_dataset_label(dataset, item, label); }
