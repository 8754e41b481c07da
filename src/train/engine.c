/* SPDX-License-Identifier: Apache-2.0
 * Everything that exists before the first step: data, the resolved job, the model, its graphs made ready, memory. */
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "kernels/isa.h"
#include "train/trainer.h"

/* One message for all ranks: what failed on any fails on all. Not for what lets ranks wait for each other inside: one that fails before that would leave them there. */
#define AGREE(t, expression)                                    \
    do {                                                        \
        gt_status st_ = gt_comm_agree_all((t)->comm, (expression)); \
        if (st_) return st_;                                    \
    } while (0)

static gt_status open_data(gt_trainer *t) {
    AGREE(t, gt_job_open_data(t->job, &t->data));
    t->info = gt_dataset_get_info(t->data);
    gt_status st = gt_same_data_all(t->comm, t->data, t->job->data);
    if (st) return st;
    gt_hash128 hash = {0, 0};
    st = t->comm->rank == 0 ? gt_dataset_fingerprint(t->data, &hash) : GT_OK;
    AGREE(t, st);
    gt_comm_broadcast_all(t->comm, &hash, sizeof hash, 0);
    gt_hash_hex(hash, t->fingerprint);
    return GT_OK;
}

static gt_ranges ranges_of(const gt_share *s, gt_range *ranges) {
    for (int k = 0; k < s->count; k++) ranges[k] = (gt_range){gt_slices_first(s->slices, s->first + k), gt_slices_samples(s->slices, s->first + k)};
    return (gt_ranges){s->count, ranges};
}

static gt_status open_loader(gt_trainer *t) {
    gt_range *full = gt_arena_array(t->model->arena, (size_t)t->shares[0].count + 1, sizeof *full);
    gt_range *rest = gt_arena_array(t->model->arena, (size_t)t->shares[1].count + 1, sizeof *rest);
    if (!full || !rest) return GT_NOMEM;
    gt_loader_plan plan = {.batch = (int)t->job->batch, .epoch_end = t->model->epoch_end, .full = ranges_of(&t->shares[0], full),
                           .rest = ranges_of(&t->shares[1], rest), .seed = (uint64_t)t->job->seed, .start_step = t->step, .cache_bytes = GT_LOADER_CACHE};
    return gt_loader_new(&t->loader, t->data, &plan);
}

/* ---- the model made ready ---- */

static gt_status share_out(gt_trainer *t) {
    t->model = gt_model_new(t->job);
    if (!t->model) return GT_FAILED;
    gt_status st = gt_stat_table_init(&t->stats, t->model);
    return st ? st : gt_trainer_share_out(t);
}

/* All ranks together, and all fail where one does: no rank leaves while others wait for it in here. */
static gt_status connect(gt_trainer *t) {
    const gt_model *m = t->model;
    for (int net = 0; net < m->n_nets; net++)
        for (int i = 0; i < t->n_shares; i++) {
            gt_share *s = &t->shares[i];
            gt_reducer_options o = {.slices = s->slices.count, .n_groups = s->n_groups, .groups = s->groups, .floats = m->nets[net]->trainable_floats,
                                    .plain = gt_is(t->job->reduce, "allreduce"), .abreast = m->over_slices};
            s->reducers[net] = gt_reducer_new_all(t->comm, t->pool, &o);
            if (!s->reducers[net]) return GT_NOMEM;
        }
    return GT_OK;
}

static gt_status open_learner(gt_trainer *t, int net) {
    const gt_model *m = t->model;
    gt_learner *l = &t->learners[net];
    l->optimizer = gt_optimizer_find(m->learning[net].optimizer);
    l->settings = m->learning[net].settings;
    l->reducer = t->shares[0].reducers[net];
    for (int k = l->settings.beta1 > 0 ? 0 : 1; k < l->optimizer->n_moments; k++) { /* with a beta1 of 0 the first is the gradient itself */
        l->moments[k] = gt_block_alloc(m->nets[net]->block_floats * sizeof(float), "the optimiser's moments");
        if (!l->moments[k]) return GT_NOMEM;
    }
    return GT_OK;
}

static bool unequal(const gt_trainer *t) {
    bool any = false;
    for (int i = 0; i < t->n_shares; i++) any |= t->shares[i].slices.samples % t->shares[i].slices.count != 0;
    return any;
}

static gt_status open_exec(gt_trainer *t, gt_phase_run *run, int variant) {
    gt_model *m = t->model;
    gt_phase_exec *x = &run->at[variant];
    gt_status st = gt_phase_exec_make(t, x, run->phase, t->variants[variant]);
    if (st) return st;
    if (unequal(t) && !gt_exec_has_input(x->exec, GT_SLICE_WEIGHT))
        return gt_fail(GT_FAILED, "phase %s of model %s does not weigh its loss, but slices differ in size", run->phase->name, m->name);
    for (int i = 0; i < m->n_nets; i++) gt_exec_bind(x->exec, GT_SLOT(i), m->blocks[i]);
    gt_exec_bind(x->exec, GT_SLOT_GRAD, gt_reducer_gradient(t->shares[0].reducers[run->phase->net])); /* each group binds its own place */
    if (gt_exec_slice_sums(x->exec) && !m->over_slices)
        return gt_fail(GT_FAILED, "phase %s sums over slices, but model %s does not say so (over_slices)", run->phase->name, m->name);
    for (int i = 0; i < run->phase->n_stats; i++) x->stat_size[i] = gt_exec_output_size(x->exec, run->phase->stats[i].output);
    return GT_OK;
}

