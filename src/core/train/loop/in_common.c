/* SPDX-License-Identifier: Apache-2.0
 * What lies once for the ranks of a host that are near each other: parameters, their moving average, what follows from
 * parameters alone (packed weights), and decoded pictures. Where a host can share no memory each rank has its own.
 *
 * Who may write when: a rank writes its own parts of parameters in an update, and the states of a phase, which are the
 * same numbers on all ranks, behind a reduction; at that time no rank computes with them (gt_reducer_finish_all), and
 * none goes on before all parts are there (gt_reducer_gather_all). What follows from the parameters is prepared when
 * the next phase that reads it begins, after which the neighbours wait for each other. Loading happens on rank 0 while
 * the others wait; then all write the same. */
#include <string.h>

#include "base/door/numbers.h"
#include "base/door/memory.h"
#include "base/door/clock.h"
#include "base/door/hash.h"
#include "base/door/progress.h"
#include "train/door/engine.h"

enum { PAGE = 4096 };

static size_t bytes_of(const gt_model *m, int net) {
    return (size_t)gt_round_up((int64_t)(m->nets[net]->block_floats * sizeof(float)), PAGE);
}

static size_t bytes_of_blocks(const gt_model *m) {
    size_t bytes = m->ema_of >= 0 ? bytes_of(m, m->ema_of) : 0;
    for (int i = 0; i < m->n_nets; i++) bytes += bytes_of(m, i);
    return bytes;
}

/* ---- blocks ---- */

/* Where the states of phases lie in the block that moves. */
static void move_states(gt_model *m, const float *from, size_t floats, float *to) {
    for (int p = 0; p < m->n_phases; p++)
        for (int i = 0; i < m->phases[p].n_states; i++) {
            gt_state *s = (gt_state *)&m->phases[p].states[i]; /* the model's own */
            if (s->place >= from && s->place < from + floats) s->place = to + (s->place - from);
        }
}

/* This rank's part of what is the same in the blocks of all neighbours. */
static void copy_part(const gt_neighbours *n, float *to, const float *from, size_t floats) {
    size_t begin = floats * (size_t)n->place / (size_t)n->count,
           end = floats * (size_t)(n->place + 1) / (size_t)n->count;
    memcpy(to + begin, from + begin, (end - begin) * sizeof *to);
}

/* The blocks one after the other, the average last. */
static void for_each_block(gt_engine *e, void (*act)(gt_engine *e, float **block, size_t floats, float *place)) {
    gt_model *m = e->model;
    char *at = e->blocks_with->memory;
    for (int i = 0; i < m->n_nets; at += bytes_of(m, i++)) act(e, &m->blocks[i], m->nets[i]->block_floats, (float *)at);
    if (m->ema_of >= 0) act(e, &m->ema_block, m->nets[m->ema_of]->block_floats, (float *)at);
}

static void copy_block(gt_engine *e, float **block, size_t floats, float *place) {
    copy_part(e->blocks_with, place, *block, floats);
}

static void move_block(gt_engine *e, float **block, size_t floats, float *place) {
    move_states(e->model, *block, floats, place);
    gt_block_free(*block, floats * sizeof **block);
    *block = place;
}

static void forget_block(gt_engine *e, float **block, size_t floats, float *place) {
    (void)e, (void)floats, (void)place;
    *block = NULL;
}

gt_status gt_engine_share_blocks_all(gt_engine *e) {
    if (e->comm->ranks == 1 || e->job->reduce == GT_REDUCE_ALLREDUCE) return GT_OK;
    bool able = gt_reducer_shares(e->batches[0].reducers[0]); /* who cannot has said so */
    if (!gt_comm_max_all(e->comm, able)) return GT_OK;
    e->blocks_with = gt_neighbours_open_all(e->comm, 0, bytes_of_blocks(e->model));
    if (!e->blocks_with) return GT_OK;
    for_each_block(e, copy_block);
    gt_neighbours_post(e->blocks_with);
    gt_neighbours_await(e->blocks_with);
    for_each_block(e, move_block);
    for (int net = 0; net < e->model->n_nets; net++) {
        gt_batch *all[GT_MOST_BATCHES];
        int n = gt_engine_batches_of(e, net, all);
        for (int i = 0; i < n; i++) gt_reducer_use_neighbours(all[i]->reducers[net], e->blocks_with);
    }
    return GT_OK;
}

/* ---- what follows from parameters ---- */

static uint64_t key_of_kernels(const gt_model *m) {
    const char *instructions = gt_kernel_set_instructions(m->kernels);
    return gt_hash(instructions, strlen(instructions)).low;
}

gt_status gt_engine_begin_prepared_all(gt_engine *e) {
    if (e->comm->ranks == 1) return GT_OK;
    int neighbours = gt_neighbours_count_all(e->comm, key_of_kernels(e->model));
    if (!e->blocks_with || neighbours == 1) return GT_OK;
    e->prepared = gt_prepared_new(GT_SLOT_PREPARED);
    return e->prepared ? GT_OK : GT_NOMEM;
}

