/* SPDX-License-Identifier: Apache-2.0
 * One step: every phase that is due, then the moving average and the augmentation controller. All ranks go through the same calls. */
#include <string.h>

#include "gantry/log.h"
#include "base/clock.h"
#include "train/trainer.h"

enum { MOMENTS = sizeof(gt_moments) / sizeof(double), NORM_STEPS = 8 /* the norms of gradients are looked at so often */ };

/* States and statistics of all slices, joined by the tree over slices. A phase whose update was left out leaves no trace in the states either. */
static gt_status join_small(gt_trainer *t, gt_phase_run *run, const gt_share *share, bool updated) {
    gt_phase *p = run->phase;
    size_t n_states = gt_phase_states(p);
    if (n_states) {
        gt_status st = gt_comm_tree_mean_all(t->comm, share->slices, n_states, t->slice_states, t->state_means);
        if (st) return st;
        const float *mean = t->state_means;
        for (int i = 0; i < p->n_states && updated; i++) {
            memcpy(p->states[i].place, mean, p->states[i].size * sizeof *mean);
            mean += p->states[i].size;
        }
    }
    gt_moments all[GT_MAX_STATS];
    gt_status st = gt_comm_tree_sum_all(t->comm, share->slices.count, MOMENTS * (size_t)p->n_stats, &t->slice_moments[0].num, &all[0].num);
    if (st) return st;
    for (int i = 0; i < p->n_stats; i++) {
        gt_moments_join(&t->stats.since_tick[run->stat[i]], &all[i]);
        if (updated && t->model->ada_stat && !strcmp(p->stats[i].name, t->model->ada_stat)) gt_ada_collect(&t->ada, all[i].sum, all[i].num);
    }
    return GT_OK;
}

/* Leaves a message with the first parameter, in the order of the block, whose gradient is not finite: "G.synthesis.b8.conv0.weight". */
static gt_status name_nonfinite(const gt_trainer *t, const gt_phase_run *run, gt_nonfinite bad) {
    const gt_net *net = t->model->nets[run->phase->net];
    const char *name = "?";
    for (int k = 0; k < net->n_tensors; k++)
        if (bad.first >= net->tensors[k].offset && bad.first < net->tensors[k].offset + net->tensors[k].size) name = net->tensors[k].name;
    return gt_fail(GT_NONFINITE, "step %u, phase %s: %llu gradients of network %s are not finite, the first of %s.%s", t->step, run->phase->name,
                   (unsigned long long)bad.count, net->name, net->name, name);
}

/* What --nan says about an update with non-finite gradients. False: no update. Known to all ranks alike. */
static gt_status judge_nonfinite(gt_trainer *t, const gt_phase_run *run, gt_nonfinite bad, bool *update) {
    gt_status st = name_nonfinite(t, run, bad);
    if (gt_is(t->job->nan, "stop")) return gt_wrap(st, "--nan=stop");
    *update = gt_is(t->job->nan, "clean");
    if (t->comm->rank) return GT_OK;
    if (!*update)
        gt_warn("%s: this update is left out (--nan=skip)", gt_message());
    else if (!t->said_nonfinite)
        gt_warn("%s: replaced by 0 or 1e5 as published (--nan=clean); said once", gt_message());
    t->said_nonfinite = true;
    return GT_OK;
}

static double square_of(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
    return sum;
}

static double average_beta(const gt_trainer *t) {
    return gt_ema_beta(t->job->ema_kimg, t->job->ema_ramp, (double)t->shown, (double)gt_steps_batch(&t->steps, t->step));
}

/* Is this phase the last of the step that changes the averaged network? Then the average moves in the same pass over memory. */
static bool ends_averaged_network(const gt_trainer *t, const gt_phase_run *run) {
    const gt_model *m = t->model;
    if (run->phase->net != m->ema_of) return false;
    for (int i = (int)(run->phase - m->phases) + 1; i < m->n_phases; i++)
        if (m->phases[i].net == m->ema_of && t->step % (uint32_t)m->phases[i].interval == 0) return false;
    return true;
}

