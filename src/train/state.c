/* SPDX-License-Identifier: Apache-2.0
 * The state of a run to and from checkpoints. What is in a checkpoint is a function of job, data, seed and step alone:
 * no clock, no host, no rank count, so that checkpoints of equal runs are equal. */
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "gantry/progress.h"
#include "nets/layers.h"
#include "train/journal.h"
#include "train/engine.h"
#include "run/net_checkpoint.h"

float *gt_tensor_scratch(const gt_model *m) {
    size_t largest = 1;
    for (int i = 0; i < m->n_nets; i++)
        if (gt_net_largest(m->nets[i]) > largest) largest = gt_net_largest(m->nets[i]);
    float *scratch = calloc(largest, sizeof *scratch);
    if (!scratch) gt_fail(GT_NOMEM, "out of memory for a tensor of %zu floats", largest);
    return scratch;
}

static size_t largest_block(const gt_model *m) { /* bytes */
    size_t largest = 0;
    for (int i = 0; i < m->n_nets; i++)
        if (m->nets[i]->block_floats > largest) largest = m->nets[i]->block_floats;
    return largest * sizeof(float);
}

static void put_block(gt_checkpoint *c, const char *group, const gt_net *net, const float *block, bool trainable_only,
                      float *scratch) {
    for (int k = 0; k < net->n_tensors; k++) {
        const gt_tensor *t = &net->tensors[k];
        if (trainable_only && !t->trainable) continue;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", group, t->name);
        gt_tensor_to_file(t, block + t->offset, scratch);
        gt_checkpoint_tensor(c, path, &t->file_shape, scratch);
        gt_progress();
    }
}

static gt_text moment_group(const gt_learner *l, const gt_net *net, int k) {
    return gt_text_of("/optimizers/%s/%s", net->name, gt_learner_moment(l, k));
}

static gt_text updates_path(const gt_net *net) { return gt_text_of("/state/%s_updates", net->name); }

/* The augmentation controller, but for p, which is a float32 there. */
static const struct {
    const char *path;
    size_t offset; /* of a double of gt_ada */
} ada_numbers[] = {{"/state/ada_r", offsetof(gt_ada, r)},
                   {"/state/ada_sum", offsetof(gt_ada, sum)},
                   {"/state/ada_count", offsetof(gt_ada, count)},
                   {"/state/ada_updates_above", offsetof(gt_ada, updates_above)}};
enum { ADA_NUMBERS = sizeof ada_numbers / sizeof *ada_numbers };
static double *ada_number(const gt_engine *e, int i) { return (double *)((char *)&e->ada + ada_numbers[i].offset); }

/* What the schedule plateau remembers: all of gt_plateau, in its order. */
static const char PLATEAU[] = "/state/plateau";
enum { PLATEAU_NUMBERS = sizeof(gt_plateau) / sizeof(double) };

static gt_status get_plateau(const gt_checkpoint_file *f, gt_engine *e) {
    if (!e->plateau_is_on) return GT_OK;
    gt_plateau p;
    gt_status st = gt_checkpoint_read_doubles(f, PLATEAU, (double *)&p, PLATEAU_NUMBERS);
    if (st) return st;
    if (!(p.factor >= 0 && p.factor <= 1 && p.since >= 0 && p.n >= 0))
        return gt_fail(GT_FORMAT, "%s: the values of %s are impossible", gt_checkpoint_path(f), PLATEAU);
    e->plateau = p;
    return GT_OK;
}

static void put_state(gt_checkpoint *c, const gt_engine *e) {
    gt_checkpoint_int(c, "/state/step", e->step);
    gt_checkpoint_int(c, "/state/images", e->shown);
    gt_checkpoint_int(c, "/state/seed", e->job->seed);
    /* the others are equal to those of a program without it */
    if (e->reseed) gt_checkpoint_int(c, "/state/reseed", e->reseed);
    gt_engine_put_damage(c, e);
    gt_checkpoint_double(c, "/state/ada_p", e->ada.p);
    for (int i = 0; i < ADA_NUMBERS; i++) gt_checkpoint_double(c, ada_numbers[i].path, *ada_number(e, i));
    if (e->plateau_is_on) gt_checkpoint_doubles(c, PLATEAU, &GT_SHAPE(PLATEAU_NUMBERS), (const double *)&e->plateau);
    for (int i = 0; i < e->model->n_scalars; i++) {
        const gt_scalar_state *s = &e->model->scalars[i];
        gt_shape shape = s->size == 1 ? GT_SCALAR : GT_SHAPE((int64_t)s->size);
        gt_checkpoint_tensor(c, gt_text_of("/state/%s", s->name).s, &shape, s->place);
    }
}

static void copy_parts(const gt_reducer *r, const float *from, float *to) {
    int n;
    const gt_span *parts = gt_reducer_owned(r, &n);
    for (int i = 0; i < n; i++) memcpy(to + parts[i].offset, from + parts[i].offset, parts[i].size * sizeof *to);
}

