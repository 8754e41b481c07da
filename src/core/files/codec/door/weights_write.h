/* SPDX-License-Identifier: Apache-2.0
 * Named float32 tensors as files of other programs: .safetensors and .npz, beside texts that say what they are. What is
 * written, weights.h reads. Files are written whole or not at all (base/door/file.h), tensor by tensor, so that memory
 * holds the largest tensor alone. Equal tensors and texts give equal bytes. */
#ifndef GANTRY_FILES_CODEC_DOOR_WEIGHTS_WRITE_H
#define GANTRY_FILES_CODEC_DOOR_WEIGHTS_WRITE_H

#include "files/codec/door/weights.h"

typedef struct gt_weight_out {
    const char *name;
    int n_dims; /* 0: a scalar */
    int64_t dims[GT_WEIGHT_MOST_DIMS];
    size_t size;                                 /* values */
    const float *data;                           /* row-major; or NULL: */
    void (*values)(const void *arg, float *out); /* writes all of them, row-major */
    const void *arg;
} gt_weight_out;

typedef struct gt_weight_text {
    const char *name, *text; /* UTF-8 */
} gt_weight_text;

typedef struct gt_weights_out {
    int n, n_texts;
    const gt_weight_out *weights;
    const gt_weight_text *texts; /* safetensors: the metadata; npz: arrays of text without dimensions */
} gt_weights_out;

gt_status gt_safetensors_write(const char *path, const gt_weights_out *w);
/* GT_USAGE: a tensor has 4 GB or more. */
gt_status gt_npz_write(const char *path, const gt_weights_out *w);

/* The values of a tensor: w->data, or what w->values() writes into `scratch`, which has room for them. */
const float *gt_weight_values(const gt_weight_out *w, float *scratch);
/* Memory for the values of any tensor of `w`, which the caller frees; NULL: out of memory. */
float *gt_weights_scratch(const gt_weights_out *w);
size_t gt_weights_bytes(const gt_weights_out *w); /* of all values */

#endif
