/* SPDX-License-Identifier: Apache-2.0
 * Sets of pictures: see picture_set.h. */
#include "features/score/picture_set.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/door/numbers.h"
#include "data/door/dataset.h"
#include "data/door/source.h"
#include "graph/door/graph.h"
#include "networks/model/door/model.h"
#include "runner/door/items.h"
#include "base/door/random.h"
#include "runner/door/runner.h"
#include "base/door/text.h"

void gt_picture_set_close(gt_picture_set *s) {
    if (s->close) s->close(s->arg);
    *s = (gt_picture_set){0};
}

static size_t floats_of(const gt_picture_set *s) { return (size_t)s->height * (size_t)s->width * (size_t)s->channels; }

gt_status gt_picture_set_leaves(const char *name, double least, double most) {
    return gt_fail(GT_USAGE,
                   "'%s': floats from %.6g to %.6g without a declared range: declare black and white with "
                   "--range=LO,HI, such as --range=0,1 or --range=0,255; the default is -1,1",
                   name, least, most);
}

static gt_status clamp_numbers(const gt_picture_set *s, size_t n, float *x) {
    float least = -1, most = 1;
    for (size_t i = 0; i < n; i++) {
        least = fminf(least, x[i]);
        most = fmaxf(most, x[i]);
        x[i] = x[i] > 1 ? 1 : x[i] < -1 ? -1 : x[i];
    }
    return s->guessed && (least < -1 || most > 1) ? gt_picture_set_leaves(s->name, (double)least, (double)most) : GT_OK;
}

gt_status gt_picture_set_read(gt_picture_set *s, int64_t first, int n, float *images, float *labels) {
    gt_status st = s->read(s->arg, first, n, images, labels);
    if (!st && s->clamps) st = clamp_numbers(s, (size_t)n * floats_of(s), images);
    if (!st && s->watch) st = s->watch(s->watch_arg, first, n, images, labels);
    if (!st && s->rounds) gt_floats_round(&s->format, (size_t)n * floats_of(s), images);
    return st;
}

void gt_picture_set_round(gt_picture_set *s, const gt_picture_set *reals) {
    if (!reals || reals->statistics || s->statistics || s->format.type <= reals->format.type) return;
    s->format = reals->format;
    s->rounds = true;
}

const char *gt_picture_set_numbers(const gt_picture_set *s, char text[80]) {
    const gt_sample_format *f = &s->format;
    if (s->rounds) snprintf(text, 80, "%s %g %g", gt_sample_name(f->type), f->range[0], f->range[1]);
    else snprintf(text, 80, "%s", s->clamps ? "clamped" : "");
    return text;
}

/* ---- the images of a dataset ---- */

enum { BATCH = 64 };

static gt_status read_items(void *arg, int64_t first, int n, float *images, float *labels) {
    gt_dataset *ds = arg;
    int64_t items[BATCH];
    int dim = gt_dataset_get_info(ds)->label_width;
    for (int i = 0; i < n; i++) items[i] = first + i;
    gt_status st = gt_read_images(ds, n, items, images);
    for (int i = 0; i < n && labels && dim; i++) gt_dataset_label(ds, items[i], labels + (size_t)i * (size_t)dim);
    return st;
}

/* The numbers of the first items in the source, after the source's own hash. */
static gt_status hash_items(gt_dataset *ds, const gt_hash128 *source, int64_t end, gt_hash128 *out) {
    gt_hasher *h = gt_hasher_new();
    if (!h) return gt_fail(GT_NOMEM, "out of memory for a hash");
    gt_hasher_add(h, source, sizeof *source);
    for (int64_t i = 0; i < end; i++) {
        bool mirrored;
        int64_t item[2] = {gt_dataset_stored(ds, i, &mirrored), mirrored};
        gt_hasher_add(h, item, sizeof item);
    }
    *out = gt_hasher_end(h);
    return GT_OK;
}

/* Of the source and of which of its images the items are: of all pictures, since statistics are kept by it. Sets
 * *unmirrored. */
