/* SPDX-License-Identifier: Apache-2.0
 * The images of a dataset: subset, mirror images, masks, and what takes the places of damaged ones. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data/dataset_internal.h"
#include "files/codec/door/sample.h"
#include "data/door/dataset.h"
#include "gantry/log.h"

int64_t gt_dataset_stored(const gt_dataset *ds, int64_t item, bool *mirrored) {
    *mirrored = item >= ds->unmirrored;
    if (*mirrored) item -= ds->unmirrored;
    return ds->chosen ? ds->chosen[item] : item;
}

/* The samples as they are stored. A picture of another shape is an error, and not damaged. */
gt_status gt_dataset_samples(const gt_dataset *ds, int64_t stored, void *samples, bool *damaged) {
    const gt_source *s = ds->source;
    bool in_place = s->shape.height;
    gt_picture found = in_place ? s->shape : (gt_picture){0};
    if (in_place) found.samples = samples;
    gt_status st = s->read(s, stored, &found);
    *damaged = st == GT_FORMAT;
    if (!st) st = gt_dataset_compare_shape(ds, &found);
    if (!st && !in_place) memcpy(samples, found.samples, ds->info.image_bytes);
    if (!in_place) gt_picture_free(&found);
    return gt_item_wrap(s, stored, st);
}

gt_status gt_dataset_read_stored(gt_dataset *ds, int64_t stored, void *samples, uint8_t *mask, bool *damaged) {
    bool any, *found = damaged ? damaged : &any;
    gt_status st = gt_dataset_samples(ds, stored, samples, found);
    if (st) return st;
    gt_picture read = ds->shape;
    read.samples = samples;
    if ((st = gt_check_finite(ds->source, &read))) st = gt_wrap(st, "'%s': image %" PRId64, ds->spec, stored);
    if (!st && mask) st = gt_dataset_mask_stored(ds, stored, mask);
    *found = st == GT_FORMAT;
    return st;
}

gt_status gt_dataset_mask_stored(gt_dataset *ds, int64_t stored, uint8_t *classes) {
    gt_picture mask;
    gt_status st = gt_source_mask(ds->source, stored, &ds->shape, &mask);
    if (st) return st;
    memcpy(classes, mask.samples, (size_t)ds->shape.height * (size_t)ds->shape.width);
    gt_picture_free(&mask);
    return GT_OK;
}

static void mirror_rows(const gt_dataset_info *info, size_t pixel, uint8_t *rows) {
    size_t width = (size_t)info->width;
    for (int y = 0; y < info->height; y++) {
        uint8_t *left = rows + (size_t)y * width * pixel, *right = left + (width - 1) * pixel;
        for (; left < right; left += pixel, right -= pixel) {
            for (size_t b = 0; b < pixel; b++) {
                uint8_t swap = left[b];
                left[b] = right[b];
                right[b] = swap;
            }
        }
    }
}

/* Exchanges left and right of an image, of its mask, or of both. */
static void mirror(const gt_dataset_info *info, void *samples, uint8_t *mask) {
    if (samples) mirror_rows(info, (size_t)info->channels * gt_sample_bytes(info->type), samples);
    if (mask) mirror_rows(info, 1, mask);
}

static gt_status check_item(const gt_dataset *ds, int64_t item) {
    if (item >= 0 && item < ds->info.count) return GT_OK;
    return gt_fail(GT_USAGE, "item %" PRId64 " of '%s': there are %" PRId64, item, ds->spec, ds->info.count);
}

gt_status gt_dataset_mask(gt_dataset *ds, int64_t item, uint8_t *classes) {
    bool mirrored;
    gt_status st = check_item(ds, item);
    if (!st && ds->skips) { /* the mask of the picture that gt_dataset_read() gives */
        GT_FREED void *samples = malloc(ds->info.image_bytes);
        st = samples ? gt_dataset_take(ds, &item, samples, classes) : gt_fail(GT_NOMEM, "out of memory for a mask");
        return st;
    }
    if (!st) st = gt_dataset_mask_stored(ds, gt_dataset_stored(ds, item, &mirrored), classes);
    if (!st && mirrored) mirror(&ds->info, NULL, classes);
    return st;
}

/* ---- damaged pictures, where others take their places ---- */

int64_t gt_dataset_damaged_most(const gt_dataset *ds) { return gt_damage_most(ds->unmirrored); }