/* When the buckets of a phase's gradients leave is decided by this rank's last group. */
static gt_status open_plan(gt_trainer *t, gt_share *share, int phase) {
    int last = share->n_groups ? share->variant[share->n_groups - 1] : 0;
    gt_exec *e = t->runs[phase].at[last].exec;
    const gt_output_place *order;
    int n = gt_exec_output_order(e, &order);
    gt_span spans[n > 0 ? n : 1];
    for (int i = 0; i < n; i++) spans[i] = (gt_span){order[i].offset, order[i].size};
    share->plans[phase] = gt_reducer_schedule_new(share->reducers[t->model->phases[phase].net], n, spans);
    return share->plans[phase] ? GT_OK : GT_FAILED;
}

/* Room for the executions that are in memory together: one, or all of a batch. */
static void make_room(gt_trainer *t, const gt_phase_run *run, const gt_share *share) {
    size_t bytes = 0;
    for (int i = 0; i < share->n_groups; i++) {
        size_t own = gt_exec_arena_bytes(run->at[share->variant[i]].exec);
        bytes = t->model->over_slices ? bytes + own : own;
        if (bytes > t->arena_bytes) t->arena_bytes = bytes;
    }
}

static gt_status open_phase(gt_trainer *t, int index) {
    gt_phase_run *run = &t->runs[index];
    run->phase = &t->model->phases[index];
    run->at = gt_arena_array(t->model->arena, (size_t)t->n_variants + 1, sizeof *run->at);
    gt_status st = run->at ? GT_OK : GT_NOMEM;
    for (int i = 0; i < t->n_variants && !st; i++) st = open_exec(t, run, i);
    for (int i = 0; i < t->n_shares && !st; i++) make_room(t, run, &t->shares[i]);
    for (int i = 0; i < t->n_shares && !st; i++) st = open_plan(t, &t->shares[i], index);
    for (int i = 0; i < run->phase->n_stats; i++) run->stat[i] = gt_stat_index(&t->stats, run->phase->stats[i].name);
    return st;
}

static gt_status open_generator(gt_trainer *t) {
    gt_generate_options o = {.n = t->model->slice_size, .noise_mode = "const", .truncation = 1, .truncation_cutoff = -1};
    t->generator_graph = t->model->build_generator(t->model, &o);
    if (!t->generator_graph) return GT_FAILED;
    gt_exec_options options = gt_trainer_exec_options(t, 1);
    t->generator = gt_exec_new(t->generator_graph, &options);
    if (!t->generator) return gt_wrap(GT_FAILED, "the generator");
    gt_exec_bind(t->generator, GT_SLOT(0), t->model->ema_of >= 0 ? t->model->ema_block : t->model->blocks[0]);
    if (gt_exec_arena_bytes(t->generator) > t->arena_bytes) t->arena_bytes = gt_exec_arena_bytes(t->generator);
    return GT_OK;
}

static gt_status open_memory(gt_trainer *t) {
    const gt_model *m = t->model;
    size_t states = 0, stats = 0;
    for (int p = 0; p < m->n_phases; p++) {
        if (gt_phase_states(&m->phases[p]) > states) states = gt_phase_states(&m->phases[p]);
        if ((size_t)m->phases[p].n_stats > stats) stats = (size_t)m->phases[p].n_stats;
    }
    size_t pixels = (size_t)m->slice_size * (size_t)m->height * (size_t)m->width * (size_t)m->channels;
    t->images = calloc(pixels, sizeof *t->images);
    t->labels = calloc((size_t)m->slice_size * (size_t)(m->label_dim + 1), sizeof *t->labels);
    t->slice_states = calloc(gt_trainer_most_slices(t) * states + 1, sizeof *t->slice_states);
    t->state_means = calloc(states + 1, sizeof *t->state_means);
    t->slice_moments = calloc(gt_trainer_most_slices(t) * stats + 1, sizeof(gt_moments));
    t->arena = gt_block_alloc(t->arena_bytes, "the graphs of a step");
    if (!t->images || !t->labels || !t->slice_states || !t->state_means || !t->slice_moments) return gt_fail(GT_NOMEM, "out of memory for a slice");
    if (!t->arena) return GT_NOMEM;
    gt_exec_use_arena(t->generator, t->arena);
    return GT_OK;
}

