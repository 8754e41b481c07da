/* SPDX-License-Identifier: Apache-2.0
 * What a command writes where the user says, and what may lie in its place: one rule for all commands.
 *
 * Pictures, films, pages, tables, statistics, exported networks and arrays of results are replaced by their own kind,
 * whichever command made them. All else (datasets, checkpoints, jobs, texts, networks that gantry export has not
 * written, files of unknown kind) is replaced only with --overwrite, and so are the pictures of a dataset and every
 * file that the command reads. A checkpoint in the folder of a run is never replaced, and no command but gantry train
 * makes one there. The kind of what lies there follows from its contents, not from its name. A row of a table of
 * options names what the option writes: see CLI_WRITES() and CLI_FILLS() in command/door/cli.h.
 *
 * For Gantry's own commands: may change with any version. */
#ifndef GANTRY_OUTFILE_H
#define GANTRY_OUTFILE_H

#include <stdbool.h>

#include "gantry/status.h"

typedef enum gt_outfile_kind {
    GT_OUTFILE_OTHER,   /* of what lies there: none of the following */
    GT_OUTFILE_NOTHING, /* of what lies there: nothing can be lost; an empty file, a device, what stdout writes to */
    /* replaced by their own kind */
    GT_OUTFILE_PICTURE,    /* PNG, JPEG, WebP, SVG */
    GT_OUTFILE_FILM,       /* WebP with several frames, MP4 */
    GT_OUTFILE_PAGE,       /* HTML of a report or a comparison of Gantry */
    GT_OUTFILE_TABLE,      /* CSV and findings of a command of Gantry, told by their first lines */
    GT_OUTFILE_POINTS,     /* CSV of gantry gmm: columns of the user's data, then those of the mixture */
    GT_OUTFILE_STATISTICS, /* .npz: mu and sigma */
    GT_OUTFILE_NETWORK,    /* .pkl, .safetensors, .onnx, .npz and .h5 of gantry export */
    GT_OUTFILE_ARRAYS,     /* numbers beside pictures: latents.h5, predictions.h5, projected_w.npz, seed0000.npy ... */
    /* as what is written */
    GT_OUTFILE_DATASET, /* replaces nothing by itself */
    GT_OUTFILE_OWN,     /* the command itself looks at what lies there, which it may resume */
} gt_outfile_kind;

typedef struct gt_outfile_name {
    const char *pattern; /* "*.png", as in bash; messages name the endings of those that begin with * */
    gt_outfile_kind kind;
} gt_outfile_name;

/* Lists end with {0}. */
typedef struct gt_outfile {
    const gt_outfile_name *files; /* the file's name, and what is written into a file of such a name; NULL: no file */
    /* Files that are written into a folder; NULL: no folder. An empty list: what lies in the folder is not looked at.
     */
    const gt_outfile_name *inside;
    /* Also into folders in this folder: those whose path, as seen from this folder, is of this pattern; NULL: none. */
    const char *folders;
} gt_outfile;

/* GT_USAGE: nothing of this name is written there; the message names the endings. Devices and pipes have any name. */
gt_status gt_outfile_check_name(const gt_outfile *o, const char *path);
/* May the command write there? GT_USAGE: something lies there that stays. To be called before the work and before
 * MPI_Init, by the rank that writes. */
gt_status gt_outfile_check(const gt_outfile *o, const char *path, bool overwrite);
/* Is `path` the output `place` itself, or a file in it? */
bool gt_outfile_has(const gt_outfile *o, const char *place, const char *path);
/* For such a file, at the moment when a new file is to take its place: the same question again, also while MPI is up
 * and from any thread. */
gt_status gt_outfile_check_again(const gt_outfile *o, const char *place, const char *path, bool overwrite);
/* GT_USAGE: `path` is a checkpoint in the folder of a run, or would be one. */
gt_status gt_outfile_check_run(const char *path);
/* From now on these n files are what the command reads. The list is looked at whenever a check is made; "" stands for
 * no file. */
void gt_outfile_read_from(const char *const *paths, int n);

#endif
