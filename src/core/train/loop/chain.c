/* SPDX-License-Identifier: Apache-2.0
 * The chain of a run (run/door/chain.h), and what the ledger is told between steps. Links are made at numbers of images
 * that follow from the recipe alone, so that the chain in a checkpoint is a function of job, data, seed and step. All
 * ranks know the chain; rank 0 has the ledger. */
#include <stdlib.h>
#include <string.h>

#include "base/door/log.h"
#include "base/door/progress.h"
#include "gantry/job.h"
#include "train/journal/journal.h"

/* ---- lines ---- */

void gt_journal_note(gt_journal *j, const gt_ledger_line *line, bool sync) {
    if (!j->ledger) return;
    gt_storage_begin("writing", GT_LEDGER_NAME);
    gt_log_outcome(&j->ledger_failing, gt_ledger_add(j->ledger, line, sync, NULL) != GT_OK, GT_LEDGER_NAME);
    gt_storage_end();
}

gt_ledger_line gt_chain_line(const gt_engine *e, gt_ledger_event event) {
    return (gt_ledger_line){.event = event,
                            .step = e->step,
                            .images = e->shown,
                            .arithmetic = gt_kernel_set_arithmetic(e->model->kernels),
                            .has_head = e->chain.begun,
                            .head = e->chain.head};
}

/* ---- the beginning ---- */

gt_status gt_chain_take_up_all(gt_engine *e, gt_journal *j, gt_sha256 *state) {
    static const char *const reductions[] = {GT_REDUCTIONS(GT_NAME)};
    char name[40];
    gt_status st = gt_engine_root_all(e, state);
    if (e->comm->rank == 0) {
        gt_checkpoint_name(e->shown, name);
        j->started = gt_chain_line(e, GT_LEDGER_START);
        j->started.state = *state;
        j->started.name = name;
        j->started.reseed = e->reseed;
        j->started.reduce = reductions[e->job->reduce];
        j->started.tick = gt_tick_images(e->job);
        j->started.ranks = e->comm->ranks;
        j->started.instructions = gt_kernel_set_instructions(e->model->kernels);
        if (!st && e->resumed) st = gt_ledger_take_up(j->ledger, j->dir, &j->started);
        j->started.name = "";
    }
    return gt_comm_agree_all(e->comm, st);
}

static gt_status begin(gt_engine *e, gt_journal *j, const gt_sha256 *state) {
    GT_FREED char *recipe = gt_job_to_recipe_text(e->job);
    gt_ledger_line line = gt_chain_line(e, GT_LEDGER_CHAIN);
    line.state = *state;
    line.form = GT_CHAIN_FORM;
    line.source = j->source;
    line.has_source = j->has_source;
    gt_status st = recipe ? gt_sha256_of(recipe, strlen(recipe), &line.recipe) : GT_NOMEM;
    if (!st)
        st = gt_chain_begin_hash(line.form, line.step, line.images, line.arithmetic, state,
                                 line.has_source ? &line.source : NULL, recipe, &line.head);
    line.recipe_text = recipe;
    if (!st) gt_journal_note(j, &line, false);
    if (st) return st;
    e->chain = (gt_chain){
        .begun = true, .head = line.head, .step = line.step, .images = line.images, .form = GT_CHAIN_FORM};
    return GT_OK;
}

/* Stops do not change the length of a run, and a run in pieces of one length has no more lines than in one piece. */
static gt_status take_length(gt_engine *e, gt_journal *j) {
    gt_chain *c = &e->chain;
    gt_ledger_line line = gt_chain_line(e, GT_LEDGER_LENGTH);
    line.total = gt_engine_rate_ends(e) ? e->job->total_images : 0;
    if (c->form < GT_CHAIN_FORM || line.total == c->total) return GT_OK;
    gt_status st = gt_chain_length_hash(&c->head, line.step, line.images, line.total, &line.head);
    if (st) return st;
    c->head = line.head;
    c->total = line.total;
    gt_journal_note(j, &line, false);
    return GT_OK;
}