size_t gt_engine_checkpoint_bytes(const gt_engine *e) {
    const gt_model *m = e->model;
    size_t floats = 0;
    for (int i = 0; i < m->n_nets; i++)
        floats += m->nets[i]->block_floats * (size_t)(1 + (m->ema_of == i) + gt_learner_moments(&e->learners[i]));
    return floats * sizeof(float);
}

/* What depends on saved checkpoints, in this order. */
static void (*const subscribers[])(const gt_engine *e, gt_journal *j, gt_saver_state news) = {gt_best_saved,
                                                                                              gt_exports_saved};

void gt_journal_saved(const gt_engine *e, gt_journal *j, gt_saver_state news) {
    if (news != GT_SAVER_WRITTEN && news != GT_SAVER_FAILED) return;
    j->checkpoint_failed |= news == GT_SAVER_FAILED;
    for (size_t i = 0; i < sizeof subscribers / sizeof *subscribers; i++) subscribers[i](e, j, news);
}

/* That there is no checkpoint does not end the work: the loop tries again. */
static void not_saved(gt_journal *j) {
    gt_warn("no checkpoint this time: %s", gt_message());
    j->checkpoint_failed = true;
}

void gt_save_all(gt_engine *e, gt_journal *j) {
    const gt_model *m = e->model;
    gt_checkpoint *c = NULL;
    float *scratch = NULL, *whole = NULL;
    size_t whole_bytes = largest_block(m);
    gt_status st = GT_OK;
    bool first = e->comm->rank == 0;

    if (first) {
        char *recipe = gt_job_to_recipe_text(e->job);
        c = recipe ? gt_checkpoint_begin(&(gt_checkpoint_about){.model = m->name,
                                                                .kernel_set = gt_kernel_set_arithmetic(m->kernels),
                                                                .dataset = j->fingerprint,
                                                                .recipe = recipe})
                   : NULL;
        free(recipe);
        scratch = gt_tensor_scratch(m);
        whole = gt_block_alloc(whole_bytes, "a checkpoint");
        if (!c || !scratch || !whole) st = GT_NOMEM;
    }
    if (gt_comm_agree_all(e->comm, st)) {
        if (first) not_saved(j);
        goto end;
    }

    for (int i = 0; i < m->n_nets; i++) {
        const gt_net *net = m->nets[i];
        const gt_learner *l = &e->learners[i];
        if (first) put_block(c, gt_text_of("/networks/%s", net->name).s, net, m->blocks[i], false, scratch);
        for (int k = 0; k < GT_LEARNT; k++) {
            if (!l->moments[k]) continue;
            /* Rank 0 collects beside its own moments, so that it goes on holding its parts alone. */
            if (first) copy_parts(l->reducer, l->moments[k], whole);
            gt_reducer_collect_all(l->reducer, first ? whole : l->moments[k]);
            if (!first) continue;
            put_block(c, moment_group(l, net, k).s, net, whole, true, scratch);
        }
        if (first) gt_checkpoint_int(c, updates_path(net).s, (int64_t)l->updates);
    }
    if (m->ema_of >= 0) {
        const gt_net *net = m->nets[m->ema_of];
        gt_reducer_gather_all(e->learners[m->ema_of].reducer, m->ema_block);
        if (first) put_block(c, gt_text_of("/networks/%s_ema", net->name).s, net, m->ema_block, false, scratch);
    }
    if (first) {
        put_state(c, e);
        gt_journal_put_data(e, j, c);
        gt_journal_saved(e, j, gt_saver_wait(j->saver)); /* is the best so far on the disk? */
        j->checkpoint_failed = false;
        gt_saver_hold(j->saver, j->best.waits);
        if (gt_saver_start(j->saver, c, e->shown, gt_best_decide(e, j))) {
            not_saved(j);
            if (j->best.pending) gt_best_lost(j); /* this one: no other is being written any more */
        }
        c = NULL;
    }
end:
    gt_checkpoint_free(c);
    free(scratch);
    gt_block_free(whole, whole_bytes);
}

/* ---- loading: rank 0 reads and hands out ---- */

