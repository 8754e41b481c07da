/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints: everything that training needs to resume, in one HDF5 file that does not depend on the number of ranks.
 *
 * The file is 512 bytes of text (name, format version, size, XXH3-128 of the whole file), then the HDF5 data:
 *     /networks/NAME/<published tensor name, dots and all>   float32, published shape
 *     /optimizers/NAME/SLOT/<tensor name>                    float32
 *     /state/KEY             scalars: int64, float64 or text; state of a model (pl_mean, ...): float32
 *     /data/pictures, /data/readable, /data/unread, /data/samples, /data/range, /data/channels, /data/class_names
 *                            of the training data (gt_checkpoint_data); each may be missing
 *     /mixture/..., /going_on/...   float64 arrays, of Gaussian mixtures (mixture.h)
 *     /chain/head, ...       the chain of the run (run/door/chain.h)
 *     /recipe                the recipe keys of the job, as text
 *
 * with root attributes format_version, model, kernel_set, dataset (fingerprint), gantry_version, description, job (as
 * /recipe) and class_names. Groups, and entries outside of networks and optimizers, have the attribute `description`,
 * and `unit` where there is one (run/door/state_row.h, run/checkpoint_notes.c).
 * Equal states give equal bytes: the file holds no times and no names of hosts.
 *
 * Writing: the main thread builds the file in memory, a thread of the saver hashes and writes it while training goes
 * on:
 *
 *     gt_checkpoint *c = gt_checkpoint_begin(&(gt_checkpoint_about){.model = "stylegan2", ...});
 *     gt_checkpoint_tensor(c, "/networks/G/mapping.w_avg", &shape, values);    // the first error sticks, so that
 *     gt_checkpoint_int(c, "/state/images", images);                           // only gt_saver_start need be checked
 *     gt_saver_start(saver, c, images, false);
 *     ... train; now and then: switch (gt_saver_poll(saver)) ...
 *
 * Reading: the hash is verified before HDF5 gets the bytes. One thread must call all of these functions; only
 * that thread calls HDF5. */
#ifndef GANTRY_RUN_DOOR_CHECKPOINT_H
#define GANTRY_RUN_DOOR_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/door/sha256.h"
#include "gantry/checkpoint.h"
#include "gantry/memory.h"
#include "gantry/pool.h"
#include "gantry/sample.h"
#include "gantry/shape.h" /* gt_shape */
#include "gantry/status.h"

/* The format that this program writes. It reads all formats from 1 to this one (src/core/run/checkpoint_read.c). */
enum { GT_CHECKPOINT_FORMAT = 1 };

/* ---- writing ---- */

typedef struct gt_checkpoint gt_checkpoint;

gt_checkpoint *gt_checkpoint_begin(const gt_checkpoint_about *about); /* NULL: out of memory */
/* Missing groups of the path are made; a path that exists is an error. Data are copied. */
gt_status gt_checkpoint_tensor(gt_checkpoint *c, const char *path, const gt_shape *shape, const float *data);
gt_status gt_checkpoint_doubles(gt_checkpoint *c, const char *path, const gt_shape *shape, const double *data);
gt_status gt_checkpoint_int(gt_checkpoint *c, const char *path, int64_t value);
gt_status gt_checkpoint_double(gt_checkpoint *c, const char *path, double value);
gt_status gt_checkpoint_text(gt_checkpoint *c, const char *path, const char *value);
void gt_checkpoint_put_data(gt_checkpoint *c, const gt_checkpoint_data *d);
gt_sample_format gt_checkpoint_samples(const gt_checkpoint_data *d);
/* Names of classes as a JSON array of texts, ["disc","ring"], which the caller frees; NULL: out of memory. Bytes that
 * are not UTF-8 become question marks. */
char *gt_class_names_to_text(const char *const *name, int n);
/* The names in such a text, in the arena. Control characters become question marks. GT_FORMAT: no such array. */
gt_status gt_class_names_from_text(const char *text, gt_arena *a, const char *const **name, int *n);
/* From here on also the root of the state is wanted: SHA-256 of a tree whose leaves are the entries, sorted by the
 * bytes of their paths, but for /recipe, /data and /chain; a leaf is that of a part in runner/contents/door/contents.h.
 * The threads of the pool (NULL: this one alone) hash. */
void gt_checkpoint_want_root(gt_checkpoint *c, gt_pool *pool);
/* The same without a file: what is put is hashed and forgotten. NULL: out of memory. */
gt_checkpoint *gt_checkpoint_begin_root(gt_pool *pool);
/* Of what was put so far. Returns the first error of all calls on `c`. */
gt_status gt_checkpoint_root(gt_checkpoint *c, gt_sha256 *root);
/* Ends the content; gt_saver_start() and gt_checkpoint_write() call this function. Returns the first error of all calls
 * on `c`. */
gt_status gt_checkpoint_finish(gt_checkpoint *c);
size_t gt_checkpoint_bytes(const gt_checkpoint *c); /* size of the finished file */
void gt_checkpoint_free(gt_checkpoint *c);          /* the checkpoint is abandoned; NULL is fine */
/* Finishes the checkpoint and writes it under any name, atomically and durably, before the function returns. The
 * caller keeps `c`. */
gt_status gt_checkpoint_write(gt_checkpoint *c, const char *path);

/* "checkpoint-000200000.h5": numbered by images shown. */
void gt_checkpoint_name(int64_t images, char name[40]);

/* ---- writing in the background ---- */

