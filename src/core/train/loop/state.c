/* SPDX-License-Identifier: Apache-2.0
 * The state of a run, to and from checkpoints and from rank 0 to all ranks. What is in a checkpoint is a function of
 * job, data, seed and step alone: no clock, no host, no rank count, so that checkpoints of equal runs are equal. */
#include <stdlib.h>
#include <string.h>

#include "gantry/log.h"
#include "base/door/memory.h"
#include "gantry/job.h"
#include "networks/nets/door/layers.h"
#include "train/door/engine.h"
#include "train/door/measurer.h"
#include "train/journal/journal.h"

/* ---- what the state is: its numbers ---- */

static int64_t seed(const void *engine) { return ((const gt_engine *)engine)->job->seed; }
static int64_t damaged(const void *engine) { return (int64_t)((const gt_engine *)engine)->damage.so_far.n; }
static bool has_plateau(const void *engine) { return ((const gt_engine *)engine)->plateau_is_on; }

#define HERE(field) GT_STATE_IN(gt_engine, field)

/* Of the engine. The order is that of checkpoints; a new row goes to the end. */
static const gt_state_row numbers[] = {
    {"/state/step", "steps", "Steps that were done", HERE(step)},
    {"/state/images", "images", "Real images that the networks were trained on", HERE(shown)},
    {"/state/seed", "", "Seed of all random numbers of the run", .value = seed},
    {"/state/reseed", "", "How often the random numbers were changed after a return to an earlier step", HERE(reseed),
     .since = "0.1.0"},
    {"/state/damaged_pictures", "pictures", "Number of the damaged pictures", .value = damaged, .since = "1.0.0"},
    {"/state/replaced", "images", "Images that replaced damaged pictures", HERE(damage.replaced), .since = "1.0.0"},
    {"/state/damaged", "", "Numbers of the damaged pictures that steps have met (--on-error=skip)", HERE(damage.so_far),
     .since = "1.0.0"},
    {"/state/ada_p", "probability", "How often each augmentation is applied", HERE(ada.p)},
    {"/state/ada_r", "", "r_t, the mean sign of D's scores of real images, at the latest adjustment of p", HERE(ada.r)},
    {"/state/ada_sum", "", "Sum of the signs since then", HERE(ada.sum)},
    {"/state/ada_count", "images", "Number of the signs since then", HERE(ada.count)},
    {"/state/ada_updates_above", "adjustments", "Adjustments in a row that have left p above 0.8",
     HERE(ada.updates_above)},
    {"/state/plateau", "",
     "Schedule plateau: factor of the learning rate, smallest loss of an epoch, epochs since then, sum and number of "
     "the losses of this epoch",
     GT_STATE_DOUBLES, offsetof(gt_engine, plateau), sizeof(gt_plateau) / sizeof(double), .is_kept = has_plateau},
};

/* Of each network, whose name stands before the path's end. */
static const gt_state_row updates = {"/state/%s_updates", "updates", "Updates of this network by its optimizer",
                                     GT_STATE_IN(gt_learner, updates)};

/* Do the numbers of a file belong together? */
static gt_status check_numbers(const gt_checkpoint_file *f, const gt_engine *e) {
    const gt_plateau *p = &e->plateau;
    const gt_damage *d = &e->damage.so_far;
    const char *impossible = NULL;
    if (e->shown != gt_steps_shown(&e->steps, e->step))
        return gt_fail(GT_FORMAT, "%s: step %lld and %lld images do not belong together", gt_checkpoint_path(f),
                       (long long)e->step, (long long)e->shown);
    if (!(p->factor >= 0 && p->factor <= 1 && p->since >= 0 && p->n >= 0)) impossible = "/state/plateau";
    if (e->damage.replaced < (int64_t)d->n) impossible = "/state/replaced";
    if (d->n && d->picture[d->n - 1] >= e->info->stored) impossible = "/state/damaged";
    if (e->chain.step > e->step || e->chain.images > e->shown) impossible = "/chain";
    return impossible ? gt_fail(GT_FORMAT, "%s: the values of %s are impossible", gt_checkpoint_path(f), impossible)
                      : GT_OK;
}