static gt_status open_model(gt_trainer *t) {
    gt_status st = GT_OK;
    for (int i = 0; i < t->model->n_nets && !st; i++) st = open_learner(t, i);
    for (int p = 0; p < t->model->n_phases && !st; p++) st = open_phase(t, p);
    if (!st) st = open_generator(t);
    if (!st) st = gt_trainer_relax(t);
    return st;
}

/* Of an execution's meetings, in a number. */
static int fingerprint_of_meetings(const gt_exec *e) {
    uint32_t h = 2166136261u; /* FNV-1a, a meeting at a time */
    for (int i = 0; i < gt_exec_slice_sums(e); i++) h = (h ^ (uint32_t)gt_exec_slice_sum(e, i).floats) * 16777619u;
    return (int)(h >> 1);
}

/* Whatever the size of slices, all executions of a phase meet alike on all ranks: else they would wait for each other for ever. */
static gt_status check_meetings(gt_trainer *t) {
    gt_status st = GT_OK;
    for (int p = 0; p < t->model->n_phases; p++) {
        int most = 0, least = INT32_MAX;
        for (int i = 0; i < t->n_variants; i++) {
            int one = fingerprint_of_meetings(t->runs[p].at[i].exec);
            if (one > most) most = one;
            if (one < least) least = one;
        }
        bool alike = gt_comm_max_all(t->comm, most) == -gt_comm_max_all(t->comm, -least);
        if (!alike && !st) st = gt_fail(GT_FAILED, "phase %s sums other things over slices where slices have other sizes: use --slices that divide --batch", t->runs[p].phase->name);
    }
    return st;
}

bool gt_trainer_finished(const gt_trainer *t) { return t->shown >= t->job->total_images || (t->job->steps && t->step >= t->job->steps); }

void gt_trainer_label_of(void *dataset, int64_t item, float *label) { gt_dataset_label(dataset, item, label); }

gt_ada_config gt_trainer_ada(const gt_trainer *t) {
    const gt_job *j = t->job;
    return (gt_ada_config){.target = j->ada_target, .interval = (int)j->ada_interval, .batch = (int)j->batch, .kimg = j->ada_kimg, .p_max = (float)j->p_max};
}

gt_status gt_trainer_open(gt_trainer *t, gt_comm *comm, gt_job *job) {
    memset(t, 0, sizeof *t);
    t->comm = comm;
    t->job = job;
    AGREE(t, gt_job_check(job));
    gt_status st = open_data(t);
    if (st) return st;
    AGREE(t, gt_job_resolve(job, t->info->height, t->info->width, t->info->channels, t->info->label_width, t->info->stored));
    if ((st = gt_same_job_all(comm, job))) return st;
    int slices; /* the job has them; are they enough for the ranks? */
    AGREE(t, gt_slices_choose((int)job->batch, gt_model_mbstd(job), (int)job->slices, comm->ranks, &slices));
    t->pool = gt_pool_new(comm->threads);
    AGREE(t, t->pool ? GT_OK : GT_NOMEM);
    gt_pool_spin(t->pool, !comm->oversubscribed);
    AGREE(t, comm->rank == 0 ? gt_trainer_look(t) : GT_OK);
    t->ada.p = (float)job->p_initial;
    return GT_OK;
}

gt_status gt_trainer_build(gt_trainer *t) {
    AGREE(t, share_out(t));
    gt_status st = connect(t); /* agreed on in there */
    if (st) return st;
    AGREE(t, open_model(t));
    if (t->model->over_slices) AGREE(t, check_meetings(t));
    gt_trainer_warn_memory(t);
    AGREE(t, open_memory(t));
    AGREE(t, gt_trainer_open_metrics(t));
    return GT_OK;
}

gt_status gt_trainer_start_loader(gt_trainer *t) {
    AGREE(t, open_loader(t));
    return GT_OK;
}

void gt_trainer_close(gt_trainer *t) {
    gt_saver_free(t->saver);
    gt_metrics_free(t->metrics);
    gt_runlog_close(t->log);
    gt_lock_release(t->lock);
    gt_loader_free(t->loader);
    gt_exec_free(t->generator);
    gt_graph_free(t->generator_graph);
    for (int i = 0; i < GT_MAX_PHASES; i++)
        for (int k = 0; t->runs[i].at && k < t->n_variants; k++) gt_phase_exec_free(&t->runs[i].at[k]);
    for (int i = 0; i < GT_MAX_NETS; i++) {
        for (int k = 0; k < GT_MAX_CUTS; k++) gt_reducer_free_all(t->shares[k].reducers[i]);
        for (int k = 0; k < GT_MAX_MOMENTS; k++)
            if (t->model) gt_block_free(t->learners[i].moments[k], i < t->model->n_nets ? t->model->nets[i]->block_floats * sizeof(float) : 0);
    }
    gt_model_free(t->model);
    free(t->images);
    free(t->labels);
    free(t->slice_states);
    free(t->state_means);
    free(t->slice_moments);
    gt_block_free(t->arena, t->arena_bytes);
    gt_pool_free(t->pool);
    gt_dataset_close(t->data);
    free(t->dir);
}
