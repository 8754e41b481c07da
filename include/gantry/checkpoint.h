/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints: everything needed to go on, in one HDF5 file that knows nothing of ranks.
 *
 * The file is 512 bytes of text (name, format version, size, XXH3-128 of the whole file), then the HDF5 data:
 *     /networks/NAME/<published tensor name, dots and all>   float32, published shape
 *     /optimizers/NAME/SLOT/<tensor name>                    float32
 *     /state/KEY                                             scalars: int64, float64 or text; a model's own (pl_mean, ...): float32
 *     /data/pictures, /data/range, /data/channels            of the training data (gt_checkpoint_data); none need be there
 *     /mixture/..., /going_on/...                            float64 arrays, of Gaussian mixtures (mixture.h)
 *     /recipe                                                the recipe keys of the job, as text
 * with root attributes format_version, model, kernel_set, dataset. Equal states give equal bytes: no times, no hosts.
 *
 * Writing: the main thread builds the file in memory, a thread of the saver hashes and writes it while training goes on:
 *
 *     gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){.model = "stylegan2", ...});
 *     gt_checkpoint_tensor(c, "/networks/G/mapping.w_avg", &shape, values);    // the first error sticks, so that
 *     gt_checkpoint_int(c, "/state/images", images);                           // only gt_saver_start need be checked
 *     gt_saver_start(saver, c, images);
 *     ... train; now and then: switch (gt_saver_poll(saver)) ...
 *
 * Reading: the hash is verified before HDF5 sees a byte. HDF5 is called on the calling thread alone; all of this belongs to one thread. */
#ifndef GANTRY_CHECKPOINT_H
#define GANTRY_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/graph.h" /* gt_shape */
#include "gantry/memory.h"
#include "gantry/status.h"

enum { GT_CHECKPOINT_FORMAT = 1 }; /* what this program writes; it reads 1 .. this */

typedef struct gt_checkpoint_about {
    const char *model;      /* "stylegan2" */
    const char *kernel_set; /* "avx2", ... */
    const char *dataset;    /* fingerprint, 32 hex digits; "" when there is none */
    const char *recipe;     /* recipe keys as INI text */
} gt_checkpoint_about;

/* ---- writing ---- */

typedef struct gt_checkpoint gt_checkpoint;

gt_checkpoint *gt_checkpoint_begin(const gt_checkpoint_about *about);      /* NULL: out of memory */
/* Groups on the way are made; a path that is there already is an error. Data are copied at once. */
gt_status gt_checkpoint_tensor(gt_checkpoint *c, const char *path, const gt_shape *shape, const float *data);
gt_status gt_checkpoint_doubles(gt_checkpoint *c, const char *path, const gt_shape *shape, const double *data);
gt_status gt_checkpoint_int(gt_checkpoint *c, const char *path, int64_t value);
gt_status gt_checkpoint_double(gt_checkpoint *c, const char *path, double value);
gt_status gt_checkpoint_text(gt_checkpoint *c, const char *path, const char *value);
/* Of the pictures that the networks were trained on. Old checkpoints say nothing. */
typedef struct gt_checkpoint_data {
    char pictures[33];    /* fingerprint that does not depend on files (gt_data_look), 32 hex digits; "": not known */
    bool has_range;       /* false: the usual one of their kind of samples, or not known */
    double range[2];      /* samples that stand for -1 and 1 */
    const char *channels; /* names, "R,G,B"; NULL: not given */
} gt_checkpoint_data;
void gt_checkpoint_put_data(gt_checkpoint *c, const gt_checkpoint_data *d);
gt_status gt_checkpoint_finish(gt_checkpoint *c); /* no more content; gt_saver_start calls it. Reports the first error of all. */
size_t gt_checkpoint_bytes(const gt_checkpoint *c); /* size of the finished file */
void gt_checkpoint_free(gt_checkpoint *c);        /* abandon it; NULL is fine */
/* Write at once and wait, atomically and durably, under any name (an unfinished one is finished; it stays the caller's). */
gt_status gt_checkpoint_write(gt_checkpoint *c, const char *path);

/* "checkpoint-000200000.h5": numbered by images shown. */
void gt_checkpoint_name(int64_t images, char name[40]);

/* ---- writing in the background ---- */

typedef struct gt_saver gt_saver;
typedef enum gt_saver_state {
    GT_SAVER_IDLE,
    GT_SAVER_BUSY,
    GT_SAVER_WRITTEN, /* reported once: gt_saver_outcome() has the details */
    GT_SAVER_FAILED,  /* reported once; older checkpoints stay; make a new one at the next tick. A warning is logged when writing begins to fail,
                         or fails for another reason than last time, and a line when it works again */
} gt_saver_state;

typedef struct gt_saver_result {
    gt_status status;
    int64_t images;
    size_t bytes;
    double seconds;
    bool best;          /* `best` points to it */
    char name[40];
    char message[1024]; /* why it failed; "" otherwise */
} gt_saver_result;