static void bind(gt_engine *e) {
    void *memory = e->prepared_with->memory;
    for (int i = 0; i < e->model->n_nets; i++) gt_prepared_bind(e->prepared, GT_SLOT(i), e->model->blocks[i]);
    gt_prepared_bind(e->prepared, GT_SLOT_PREPARED, memory);
    for (int p = 0; p < e->model->n_phases; p++)
        for (int i = 0; i < e->n_shapes; i++)
            if (e->phases[p].executions[i].exec)
                gt_exec_bind(e->phases[p].executions[i].exec, GT_SLOT_PREPARED, memory);
    size_t room = gt_prepared_arena_bytes(e->prepared);
    if (room > e->arena_bytes) e->arena_bytes = room;
}

/* Ranks whose slices differ in size may need other values: they are neighbours of those that need the same. */
gt_status gt_engine_share_prepared_all(gt_engine *e, bool *remake) {
    *remake = false;
    if (e->comm->ranks == 1) return GT_OK;
    uint64_t key = e->prepared ? gt_prepared_key(e->prepared) : 0;
    size_t bytes = e->prepared ? gt_prepared_bytes(e->prepared) : 0;
    bool alone = gt_neighbours_count_all(e->comm, key) == 1;
    if (!gt_comm_max_all(e->comm, bytes && !alone)) alone = true; /* nobody wants memory */
    else e->prepared_with = gt_neighbours_open_all(e->comm, key, alone ? 0 : bytes);
    if (e->prepared_with) {
        gt_status st = gt_prepared_divide(e->prepared, e->prepared_with->count, e->prepared_with->place, e->pool);
        if (!st) bind(e);
        return st;
    }
    gt_prepared_free(e->prepared);
    e->prepared = NULL;
    *remake = bytes > 0;
    return GT_OK;
}

static void beat(void *arg, int done) {
    (void)arg, (void)done;
    gt_progress();
}

gt_status gt_engine_prepare_all(gt_engine *e, gt_engine_phase *p) {
    int use = (int)(p - e->phases);
    p->preparing = 0;
    if (!e->prepared || !gt_prepared_due(e->prepared, use)) return GT_OK;
    double start = gt_clock();
    gt_comm_doing(e->comm, e->step, "packing weights");
    gt_prepared_use_arena(e->prepared, e->arena);
    gt_status st = gt_prepared_run(e->prepared, use, &(gt_exec_env){.between = beat});
    p->preparing = gt_clock() - start;
    e->measures.compute += p->preparing;
    e->measures.packing += p->preparing;
    if (st) return st;
    gt_neighbours_post(e->prepared_with);
    gt_neighbours_await(e->prepared_with);
    return GT_OK;
}

void gt_engine_changed(gt_engine *e, int net) {
    if (!e->prepared) return;
    for (int i = 0; i < e->model->n_nets; i++)
        if (net < 0 || net == i) gt_prepared_changed(e->prepared, GT_SLOT(i));
}

/* ---- decoded pictures ---- */

void gt_engine_share_pictures_all(gt_engine *e) {
    size_t bytes = gt_loader_cache_bytes(e->info, e->model->masks, GT_LOADER_CACHE);
    enum { NONE, BLOCKS, PICTURES } shared = e->pictures_with ? PICTURES : e->blocks_with ? BLOCKS : NONE;
    /* A rollback comes here again. Some hosts may share nothing. */
    if (!bytes || gt_comm_max_all(e->comm, shared) != BLOCKS) return;
    e->pictures_with = gt_neighbours_open_all(e->comm, 0, bytes);
}

/* Of the ranks of a host together. */
static size_t picture_bound(const gt_engine *e, bool shared) {
    return GT_LOADER_CACHE / (size_t)(shared ? 1 : e->comm->local_ranks);
}

size_t gt_engine_most_picture_bytes(const gt_engine *e) { return picture_bound(e, e->pictures_with); }

size_t gt_engine_picture_bytes(const gt_engine *e) {
    size_t bytes = gt_loader_cache_bytes(e->info, e->model->masks, picture_bound(e, e->blocks_with));
    return bytes / (size_t)(e->blocks_with ? e->blocks_with->count : 1);
}

/* ---- the end ---- */

void gt_engine_close_in_common(gt_engine *e) {
    gt_prepared_free(e->prepared);
    gt_neighbours_close(e->prepared_with);
    gt_neighbours_close(e->pictures_with);
    if (e->blocks_with) for_each_block(e, forget_block);
    gt_neighbours_close(e->blocks_with);
    e->prepared = NULL;
    e->prepared_with = e->pictures_with = e->blocks_with = NULL;
}

size_t gt_engine_in_common_bytes(const gt_engine *e) {
    size_t bytes = 0;
    if (e->blocks_with) bytes += e->blocks_with->bytes / (size_t)e->blocks_with->count;
    if (e->prepared_with) bytes += e->prepared_with->bytes / (size_t)e->prepared_with->count;
    return bytes;
}
