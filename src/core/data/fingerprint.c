/* SPDX-License-Identifier: Apache-2.0
 * What tells a dataset from others: a hash of what networks are given of it. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "data/dataset_internal.h"
#include "base/door/progress.h"
#include "data/door/dataset.h"

enum { LOOKS = 256 };

/* Pictures with alpha have names of channels whether somebody gave them or not. */
static bool usual_colours(const gt_dataset_info *i) {
    int colours = gt_dataset_colours(i);
    return colours == 0 || (colours == i->channels - 1 && gt_dataset_alpha(i));
}

/* What the networks are given of samples and channels. The usual adds nothing: checkpoints hold the number of what they
 * were trained on. */
static void hash_meaning(const gt_dataset_info *info, gt_hasher *h) {
    for (int k = 0; k < 2 && !gt_dataset_usual_range(info); k++) {
        uint64_t word;
        memcpy(&word, &info->range[k], sizeof word);
        word = htole64(word);
        gt_hasher_add(h, &word, sizeof word);
    }
    uint32_t colours = htole32((uint32_t)gt_dataset_colours(info));
    if (!usual_colours(info)) gt_hasher_add(h, &colours, sizeof colours);
}

void gt_dataset_hash_shape(const gt_dataset *ds, gt_hasher *h) {
    gt_source_hash(ds->source, &ds->shape, h);
    if (ds->source->mask) gt_hasher_add(h, "masks", 5);
    hash_meaning(&ds->info, h);
}

/* The pixels of evenly spaced pictures. */
static gt_status hash_pixels(gt_dataset *ds, gt_hasher *h, int64_t most) {
    int64_t all = ds->source->count, looks = all < most ? all : most;
    size_t mask = ds->source->mask ? (size_t)ds->shape.height * (size_t)ds->shape.width : 0;
    GT_FREED char *samples = malloc(ds->info.image_bytes + mask);
    gt_status st = samples ? GT_OK : gt_fail(GT_NOMEM, "out of memory for one image of '%s'", ds->spec);
    for (int64_t k = 0; k < looks && !st; k++) {
        gt_progress();
        bool damaged;
        st = gt_dataset_samples(ds, k * all / looks, samples, &damaged);
        if (!st && mask) st = gt_dataset_mask_stored(ds, k * all / looks, (uint8_t *)samples + ds->info.image_bytes);
        if (!st) gt_hasher_add(h, samples, ds->info.image_bytes + mask);
        else if (ds->skips && st == GT_FORMAT) st = GT_OK;
    }
    return st;
}

/* `most`: pictures that may be read for it; 0: as many as needed. */
static gt_status hash_source(gt_dataset *ds, int64_t most, gt_hash128 *out) {
    const gt_source *s = ds->source;
    gt_hasher *h = gt_hasher_new();
    if (!h) return gt_fail(GT_NOMEM, "out of memory for a fingerprint");
    gt_dataset_hash_shape(ds, h);
    gt_status st = s->fingerprint ? s->fingerprint(s, h, most) : hash_pixels(ds, h, most ? most : LOOKS);
    *out = gt_hasher_end(h);
    return st;
}

gt_status gt_dataset_fingerprint(gt_dataset *ds, gt_hash128 *out) { return hash_source(ds, 0, out); }

gt_status gt_dataset_whole_fingerprint(gt_dataset *ds, gt_hash128 *out) {
    return hash_source(ds, ds->source->fingerprint ? 0 : ds->source->count, out);
}

gt_status gt_dataset_quick_fingerprint(gt_dataset *ds, gt_hash128 *out) {
    enum { FEW = 16 };
    return hash_source(ds, FEW, out);
}
