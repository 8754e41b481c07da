/* SPDX-License-Identifier: Apache-2.0
 * Trained networks, whatever file they are in: a checkpoint, a run's directory, or a file of another program
 * (files/codec/door/weights.h), which is then read as if it were a checkpoint.
 *
 *     gt_status st;
 *     gt_checkpoint_file *f = gt_network_open("network-snapshot-025000.pkl", NULL, &st);
 *     gt_checkpoint_read(f, "/networks/G_ema/mapping.w_avg", w_avg, 512);
 *
 * Of a file of another program only the tensors that are asked for are read. Its recipe (gt_checkpoint_info) is made of
 * what the file says and of the shapes of its tensors. A tensor with a value that is not a number cannot be read.
 *
 * The name of a network that comes with Gantry ("clipart64") stands for its file, unless a file or folder of this name
 * is there. The name of a network that the reference implementation downloads ("ffhq256"), or an address, stands for
 * the file that the reference has kept of it. Nothing is downloaded.
 *
 * Stable from 1.0 on: what stands here keeps its meaning; structs may get more members. */
#ifndef GANTRY_NETWORK_H
#define GANTRY_NETWORK_H

#include "gantry/checkpoint.h"
#include "gantry/kernels.h"
#include "gantry/option.h"
#include "gantry/program.h"

/* How files of networks are read; all of it may be NULL. */
typedef struct gt_network_options {
    const gt_kernel_set *kernels; /* where this CPU does not have those of the checkpoint; NULL: the best */
    const gt_options *given; /* "clamp", "lrmul", "image-size", "normalize" on the command line: for files that do not
                                say them; "strict". Read while a file is opened */
} gt_network_options;

/* What the option "strict" does. */
#define GT_STRICT "Refuse a .pkl whose stored source text is not a published one; without the option: a warning"

/* ---- networks that come with Gantry: the files of the folder `networks` (gantry/program.h) ---- */

#define GT_SHIPPED_NETWORKS "networks", ".h5" /* folder and ending */

/* The file of the network that comes with Gantry under this name; false: there is no such network, or a file or folder
 * of this name is there. */
bool gt_network_shipped(const char *name, char path[GT_PROGRAM_PATH_BYTES]);

/* ---- files ---- */

/* NULL: see gt_message(). `o` and `status` may be NULL. What a file does not say, and what is taken instead, is logged,
 * once for each file. */
gt_checkpoint_file *gt_network_open(const char *path, const gt_network_options *o, gt_status *status);

/* GT_FORMAT: the file has no network; it is a mixture, or of no model that is known. */
gt_status gt_network_held(const gt_checkpoint_file *f);

/* The path of the file that gt_network_open() would open, to be freed. A checkpoint is verified (gt_checkpoint_choose),
 * a file of another program is looked through without reading its tensors. *foreign: it is one of those. NULL and
 * GT_OK: the directory has no checkpoints. */
gt_status gt_network_choose(const char *path, const gt_network_options *o, char **file, bool *foreign);

/* Is this a file of another program with networks that Gantry has? */
bool gt_network_is_foreign(const char *path, const gt_network_options *o);

#endif