/* ---- all of it, part by part ---- */

typedef struct walk {
    gt_state_visitor *visit;
    void *arg;
} walk;

static gt_status visit_tensors(const walk *w, const char *kind, const gt_net *net, const char *end,
                               gt_state_part part) {
    part.path = gt_text_of("/%s/%s%s", kind, net->name, end);
    part.net = net;
    return w->visit(w->arg, &part);
}

static gt_status visit_number(const walk *w, gt_text path, const gt_state_row *row, void *base) {
    gt_state_part part = {.path = path, .number = *row, .base = base};
    part.number.path = part.path.s;
    return w->visit(w->arg, &part);
}

static gt_status visit_measurer(void *arg, const gt_state_row *row, void *own) {
    return visit_number(arg, gt_text_of("%s", row->path), row, own);
}

static gt_status visit_network(const gt_engine *e, int i, const walk *w) {
    const gt_learner *l = &e->learners[i];
    const gt_net *net = e->model->nets[i];
    gt_status st = visit_tensors(w, "networks", net, "", (gt_state_part){.block = e->model->blocks[i]});
    for (int k = 0; k < GT_LEARNT && !st; k++) {
        if (!l->moments[k]) continue;
        st = visit_tensors(w, "optimizers", net, gt_text_of("/%s", gt_learner_moment(l, k)).s,
                           (gt_state_part){.block = l->moments[k], .held = GT_HELD_IN_SHARDS, .reducer = l->reducer});
    }
    return st ? st : visit_number(w, gt_text_of(updates.path, net->name), &updates, (void *)l);
}

gt_status gt_engine_each_part(const gt_engine *e, gt_state_visitor *visit, void *arg) {
    const gt_model *m = e->model;
    const walk w = {visit, arg};
    gt_status st = GT_OK;
    for (int i = 0; i < m->n_nets && !st; i++) st = visit_network(e, i, &w);
    if (!st && m->ema_of >= 0)
        st = visit_tensors(&w, "networks", m->nets[m->ema_of], "_ema",
                           (gt_state_part){.block = m->ema_block,
                                           .held = GT_HELD_TO_GATHER,
                                           .reducer = e->learners[m->ema_of].reducer});
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !st; i++)
        st = visit_number(&w, gt_text_of("%s", numbers[i].path), &numbers[i], (void *)e);
    for (int i = 0; i < m->n_scalars && !st; i++) {
        const gt_scalar_state *s = &m->scalars[i];
        const gt_state_row row = {
            .unit = s->unit, .description = s->description, .type = GT_STATE_FLOATS, .n = s->size};
        st = visit_number(&w, gt_text_of("/state/%s", s->name), &row, s->place);
    }
    return st ? st : gt_measurers_each_state(e, visit_measurer, (void *)&w);
}

/* ---- saving: rank 0 collects and writes ---- */

static size_t largest_block(const gt_model *m) { /* bytes */
    size_t largest = 0;
    for (int i = 0; i < m->n_nets; i++)
        if (m->nets[i]->block_floats > largest) largest = m->nets[i]->block_floats;
    return largest * sizeof(float);
}

static void copy_shards(const gt_reducer *r, const float *from, float *to) {
    int n;
    const gt_span *parts = gt_reducer_owned(r, &n);
    for (int i = 0; i < n; i++) memcpy(to + parts[i].offset, from + parts[i].offset, parts[i].size * sizeof *to);
}

static gt_status count_bytes(void *sum, const gt_state_part *p) {
    if (p->net) *(size_t *)sum += p->net->block_floats * sizeof(float);
    return GT_OK;
}

size_t gt_engine_checkpoint_bytes(const gt_engine *e) {
    size_t bytes = 0;
    gt_engine_each_part(e, count_bytes, &bytes);
    return bytes;
}

static gt_tensors_of tensors_of(const gt_state_part *p) {
    return p->held == GT_HELD_IN_SHARDS ? GT_TENSORS_TRAINABLE : GT_TENSORS_TO_TRAIN;
}