static gt_status identify(gt_picture_set *s, gt_dataset *ds) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    gt_hash128 source, shown;
    gt_status st = gt_dataset_whole_fingerprint(ds, &source);
    bool mirrored = false, all = true;
    for (s->unmirrored = 0; s->unmirrored < s->count && !mirrored; s->unmirrored += !mirrored) {
        bool in_place = gt_dataset_stored(ds, s->unmirrored, &mirrored) == s->unmirrored;
        all = all && (in_place || mirrored);
    }
    if (!st) st = hash_items(ds, &source, s->count, &s->identity);
    if (!st) st = hash_items(ds, &source, s->unmirrored, &shown);
    if (st) return st;
    char hex[33];
    gt_hash_hex(all && s->unmirrored == info->stored ? source : shown, hex);
    snprintf(s->recipe, sizeof s->recipe - 80, "%s", info->name);
    gt_utf8_clean(s->recipe); /* a long name may end within a character */
    size_t at = strlen(s->recipe);
    snprintf(s->recipe + at, sizeof s->recipe - at, " %.8s", hex);
    return GT_OK;
}

gt_status gt_picture_set_of_dataset_all(gt_picture_set *s, gt_comm *comm, gt_dataset *ds, int64_t most) {
    const gt_dataset_info *info = gt_dataset_get_info(ds);
    *s = (gt_picture_set){.name = info->name,
                          .count = most ? gt_smallest(most, info->count) : info->count,
                          .height = info->height,
                          .width = info->width,
                          .channels = info->channels,
                          .label_dim = info->label_width,
                          .label_kind = info->label_width ? info->label_kind : GT_LABELS_NONE,
                          .class_names = info->label_width ? info->class_names : 0,
                          .class_name = info->class_name,
                          .format = gt_dataset_format(info),
                          .clamps = gt_dataset_may_leave_range(info),
                          .batch = BATCH,
                          .read = read_items,
                          .arg = ds,
                          .skips = info->skips_damaged ? ds : NULL};
    gt_status st = gt_comm_agree_all(comm, comm->rank ? GT_OK : identify(s, ds));
    gt_comm_broadcast_all(comm, &s->identity, sizeof s->identity, 0);
    gt_comm_broadcast_all(comm, &s->unmirrored, sizeof s->unmirrored, 0);
    gt_comm_broadcast_all(comm, s->recipe, sizeof s->recipe, 0);
    return st;
}

gt_status gt_picture_set_was_read_all(gt_picture_set *s, gt_comm *comm) {
    int64_t damaged = 0;
    gt_status st = s->skips ? gt_dataset_join_damaged_all(s->skips, comm, &damaged) : GT_OK;
    if (damaged) s->identity = (gt_hash128){0};
    return st;
}

/* ---- what a generator makes ---- */

typedef struct fakes {
    gt_fakes_options o;
    uint32_t kimg;
    int batch, label_dim;
    int64_t labelled; /* items of the dataset that labels are drawn from: without mirror images */
} fakes;

static void fill_label(const fakes *f, uint32_t item, float *label) {
    if (!f->o.labels) {
        for (int k = 0; k < f->label_dim; k++) label[k] = (float)((int64_t)item % f->label_dim == k);
        return;
    }
    gt_key key = {.seed = f->o.seed, .stream = gt_stream("metrics/label"), .step = f->kimg, .sample = item};
    gt_dataset_label(f->o.labels, gt_random_below(key, 0, (uint32_t)f->labelled), label);
}

/* n of at most f->batch, one run of the generator. */
static gt_status make_some(const fakes *f, int64_t first, int n, float *images, float *labels) {
    const gt_model *m = f->o.model;
    gt_runner *r = f->o.generator;
    float *z = gt_runner_input(r, "z"), *c = f->label_dim ? gt_runner_input(r, "c") : NULL;
    uint32_t stream = gt_stream("metrics/z");
    for (int i = 0; i < f->batch; i++) {
        uint32_t item = (uint32_t)(first + i);
        gt_key key = {.seed = f->o.seed, .stream = stream, .step = f->kimg, .sample = item};
        if (z) gt_random_normal(key, z + (size_t)i * (size_t)m->z_dim, (size_t)m->z_dim);
        if (c) fill_label(f, item, c + (size_t)i * (size_t)f->label_dim);
    }
    if (c && labels) memcpy(labels, c, (size_t)n * (size_t)f->label_dim * sizeof *labels);
    gt_status st = gt_runner_run(r, &(gt_run_batch){.n = n, .first = first, .step = f->kimg});
    if (!st) memcpy(images, gt_runner_output(r, "image"), (size_t)n * gt_model_floats(m) * sizeof *images);
    return st;
}

