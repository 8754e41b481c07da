/* SPDX-License-Identifier: Apache-2.0
 * Networks as pickled modules of the programs that published them (docs/networks.md#pickled-modules): the class,
 * the arguments of its constructor, and the tensors by their names. */
#ifndef GANTRY_NETWORKS_MODEL_DOOR_MODULE_WRITE_H
#define GANTRY_NETWORKS_MODEL_DOOR_MODULE_WRITE_H

#include "files/codec/door/pickle_write.h"
#include "networks/nets/door/nets.h"

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

/* An object of the class; then come the arguments of the constructor. */
void gt_module_begin(const gt_module_writer *w, const char *class);
void gt_module_end(const gt_module_writer *w, const char *prefix); /* of the names of tensors */

/* Part of `source`: a class that makes itself of its arguments and takes the tensors. It draws no random number of the
 * reader's, and pickles again as any other class does. */
#define GT_MODULE_OF_ARGUMENTS                             \
    "import torch\n"                                       \
    "class FromArguments:\n"                               \
    "    def __setstate__(self, state):\n"                 \
    "        if '_modules' in state:\n"                    \
    "            return super().__setstate__(state)\n"     \
    "        with torch.random.fork_rng(devices=[]):\n"    \
    "            self.__init__(**state['_init_kwargs'])\n" \
    "        self.load_state_dict(state['_parameters'])\n" \
    "        self.eval().requires_grad_(False)\n"

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
