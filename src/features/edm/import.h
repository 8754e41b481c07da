/* SPDX-License-Identifier: Apache-2.0
 * Networks of EDM's own program, and of files with its names: sizes follow from names and shapes of tensors, the
 * preconditioning from the class and its attributes (docs/networks.md#edm). */
#ifndef GANTRY_FEATURES_EDM_IMPORT_H
#define GANTRY_FEATURES_EDM_IMPORT_H

#include "files/codec/door/weights.h"
#include "networks/model/door/import.h"
#include "features/edm/edm.h"

typedef struct gt_edm_file {
    gt_imported *m;
    char prefix[GT_WEIGHT_PREFIX_BYTES]; /* of names: "ema.model." */
    const char *module, *class;          /* "ema" "EDMPrecond"; class NULL: the file does not say */
} gt_edm_file;

/* ---- import_values.c ---- */

/* GT_FORMAT: "a network of EDM's program WHAT: INSTEAD". */
gt_status gt_edm_refuse(const char *what, const char *instead);
/* *out: the number of an attribute of the whole network, or of an argument of its constructor; else it stays. */
gt_status gt_edm_number(const gt_edm_file *f, const char *name, double *out);
/* All of *d but the U-Net and the class's kind of preconditioning. */
gt_status gt_edm_precond(const gt_edm_file *f, gt_denoiser *d);
/* GT_FORMAT: a module has a value that is not known, or another one than Gantry's U-Net. */
gt_status gt_edm_check_values(const gt_edm_file *f, const gt_unet_shape *s);

#endif