static int64_t without_mirror_images(const gt_dataset *ds) {
    bool mirrored;
    int64_t count = gt_dataset_get_info(ds)->count;
    gt_dataset_stored(ds, count - 1, &mirrored);
    return mirrored ? count / 2 : count;
}

static gt_status make_fakes(void *arg, int64_t first, int n, float *images, float *labels) {
    const fakes *f = arg;
    gt_status st = GT_OK;
    for (int i = 0; i < n && !st; i += f->batch)
        st = make_some(f, first + i, (int)gt_smallest(f->batch, n - i),
                       images + (size_t)i * gt_model_floats(f->o.model),
                       labels ? labels + (size_t)i * (size_t)f->label_dim : NULL);
    return st;
}

/* Detectors look at many pictures at once: several runs of the generator make them. */
static int pictures_at_once(const gt_model *m, int batch) {
    enum { PIXELS = BATCH * 64 * 64 };
    int64_t n = gt_smallest(BATCH, PIXELS / ((int64_t)m->height * m->width)) / batch * batch;
    return n > batch ? (int)n : batch;
}

static gt_status check_labels(const gt_fakes_options *o, int dim) {
    const gt_dataset_info *info = o->labels ? gt_dataset_get_info(o->labels) : NULL;
    if (!dim || !info || info->label_width == dim) return GT_OK;
    if (!info->label_width)
        return gt_fail(GT_USAGE,
                       "the network is conditional, with labels of %d numbers, but the images of '%s' have no labels",
                       dim, info->name);
    return gt_fail(GT_USAGE, "the network takes labels of %d numbers, but the labels of '%s' have %d", dim, info->name,
                   info->label_width);
}

gt_status gt_picture_set_of_fakes(gt_picture_set *s, const gt_fakes_options *o) {
    const gt_model *m = o->model;
    int dim = m->unlabelled_generator ? 0 : m->label_dim;
    gt_status st = check_labels(o, dim);
    if (st) return st;
    fakes *f = malloc(sizeof *f);
    if (!f) return gt_fail(GT_NOMEM, "out of memory for a set of fakes");
    *f = (fakes){
        .o = *o, .kimg = (uint32_t)(o->images / 1000), .batch = gt_runner_batch(o->generator), .label_dim = dim};
    if (!dim) f->o.labels = NULL;
    if (f->o.labels) f->labelled = without_mirror_images(f->o.labels);
    *s = (gt_picture_set){.name = "fakes",
                          .count = o->count,
                          .unmirrored = o->count,
                          .height = m->height,
                          .width = m->width,
                          .channels = m->channels,
                          .label_dim = dim,
                          .label_kind = !dim          ? GT_LABELS_NONE
                                        : f->o.labels ? gt_dataset_get_info(f->o.labels)->label_kind
                                                      : GT_LABELS_CLASSES,
                          .format = o->format,
                          .rounds = true,
                          .class_names = dim ? o->class_names : 0,
                          .class_name = o->class_name,
                          .labels_of_data = dim && f->o.labels,
                          .batch = pictures_at_once(m, f->batch),
                          .read = make_fakes,
                          .close = free,
                          .arg = f};
    /* without the seed: runs of other seeds compare */
    const char *loop = gt_graph_loop_words(gt_runner_graph(o->generator));
    snprintf(s->recipe, sizeof s->recipe, "generated%s%s%s",
             !dim          ? ""
             : f->o.labels ? ", classes of the reals"
                           : ", classes in equal shares",
             loop ? ", " : "", loop ? loop : "");
    return GT_OK;
}