typedef struct saving {
    gt_checkpoint *c; /* of rank 0; else NULL */
    float *whole;     /* room for a block */
} saving;

static gt_status save_part_all(void *arg, const gt_state_part *p) {
    const saving *s = arg;
    float *block = p->block;
    if (p->held == GT_HELD_TO_GATHER) gt_reducer_gather_all(p->reducer, block);
    if (p->held == GT_HELD_IN_SHARDS) {
        /* Rank 0 collects beside its own shards, so that it goes on holding these alone. */
        if (s->c) copy_shards(p->reducer, block, s->whole);
        gt_reducer_collect_all(p->reducer, s->c ? s->whole : block);
        block = s->whole;
    }
    if (s->c && p->net) gt_net_write_checkpoint(p->net, s->c, p->path.s, tensors_of(p), block);
    if (s->c && !p->net) gt_state_row_write(s->c, &p->number, p->base);
    return GT_OK; /* an error sticks to the checkpoint */
}

/* Rank 0 alone has the file, or the hashes. */
static gt_status walk_all(gt_engine *e, gt_checkpoint *c) {
    size_t bytes = largest_block(e->model);
    gt_measurers_gather_all(e);
    float *whole = c ? gt_block_alloc(bytes, "a checkpoint") : NULL;
    gt_status st = e->comm->rank == 0 && !whole ? GT_NOMEM : GT_OK;
    if (!(st = gt_comm_agree_all(e->comm, st))) st = gt_engine_each_part(e, save_part_all, &(saving){c, whole});
    gt_block_free(whole, bytes);
    return st;
}

gt_status gt_engine_root_all(gt_engine *e, gt_sha256 *root) {
    gt_checkpoint *c = e->comm->rank ? NULL : gt_checkpoint_begin_root(e->pool);
    gt_status st = walk_all(e, c);
    if (!st) st = gt_comm_agree_all(e->comm, c ? gt_checkpoint_root(c, root) : GT_OK);
    gt_comm_broadcast_all(e->comm, root, sizeof *root, 0);
    gt_checkpoint_free(c);
    return st;
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
    gt_best_lost(j);
}

static gt_checkpoint *begin_checkpoint(const gt_engine *e, const gt_journal *j) {
    GT_FREED char *recipe = gt_job_to_recipe_text(e->job);
    gt_checkpoint *c = recipe ? gt_checkpoint_begin(
                                    &(gt_checkpoint_about){.model = e->model->name,
                                                           .kernel_set = gt_kernel_set_arithmetic(e->model->kernels),
                                                           .dataset = j->fingerprint,
                                                           .recipe = recipe})
                              : NULL;
    if (c) gt_checkpoint_want_root(c, e->pool);
    return c;
}

/* Rank 0 writes what was collected; `c` is the saver's then. */
static gt_status hand_to_saver(gt_engine *e, gt_journal *j, gt_checkpoint *c, gt_standing standing) {
    gt_ledger_line line = gt_chain_line(e, GT_LEDGER_CHECKPOINT);
    gt_chain_write(&e->chain, c);
    gt_journal_put_data(e, j, c);
    gt_journal_saved(e, j, gt_saver_wait(j->saver)); /* is the best so far on the disk? */
    j->checkpoint_failed = false;
    gt_saver_hold(j->saver, standing == GT_JUDGED_LATER);
    bool is_whole = !gt_checkpoint_root(c, &line.state); /* else gt_saver_start() says why */
    gt_status st = is_whole && j->ledger ? gt_ledger_compare(j->ledger, &line) : GT_OK;
    if (st) {
        gt_checkpoint_free(c);
        return st;
    }
    gt_saver_tell(j->saver, &line);
    if (gt_saver_start(j->saver, c, e->shown, standing == GT_THE_BEST)) not_saved(j);
    return GT_OK;
}

gt_status gt_save_all(gt_engine *e, gt_journal *j, gt_standing standing) {
    bool first = e->comm->rank == 0;
    gt_checkpoint *c = first ? begin_checkpoint(e, j) : NULL;
    gt_status st = GT_OK;
    if (walk_all(e, c)) {
        if (first) not_saved(j);
        gt_checkpoint_free(c);
    } else if (first) st = hand_to_saver(e, j, c, standing);
    return gt_comm_agree_all(e->comm, st);
}