static gt_status get_state(const gt_checkpoint_file *f, gt_engine *e) {
    int64_t step = 0;
    double p = 0;
    gt_status st;
    if ((st = gt_checkpoint_get_int(f, "/state/step", &step)) ||
        (st = gt_checkpoint_get_int(f, "/state/images", &e->shown)) ||
        (st = gt_checkpoint_get_double(f, "/state/ada_p", &p)))
        return st;
    for (int i = 0; i < ADA_NUMBERS; i++)
        if ((st = gt_checkpoint_get_double(f, ada_numbers[i].path, ada_number(e, i)))) return st;
    if (step < 0 || step > UINT32_MAX || e->shown != gt_steps_shown(&e->steps, (uint64_t)step))
        return gt_fail(GT_FORMAT, "%s: step %lld and %lld images do not belong together", gt_checkpoint_path(f),
                       (long long)step, (long long)e->shown);
    e->step = (uint32_t)step;
    e->reseed = 0;
    if (gt_checkpoint_find(f, "/state/reseed") && (st = gt_checkpoint_get_int(f, "/state/reseed", &e->reseed)))
        return st;
    e->ada.p = (float)p;
    if ((st = get_plateau(f, e)) || (st = gt_engine_get_damage(f, e))) return st;
    for (int i = 0; i < e->model->n_scalars; i++) {
        const gt_scalar_state *s = &e->model->scalars[i];
        if ((st = gt_checkpoint_read(f, gt_text_of("/state/%s", s->name).s, s->place, s->size))) return st;
    }
    for (int i = 0; i < e->model->n_nets; i++) {
        int64_t updates;
        if ((st = gt_checkpoint_get_int(f, updates_path(e->model->nets[i]).s, &updates))) return st;
        e->learners[i].updates = (uint64_t)updates;
    }
    return GT_OK;
}

void gt_engine_hand_out_all(gt_engine *e) {
    const gt_model *m = e->model;
    gt_comm_broadcast_all(e->comm, &e->step, sizeof e->step, 0);
    gt_comm_broadcast_all(e->comm, &e->shown, sizeof e->shown, 0);
    gt_comm_broadcast_all(e->comm, &e->reseed, sizeof e->reseed, 0);
    gt_comm_broadcast_all(e->comm, &e->ada, sizeof e->ada, 0);
    gt_comm_broadcast_all(e->comm, &e->plateau, sizeof e->plateau, 0);
    for (int i = 0; i < m->n_nets; i++) {
        gt_comm_broadcast_all(e->comm, &e->learners[i].updates, sizeof e->learners[i].updates, 0);
        gt_comm_broadcast_all(e->comm, m->blocks[i], m->nets[i]->block_floats * sizeof(float), 0);
    }
    if (m->ema_of >= 0)
        gt_comm_broadcast_all(e->comm, m->ema_block, m->nets[m->ema_of]->block_floats * sizeof(float), 0);
    gt_engine_changed(e, -1);
    for (int i = 0; i < m->n_scalars; i++)
        gt_comm_broadcast_all(e->comm, m->scalars[i].place, m->scalars[i].size * sizeof(float), 0);
}

static gt_status check_model(const gt_checkpoint_file *f, const gt_model *m) {
    const char *theirs = gt_checkpoint_info(f)->model;
    if (!strcmp(theirs, m->name)) return GT_OK;
    return gt_fail(GT_FORMAT, "%s holds model '%s', not '%s'", gt_checkpoint_path(f), theirs, m->name);
}

gt_status gt_engine_load_all(gt_engine *e, const gt_checkpoint_file *f) {
    const gt_model *m = e->model;
    bool first = e->comm->rank == 0;
    float *whole = NULL;
    size_t whole_bytes = largest_block(m);
    gt_status st = GT_OK;
    if (first) {
        whole = gt_block_alloc(whole_bytes, "reading a checkpoint");
        if (!whole) st = GT_NOMEM;
        if (!st) st = check_model(f, m);
        for (int i = 0; i < m->n_nets && !st; i++) {
            const gt_net *net = m->nets[i];
            st = gt_net_read_checkpoint(net, f, gt_text_of("/networks/%s", net->name).s, GT_READ_TO_TRAIN,
                                        m->blocks[i]);
            if (st || m->ema_of != i) continue;
            st = gt_net_read_checkpoint(net, f, gt_text_of("/networks/%s_ema", net->name).s, GT_READ_TO_TRAIN,
                                        m->ema_block);
        }
        if (!st) st = get_state(f, e);
    }
    if ((st = gt_comm_agree_all(e->comm, st))) goto end;
    for (int i = 0; i < m->n_nets; i++) {
        const gt_learner *l = &e->learners[i];
        for (int k = 0; k < GT_LEARNT; k++) {
            if (!l->moments[k]) continue;
            if (first) {
                memset(whole, 0, whole_bytes);
                st = gt_net_read_checkpoint(m->nets[i], f, moment_group(l, m->nets[i], k).s, GT_READ_TRAINABLE, whole);
            }
            if ((st = gt_comm_agree_all(e->comm, st))) goto end;
            gt_reducer_deal_all(l->reducer, first ? whole : l->moments[k]);
            if (first) copy_parts(l->reducer, whole, l->moments[k]);
        }
    }
    gt_engine_hand_out_all(e);
    st = gt_engine_hand_out_damage_all(e);
end:
    gt_block_free(whole, whole_bytes);
    return st;
}