struct gt_ledger; /* run/door/ledger.h */
struct gt_ledger_line;
typedef struct gt_saver gt_saver;
typedef enum gt_saver_state {
    GT_SAVER_IDLE,
    GT_SAVER_BUSY,
    GT_SAVER_WRITTEN, /* reported once: gt_saver_outcome() has the details */
    /* Reported once; older checkpoints stay; make a new checkpoint at the next tick. A warning is logged when writing
     * begins to fail, or fails for another reason than before, and a line when writing works again. */
    GT_SAVER_FAILED,
} gt_saver_state;

typedef struct gt_saver_result {
    gt_status status;
    int64_t images;
    size_t bytes;
    double seconds;
    bool best; /* it is the best so far: the link `best` points to it, or will when it can be made */
    char name[40];
    char message[1024]; /* why it failed; "" otherwise */
} gt_saver_result;

/* Which checkpoints stay. The newest checkpoint, and the checkpoint that `best` points to, always stay. */
typedef struct gt_keep {
    int newest;    /* how many of the newest; at least 1 */
    int64_t every; /* also the first checkpoint of every so many images, for ever; 0: none */
    double audit;  /* also others, thinned evenly, from which an audit can compute the run again: at most so many bytes
                      of them; 0: none. See checkpoint_choose_removed() */
    double bytes;  /* most bytes of all checkpoints: those for audits are removed first, then the oldest, until the
                      rest fits, but never the two newest and the best; 0: no limit */
} gt_keep;

/* A saver of checkpoints into `dir`. Removes half-written files (*.part) of an earlier process: the caller holds
 * the lock of the run. `ledger` (NULL: none) gets a line of each checkpoint, before the link `last` names the file;
 * where the line cannot be written, the checkpoint has failed. NULL: out of memory. */
gt_saver *gt_saver_new(const char *dir, const gt_keep *keep, struct gt_ledger *ledger);
/* What the ledger is to say of the checkpoint that comes next: step, state, head. */
void gt_saver_tell(gt_saver *s, const struct gt_ledger_line *line);
/* Frees `c` in every case. Waits until an earlier checkpoint is written (its failure is logged). The file replaces
 * a file of the same name. When the file is complete, the link `last` points to it, and `best` too if `best` is
 * true; only then older checkpoints are removed. The best one stays also while the link cannot be made. */
gt_status gt_saver_start(gt_saver *s, gt_checkpoint *c, int64_t images, bool best);
/* A checkpoint that is written while the saver holds removes no older ones, since it is not known yet whether it is the
 * best. */
void gt_saver_hold(gt_saver *s, bool holds);
/* The latest checkpoint, of so many images and on the disk, is judged: lets the link `best` point to the checkpoint of
 * `best` images (-1: to the one that it points to), removes older ones by the rules, and ends the hold. A link that
 * cannot be made is a warning; it is made after the next checkpoint. */
void gt_saver_decide(gt_saver *s, int64_t images, int64_t best);
/* The run ends at the checkpoint of so many images, which is on the disk: the links that could not be made are tried
 * once more. GT_FAILED: one of them still cannot be made. */
gt_status gt_saver_settle(gt_saver *s, int64_t images);
/* The number of images of the checkpoint to which the link `best` in `dir` points; -1: there is no such link. */
int64_t gt_checkpoint_best(const char *dir);
gt_saver_state gt_saver_poll(gt_saver *s); /* never waits */
gt_saver_state gt_saver_wait(gt_saver *s); /* waits until nothing is being written; then like gt_saver_poll() */
const gt_saver_result *gt_saver_outcome(const gt_saver *s); /* of the latest WRITTEN or FAILED */
void gt_saver_free(gt_saver *s);                            /* waits; NULL is fine */

/* Renames the checkpoints in `dir` of `images` or more images shown to bad-checkpoint-*.h5, and counts them in *n. The
 * links `last` and `best` then point to the newest checkpoint that is left. GT_FAILED: none would be left, and nothing
 * is changed. Must not be called while a checkpoint is being written. */
gt_status gt_checkpoint_set_aside(const char *dir, int64_t images, int *n);

/* ---- reading ---- */

/* The path of the file that gt_checkpoint_open() would open, to be freed: `path` if the file verifies (of a link the
 * file behind it), or the newest checkpoint of a directory that verifies. Only size, format and checksum are checked;
 * HDF5 is not called. The file is held: gt_checkpoint_open() opens it by this path in this process also when a training
 * has removed it. NULL and GT_OK: the directory has no checkpoints. */
gt_status gt_checkpoint_choose(const char *path, char **file);

/* ---- networks that lie in files of another kind (network.h) ---- */

typedef struct gt_checkpoint_source {
    gt_checkpoint_about about;
    int n;
    const gt_checkpoint_entry *entries; /* [n] of floats, doubles and texts; `name` is not read */
    /* Writes the values of entry i, as its type says: floats, doubles, bytes of a text. */
    gt_status (*read)(void *arg, int i, void *out);
    void (*close)(void *arg); /* called when the file is closed; NULL: nothing is */
    void *arg;
} gt_checkpoint_source;

/* A checkpoint whose values come from `source` when they are read. Texts are copied. The format is 0. NULL: out of
 * memory; `arg` is then closed. */
gt_checkpoint_file *gt_checkpoint_from(const char *path, const gt_checkpoint_source *source);

/* Opens the newest checkpoint of a run that verifies; each checkpoint that is passed over is a warning with the
 * reason. *file NULL and GT_OK: the run has no checkpoint. GT_FORMAT, GT_FAILED: no checkpoint can be used. A
 * checkpoint of a newer format is an error and never passed over. */
gt_status gt_checkpoint_newest(const char *dir, gt_checkpoint_file **file);
/* The same where it may be open: *file, if not NULL, stays where it is the newest still, and else is closed. */
gt_status gt_checkpoint_newest_still(const char *dir, gt_checkpoint_file **file);

#endif
