/* SPDX-License-Identifier: Apache-2.0
 * The seed of a picture without a record: see features/audit/find.h. Ranks take batches in turn; what is nearest does
 * not depend on their number. */
#include "features/audit/find.h"

#include <stdlib.h>
#include <string.h>

#include "files/codec/door/picture.h"
#include "files/codec/door/sample.h"
#include "dist/door/dist.h"
#include "base/door/numbers.h"
#include "base/door/progress.h"
#include "base/door/sha256.h"
#include "gantry/memory.h"
#include "networks/model/door/model.h"
#include "runner/generator/door/generator.h"

typedef struct work {
    const gt_find_request *request;
    gt_comm *comm;
    gt_generator *generator;
    const gt_model *model;
    gt_arena *arena;
    gt_sample_format each;
    int classes; /* 0: the generator takes no labels */
    float *z, *labels, *images;
    char *pictures;
    gt_found *found; /* [n_pictures] of this rank */
} work;

static gt_status prepare(work *w) {
    const gt_find_request *r = w->request;
    w->generator = gt_generator_open(
        r->checkpoint, &(gt_generator_options){.noise_mode = GT_NOISE_CONST, .truncation = 1, .pool = r->pool});
    if (!w->generator) return gt_failure();
    const gt_model *m = w->model = gt_generator_model(w->generator);
    size_t batch = (size_t)gt_generator_batch(w->generator), floats = gt_model_floats(m);
    w->classes = gt_generator_labels(w->generator);
    gt_generator_samples(w->generator, &w->each);
    if (w->each.type != GT_U16) w->each = GT_SAMPLES_OF_8_BITS;
    if (!(w->arena = gt_arena_new())) return GT_NOMEM;
    float *one = gt_arena_array(w->arena, (size_t)w->classes + 1, sizeof *one);
    if (!one) return GT_NOMEM;
    *one = 1;
    if (w->classes && gt_generator_class_of(w->generator, one) < 0)
        return gt_fail(GT_USAGE, "'%s': its labels are vectors, and only classes are tried", r->checkpoint);
    w->z = gt_arena_array(w->arena, batch, (size_t)m->z_dim * sizeof *w->z);
    w->labels = gt_arena_array(w->arena, batch, (size_t)(m->label_dim + 1) * sizeof *w->labels);
    w->images = gt_arena_array(w->arena, batch, floats * sizeof *w->images);
    w->pictures = gt_arena_array(w->arena, batch, floats * gt_sample_bytes(w->each.type));
    w->found = gt_arena_array(w->arena, (size_t)r->n_pictures + 1, sizeof *w->found);
    if (gt_arena_failed(w->arena)) return GT_NOMEM;
    const char *recipe = gt_generator_recipe(w->generator);
    gt_sha256 hash;
    gt_status st = r->recipe ? gt_sha256_of(recipe, strlen(recipe), &hash) : GT_OK;
    if (!st && r->recipe) gt_sha256_text(&hash, r->recipe);
    return st;
}

static int64_t value_at(gt_sample type, const void *samples, size_t i) {
    return type == GT_U16 ? ((const uint16_t *)samples)[i] : ((const uint8_t *)samples)[i];
}

/* Grey is what has three equal colours. */
static void compare(const work *w, const void *made, const gt_picture *p, const gt_found *this, gt_found *best) {
    const gt_model *m = w->model;
    int shown = gt_shown_channels(m), channels = shown > p->channels ? shown : p->channels;
    bool grey = (shown == 1 && p->channels == 3) || (shown == 3 && p->channels == 1);
    if (p->height != m->height || p->width != m->width || p->type != w->each.type || (shown != p->channels && !grey))
        return;
    gt_found f = *this;
    size_t pixels = (size_t)m->height * (size_t)m->width;
    f.any = true;
    f.values = (int64_t)pixels * channels;
    for (size_t i = 0; i < pixels && (!best->any || f.sum <= best->sum); i++)
        for (int k = 0; k < channels; k++) {
            int64_t a = value_at(p->type, made, i * (size_t)shown + (size_t)(shown == 1 ? 0 : k)),
                    b = value_at(p->type, p->samples, i * (size_t)p->channels + (size_t)(p->channels == 1 ? 0 : k));
            f.sum += llabs(a - b);
            if (llabs(a - b) > f.most) f.most = llabs(a - b);
        }
    f.equal = !f.sum;
    if (!best->any || f.sum < best->sum || (f.sum == best->sum && f.at < best->at)) *best = f;
}