gt_status gt_chain_begin_all(gt_engine *e, gt_journal *j, const gt_sha256 *state) {
    if (gt_engine_finished(e)) return GT_OK;
    gt_status st = e->comm->rank || e->chain.begun ? GT_OK : begin(e, j, state);
    if (!st && e->comm->rank == 0) st = take_length(e, j);
    st = gt_comm_agree_all(e->comm, st);
    gt_comm_broadcast_all(e->comm, &e->chain, sizeof e->chain, 0);
    return st;
}

/* A checkpoint of an older program has no chain, one of 1.0.0 a chain that has links alone. */
gt_status gt_chain_roll_back_all(gt_engine *e, gt_journal *j, gt_ledger_line *line) {
    gt_chain *c = &e->chain;
    gt_sha256 state;
    gt_status st = GT_OK;
    line->to_step = e->step;
    line->to_images = e->shown;
    line->reseed = e->reseed;
    line->has_head = c->begun && c->form >= GT_CHAIN_FORM;
    const gt_sha256 abandoned = line->head;
    if (line->has_head) st = gt_chain_rollback_hash(&c->head, &abandoned, line, &line->head);
    if (!st && line->has_head) c->head = line->head;
    if (!st) gt_journal_note(j, line, true);
    st = gt_comm_agree_all(e->comm, st);
    if (!st && !c->begun) st = gt_engine_root_all(e, &state);
    return st ? st : gt_chain_begin_all(e, j, &state);
}

/* ---- steps ---- */

void gt_chain_before_step(const gt_engine *e, gt_journal *j) {
    const gt_damage *next = &e->damage.next;
    GT_FREED int64_t *fresh = next->n && e->comm->rank == 0 ? malloc(next->n * sizeof *fresh) : NULL;
    gt_ledger_line line = {
        .event = GT_LEDGER_REPLACED, .images = gt_steps_shown(&e->steps, e->step + 1), .pictures = fresh};
    for (size_t i = 0; i < next->n && fresh; i++)
        if (!gt_damage_has(&e->damage.so_far, next->picture[i])) fresh[line.n_pictures++] = next->picture[i];
    if (line.n_pictures) gt_journal_note(j, &line, false);
}

static void tell_left_out(gt_engine *e, gt_journal *j) {
    gt_ledger_line line = gt_chain_line(e, GT_LEDGER_SKIPPED);
    line.updates = e->left_out_updates;
    e->left_out_updates = 0;
    if (line.updates && e->comm->rank == 0) gt_journal_note(j, &line, false);
}

/* A link whose step was made before must be what it was then. */
static gt_status compare_link(gt_journal *j, const gt_ledger_line *line) {
    gt_status st = j->ledger ? gt_ledger_compare(j->ledger, line) : GT_OK;
    if (!st) gt_journal_note(j, line, false);
    return st;
}

static gt_status know_data_all(gt_engine *e, gt_journal *j) {
    gt_chain *c = &e->chain;
    if (c->has_data) return GT_OK;
    gt_status st = gt_data_root_all(e, j, &c->data);
    const gt_ledger_line line = {.event = GT_LEDGER_DATA,
                                 .root = c->data,
                                 .samples = e->info->stored,
                                 .how = j->leaves_stored ? "stored" : "computed"};
    c->has_data = !st;
    if (!st && e->comm->rank == 0) gt_journal_note(j, &line, false);
    return st;
}

static gt_status link_all(gt_engine *e, gt_journal *j) {
    gt_chain *c = &e->chain;
    gt_ledger_line line = gt_chain_line(e, GT_LEDGER_LINK);
    gt_status st = know_data_all(e, j);
    if (!st) st = gt_engine_root_all(e, &line.state);
    if (!st)
        st = gt_chain_link_hash(&c->head, line.step, line.images, line.arithmetic, &line.state, &c->data, &line.head);
    if (!st && e->comm->rank == 0) st = compare_link(j, &line);
    c->head = line.head;
    c->links++;
    c->step = line.step;
    c->images = line.images;
    return gt_comm_agree_all(e->comm, st);
}

gt_status gt_chain_after_step_all(gt_engine *e, gt_journal *j, int64_t before) {
    tell_left_out(e, j);
    return gt_chain_is_due(before, e->shown, e->job->batch) ? link_all(e, j) : GT_OK;
}