/* Which checkpoints stay. The newest one and the one `best` points to do in any case. */
typedef struct gt_keep {
    int newest;      /* so many newest; at least 1 */
    int64_t every;   /* also the first one of every so many images, for good; 0: none */
    double bytes;    /* of all together: the oldest go until the rest fits, down to the two newest and the best; 0: no cap */
} gt_keep;

/* Checkpoints go into `dir`. Clears away half-written files (*.part) of an earlier process: hold the run's lock. */
gt_saver *gt_saver_new(const char *dir, const gt_keep *keep);
/* Takes `c` in every case. Waits for an earlier one still being written (its failure is logged). The file replaces one of the same
 * name; `last`, and `best` if this is the best one so far, point to it once it is complete. Nothing is removed before that. */
gt_status gt_saver_start(gt_saver *s, gt_checkpoint *c, int64_t images, bool best);
/* The images of the checkpoint that `best` in `dir` points to; -1: none. */
int64_t gt_checkpoint_best(const char *dir);
gt_saver_state gt_saver_poll(gt_saver *s);        /* never blocks */
gt_saver_state gt_saver_wait(gt_saver *s);        /* until nothing is being written; then as gt_saver_poll */
const gt_saver_result *gt_saver_outcome(const gt_saver *s); /* of the latest WRITTEN or FAILED */
void gt_saver_free(gt_saver *s);                  /* waits; NULL is fine */

/* The checkpoints in `dir` of `images` or more images shown become bad-checkpoint-*.h5, *n of them, and `last` and `best` point to the newest that is left.
 * When none would be left it is an error, and nothing is changed. Not while one is being written. */
gt_status gt_checkpoint_set_aside(const char *dir, int64_t images, int *n);

/* ---- reading ---- */

typedef struct gt_checkpoint_file gt_checkpoint_file;
typedef enum gt_checkpoint_type { GT_CHECKPOINT_FLOAT, GT_CHECKPOINT_DOUBLE, GT_CHECKPOINT_INT, GT_CHECKPOINT_TEXT } gt_checkpoint_type;

typedef struct gt_checkpoint_entry {
    const char *path;        /* "/networks/G/mapping.w_avg" */
    const char *name;        /* the part after the last slash, within path */
    gt_checkpoint_type type;
    gt_shape shape;          /* of floats and doubles; scalar otherwise */
    size_t size;             /* elements; bytes of text */
} gt_checkpoint_entry;

/* NULL: missing, damaged (GT_FORMAT), of a newer format, ... `status` may be NULL. A directory means its newest that verifies. */
gt_checkpoint_file *gt_checkpoint_open(const char *path, gt_status *status);
/* The file to open: `path` itself if it verifies, of a directory its newest that does; size, format and checksum alone count, HDF5 sees nothing of it.
 * To be freed. NULL and GT_OK: a directory without checkpoints. */
gt_status gt_checkpoint_choose(const char *path, char **file);
void gt_checkpoint_close(gt_checkpoint_file *f); /* NULL is fine */
const char *gt_checkpoint_path(const gt_checkpoint_file *f);
int gt_checkpoint_format(const gt_checkpoint_file *f);
const gt_checkpoint_about *gt_checkpoint_info(const gt_checkpoint_file *f);

/* What is there, in the order it was written. `under`: "/networks/G" (its direct and indirect members), or "" for all.
 * Loop: for (int i = gt_checkpoint_first(f, u); i >= 0; i = gt_checkpoint_next(f, u, i)) ... gt_checkpoint_at(f, i) */
int gt_checkpoint_next(const gt_checkpoint_file *f, const char *under, int after); /* -1: no more */
static inline int gt_checkpoint_first(const gt_checkpoint_file *f, const char *under) { return gt_checkpoint_next(f, under, -1); }
const gt_checkpoint_entry *gt_checkpoint_at(const gt_checkpoint_file *f, int i);
const gt_checkpoint_entry *gt_checkpoint_find(const gt_checkpoint_file *f, const char *path); /* NULL: not there (no message) */

/* Missing, of another type or size: an error that names file and path. */
gt_status gt_checkpoint_read(const gt_checkpoint_file *f, const char *path, float *out, size_t floats);
gt_status gt_checkpoint_read_doubles(const gt_checkpoint_file *f, const char *path, double *out, size_t doubles);
gt_status gt_checkpoint_get_int(const gt_checkpoint_file *f, const char *path, int64_t *value);
gt_status gt_checkpoint_get_double(const gt_checkpoint_file *f, const char *path, double *value);
gt_status gt_checkpoint_get_text(const gt_checkpoint_file *f, const char *path, char *out, size_t bytes); /* with its final 0 */

/* Texts go into the arena. */
gt_status gt_checkpoint_get_data(const gt_checkpoint_file *f, gt_arena *a, gt_checkpoint_data *out);

/* The newest checkpoint of a run that verifies, opened; what was passed over, and why, is logged as warnings.
 * *file NULL and GT_OK: there is none at all. Some, but none usable: an error. One of a newer format is an error, never passed over. */
gt_status gt_checkpoint_newest(const char *dir, gt_checkpoint_file **file);

#endif
