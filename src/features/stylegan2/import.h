/* SPDX-License-Identifier: Apache-2.0
 * Networks of StyleGAN2 in files of other programs: pickles of the reference implementation and of its TensorFlow
 * predecessor, and state dicts with the reference's names, bare or behind G_ema., G., D. What a file does not say
 * follows from the names and shapes of its tensors. */
#ifndef GANTRY_FEATURES_STYLEGAN2_IMPORT_H
#define GANTRY_FEATURES_STYLEGAN2_IMPORT_H

#include "files/codec/door/pickle_write.h"
#include "files/codec/door/weights.h"
#include "networks/model/door/import.h"
#include "networks/model/door/model.h"
#include "features/stylegan2/common.h"

enum { GT_STYLEGAN2_FILE_NETS = 3 }; /* G_ema, G, D */

/* A file, and what its networks are called there. */
typedef struct gt_stylegan2_file {
    gt_imported *m;
    gt_weights_kind kind;
    /* what stands before the names of G_ema's, G's and D's tensors in the file; NULL: the network is not there */
    const char *prefix[GT_STYLEGAN2_FILE_NETS];
    const char *networks[GT_STYLEGAN2_FILE_NETS + 1];
    int levels;              /* of G, or of D */
    gt_arch architecture[2]; /* of G, of D */
    const char *parts[2];    /* of TensorFlow's G: "mapping/", "synthesis/" */
    bool silent;             /* G adds no noise */
} gt_stylegan2_file;

/* What the file says or what its shapes tell. */
typedef struct gt_stylegan2_found {
    bool has_g, has_d;
    gt_generator_config g;
    gt_discriminator_config d;
} gt_stylegan2_found;

gt_status gt_stylegan2_import(gt_imported *m);

/* ---- import_layout.c ---- */

/* GT_FORMAT: the file's generator is of another kind, such as StyleGAN3's. */
gt_status gt_stylegan2_refuse_others(const gt_stylegan2_file *f);
/* The networks that the file has; false: none of StyleGAN2's. */
bool gt_stylegan2_look(gt_stylegan2_file *f);
/* The prefix of network 0, 1 or 2, or of G_ema's where it is there, else of G's (network < 0); NULL: none. */
const char *gt_stylegan2_prefix(const gt_stylegan2_file *f, int network);
/* Where the tensor `name` of a network is; `prefix`: as above. */
gt_import_place gt_stylegan2_place(const gt_stylegan2_file *f, const char *prefix, bool is_d, const char *name);
/* Does anything read this buffer ("synthesis.b8.conv0.resample_filter")? Layers that keep the size have one, too, which
 * holds whatever filter is the default. */
bool gt_stylegan2_uses_filter(const char *name, bool is_d, gt_arch architecture);

/* ---- import_sizes.c ---- */

/* Sizes of G (is_d: of D, after G where the file has one) by the shapes of tensors. GT_FORMAT: a tensor is missing, no
 * widths have these shapes, or D takes other images than G makes. */
gt_status gt_stylegan2_sizes(gt_stylegan2_file *f, bool is_d, gt_stylegan2_found *out);

/* ---- import_facts.c ---- */

/* The rest of G or D: activations, clamp, multipliers, filter, groups. GT_FORMAT: what no recipe can say. */
gt_status gt_stylegan2_facts(gt_stylegan2_file *f, bool is_d, gt_stylegan2_found *out);

/* ---- reference_write.c ---- */

/* gt_model.reference: of square images of 4, 8, 16, ... pixels; NULL of others. */
const gt_reference_form *gt_stylegan2_reference(const gt_model *m);

#endif
