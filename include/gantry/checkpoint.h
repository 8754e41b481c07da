/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints: everything that training needs to resume, in one HDF5 file that does not depend on the number of ranks.
 * The file is 512 bytes of text (name, format version, size, XXH3-128 of the whole file), then the HDF5 data; the
 * layout stands in src/core/run/door/checkpoint.h, with the functions that write.
 *
 *     gt_status st;
 *     gt_checkpoint_file *f = gt_checkpoint_open("runs/first", &st);
 *     gt_checkpoint_read(f, "/networks/G_ema/mapping.w_avg", values, 512);
 *     gt_checkpoint_close(f);
 *
 * The hash is verified before HDF5 gets the bytes. One thread must call all of these functions; only that thread calls
 * HDF5.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_CHECKPOINT_H
#define GANTRY_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gantry/arrays.h"
#include "gantry/dist.h"
#include "gantry/memory.h"
#include "gantry/sample.h"
#include "gantry/shape.h" /* gt_shape */
#include "gantry/status.h"

typedef struct gt_checkpoint_about {
    const char *model;      /* "stylegan2" */
    const char *kernel_set; /* "avx2", ... */
    const char *dataset;    /* fingerprint, 32 hex digits; "" when there is none */
    const char *recipe;     /* recipe keys as INI text */
} gt_checkpoint_about;

/* ---- writing ---- */

/* Facts about the pictures that the networks were trained on. Old checkpoints have none of them. */
typedef struct gt_checkpoint_data {
    char pictures[33];    /* fingerprint that does not depend on files (gt_data_look), 32 hex digits; "": unknown */
    char readable[33];    /* the same of some of them, where not all could be read; "": all could, or unknown */
    char unread[65];      /* which could not (gt_data_look) */
    gt_sample samples;    /* what the numbers of the pictures are; 8-bit also where it is unknown */
    bool has_range;       /* false: the usual range of the type of samples, or unknown */
    double range[2];      /* the samples that become -1 and 1 */
    const char *channels; /* names of channels, "R,G,B"; NULL: not given */
    bool vectors;         /* the labels that the networks know are vectors; false: classes, none, or unknown */
    int class_names;      /* how many classes have names: 0 .. class_names - 1; 0: names are not given */
    const char *const *class_name;
    const struct gt_channel_scale *scale; /* [scales] channels of fields (fields.h); NULL: of ordinary pictures */
    int scales, conditions;
    const struct gt_fields_place *place; /* the targets' grid; NULL: not known */
} gt_checkpoint_data;

/* ---- writing in the background ---- */

bool gt_checkpoint_any(const char *dir); /* has the folder a checkpoint? */

/* ---- reading ---- */

typedef struct gt_checkpoint_file gt_checkpoint_file;

typedef struct gt_checkpoint_entry {
    const char *path; /* "/networks/G/mapping.w_avg" */
    const char *name; /* the part after the last slash, within path */
    gt_number type;   /* GT_NUMBER_FLOAT, _DOUBLE, _INT64 or _TEXT */
    gt_shape shape;   /* of floats and doubles; scalar otherwise */
    size_t size;      /* elements; bytes of text */
} gt_checkpoint_entry;

/* NULL: the file is missing, damaged or of a newer format (GT_FORMAT), ... `status` may be NULL. Of a
 * directory the newest checkpoint that verifies is opened. */
gt_checkpoint_file *gt_checkpoint_open(const char *path, gt_status *status);
/* GT_FAILED, with a message: the folder has no checkpoint; of a run that goes on there, when its first one comes and
 * how to ask for one now; else runs in this folder are named. */
gt_status gt_checkpoint_none_in(const char *folder);
/* What a run's link `last` or `best` stands for at this moment, or a copy of any other path; to be freed. Where the
 * checkpoint goes before it can be opened, the link is read again. */
gt_status gt_checkpoint_settle(const char *path, char **file);
/* Rank 0 has chosen a file: all ranks hold it. A rank that finds it gone gets the bytes from rank 0. */
gt_status gt_checkpoint_hold_all(gt_comm *c, const char *path);
void gt_checkpoint_close(gt_checkpoint_file *f); /* NULL is fine */
const char *gt_checkpoint_path(const gt_checkpoint_file *f);
int gt_checkpoint_format(const gt_checkpoint_file *f); /* 0: a file of another kind (gt_checkpoint_from) */
const gt_checkpoint_about *gt_checkpoint_info(const gt_checkpoint_file *f);

/* The entries in the order of writing. `under`: "/networks/G" (direct and indirect members), or "" for all.
 * Loop: for (int i = gt_checkpoint_first(f, u); i >= 0; i = gt_checkpoint_next(f, u, i)) ... gt_checkpoint_at(f, i) */
int gt_checkpoint_next(const gt_checkpoint_file *f, const char *under, int after); /* -1: there are no more */
static inline int gt_checkpoint_first(const gt_checkpoint_file *f, const char *under) {
    return gt_checkpoint_next(f, under, -1);
}
const gt_checkpoint_entry *gt_checkpoint_at(const gt_checkpoint_file *f, int i);
/* NULL: not there (no message) */
const gt_checkpoint_entry *gt_checkpoint_find(const gt_checkpoint_file *f, const char *path);

/* An entry that is missing, or of another type or size, is an error that names file and path. */
gt_status gt_checkpoint_read(const gt_checkpoint_file *f, const char *path, float *out, size_t floats);
gt_status gt_checkpoint_read_doubles(const gt_checkpoint_file *f, const char *path, double *out, size_t doubles);
gt_status gt_checkpoint_get_int(const gt_checkpoint_file *f, const char *path, int64_t *value);
gt_status gt_checkpoint_get_double(const gt_checkpoint_file *f, const char *path, double *value);
/* `bytes` include the final 0. */
gt_status gt_checkpoint_get_text(const gt_checkpoint_file *f, const char *path, char *out, size_t bytes);

/* A text attribute of an entry, of a group or, "/", of the file: "unit", "description". "": there is none that
 * can be read. NULL: memory is short. Control characters become question marks. Valid until the file is closed. */
const char *gt_checkpoint_note(gt_checkpoint_file *f, const char *path, const char *name);

/* Texts are copied into the arena. */
gt_status gt_checkpoint_get_data(const gt_checkpoint_file *f, gt_arena *a, gt_checkpoint_data *out);

/* Texts of files of other programs beside the entries of checkpoints: the kind of the file; "G_ema Generator, D
 * Discriminator", where the file names classes; the recipe's lines that follow from the file. */
#define GT_FILE_KIND "/file/kind"
#define GT_FILE_CLASSES "/file/classes"
#define GT_FILE_OPTIONS "/file/options"
/* Lines on networks that are there and cannot be used: "D: there is no tensor 'b4.out.weight'". */
#define GT_FILE_FAULTS "/file/faults"

#endif
