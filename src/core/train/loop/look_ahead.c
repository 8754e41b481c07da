/* SPDX-License-Identifier: Apache-2.0
 * Pictures of the data that cannot be read are met before the step that needs them, while the state can still be saved:
 * each rank waits for its pictures of the next step, and all hear what one has met. With --on-error=skip other pictures
 * take the places of damaged ones (data/door/damage.h). Which they are, and in how many samples, is a function of the
 * data and the steps: the same on any number of ranks, and in checkpoints. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/door/source.h"
#include "gantry/log.h"
#include "train/journal/journal.h"

/* Images that are trained on, mirror images not counted. */
static int64_t pictures_of(const gt_engine *e) { return e->info->count / (e->job->mirror ? 2 : 1); }

/* ---- before a step ---- */

void gt_engine_await_data(gt_engine *e) {
    const double soon = 0.25; /* seconds */
    gt_comm_doing(e->comm, e->step, "waiting for data");
    /* storage may stand still for minutes */
    if (!gt_loader_wait(e->loader, e->step, soon)) gt_comm_busy(e->comm, "waiting for data");
}

gt_status gt_engine_advise(const gt_engine *e, gt_status st, bool undecodable) {
    char said[1024];
    snprintf(said, sizeof said, "%s", gt_message());
    if (undecodable && !e->info->skips_damaged)
        return gt_fail(st,
                       "%s; repair it and give the same command to resume, or add --on-error=skip: then the next "
                       "picture of its class takes its place",
                       said);
    return st == GT_FAILED ? gt_fail(st, "%s; once it can be read, the same command resumes", said) : st;
}

/* What this rank has met, for the others. */
static gt_status take_news(gt_engine *e) {
    gt_run_damage *d = &e->damage;
    gt_loader_damage own;
    d->next.n = 0;
    gt_status st = gt_loader_ready(e->loader, e->step, &own);
    if (st) return gt_engine_advise(e, st, own.undecodable);
    d->next_replaced = own.replaced;
    for (int i = 0; i < own.n && !st; i++) st = gt_damage_add(&d->next, own.picture[i]);
    return st;
}

bool gt_engine_look_ahead(gt_engine *e) {
    gt_loader_damage own;
    gt_engine_await_data(e);
    bool news = gt_loader_ready(e->loader, e->step, &own) || own.n;
    gt_comm_doing(e->comm, e->step, "a step");
    return news;
}

/* Of the pictures that the next step is the first to meet; returns their number. Rank 0 tells, and reads the picture
 * once more for the reason. */
static int64_t tell_of_new(gt_engine *e) {
    gt_run_damage *d = &e->damage;
    int64_t fresh = 0;
    GT_FREED void *samples = e->comm->rank ? NULL : malloc(e->info->image_bytes + gt_mask_bytes(e->info));
    for (size_t i = 0; i < d->next.n; i++) {
        int64_t stored = d->next.picture[i];
        if (gt_damage_has(&d->so_far, stored)) continue;
        int64_t n = (int64_t)d->so_far.n + ++fresh;
        if (!gt_dataset_know_damaged(e->data, stored) || !samples || !gt_damage_tells(n)) continue;
        uint8_t *mask = e->model->masks ? (uint8_t *)samples + e->info->image_bytes : NULL;
        bool again = gt_dataset_read_stored(e->data, stored, samples, mask, NULL) != GT_OK;
        gt_warn("%s: " GT_TAKES_ITS_PLACE "; %" PRId64 " of %" PRId64 " pictures so far",
                again ? gt_message() : "a picture that is repaired now", n, pictures_of(e));
    }
    return fresh;
}

void gt_engine_meet_damage_all(gt_engine *e) {
    gt_run_damage *d = &e->damage;
    d->next_replaced = 0;
    d->status = gt_comm_agree_all(e->comm, take_news(e));
    if (!d->status) d->status = gt_damage_join_all(e->comm, &d->next);
    d->next_replaced = gt_comm_sum_all(e->comm, d->next_replaced);
    int64_t n = d->status ? 0 : (int64_t)d->so_far.n + tell_of_new(e);
    if (n > gt_dataset_damaged_most(e->data)) d->status = gt_damage_too_many(e->job->data, n, pictures_of(e));
    if (d->status) snprintf(d->why, sizeof d->why, "%s", gt_message());
}

gt_status gt_engine_check_data_all(gt_engine *e) {
    e->damage.status = GT_OK;
    bool news = !gt_engine_finished(e) && gt_engine_look_ahead(e);
    if (gt_comm_max_all(e->comm, news)) gt_engine_meet_damage_all(e);
    return e->damage.status ? gt_fail(e->damage.status, "%s", e->damage.why) : GT_OK;
}

gt_status gt_engine_count_damage(gt_engine *e) {
    gt_run_damage *d = &e->damage;
    gt_status st = GT_OK;
    for (size_t i = 0; i < d->next.n && !st; i++) st = gt_damage_add(&d->so_far, d->next.picture[i]);
    d->replaced += d->next_replaced;
    gt_engine_no_damage_ahead(e);
    return st;
}

void gt_engine_no_damage_ahead(gt_engine *e) {
    e->damage.next.n = 0;
    e->damage.next_replaced = 0;
}

void gt_engine_forget_damage(gt_engine *e) {
    gt_damage_free(&e->damage.so_far);
    gt_damage_free(&e->damage.next);
}