/* The item of the same mirroring that comes next after `last` and is, or is not, of the class of `item`; `item` itself:
 * there is none before it. */
static int64_t next_item(const gt_dataset *ds, int64_t item, int64_t last, bool same_class) {
    int64_t n = ds->unmirrored, from = item >= n ? n : 0;
    int class = gt_dataset_class(ds, item);
    for (int64_t next = last - from + 1;; next++) {
        if (next == n) next = 0;
        if (next == item - from || (gt_dataset_class(ds, next) == class) == same_class) return next + from;
    }
}

/* What comes after `last` among the items that may take the place of `item`: those of its class, then the others. -1:
 * nothing more. */
static int64_t next_choice(const gt_dataset *ds, int64_t item, int64_t last) {
    bool same_class = gt_dataset_class(ds, last) == gt_dataset_class(ds, item);
    int64_t next = next_item(ds, item, last, same_class);
    if (next == item && same_class) next = next_item(ds, item, item, false);
    return next == item ? -1 : next;
}

gt_status gt_dataset_take_by(gt_dataset *ds, int64_t *item, void *samples, uint8_t *mask, const gt_taking *how) {
    int64_t most = gt_damage_most(ds->unmirrored), wanted = *item;
    for (int64_t k = 1;; k++) {
        bool damaged, mirrored;
        int64_t stored = gt_dataset_stored(ds, *item, &mirrored);
        gt_status st = how->read(how->arg, stored, samples, mask, &damaged);
        if (!st && mirrored) mirror(&ds->info, samples, mask);
        if (!st || !damaged || !ds->skips) return st;
        if ((st = how->found(how->arg, stored))) return st;
        int64_t next = next_choice(ds, wanted, *item);
        if (k > most || next < 0) return gt_damage_too_many(ds->spec, k, ds->unmirrored);
        *item = next;
    }
}

bool gt_dataset_know_damaged(gt_dataset *ds, int64_t stored) {
    pthread_mutex_lock(&ds->lock);
    bool fresh = !gt_damage_has(&ds->damage, stored) && !gt_damage_add(&ds->damage, stored);
    pthread_mutex_unlock(&ds->lock);
    return fresh;
}

gt_status gt_dataset_join_damaged_all(gt_dataset *ds, gt_comm *comm, int64_t *n) {
    gt_status st = gt_damage_join_all(comm, &ds->damage); /* no thread reads meanwhile */
    *n = (int64_t)ds->damage.n;
    if (!st && *n > gt_damage_most(ds->unmirrored)) st = gt_damage_too_many(ds->spec, *n, ds->unmirrored);
    return st;
}

static gt_status read_stored(void *ds, int64_t stored, void *samples, uint8_t *mask, bool *damaged) {
    return gt_dataset_read_stored(ds, stored, samples, mask, damaged);
}

static gt_status note_damaged(void *arg, int64_t stored) {
    gt_dataset *ds = arg;
    bool fresh = gt_dataset_know_damaged(ds, stored);
    pthread_mutex_lock(&ds->lock);
    int64_t n = (int64_t)ds->damage.n;
    pthread_mutex_unlock(&ds->lock);
    if (fresh && gt_damage_tells(n)) gt_warn("%s: " GT_TAKES_ITS_PLACE, gt_message());
    return fresh && n > gt_damage_most(ds->unmirrored) ? gt_damage_too_many(ds->spec, n, ds->unmirrored) : GT_OK;
}

gt_status gt_dataset_take(gt_dataset *ds, int64_t *item, void *samples, uint8_t *mask) {
    gt_status st = check_item(ds, *item);
    bool looks = !mask && ds->skips && ds->uses_masks; /* a picture whose mask is damaged is left out, too */
    GT_FREED uint8_t *own = looks ? malloc(gt_mask_bytes(&ds->info)) : NULL;
    if (!st && looks && !own) st = gt_fail(GT_NOMEM, "out of memory for a mask");
    if (!st)
        st = gt_dataset_take_by(ds, item, samples, looks ? own : mask, &(gt_taking){read_stored, note_damaged, ds});
    return st;
}

gt_status gt_dataset_read(gt_dataset *ds, int64_t item, void *samples) {
    return gt_dataset_take(ds, &item, samples, NULL);
}
