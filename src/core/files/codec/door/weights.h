/* SPDX-License-Identifier: Apache-2.0
 * Named tensors in the files of other programs, told by content: .safetensors, .npz, torch.save (zip and legacy
 * streams), pickled networks of the reference implementation, and those of its TensorFlow predecessor. Files are data:
 * nothing is imported, called or executed, and nothing outside the file is read. Tensors are read when asked for, by
 * pread, so that opening a large file costs little; reading may go on in several threads. Names have no control
 * characters; texts may have any.
 *
 * Names of tensors:
 *     state dicts    as in the file: "features.0.weight"; tables in tables are joined by a dot
 *     reference      MODULE.path: "G_ema.synthesis.b4.const", parameters and buffers alike
 *     TensorFlow     NETWORK/path: "Gs/mapping/Dense0/weight", NETWORK one of G, D, Gs
 * Facts are what else a file says, as numbers and texts:
 *     safetensors    its metadata, npz: texts and numbers without dimensions
 *     reference      attributes of modules: "G_ema.synthesis.b4.architecture", "G_ema._init_kwargs.z_dim";
 *                    class names: "G_ema.class"; "training_set_kwargs.path"; "G_ema.source_sha256", the hash of the
 * text that defines the class: none where there is no such text, or a megabyte of it
 *
 *     TensorFlow     "Gs.version", "Gs.static_kwargs.resolution" */
#ifndef GANTRY_FILES_CODEC_DOOR_WEIGHTS_H
#define GANTRY_FILES_CODEC_DOOR_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/codec/door/codec.h"
#include "gantry/status.h"

/* A tensor with more elements than its file has numbers (a stride of 0 repeats them) may have this many. */
enum { GT_WEIGHT_MOST_DIMS = 8, GT_WEIGHT_REPEATED_MAX = 1 << 26 };

typedef enum gt_weight_type {
    GT_WEIGHT_F32,
    GT_WEIGHT_F64,
    GT_WEIGHT_F16,
    GT_WEIGHT_BF16,
    GT_WEIGHT_I64,
    GT_WEIGHT_I32,
    GT_WEIGHT_I16,
    GT_WEIGHT_I8,
    GT_WEIGHT_U8,
    GT_WEIGHT_BOOL,
    GT_WEIGHT_U64,
    GT_WEIGHT_U32,
    GT_WEIGHT_U16,
} gt_weight_type;

const char *gt_weight_type_name(gt_weight_type type); /* "float32", "bool" */
size_t gt_weight_type_bytes(gt_weight_type type);
/* What these bytes of a value are, little-endian. */
double gt_weight_number(gt_weight_type type, const uint8_t *value);

typedef struct gt_weight {
    const char *name;
    gt_weight_type type;
    int n_dims; /* 0: a scalar */
    int64_t dims[GT_WEIGHT_MOST_DIMS];
    size_t size; /* elements */
} gt_weight;

/* GT_FACT_NONE: None, an empty collection, or what is neither a number nor a text. */
typedef enum gt_fact_kind { GT_FACT_NONE, GT_FACT_NUMBER, GT_FACT_TEXT } gt_fact_kind;

typedef struct gt_fact {
    const char *name;
    gt_fact_kind kind;
    double number;    /* and booleans */
    const char *text; /* ends with a 0 */
} gt_fact;

typedef enum gt_weights_kind {
    GT_WEIGHTS_SAFETENSORS,
    GT_WEIGHTS_NPZ,
    GT_WEIGHTS_TORCH, /* a state dict */
    GT_WEIGHTS_REFERENCE,
    GT_WEIGHTS_TENSORFLOW,
} gt_weights_kind;

typedef struct gt_weights gt_weights;

/* NULL: no such file, damaged, or of no kind that is read; messages name the path, and of a refused pickle the name
 * that the pickle calls. */
gt_weights *gt_weights_open(const char *path, gt_status *status);
void gt_weights_close(gt_weights *w); /* NULL is fine */
/* Is it a program of TorchScript, an archive of code beside numbers, which gt_weights_open() refuses? */
bool gt_weights_is_program(const char *path);
gt_weights_kind gt_weights_kind_of(const gt_weights *w);
const char *gt_weights_path(const gt_weights *w);

size_t gt_weights_count(const gt_weights *w);
const gt_weight *gt_weights_at(const gt_weights *w, size_t i); /* in the order of the file */
/* NULL: there is none (no message). *i gets the tensor's place, unless `i` is NULL. */
const gt_weight *gt_weights_find(const gt_weights *w, const char *name, size_t *i);
/* Tensor i as float32, row-major, whatever its type and strides in the file: `size` elements into `out`. */
gt_status gt_weights_read(const gt_weights *w, size_t i, float *out);
/* Its values as the type in the file says, little-endian, row-major, to `to` in pieces of whole values. */
gt_status gt_weights_pour(const gt_weights *w, size_t i, gt_zip_sink *to, void *arg);

/* ---- the tensors of a network: weights_want.c ---- */

#define GT_WEIGHT_NOWHERE SIZE_MAX

typedef struct gt_weight_wanted {
    const char *name, *other; /* in the file; another name of the same, NULL: there is none */
    const char *prefix;       /* of both names in the file; NULL: none */
    int n_dims;
    int64_t dims[GT_WEIGHT_MOST_DIMS]; /* in the file's order; there may be dimensions of 1 before them */
    bool optional;
    size_t place; /* set: of gt_weights_at(); GT_WEIGHT_NOWHERE: the file does not have it */
} gt_weight_wanted;

/* Finds n tensors, those of `what`. GT_FORMAT: some are missing (the message lists them), or one has another shape; the
 * message does not name the file. */
gt_status gt_weights_want(const gt_weights *w, const char *what, size_t n, gt_weight_wanted *wanted);

enum { GT_WEIGHT_PREFIX_BYTES = 128 };
/* What stands before the names of a network that has a tensor `name`: "" or text up to a dot, as "state_dict.module.";
 * the shortest, if there are several. False: there is no such tensor. */
bool gt_weights_prefix(const gt_weights *w, const char *name, char prefix[GT_WEIGHT_PREFIX_BYTES]);

size_t gt_weights_facts(const gt_weights *w);
const gt_fact *gt_weights_fact_at(const gt_weights *w, size_t i);
const gt_fact *gt_weights_fact(const gt_weights *w, const char *name); /* NULL: the file does not say */

#endif