/* Item i: class after class of each seed. */
static gt_found item_of(const work *w, int64_t i) {
    int64_t each = w->classes ? w->classes : 1;
    return (gt_found){.seed = w->request->seeds[i / each], .at = i, .class = w->classes ? (int)(i % each) : -1};
}

static gt_status try_batch(work *w, int64_t first, int n) {
    const gt_model *m = w->model;
    size_t picture = gt_model_floats(m) / (size_t)m->channels * (size_t)gt_shown_channels(m) *
                     gt_sample_bytes(w->each.type);
    memset(w->labels, 0, (size_t)n * (size_t)w->classes * sizeof *w->labels);
    for (int i = 0; i < n; i++) {
        gt_found f = item_of(w, first + i);
        gt_seed_latent((uint32_t)f.seed, m->z_dim, w->z + (size_t)i * (size_t)m->z_dim);
        if (w->classes) w->labels[(size_t)i * (size_t)w->classes + (size_t)f.class] = 1;
        gt_generator_number(w->generator, i, GT_ALL_LAYERS, (uint32_t)f.seed);
    }
    gt_status st = gt_generator_run_numbered(w->generator, w->z, w->labels, w->images);
    if (st) return st;
    gt_show_images(m, &w->each, n, w->images, w->pictures);
    for (int i = 0; i < n; i++) {
        gt_found f = item_of(w, first + i);
        for (int k = 0; k < w->request->n_pictures; k++)
            compare(w, w->pictures + (size_t)i * picture, &w->request->pictures[k], &f, &w->found[k]);
    }
    return GT_OK;
}

static bool all_found(const work *w) {
    for (int k = 0; k < w->request->n_pictures; k++)
        if (!w->found[k].equal) return false;
    return true;
}

/* Could any of them be a picture of this network? */
static bool any_fits(const work *w) {
    for (int k = 0; k < w->request->n_pictures; k++) {
        const gt_picture *p = &w->request->pictures[k];
        if (p->height == w->model->height && p->width == w->model->width && p->type == w->each.type) return true;
    }
    return false;
}

static gt_status try_all(work *w) {
    int64_t items = w->request->n * (w->classes ? w->classes : 1);
    int batch = gt_generator_batch(w->generator);
    gt_status st = GT_OK;
    if (!any_fits(w)) return GT_OK;
    for (int64_t first = w->comm->rank * (int64_t)batch; first < items && !st && !all_found(w);
         first += w->comm->ranks * (int64_t)batch) {
        st = try_batch(w, first, (int)gt_smallest(batch, items - first));
        gt_tell(first);
        if (!st && w->request->stop && w->request->stop())
            st = gt_fail(GT_STOPPED, "stopped before all seeds were tried");
    }
    return st;
}

/* Rank 0: the nearest of all ranks. */
static gt_status gather_all(work *w, gt_found *found) {
    size_t n = (size_t)w->request->n_pictures;
    GT_FREED gt_found *all = w->comm->rank ? NULL : calloc((size_t)w->comm->ranks * n + 1, sizeof *all);
    gt_status st = gt_comm_agree_all(w->comm, w->comm->rank || all ? GT_OK : gt_fail(GT_NOMEM, "out of memory"));
    if (!st) gt_comm_gather_all(w->comm, w->found, n * sizeof *w->found, all);
    for (size_t k = 0; k < n && all && !st; k++) {
        found[k] = all[k];
        for (int r = 1; r < w->comm->ranks; r++) {
            const gt_found *f = &all[(size_t)r * n + k];
            bool nearer = f->any &&
                          (!found[k].any || f->sum < found[k].sum || (f->sum == found[k].sum && f->at < found[k].at));
            if (nearer) found[k] = *f;
        }
    }
    return st;
}

gt_status gt_find_all(gt_comm *comm, const gt_find_request *request, gt_found *found) {
    work w = {.request = request, .comm = comm};
    gt_status st = gt_comm_agree_all(comm, prepare(&w));
    gt_tell_start("trying seeds", "images", st ? 0 : request->n * (w.classes ? w.classes : 1));
    if (!st) st = gt_comm_agree_all(comm, try_all(&w));
    if (!st) st = gather_all(&w, found);
    gt_tell_end();
    gt_generator_close(w.generator);
    gt_arena_free(w.arena);
    return st;
}