gt_status gt_engine_write_all(gt_engine *e, const gt_journal *j, const char *path) {
    gt_checkpoint *c = e->comm->rank ? NULL : begin_checkpoint(e, j);
    gt_status st = walk_all(e, c);
    if (!st && c) gt_journal_put_data(e, j, c);
    if (!st) st = gt_comm_agree_all(e->comm, c ? gt_checkpoint_write(c, path) : GT_OK);
    gt_checkpoint_free(c);
    return st;
}

/* ---- loading: rank 0 reads and hands out ---- */

typedef struct loading {
    gt_comm *comm;
    const gt_checkpoint_file *f; /* of rank 0; else NULL */
    float *whole;                /* room for a block */
    size_t whole_bytes;
} loading;

/* On rank 0 alone. Shards come when all ranks know that the rest is there. */
static gt_status read_part(void *arg, const gt_state_part *p) {
    const loading *l = arg;
    if (p->held == GT_HELD_IN_SHARDS) return GT_OK;
    return p->net ? gt_net_read_checkpoint(p->net, l->f, p->path.s, tensors_of(p), p->block)
                  : gt_state_row_read(l->f, &p->number, p->base);
}

static gt_status deal_shards_all(void *arg, const gt_state_part *p) {
    const loading *l = arg;
    gt_status st = GT_OK;
    if (p->held != GT_HELD_IN_SHARDS) return GT_OK;
    if (l->f) {
        memset(l->whole, 0, l->whole_bytes);
        st = gt_net_read_checkpoint(p->net, l->f, p->path.s, tensors_of(p), l->whole);
    }
    if ((st = gt_comm_agree_all(l->comm, st))) return st;
    gt_reducer_deal_all(p->reducer, l->f ? l->whole : p->block);
    if (l->f) copy_shards(p->reducer, l->whole, p->block);
    return GT_OK;
}

static gt_status hand_out_part_all(void *comm, const gt_state_part *p) {
    if (p->held == GT_HELD_IN_SHARDS) return GT_OK;
    if (!p->net) return gt_state_row_hand_out_all(comm, &p->number, p->base);
    gt_comm_broadcast_all(comm, p->block, p->net->block_floats * sizeof(float), 0);
    return GT_OK;
}

gt_status gt_engine_hand_out_all(gt_engine *e) {
    gt_status st = gt_engine_each_part(e, hand_out_part_all, e->comm);
    gt_comm_broadcast_all(e->comm, &e->chain, sizeof e->chain, 0);
    gt_engine_changed(e, -1);
    return st;
}

static gt_status check_model(const gt_checkpoint_file *f, const gt_model *m) {
    const char *theirs = gt_checkpoint_info(f)->model;
    if (!strcmp(theirs, m->name)) return GT_OK;
    return gt_fail(GT_FORMAT, "%s holds model '%s', not '%s'", gt_checkpoint_path(f), theirs, m->name);
}

gt_status gt_engine_load_all(gt_engine *e, const gt_checkpoint_file *f) {
    loading l = {.comm = e->comm, .f = f, .whole_bytes = largest_block(e->model)};
    gt_status st = GT_OK;
    gt_engine_no_damage_ahead(e);
    gt_measurers_gather_all(e); /* what was seen of steps that are forgotten goes with them */
    if (f) {
        l.whole = gt_block_alloc(l.whole_bytes, "reading a checkpoint");
        if (!l.whole) st = GT_NOMEM;
        if (!st) st = check_model(f, e->model);
        if (!st) st = gt_engine_each_part(e, read_part, &l);
        if (!st) st = gt_chain_read(f, &e->chain);
        if (!st) st = check_numbers(f, e);
    }
    st = gt_comm_agree_all(e->comm, st);
    if (!st) st = gt_engine_each_part(e, deal_shards_all, &l);
    if (!st) st = gt_engine_hand_out_all(e);
    gt_block_free(l.whole, l.whole_bytes);
    return st;
}
