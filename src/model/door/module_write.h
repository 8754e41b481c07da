/* SPDX-License-Identifier: Apache-2.0
 * Networks as pickled modules of the programs that published them (docs/network-files.md#pickled-modules). A module is
 * an object with the attributes of its class; its tensors are named by the path to them, so that the tables of the
 * networks (gt_net) say which parameters and buffers a module has. Between gt_module_begin() and gt_module_end() stand,
 * in this order: the modules in it, its attributes, the arguments of its constructor. */
#ifndef GANTRY_MODEL_MODULE_WRITE_H
#define GANTRY_MODEL_MODULE_WRITE_H

#include "codec/door/pickle_write.h"
#include "nets/door/nets.h"

/* A network on its way into a pickle. */
typedef struct gt_module_writer {
    gt_pickler *p;
    const gt_net *net;
    const float *block;
    const char *source; /* instead of a source text: where the reader finds its own classes */
    float *values;      /* of the largest tensor */
} gt_module_writer;

/* `values` is to be freed; NULL: see gt_message(). */
gt_module_writer gt_module_writer_of(gt_pickler *p, const gt_net *net, const float *block, const char *source);

/* The tensor "MODULE.name"; NULL: the network does not have it. */
const gt_tensor *gt_module_find(const gt_module_writer *w, const char *module, const char *name);

/* An object of the class, up to its tensors: those named "MODULE.name" without a dot behind. */
void gt_module_begin(const gt_module_writer *w, const char *class, const char *module);
void gt_module_end(const gt_module_writer *w);
/* A table of modules, which has no arguments. */
void gt_module_dict_begin(const gt_module_writer *w);
void gt_module_dict_end(const gt_module_writer *w);

void gt_modules_begin(const gt_module_writer *w);
void gt_modules_end(const gt_module_writer *w);
void gt_modules_none(const gt_module_writer *w);

/* `n` arguments without keywords, at most three: numbers of channels or features. Then come the others. */
void gt_kwargs_begin(const gt_module_writer *w, int n, const int *args);
void gt_kwargs_end(const gt_module_writer *w);

/* ---- a key and its value ---- */

void gt_field_int(gt_pickler *p, const char *key, int64_t value);
void gt_field_bool(gt_pickler *p, const char *key, bool value);
void gt_field_real(gt_pickler *p, const char *key, double value);
void gt_field_text(gt_pickler *p, const char *key, const char *value);
void gt_field_none(gt_pickler *p, const char *key);
void gt_field_ints(gt_pickler *p, const char *key, int n, const int *values);
void gt_field_filter(gt_pickler *p, const gt_resample_filter *filter); /* "resample_filter" */

/* The decimal number that was meant: 0.01, not the float32 beside it. */
double gt_meant(float value);

#endif
