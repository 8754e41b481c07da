/* SPDX-License-Identifier: Apache-2.0
 * Gives a rank the images and labels of its slices. A thread of the loader decodes the images ahead.
 *
 *     gt_sample_range slices[] = {{16, 8}, {24, 8}};
 *     gt_loader_plan plan = {.batch = 64, .full = {2, slices}, .seed = 7, .start_step = step};
 *     gt_loader *loader;
 *     if ((st = gt_loader_new(&loader, ds, &plan))) return st;
 *     for (; step < steps; step++)
 *         for (int r = 0; r < 2; r++)
 *             if ((st = gt_loader_step(loader, step, r, images, labels))) return st;
 *     gt_loader_free(loader);
 *
 * Sample j of range r in a step is the sample at position gt_steps_position(step) + ranges[r].first + j of the sampler
 * (sampler.h). All calls come from the main thread. The loader's thread never calls MPI or HDF5: the images of an HDF5
 * file are read when the loader is made if all of them fit into cache_bytes, else by gt_loader_step itself. The
 * loader's thread blocks all signals, and has the affinity of the thread that makes the loader. */
#ifndef GANTRY_DATA_DOOR_LOADER_H
#define GANTRY_DATA_DOOR_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/door/sampler.h"
#include "gantry/dataset.h"
#include "gantry/status.h"

#define GT_LOADER_CACHE ((size_t)1 << 30)

/* Decoded images that several loaders of one dataset keep once, such as those of the ranks of a host. */
typedef struct gt_loader_common {
    void *memory;     /* NULL: each loader keeps its own. Zeros at first; what is in it stays for later loaders */
    int place, count; /* this loader's among them: each reads its part of what is read at once */
} gt_loader_common;

typedef struct gt_loader gt_loader;

typedef struct gt_sample_range {
    int first, count; /* samples first .. first+count-1 of the batch */
} gt_sample_range;

typedef struct gt_sample_ranges { /* this rank's slices */
    int n;
    const gt_sample_range *range;
} gt_sample_ranges;

typedef struct gt_loader_plan {
    int batch; /* samples per step over all ranks */
    gt_epoch_end epoch_end;
    gt_sample_ranges full, rest; /* of a whole batch; of the short last batch of an epoch (GT_EPOCH_SHORT) */
    bool masks;                  /* the masks of the images are read, too */
    uint64_t seed;
    uint64_t start_step;     /* where decoding ahead begins */
    size_t cache_bytes;      /* a dataset whose decoded images take no more bytes than these stays decoded in memory */
    gt_loader_common common; /* for gt_loader_cache_bytes(), when that is not 0 */
} gt_loader_plan;

/* What the decoded images of a dataset take, and their masks if wanted; 0: more than `most`, none are kept. */
size_t gt_loader_cache_bytes(const gt_dataset_info *info, bool masks, size_t most);

/* `ds` must outlive the loader; the plan is copied. GT_USAGE: an impossible batch or range. On failure *out is
 * NULL. */
gt_status gt_loader_new(gt_loader **out, gt_dataset *ds, const gt_loader_plan *plan);
/* With plan.common.memory, and only then: to be called when gt_loader_new() has succeeded for all of these loaders. */
gt_status gt_loader_go(gt_loader *l);
void gt_loader_free(gt_loader *l); /* NULL is fine */

/* Waits until the images of a step are decoded, or for so many seconds. True: they are decoded, and gt_loader_step will
 * not wait for them. False also where gt_loader_step itself will read the images. */
bool gt_loader_wait(gt_loader *l, uint64_t step, double seconds);

typedef struct gt_loader_damage { /* of a step, as far as this rank's samples go */
    int n;
    const int64_t *picture; /* [n] stored images that are damaged, until the next step is asked for */
    int replaced;           /* samples that are other items than the sampler has drawn */
    bool undecodable;       /* after an error: it is that bytes do not decode */
} gt_loader_damage;

/* Waits until the images of a step are there. GT_OK: gt_loader_step will not fail in this step; else its error. */
gt_status gt_loader_ready(gt_loader *l, uint64_t step, gt_loader_damage *damage);

/* Images [count,H,W,C] in [-1,1] (x / 127.5 - 1 for the range 0..255) and labels [count,label_width] of one range of
 * one step, into the caller's memory; labels may be NULL. The same step may be asked for again. Steps that are asked
 * for in their order are decoded ahead. An image that cannot be read is an error of the step that needs the image; the
 * message names file and entry. Of a dataset that skips damaged images a sample is the item that gt_dataset_take()
 * gives for it. The function allocates no memory (libhdf5 does). */
gt_status gt_loader_step(gt_loader *l, uint64_t step, int range, float *images, float *labels);

/* Masks [count,H,W] of the same range of the step that gt_loader_step was asked for last (with plan.masks). */
gt_status gt_loader_masks(gt_loader *l, uint64_t step, int range, uint8_t *masks);

/* Seconds spent waiting for images since the last call of this function. */
double gt_loader_wait_seconds(gt_loader *l);

#endif
