/* SPDX-License-Identifier: Apache-2.0
 * DESIGN
 * A ring of DEPTH steps, each with room for this rank's samples as they are stored. `want` is the step that was asked
 * for last. The thread fills, in order, the steps want .. want + DEPTH - 1 that their places (step % DEPTH) do not hold
 * yet, so a place is overwritten only after `want` has moved past its step, and only the caller's asking for a step
 * moves `want`: what gt_loader_step copies from cannot change under it. Any step may be asked for, an earlier one too;
 * then the ring fills anew.
 *
 * Where images may be read by the main thread alone (HDF5 too large for memory) there is no thread, and gt_loader_step
 * fills the place itself. The thread that fills the places also fills the cache of decoded images. */
#include "data/door/loader.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/thread.h"
#include "files/codec/door/sample.h"
#include "data/door/damage.h"
#include "data/door/source.h"
#include "base/door/clock.h"
#include "base/door/memory.h"
#include "base/door/progress.h"

enum { DEPTH = 3 };
enum { UNREAD, KEPT, DAMAGED }; /* a damaged image is so only where all were read beforehand */

typedef struct place { /* of one step in the ring */
    uint64_t step;
    bool ready;
    gt_status status; /* of filling it */
    bool damaged;     /* it failed since bytes do not decode, */
    int64_t bad;      /* those of this stored image */
    char message[1024];
    gt_damage damage; /* pictures whose places others have taken, */
    int replaced;     /* in so many samples */
    uint8_t *pixels;  /* [samples,H,W,C] */
    uint8_t *masks;   /* [samples,H,W] */
    int64_t *items;   /* [samples] */
} place;

struct gt_loader {
    gt_dataset *ds;
    const gt_dataset_info *info;
    gt_sampler sampler;
    gt_steps steps;
    gt_sample_ranges full, rest;                 /* copies */
    int samples;                                 /* of this rank in a step, the most */
    size_t image_bytes, mask_bytes, cache_bytes; /* mask_bytes 0: no masks */
    uint8_t *cache;                              /* every stored image with its mask, NULL: no cache */
    _Atomic uint8_t *cached;                     /* UNREAD, KEPT or DAMAGED; behind the images in the cache */
    bool common;                                 /* the cache belongs to several loaders */
    uint8_t *pixels;                             /* of all places */
    int64_t *items;
    place ring[DEPTH];
    double waited;       /* seconds */
    atomic_uint fetched; /* images so far: it shows whether the thread gets on */

    bool threaded, stop;
    uint64_t want;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked, filled;
};

typedef struct fetching { /* of one sample */
    gt_loader *loader;
    place *place;
} fetching;

/* A stored image, and its mask unless that is NULL, by way of the cache if there is one. */
static gt_status fetch_stored(void *arg, int64_t stored, void *pixels, uint8_t *mask, bool *damaged) {
    const fetching *f = arg;
    gt_loader *l = f->loader;
    uint8_t *kept = l->cache ? l->cache + (size_t)stored * (l->image_bytes + l->mask_bytes) : NULL;
    uint8_t is = kept ? atomic_load_explicit(&l->cached[stored], memory_order_acquire) : UNREAD;
    f->place->damaged = *damaged = is == DAMAGED;
    f->place->bad = stored;
    if (*damaged) return gt_fail(GT_FORMAT, "image %" PRId64 " is damaged", stored);
    if (is == KEPT) {
        memcpy(pixels, kept, l->image_bytes);
        if (mask) memcpy(mask, kept + l->image_bytes, l->mask_bytes);
    } else {
        gt_status st = gt_dataset_read_stored(l->ds, stored, pixels, mask, damaged);
        f->place->damaged = *damaged;
        if (st) return st;
    }
    if (kept && is == UNREAD) { /* others may keep it at the same time: nobody ever writes other bytes than these */
        memcpy(kept, pixels, l->image_bytes);
        if (mask) memcpy(kept + l->image_bytes, mask, l->mask_bytes);
        atomic_store_explicit(&l->cached[stored], KEPT, memory_order_release);
    }
    atomic_fetch_add(&l->fetched, 1);
    gt_progress();
    return GT_OK;
}

static gt_status note_damaged(void *arg, int64_t stored) {
    return gt_damage_add(&((const fetching *)arg)->place->damage, stored);
}

/* The picture of a sample, or of the item that takes its place. */
static gt_status fetch_sample(gt_loader *l, place *p, int sample, int64_t item) {
    uint8_t *mask = l->mask_bytes ? p->masks + (size_t)sample * l->mask_bytes : NULL;
    p->items[sample] = item;
    gt_status st = gt_dataset_take_by(l->ds, &p->items[sample], p->pixels + (size_t)sample * l->image_bytes, mask,
                                      &(gt_taking){fetch_stored, note_damaged, &(fetching){l, p}});
    p->replaced += p->items[sample] != item;
    return st;
}