/* False: left out because of --nan. */
static gt_status update(gt_trainer *t, gt_phase_run *run, const gt_share *share, bool *updated) {
    gt_learner *l = &t->learners[run->phase->net];
    float *block = t->model->blocks[run->phase->net];
    gt_reducer *reducer = share->reducers[run->phase->net];
    gt_nonfinite bad = gt_reducer_finish_all(reducer);
    *updated = true;
    if (bad.count) {
        gt_status st = judge_nonfinite(t, run, bad, updated);
        if (st || !*updated) return st;
    }
    l->updates++;
    t->averaged |= ends_averaged_network(t, run);
    gt_update u = {.optimizer = l->optimizer, .settings = l->settings, .step = l->updates, .clean = bad.count, .average_beta = average_beta(t)};
    int n_parts;
    const gt_span *parts = gt_reducer_owned(reducer, &n_parts);
    bool measured = t->step % NORM_STEPS == 0 && run->phase->interval == 1; /* a regulariser has norms of its own */
    if (measured) t->effort.square[run->phase->net] = 0;
    for (int i = 0; i < n_parts; i++) {
        size_t offset = parts[i].offset;
        u.n = parts[i].size;
        u.grad = gt_reducer_gradient(reducer) + offset;
        u.params = block + offset;
        if (measured) t->effort.square[run->phase->net] += square_of(u.grad, u.n);
        for (int k = 0; k < l->optimizer->n_moments; k++) u.moments[k] = l->moments[k] ? l->moments[k] + offset : NULL;
        if (t->averaged && run->phase->net == t->model->ema_of) u.average = t->model->ema_block + offset;
        gt_update_run(&u, t->pool);
    }
    gt_reducer_gather_all(reducer, block);
    return GT_OK;
}

static gt_status run_phase(gt_trainer *t, gt_phase_run *run, const gt_share *share) {
    gt_phase *p = run->phase;
    double start = gt_clock();
    memset(t->slice_moments, 0, (size_t)share->count * (size_t)p->n_stats * sizeof *t->slice_moments);
    gt_reducer_begin_all(share->reducers[p->net], share->plans[p - t->model->phases]);
    gt_status st = gt_trainer_compute(t, run, share);
    /* Others already wait for this rank's gradients: an error here cannot be agreed upon. */
    if (st) return gt_comm_abort(t->comm, st);
    bool updated;
    if ((st = update(t, run, share, &updated)) || (st = join_small(t, run, share, updated))) return st;
    run->seconds = gt_clock() - start;
    return GT_OK;
}

/* Its buffers; its parameters too, where no update of this step has taken them along. */
static void moving_average(gt_trainer *t) {
    gt_model *m = t->model;
    if (m->ema_of < 0) return;
    const gt_net *net = m->nets[m->ema_of];
    float *block = m->blocks[m->ema_of];
    int n;
    const gt_span *parts = gt_reducer_owned(t->learners[m->ema_of].reducer, &n);
    for (int i = 0; i < n && !t->averaged; i++) {
        gt_update u = {.n = parts[i].size, .params = block + parts[i].offset, .average = m->ema_block + parts[i].offset, .average_beta = average_beta(t)};
        gt_update_run(&u, t->pool);
    }
    size_t at = net->trainable_floats, buffers = net->block_floats - at;
    if (m->average_buffers) gt_ema_update(m->ema_block + at, block + at, buffers, average_beta(t));
    else memcpy(m->ema_block + at, block + at, buffers * sizeof *block);
}

gt_status gt_trainer_step(gt_trainer *t) {
    int batch = gt_steps_batch(&t->steps, t->step);
    const gt_share *share = &t->shares[batch < t->steps.batch];
    t->averaged = false;
    for (int i = 0; i < t->model->n_phases; i++) {
        gt_phase_run *run = &t->runs[i];
        if (t->step % (uint32_t)run->phase->interval) continue;
        gt_status st = run_phase(t, run, share);
        if (st) return st;
    }
    moving_average(t);
    t->shown += batch;
    t->step++;
    if (t->job->ada_target >= 0) {
        gt_ada_config c = gt_trainer_ada(t);
        if (gt_ada_step(&t->ada, &c, (long)t->step) && gt_ada_stays_high(&t->ada, &c) && t->comm->rank == 0)
            gt_warn("augmentation has stayed above p = %.1f (now %.3f): augmented colours and shapes may leak into the images; --p-max=0.8 sets a ceiling",
                    GT_ADA_HIGH, t->ada.p);
    }
    return GT_OK;
}