static const gt_sample_ranges *ranges_of(const gt_loader *l, uint64_t step) {
    return gt_steps_batch(&l->steps, step) < l->steps.batch ? &l->rest : &l->full;
}

static void fill_batch(gt_loader *l, place *p, uint64_t step) {
    p->status = GT_OK;
    p->damage.n = 0;
    p->replaced = 0;
    int sample = 0;
    uint64_t first = gt_steps_position(&l->steps, step);
    const gt_sample_ranges *ranges = ranges_of(l, step);
    for (int r = 0; r < ranges->n; r++) {
        for (int j = 0; j < ranges->range[r].count && !p->status; j++, sample++) {
            uint64_t position = first + (uint64_t)(ranges->range[r].first + j);
            p->status = fetch_sample(l, p, sample, gt_sampler_item(&l->sampler, position));
        }
    }
    if (p->status) snprintf(p->message, sizeof p->message, "%s", gt_message());
}

/* The place to fill next; NULL: all are as wanted. Called with the lock held. */
static place *next_place(gt_loader *l, uint64_t *step) {
    for (*step = l->want; *step < l->want + DEPTH; ++*step) {
        place *p = &l->ring[*step % DEPTH];
        if (!p->ready || p->step != *step) return p;
    }
    return NULL;
}

static void *prefetch_batches(void *arg) {
    gt_loader *l = arg;
    pthread_mutex_lock(&l->lock);
    while (!l->stop) {
        uint64_t step;
        place *p = next_place(l, &step);
        if (!p) {
            pthread_cond_wait(&l->asked, &l->lock);
            continue;
        }
        p->ready = false;
        pthread_mutex_unlock(&l->lock);
        fill_batch(l, p, step);
        pthread_mutex_lock(&l->lock);
        p->step = step;
        p->ready = true;
        pthread_cond_signal(&l->filled);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static bool holds(const place *p, uint64_t step) { return p->ready && p->step == step; }

bool gt_loader_wait(gt_loader *l, uint64_t step, double seconds) {
    const place *p = &l->ring[step % DEPTH];
    if (!l->threaded) return holds(p, step);
    double begin = gt_clock();
    struct timespec until = gt_deadline(seconds);
    int error = 0;
    pthread_mutex_lock(&l->lock);
    if (l->want != step) {
        l->want = step;
        pthread_cond_signal(&l->asked);
    }
    while (!holds(p, step) && !error) error = pthread_cond_timedwait(&l->filled, &l->lock, &until);
    bool there = holds(p, step);
    pthread_mutex_unlock(&l->lock);
    l->waited += gt_clock() - begin;
    return there;
}

/* A thread that gets no image any more is a rank that does not live. */
static void await_thread(gt_loader *l, uint64_t step) {
    const double look = 0.5;
    unsigned before = atomic_load(&l->fetched);
    while (!gt_loader_wait(l, step, look)) {
        unsigned now = atomic_load(&l->fetched);
        if (now != before) gt_progress();
        before = now;
    }
}

static place *await_step(gt_loader *l, uint64_t step) {
    place *p = &l->ring[step % DEPTH];
    if (l->threaded) {
        await_thread(l, step);
    } else if (!holds(p, step)) {
        double begin = gt_clock();
        fill_batch(l, p, step);
        p->step = step;
        p->ready = true;
        l->waited += gt_clock() - begin;
    }
    return p;
}

/* In the first n ranges. */
static int samples_of(const gt_sample_ranges *ranges, int n) {
    int samples = 0;
    for (int r = 0; r < n; r++) samples += ranges->range[r].count;
    return samples;
}

gt_status gt_loader_step(gt_loader *l, uint64_t step, int range, float *images, float *labels) {
    const gt_sample_ranges *ranges = ranges_of(l, step);
    if (range < 0 || range >= ranges->n)
        return gt_fail(GT_USAGE, "range %d of a loader with %d ranges", range, ranges->n);
    place *p = await_step(l, step);
    if (p->status) return gt_fail(p->status, "%s", p->message);
    /* of the range's first sample among this rank's */
    int count = ranges->range[range].count, offset = samples_of(ranges, range);
    size_t n = (size_t)count * (l->image_bytes / gt_sample_bytes(l->info->type)), width = (size_t)l->info->label_width;
    gt_dataset_floats(l->info, p->pixels + (size_t)offset * l->image_bytes, n, images);
    for (int j = 0; labels && j < count; j++) gt_dataset_label(l->ds, p->items[offset + j], labels + (size_t)j * width);
    return GT_OK;
}

gt_status gt_loader_masks(gt_loader *l, uint64_t step, int range, uint8_t *masks) {
    const gt_sample_ranges *ranges = ranges_of(l, step);
    if (range < 0 || range >= ranges->n || !l->mask_bytes)
        return gt_fail(GT_USAGE, "masks of range %d of a loader with %d ranges", range, l->mask_bytes ? ranges->n : 0);
    place *p = await_step(l, step);
    if (p->status) return gt_fail(p->status, "%s", p->message);
    memcpy(masks, p->masks + (size_t)samples_of(ranges, range) * l->mask_bytes,
           (size_t)ranges->range[range].count * l->mask_bytes);
    return GT_OK;
}

/* Of an image that was found to be damaged when all were read: why, in the place that the step cannot use. Only this
 * thread may read it. */
static void find_reason(gt_loader *l, place *p) {
    bool damaged;
    if (!p->status || !p->damaged || !l->cache || !l->info->main_thread_only) return;
    if (gt_dataset_read_stored(l->ds, p->bad, p->pixels, l->mask_bytes ? p->masks : NULL, &damaged))
        snprintf(p->message, sizeof p->message, "%s", gt_message());
}

gt_status gt_loader_ready(gt_loader *l, uint64_t step, gt_loader_damage *damage) {
    place *p = await_step(l, step);
    find_reason(l, p);
    *damage = (gt_loader_damage){
        .n = (int)p->damage.n, .picture = p->damage.picture, .replaced = p->replaced, .undecodable = p->damaged};
    return p->status ? gt_fail(p->status, "%s", p->message) : GT_OK;
}

double gt_loader_wait_seconds(gt_loader *l) {
    double waited = l->waited;
    l->waited = 0;
    return waited;
}

static gt_status check_ranges(const gt_sample_ranges *ranges, int batch) {
    if (batch < 0 || ranges->n < 0)
        return gt_fail(GT_USAGE, "a loader for a batch of %d in %d ranges", batch, ranges->n);
    int64_t samples = 0;
    for (int r = 0; r < ranges->n; r++) {
        gt_sample_range g = ranges->range[r];
        if (g.first < 0 || g.count < 1 || g.first > batch - g.count)
            return gt_fail(GT_USAGE, "range %d (from sample %d, %d samples) does not lie in a batch of %d", r, g.first,
                           g.count, batch);
        samples += g.count;
    }
    return samples <= INT32_MAX ? GT_OK : gt_fail(GT_USAGE, "a loader for %" PRId64 " samples per step", samples);
}

/* The steps of an epoch and what each rank gets of them. */
static gt_status plan_steps(gt_loader *l, const gt_loader_plan *plan) {
    if (plan->batch < 1) return gt_fail(GT_USAGE, "a loader for a batch of %d", plan->batch);
    l->steps = (gt_steps){.items = l->info->count, .batch = plan->batch, .end = plan->epoch_end};
    if (plan->epoch_end == GT_EPOCH_DROPPED && plan->batch > l->info->count)
        return gt_fail(GT_USAGE,
                       "--batch=%d, but there are %" PRId64
                       " images, and an incomplete batch at the end of an epoch is dropped",
                       plan->batch, l->info->count);
    gt_status st = check_ranges(&plan->full, plan->batch);
    return st ? st : check_ranges(&plan->rest, gt_steps_rest(&l->steps));
}

static gt_status copy_ranges(gt_sample_ranges *to, const gt_sample_ranges *from) {
    gt_sample_range *copy = calloc((size_t)from->n + 1, sizeof *copy);
    if (!copy) return gt_fail(GT_NOMEM, "out of memory for the loader");
    for (int r = 0; r < from->n; r++) copy[r] = from->range[r];
    *to = (gt_sample_ranges){from->n, copy};
    return GT_OK;
}

static gt_status make_ring(gt_loader *l, const gt_loader_plan *plan) {
    if (copy_ranges(&l->full, &plan->full) || copy_ranges(&l->rest, &plan->rest)) return GT_NOMEM;
    int full = samples_of(&l->full, l->full.n), rest = samples_of(&l->rest, l->rest.n);
    l->samples = full > rest ? full : rest;
    size_t step_bytes, samples = (size_t)l->samples, all;
    if (gt_mul_overflows(samples, l->image_bytes + l->mask_bytes, &step_bytes) ||
        gt_mul_overflows(DEPTH, step_bytes, &all))
        return gt_fail(GT_NOMEM, "%zu images per step do not fit into memory", samples);
    l->pixels = gt_block_alloc(all, "images decoded ahead");
    l->items = calloc(DEPTH * samples + 1, sizeof *l->items);
    if (!l->pixels || !l->items) return l->pixels ? gt_fail(GT_NOMEM, "out of memory for the loader") : GT_NOMEM;
    for (size_t i = 0; i < DEPTH; i++) {
        l->ring[i].pixels = l->pixels + i * step_bytes;
        l->ring[i].masks = l->ring[i].pixels + samples * l->image_bytes;
        l->ring[i].items = l->items + i * samples;
    }
    return GT_OK;
}

size_t gt_loader_cache_bytes(const gt_dataset_info *info, bool masks, size_t most) {
    size_t bytes, each = info->image_bytes + (masks ? gt_mask_bytes(info) : 0) + sizeof(_Atomic uint8_t);
    return gt_mul_overflows((size_t)info->stored, each, &bytes) || bytes > most ? 0 : bytes;
}

/* This loader's part of all images. */
static gt_status fill_cache(gt_loader *l, const gt_loader_common *c) {
    int64_t stored = l->info->stored, place = l->common ? c->place : 0, count = l->common ? c->count : 1;
    for (int64_t i = stored * place / count; i < stored * (place + 1) / count; i++) {
        uint8_t *kept = l->cache + (size_t)i * (l->image_bytes + l->mask_bytes);
        bool damaged;
        if (l->cached[i] != UNREAD) continue;
        gt_status st = gt_dataset_read_stored(l->ds, i, kept, l->mask_bytes ? kept + l->image_bytes : NULL, &damaged);
        if (st && !damaged) return st; /* a damaged one is met by the step that needs it, as where none are kept */
        atomic_store_explicit(&l->cached[i], st ? DAMAGED : KEPT, memory_order_release);
        gt_progress();
    }
    return GT_OK;
}

/* Memory for all decoded images, when they fit; filled as they come, or at once where no other thread may read. */
static gt_status make_cache(gt_loader *l, const gt_loader_plan *plan) {
    l->cache_bytes = gt_loader_cache_bytes(l->info, l->mask_bytes, plan->cache_bytes);
    l->common = plan->common.memory;
    if (!l->cache_bytes) return GT_OK;
    l->cache = l->common ? plan->common.memory : gt_block_alloc(l->cache_bytes, "decoded images");
    if (!l->cache) return GT_NOMEM;
    l->cached = (_Atomic uint8_t *)l->cache + (size_t)l->info->stored * (l->image_bytes + l->mask_bytes);
    return l->info->main_thread_only ? fill_cache(l, &plan->common) : GT_OK;
}

static gt_status start_thread(gt_loader *l) {
    int error = gt_thread_start(&l->thread, prefetch_batches, l);
    if (error)
        return gt_fail(GT_FAILED, "the loader's thread does not start: %s (memory, or a limit: ulimit -u, -v)",
                       strerror(error));
    l->threaded = true;
    return GT_OK;
}

gt_status gt_loader_go(gt_loader *l) { return l->info->main_thread_only && !l->cache ? GT_OK : start_thread(l); }

gt_status gt_loader_new(gt_loader **out, gt_dataset *ds, const gt_loader_plan *plan) {
    *out = NULL;
    gt_loader *l = calloc(1, sizeof *l);
    if (!l) return gt_fail(GT_NOMEM, "out of memory for the loader");
    l->ds = ds;
    l->info = gt_dataset_get_info(ds);
    gt_status st = plan_steps(l, plan);
    if (st) {
        free(l);
        return st;
    }
    l->sampler = gt_sampler_make(plan->seed, l->info->count);
    l->want = plan->start_step;
    l->image_bytes = l->info->image_bytes;
    l->mask_bytes = plan->masks ? gt_mask_bytes(l->info) : 0;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->asked, NULL);
    gt_condition_init(&l->filled);
    st = make_ring(l, plan);
    if (!st) st = make_cache(l, plan);
    if (!st && !l->common) st = gt_loader_go(l);
    if (st) {
        gt_loader_free(l);
        return st;
    }
    *out = l;
    return GT_OK;
}

void gt_loader_free(gt_loader *l) {
    if (!l) return;
    if (l->threaded) {
        pthread_mutex_lock(&l->lock);
        l->stop = true;
        pthread_cond_signal(&l->asked);
        pthread_mutex_unlock(&l->lock);
        pthread_join(l->thread, NULL);
    }
    pthread_cond_destroy(&l->filled);
    pthread_cond_destroy(&l->asked);
    pthread_mutex_destroy(&l->lock);
    if (l->cache && !l->common) gt_block_free(l->cache, l->cache_bytes);
    if (l->pixels) gt_block_free(l->pixels, DEPTH * (size_t)l->samples * (l->image_bytes + l->mask_bytes));
    for (int i = 0; i < DEPTH; i++) gt_damage_free(&l->ring[i].damage);
    free(l->items);
    free((void *)l->full.range);
    free((void *)l->rest.range);
    free(l);
}
